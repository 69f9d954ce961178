//! The start page: what the company's customers are worth, if that module is there, else the first list.

use super::Caller;
use crate::Answer;
use axum::response::{IntoResponse, Redirect};

const VALUE: &str = "/value";

pub async fn home(caller: Caller) -> Answer {
    let mut nav = caller.app.modules().iter().flat_map(|module| &module.nav);
    let has_value = nav.any(|nav| nav.href == VALUE && nav.is_offered_to(caller.actor()));
    let first = caller
        .engine()
        .registry()
        .entities()
        .find(|entity| !entity.admin_only && crate::shell::listed(entity, &caller.session));
    let to = match first {
        _ if has_value => VALUE.to_owned(),
        Some(entity) => super::address::list_href(entity),
        None => "/user".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}
