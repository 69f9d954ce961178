//! Importing files: order histories and plain lists become records, in bounded memory, resumable and revertible.
//!
//! ```text
//! file ─ tabular ▶ rows ─ Importer::parse (a thread of its own) ▶ batches ─ Importer::write ▶ one transaction each:
//!                                                        records · change log · progress · lines of the error file
//! ```
//!
//! [`inspect`] decides on the columns, [`dry_run`] counts, [`create`] and [`execute`] run. A crate of its own because it
//! needs the file formats of `tabular`, which no other module should know.

mod batch;
mod cache;
mod categories;
mod currency;
mod dry_run;
mod guess;
mod importer;
mod job;
mod kind;
mod layout;
mod mapping;
mod options;
mod orders;
mod own;
mod pages;
mod plain;
mod preview;
mod privacy;
mod problem;
mod progress;
mod reader;
mod revert;
mod run;
mod store;
mod take_up;

pub use dry_run::{DryRun, dry_run};
pub use job::{Counted, cancel, module, start, start_count, start_revert};
pub use kind::Kind;
pub use layout::Layout;
pub use options::{DEFAULT_SOURCE, Options};
pub use pages::web_module;
pub use problem::{FileProblem, RowProblem};
pub use progress::Progress;
pub use revert::{Reverting, revert};
pub use run::{Control, Outcome, State, create, execute, inspect, read_progress, set_state};
pub use store::{Counts, UPDATED};
pub use take_up::import_file;

pub(crate) use importer::Importer;
