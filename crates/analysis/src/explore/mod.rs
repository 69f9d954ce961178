//! `/analysis/explore`: a question is put together from measures and dimensions, answered as a table and a chart, and followed
//! down to the records behind a figure.

mod answer;
mod builder;
mod cell;
mod change;
mod chart;
mod explained;
mod fields;
mod map;
mod offered;
mod page;
mod rows;
mod sheet;
mod table;
mod view;

pub use answer::{note, shown};
pub use builder::Ground;
pub use explained::{about, figures};
pub use page::Pairs;
pub use sheet::{Figure, SheetRow, heads, left_behind, matrix, sheet};
pub use table::{Purpose, table};
pub use view::View;

use axum::{
    Router,
    routing::{get, post},
};
use web::App;

pub const PATH: &str = "/analysis/explore";

pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(page::page))
        .route("/analysis/explore/answer", get(page::answer))
        .route("/analysis/explore/export", post(page::export))
        .route("/analysis/explore/fields", get(fields::fields))
        .route("/analysis/explore/cell", get(cell::page))
        .route("/analysis/explore/rows", get(rows::page))
        .route("/analysis/explore/rows/export", post(rows::export))
}
