//! The pages every entity has: list, record, form, search.

use crate::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}
