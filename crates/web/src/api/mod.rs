//! The API, derived from the metadata: `/api/v1/{entity}` for every entity that is not internal. What the API names
//! `close_on` is the column, the form field and the import column `close_on`.

mod access;
mod batch;
mod describe;
mod docs;
mod export;
mod external;
mod idempotency;
mod input;
mod lines;
mod list;
mod merge;
mod openapi;
mod output;
mod privacy;
mod read;
mod search;
mod version;
mod write;

pub(crate) use list::Parameters;
pub use openapi::{Operation, OperationsFn};

use crate::{App, Failure, Session};
use axum::{
    Router,
    routing::{get, post},
};
use engine::Error;
use meta::Entity;
use std::sync::Arc;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/meta", get(describe::describe))
        .route("/v1/search", get(search::search))
        .route("/v1/audit", get(crate::audit::api))
        .route("/v1/{entity}", get(list::list).post(write::create))
        .route("/v1/{entity}/batch", post(batch::batch))
        .route("/v1/{entity}/export", get(export::export))
        .route("/v1/{entity}/by-external-id/{source}/{number}", get(external::get).put(external::put))
        .route("/v1/{entity}/{id}", get(read::get).patch(write::patch).put(write::put).delete(write::delete))
        .route("/v1/{entity}/{id}/restore", post(write::restore))
        .route("/v1/{entity}/{id}/timeline", get(read::timeline))
        .route("/v1/{entity}/{id}/history", get(read::history))
        .route("/v1/{entity}/{id}/access", get(access::access))
        .route("/v1/{entity}/{id}/person-data", post(privacy::export))
        .route("/v1/{entity}/{id}/erasure", get(privacy::look).post(privacy::erase))
        .route("/v1/{entity}/{id}/duplicates", get(merge::duplicates))
        .route("/v1/{entity}/{id}/merge", post(merge::merge))
        .route("/v1/{entity}/{id}/unmerge", post(merge::unmerge))
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::page))
}

/// An entity programs may see, as the caller knows it.
fn entity(app: &App, session: &Session, name: &str) -> Result<Arc<Entity>, Failure> {
    match app.engine().entity(name) {
        Ok(entity) if !entity.internal => Ok(session.actor.view(entity).clone()),
        _ => Err(Error::NotFound(format!("entity {name}")).into()),
    }
}

/// The names of the columns every record has; they are kept by the engine and ignored when sent back.
const SYSTEM: [&str; 6] = ["id", "version", "created_at", "updated_at", "created_by", "deleted_at"];
