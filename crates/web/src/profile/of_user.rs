//! What an administrator does about another user's sign-in.

use super::sentence;
use crate::{
    Answer, App, Flash, PASSWORD_MINIMUM, Session, auth, mail, second_factor, security::administrators_only,
    sessions, sign_in::link, ticket::Purpose,
};
use axum::{
    Form,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use meta::Id;
use minijinja::context;
use serde::Deserialize;

/// A link that was made, to be handed over; `failed`: because its letter could not be sent.
struct Link {
    address: String,
    failed: bool,
}

async fn page(
    app: &App,
    session: &Session,
    id: Id,
    status: u16,
    error: Option<String>,
    link: Option<Link>,
) -> Answer {
    administrators_only(session)?;
    let user = app.engine().get(&session.actor, "user", id).await?;
    let context = context! {
        error,
        can_send => app.mailer().is_some(),
        link_failed => link.as_ref().is_some_and(|link| link.failed),
        link => link.map(|link| link.address),
        factor => second_factor::since(app.engine(), id).await?.map(|at| session.format().instant(at)),
        password_minimum => PASSWORD_MINIMUM,
        user => context! { id => id.to_string(), name => user.text("name"), href => format!("/user/{id}") },
    };
    app.page_with(status, session, "user_password.html", context)
}

pub(super) async fn show(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    page(&app, &session, id, 200, None, None).await
}

#[derive(Deserialize)]
pub(super) struct SetPassword {
    password: String,
}

pub(super) async fn set_password(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(given): Form<SetPassword>,
) -> Answer {
    administrators_only(&session)?;
    let new = auth::hash_of_user(app.engine(), id).await?.is_none();
    if let Some(refused) = refused(&app, &session, id, new).await? {
        return Ok(refused);
    }
    match auth::set_password(app.engine(), id, &given.password, None).await {
        Ok(()) => {
            app.live().end_sessions_of(id, None);
            mail::notice(&app, id, "password");
            let text = app.t(session.lang, "profile.password_changed", &[]);
            Ok(Flash::success(text).on(Redirect::to(&format!("/user/{id}")).into_response()))
        }
        Err(Error::Invalid(problems)) => {
            page(&app, &session, id, 422, sentence(&problems, session.lang), None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page with the reason, if somebody who could not sign in until now would work on everything.
async fn refused(app: &App, session: &Session, id: Id, new: bool) -> Answer<Option<Response>> {
    match app.engine().refuse_without_role(id).await {
        Err(Error::Invalid(problems)) if new => {
            page(app, session, id, 422, sentence(&problems, session.lang), None).await.map(Some)
        }
        Ok(()) | Err(Error::Invalid(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn done(app: &App, session: &Session, id: Id, key: &str) -> Answer {
    let text = app.t(session.lang, key, &[]);
    Ok(Flash::success(text).on(Redirect::to(&format!("/user/{id}/password")).into_response()))
}

/// For somebody whose phone is lost, and his recovery codes with it.
pub(super) async fn turn_off_factor(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    administrators_only(&session)?;
    second_factor::turn_off(app.engine(), id).await?;
    mail::notice(&app, id, "factor_off");
    sessions::end_others(&app, id, None).await?;
    done(&app, &session, id, "profile.factor_off")
}

pub(super) async fn end_sessions(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    administrators_only(&session)?;
    sessions::end_others(&app, id, None).await?;
    done(&app, &session, id, "profile.signed_out_everywhere")
}

/// A link by which the user chooses a password: in a letter, or, without a mail server, to be handed over.
pub(super) async fn invite(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    headers: HeaderMap,
) -> Answer {
    administrators_only(&session)?;
    app.engine().get(&session.actor, "user", id).await?;
    let new = auth::hash_of_user(app.engine(), id).await?.is_none();
    if let Some(refused) = refused(&app, &session, id, new).await? {
        return Ok(refused);
    }
    let purpose = if new { Purpose::Invitation } else { Purpose::Reset };
    let base = app.options().public_url.clone().unwrap_or_else(|| own_address(&app, &headers));
    let address = link::make(&app, &base, id, purpose).await?;
    tracing::info!(user = %id, by = %session.user.id, "a link to choose a password was made");
    if app.mailer().is_none() {
        return page(&app, &session, id, 200, None, Some(Link { address, failed: false })).await;
    }
    let sent =
        if new { mail::invite(&app, id, &address).await } else { mail::reset(&app, id, &address).await };
    match sent {
        Ok(()) => done(&app, &session, id, "profile.invitation_sent"),
        Err(error) => {
            tracing::warn!("{error}");
            page(&app, &session, id, 200, None, Some(Link { address, failed: true })).await
        }
    }
}

/// Where the administrator's own browser reaches the program; good enough for a link he hands over himself.
fn own_address(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if app.options().secure_cookies { "https" } else { "http" };
    format!("{scheme}://{host}")
}
