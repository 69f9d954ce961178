//! Records in and out of the database.

mod list;
mod query;
mod read;
mod save;
mod timeline;
mod tx;
pub(crate) mod writer;

pub use list::{Count, Page};
pub use query::Query;
pub use timeline::TimelineItem;
pub use tx::Tx;
