//! Who saw, exported, changed what: noting it for every request, and the page, the file and the API where administrators
//! read it.

mod answer;
mod asked;
mod export;
mod noted;
mod page;
mod words;

pub(crate) use answer::audit as api;
pub(crate) use noted::{Exporting, note_sign_in};

use crate::App;
use axum::{
    Router,
    routing::{get, post},
};

/// What is asked for together; also for the description of the API.
pub(crate) fn actions() -> Vec<&'static str> {
    engine::AuditAction::ALL.map(engine::AuditAction::name).to_vec()
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/audit", get(page::show))
        .route("/audit/export", get(export::export))
        .route("/audit/keep", post(page::keep))
}

/// As an entity is named, for looks at the audit are noted, too.
const AUDIT: &str = "audit";
