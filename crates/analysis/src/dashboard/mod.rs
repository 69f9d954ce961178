//! Dashboards: tiles of saved questions under one set of filters. A tile is answered with the rights of whoever looks, and only if he
//! may see its question.

mod edit;
mod entity;
mod page;
mod tiles;

pub use entity::{check, entity};
pub use tiles::tiles_of;

use axum::{
    Router,
    routing::{get, post},
};
use web::App;

pub const ENTITY: &str = "dashboard";
pub const PATH: &str = "/analysis/dashboards";

pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(page::list).post(edit::create))
        .route("/analysis/dashboards/{id}", get(page::page).post(edit::change))
        .route("/analysis/dashboards/{id}/tile/{at}", get(page::tile))
        .route("/analysis/dashboards/{id}/tiles", post(edit::tiles))
        .route("/analysis/dashboards/{id}/delete", post(edit::delete))
}
