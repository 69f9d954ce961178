//! A session left open must not be enough for what changes how its user signs in: the password is asked again.

use crate::{Answer, App, Session, auth, throttle::PER_EMAIL_LIMIT};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Proof {
    #[serde(default)]
    pub current: String,
}

/// Why the change is refused. Who has just signed in and must set up a second factor has shown his password, and who comes
/// from a provider has none.
pub(super) async fn refusal(app: &App, session: &Session, current: &str) -> Answer<Option<String>> {
    if session.must_set_up {
        return Ok(None);
    }
    let Some(hash) = auth::hash_of_user(app.engine(), session.user.id).await? else { return Ok(None) };
    let (name, now) = (format!("proof:{}", session.user.id), app.engine().clock().now());
    if let Some(minutes) = app.throttle().wait_minutes(&name, PER_EMAIL_LIMIT, now) {
        return Ok(Some(app.t(session.lang, "sign_in.wait", &[("minutes", &minutes.to_string())])));
    }
    if app.gate().verify(current.to_owned(), Some(hash)).await? {
        return Ok(None);
    }
    app.throttle().failed(&name, now);
    Ok(Some(app.t(session.lang, "profile.wrong_password", &[])))
}
