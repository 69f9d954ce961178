//! What administrators see of signing in, and the rules they set for it.

pub(crate) mod history;
pub(crate) mod idle;
pub(crate) mod places;
mod rules;

pub use places::allow_everywhere;

use crate::{Answer, App, Failure, Session};
use axum::{Router, routing::get};
use engine::Error;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/security", get(rules::show).post(rules::save))
        .route("/security/sign-ins", get(history::show))
}

pub(crate) fn administrators_only(session: &Session) -> Answer<()> {
    if session.actor.is_administrator() {
        return Ok(());
    }
    Err(Failure::Engine(Error::Forbidden(session.path.clone())))
}
