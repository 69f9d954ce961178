//! What the law asks for people whose data is kept: the page of one person (export, erasure), the company's rules of retention
//! and the register of what was done.

mod person;
mod retention;

use super::Caller;
use crate::{Answer, App};
use axum::{
    Router,
    routing::{get, post},
};
use engine::Error;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/privacy", get(retention::show).post(retention::add))
        .route("/privacy/remove", post(retention::remove))
        .route("/{entity}/{id}/privacy", get(person::show))
        .route("/{entity}/{id}/privacy/export", post(person::export))
        .route("/{entity}/{id}/privacy/erase", post(person::erase))
}

fn administrators_only(caller: &Caller) -> Answer<()> {
    if caller.actor().is_administrator() {
        return Ok(());
    }
    Err(Error::Forbidden(caller.reader.say("personal data", "个人信息").to_owned()).into())
}
