//! Saved questions and dashboards by mail: daily, weekly or monthly, to chosen users, each with the figures his own rights show him.

mod entity;
mod letter;
mod next;
mod page;
mod send;

pub use entity::{check, entity};
pub use send::{send_due, start};

use axum::{
    Router,
    routing::{get, post},
};
use web::App;

pub const ENTITY: &str = "scheduled_report";
pub const PATH: &str = "/analysis/schedules";

pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(page::list).post(page::save))
        .route("/analysis/schedules/new", get(page::new))
        .route("/analysis/schedules/{id}", get(page::edit).post(page::change))
        .route("/analysis/schedules/{id}/now", post(page::now))
        .route("/analysis/schedules/{id}/delete", post(page::delete))
}
