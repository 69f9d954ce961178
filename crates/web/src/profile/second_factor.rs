//! A user sets up his second factor, gets new recovery codes, or turns it off.

use super::{
    Said, done, page,
    proof::{self, Proof},
};
use crate::{
    Answer, App, Session, auth, mail,
    second_factor::{self, Rule},
    throttle::PER_EMAIL_LIMIT,
};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect},
};
use minijinja::{Value, context};
use serde::Deserialize;

const SETUP: &str = "/profile/second-factor";

/// The state for the section of the page.
pub(super) async fn shown(app: &App, session: &Session) -> Answer<Value> {
    let user = session.user.id;
    let since = second_factor::since(app.engine(), user).await?;
    let required = Rule::of(app.engine()).await?.asks(session.actor.is_administrator());
    let left = second_factor::recovery_codes_left(app.engine(), user).await?;
    Ok(context! {
        on => since.is_some(),
        since => since.map(|at| session.format().instant(at)),
        left => left.to_string(),
        required,
        asks_password => auth::hash_of_user(app.engine(), user).await?.is_some(),
    })
}

pub(super) async fn begin(State(app): State<App>, session: Session, Form(proof): Form<Proof>) -> Answer {
    if let Some(text) = proof::refusal(&app, &session, &proof.current).await? {
        return page(&app, &session, 422, Said { factor_error: Some(text), ..Said::default() }).await;
    }
    second_factor::begin(&app, session.user.id).await?;
    Ok(Redirect::to(SETUP).into_response())
}

async fn setup_page(app: &App, session: &Session, status: u16, error: Option<String>) -> Answer {
    let factor = second_factor::find(app, session.user.id).await?;
    let invitation = match factor {
        Some(factor) if factor.confirmed_at.is_some() => {
            return Ok(Redirect::to("/profile").into_response());
        }
        Some(factor) => Some(second_factor::invitation(&factor, &session.user.email)?),
        None => None,
    };
    let context = context! {
        svg => invitation.as_ref().map(|invitation| Value::from_safe_string(invitation.svg.clone())),
        key => invitation.as_ref().map(|invitation| invitation.key.as_str()),
        must => session.must_set_up,
        asks_password => !session.must_set_up && auth::hash_of_user(app.engine(), session.user.id).await?.is_some(),
        error,
    };
    app.page_with(status, session, "second_factor.html", context)
}

pub(super) async fn show(State(app): State<App>, session: Session) -> Answer {
    setup_page(&app, &session, 200, None).await
}

#[derive(Deserialize)]
pub(super) struct Typed {
    code: String,
}

/// The first code shows that the app has the secret.
pub(super) async fn confirm(State(app): State<App>, session: Session, Form(typed): Form<Typed>) -> Answer {
    let user = session.user.id;
    let (name, now) = (format!("code:{user}"), app.engine().clock().now());
    if let Some(minutes) = app.throttle().wait_minutes(&name, PER_EMAIL_LIMIT, now) {
        let text = app.t(session.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]);
        return setup_page(&app, &session, 429, Some(text)).await;
    }
    let pending = second_factor::find(&app, user).await?.is_some_and(|factor| factor.confirmed_at.is_none());
    if !pending || second_factor::accept(&app, user, &typed.code).await?.is_none() {
        app.throttle().failed(&name, now);
        let text = app.t(session.lang, "sign_in.wrong_code", &[]);
        return setup_page(&app, &session, 422, Some(text)).await;
    }
    let codes = second_factor::confirm(&app, user, &session.csrf).await?;
    mail::notice(&app, user, "factor_on");
    recovery_page(&app, &session, codes)
}

fn recovery_page(app: &App, session: &Session, codes: Vec<String>) -> Answer {
    app.page(session, "recovery_codes.html", context! { codes })
}

pub(super) async fn renew(State(app): State<App>, session: Session, Form(proof): Form<Proof>) -> Answer {
    let refused = proof::refusal(&app, &session, &proof.current).await?;
    if refused.is_some() || !second_factor::is_on(app.engine(), session.user.id).await? {
        return page(&app, &session, 422, Said { factor_error: refused, ..Said::default() }).await;
    }
    let codes = second_factor::renew_recovery_codes(app.engine(), session.user.id).await?;
    mail::notice(&app, session.user.id, "recovery");
    recovery_page(&app, &session, codes)
}

pub(super) async fn turn_off(State(app): State<App>, session: Session, Form(proof): Form<Proof>) -> Answer {
    if let Some(text) = proof::refusal(&app, &session, &proof.current).await? {
        return page(&app, &session, 422, Said { factor_error: Some(text), ..Said::default() }).await;
    }
    second_factor::turn_off(app.engine(), session.user.id).await?;
    mail::notice(&app, session.user.id, "factor_off");
    done(&app, &session, "profile.factor_off")
}
