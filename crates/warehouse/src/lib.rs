//! The warehouse: the company's records as columns in Parquet files, asked in SQL through DataFusion.
//!
//! [`tables`] derives what is kept from the metadata, [`refresh`] brings the files up to the change log and publishes a
//! [`manifest`], [`query`] answers from the newest one. Only this crate names DataFusion.

mod catalog;
mod cells;
mod changed;
mod checks;
mod column;
mod count_keys;
mod dates;
mod define;
mod durable;
mod elsewhere;
mod facts;
mod follow;
mod functions;
pub mod history;
mod key_set;
mod keys;
mod lower;
mod manifest;
mod memory;
mod query;
mod read;
mod refresh;
mod rights;
mod seen;
pub mod semantic;
mod serving;
mod session;
mod shares;
mod status;
mod storage;
mod table;
mod tables;
pub mod touches;
mod unused;
mod write;

pub use catalog::{Catalog, CatalogColumn, CatalogDimension, CatalogMeasure, CatalogTable, catalog};
pub use cells::value;
pub use checks::{Quality, note};
pub use datafusion::{self, arrow};
pub use elsewhere::{
    Elsewhere, MEMORY_BYTES, Planned, Rows, aggregates, collect, compute_with, configure, explain, functions,
    here, runtime_at,
};
pub use follow::in_progress;
pub use manifest::{Manifest, Segment};
pub use query::{Answer, Limits, query};
pub use refresh::{JOB, Manner, Refreshed, bring_up_to_date, refresh};
pub use semantic::workdays_off;
pub use serving::rates;
pub use session::limit_memory;
pub use shares::net_of_lines;
pub use status::{Status, TableStatus, status};
pub use storage::{Bucket, Place, empty, look_at, place_in};
pub use table::{Column, ColumnKind, Table};
pub use tables::tables;

use engine::Module;

pub fn module() -> Module {
    Module::new("warehouse").labels("Analysis", "分析").job(refresh::JOB, refresh::run).start(follow::start)
}

/// What DataFusion, Arrow or the store say, in the engine's words.
fn internal(error: impl std::fmt::Display) -> engine::Error {
    engine::Error::Internal(format!("warehouse: {error}"))
}
