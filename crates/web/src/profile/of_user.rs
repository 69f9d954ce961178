//! What an administrator does about another user's sign-in.

use super::sentence;
use crate::{
    Answer, App, Flash, PASSWORD_MINIMUM, Session, auth, second_factor, security::administrators_only,
    sessions,
};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use engine::Error;
use meta::Id;
use minijinja::context;
use serde::Deserialize;

async fn page(app: &App, session: &Session, id: Id, status: u16, error: Option<String>) -> Answer {
    administrators_only(session)?;
    let user = app.engine().get(&session.actor, "user", id).await?;
    let context = context! {
        error,
        factor => second_factor::since(app.engine(), id).await?.map(|at| session.format().instant(at)),
        password_minimum => PASSWORD_MINIMUM,
        user => context! { id => id.to_string(), name => user.text("name"), href => format!("/user/{id}") },
    };
    app.page_with(status, session, "user_password.html", context)
}

pub(super) async fn show(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    page(&app, &session, id, 200, None).await
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
    match auth::set_password(app.engine(), id, &given.password, None).await {
        Ok(()) => {
            app.live().end_sessions_of(id, None);
            let text = app.t(session.lang, "profile.password_changed", &[]);
            Ok(Flash::success(text).on(Redirect::to(&format!("/user/{id}")).into_response()))
        }
        Err(Error::Invalid(problems)) => {
            page(&app, &session, id, 422, sentence(&problems, session.lang)).await
        }
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
    sessions::end_others(&app, id, None).await?;
    done(&app, &session, id, "profile.factor_off")
}

pub(super) async fn end_sessions(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    administrators_only(&session)?;
    sessions::end_others(&app, id, None).await?;
    done(&app, &session, id, "profile.signed_out_everywhere")
}
