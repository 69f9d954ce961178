//! The pages every entity has, derived from its metadata: list, record, form, search. A request is parsed, asked of the
//! engine, and its answer made into the context of a template; nothing here knows a vertical entity by name.

mod access;
mod address;
mod caller;
mod cell;
mod cell_html;
mod entity_view;
mod form;
mod home;
mod input;
mod list;
mod merge;
mod privacy;
mod reader;
mod record;
mod rights;
mod search;
mod undo;

pub(crate) use address::record_href;
pub use caller::{Caller, Place};
pub use list::{Source, record_file};
pub use reader::Reader;

use crate::App;
use axum::{
    Router,
    routing::{get, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/undo", post(undo::undo))
        .merge(search::routes())
        .merge(list::routes())
        .merge(form::routes())
        .merge(record::routes())
        .merge(rights::routes())
        .merge(merge::routes())
        .merge(privacy::routes())
}
