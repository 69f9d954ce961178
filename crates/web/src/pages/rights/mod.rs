//! Who may do what: the table of a role, why somebody can see a record, with whom it is shared, and handing over.

mod explain;
mod hand_over;
mod role;
mod share;

use super::Caller;
use crate::{Answer, App};
use axum::{
    Router,
    routing::{get, post},
};
use engine::Error;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/role/{id}/rights", get(role::show).post(role::save))
        .route("/user/{id}/hand-over", get(hand_over::show).post(hand_over::begin))
        .route("/{entity}/{id}/access", get(explain::show))
        .route("/{entity}/{id}/share", get(share::show).post(share::save))
        .route("/{entity}/{id}/share/{share}/end", post(share::end))
}

fn administrators_only(caller: &Caller) -> Answer<()> {
    if caller.actor().is_administrator() {
        return Ok(());
    }
    Err(Error::Forbidden(caller.reader.say("rights", "权限").to_owned()).into())
}
