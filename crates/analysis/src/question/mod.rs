//! Saved questions: a view of the explorer under a name, its owner's alone until he shares it. Its answer is always computed with the
//! rights of whoever looks.

mod entity;
mod page;

pub use entity::{check, entity};
pub use page::{PATH, common, is_own, listed, teams, view_of, visible};

use axum::{
    Router,
    routing::{get, post},
};
use web::App;

pub const ENTITY: &str = "question";

pub fn routes() -> Router<App> {
    Router::new()
        .route("/analysis/questions", get(page::list).post(page::save))
        .route("/analysis/questions/{id}", get(page::open).post(page::change))
        .route("/analysis/questions/{id}/delete", post(page::delete))
}
