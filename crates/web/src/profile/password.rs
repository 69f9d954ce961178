//! A user changes his password.

use super::{Said, done, page, proof, sentence};
use crate::{Answer, App, Session, auth, mail, secret::digest, session};
use axum::{Form, extract::State};
use axum_extra::extract::cookie::CookieJar;
use engine::Error;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct NewPassword {
    current: String,
    password: String,
}

pub(super) async fn change(
    State(app): State<App>,
    session: Session,
    jar: CookieJar,
    Form(given): Form<NewPassword>,
) -> Answer {
    let refused = async |text| {
        let said = Said { password_error: text, ..Said::default() };
        page(&app, &session, 422, said).await
    };
    // Who has no password here signs in at the provider and does not get one by a session left open.
    if auth::hash_of_user(app.engine(), session.user.id).await?.is_none() {
        return refused(Some(app.t(session.lang, "profile.no_password", &[]))).await;
    }
    if let Some(text) = proof::refusal(&app, &session, &given.current).await? {
        return refused(Some(text)).await;
    }
    let keep = jar.get(session::cookie_name(app.options().secure_cookies)).map(|token| digest(token.value()));
    match auth::set_password(app.engine(), session.user.id, &given.password, keep).await {
        Ok(()) => {
            app.live().end_sessions_of(session.user.id, Some(&session.csrf));
            mail::notice(&app, session.user.id, "password");
            done(&app, &session, "profile.password_changed")
        }
        Err(Error::Invalid(problems)) => refused(sentence(&problems, session.lang)).await,
        Err(error) => Err(error.into()),
    }
}
