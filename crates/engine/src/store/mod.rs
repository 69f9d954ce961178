//! Records in and out of the database.

mod check;
mod checkpoint;
mod derived;
mod hits;
mod list;
mod plan;
mod query;
mod read;
mod remove;
mod replace;
mod road;
mod save;
mod statements;
mod timeline;
mod tx;
mod walk;
mod ways;
pub(crate) mod writer;

pub(crate) use list::Counts;
pub use list::{Count, Page};
pub use query::Query;
pub(crate) use read::{ByIds, all_fields, by_ids, columns, decode_all, number};
pub use replace::{Reading, StillWanted, figures_reader, overwritten};
pub(crate) use road::{Source, is_found};
pub(crate) use statements::text_of;
pub use statements::{Statement, Way};
pub use timeline::TimelineItem;
pub use tx::Tx;
