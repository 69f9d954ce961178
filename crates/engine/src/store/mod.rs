//! Records in and out of the database.

mod check;
mod derived;
mod list;
mod query;
mod read;
mod remove;
mod save;
mod timeline;
mod tx;
pub(crate) mod writer;

pub use list::{Count, Page};
pub use query::Query;
pub use timeline::TimelineItem;
pub use tx::Tx;
