//! The import in the browser: upload, match the columns, count, run, look at what came of it, take it back.

mod begin;
mod errors;
mod going;
mod mapping;
mod result;
mod words;

use crate::{Kind, plain::entity_of};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use engine::Action;
use meta::label;
use web::{App, NavItem, WebModule};

/// Of one upload. More is imported on the command line, where nothing is copied.
pub const UPLOAD_LIMIT_MB: usize = 2_048;
pub const UPLOAD_LIMIT: usize = UPLOAD_LIMIT_MB * 1024 * 1024;

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("import/begin.html", include_str!("begin.html")),
            ("import/mapping.html", include_str!("mapping.html")),
            ("import/count.html", include_str!("count.html")),
            ("import/going.html", include_str!("going.html")),
            ("import/going_part.html", include_str!("going_part.html")),
            ("import/result.html", include_str!("result.html")),
        ],
        messages: include_str!("../messages.toml"),
        nav: vec![NavItem {
            label: label("Import", "导入数据"),
            href: "/import",
            icon: "file-import",
            administrators_only: false,
            is_for: |actor| Kind::ALL.iter().any(|kind| actor.has(entity_of(*kind), Action::Import)),
        }],
        ..WebModule::new("import", routes)
    }
}

fn routes() -> Router<App> {
    let upload = post(begin::upload).layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    Router::new()
        .route("/import", get(begin::page).merge(upload))
        .route("/import/{run}", get(going::page).post(mapping::save))
        .route("/import/{run}/count", get(mapping::count))
        .route("/import/{run}/progress", get(going::part))
        .route("/import/{run}/cancel", post(going::cancel))
        .route("/import/{run}/discard", post(begin::discard))
        .route("/import/{run}/revert", post(result::revert))
        .route("/import/{run}/errors", get(errors::download))
}
