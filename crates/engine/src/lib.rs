//! The records engine: from entities declared as data to tables, validated and logged writes, queries in one condition
//! language, search, jobs and the change log that everything else reads.
//!
//! Start at [`Engine`] (reads, and `write` for a transaction) and [`Tx`] (what may happen inside one).

mod access;
mod actor;
mod audit;
mod bulk;
pub mod condition;
mod core;
mod custom;
mod databases;
mod db;
mod deep;
mod engine;
mod error;
mod external_id;
mod inspect;
mod jobs;
mod lease;
mod log;
mod merge;
mod module;
mod night;
mod once;
mod privacy;
mod recent;
mod registry;
mod runtime;
pub mod schema;
pub mod search;
mod settings;
mod store;

pub use access::{
    Action, Allowance, Explanation, Handed, Level, NEW_USER_ROLE, Reason, Rights, RoleRights, Share,
    SharedWith, Standing, Withheld, allow, masked, withholdable,
};
pub use actor::{Actor, Role};
pub use audit::{
    Act, AuditAction, AuditEntry, AuditPage, AuditQuery, Cursor, Kept, Note, Redacted, SEEN_DAYS,
    SEEN_DAYS_DEFAULT, SEEN_DAYS_RANGE, Seal, Source, Verified, Via,
};
pub use bulk::among;
pub use custom::{Customs, PREFIX};
pub use databases::{create_database, drop_database};
pub use db::{Database, Dialect, POSTGRES_CONNECTIONS, Row, Statement as SqlStatement, aside, name};
pub use deep::{Check, Verdict};
pub use engine::{Background, Engine, Figures, Options};
pub use error::{Error, Result};
pub use inspect::{Inspection, inspect};
pub use jobs::{Job, JobContext, JobState};
pub use log::{LogEntry, LogKind};
pub use merge::{Duplicate, LOSERS_LIMIT, Merged, Merging, Pair, Sameness};
pub use module::{BeforeCommit, BeforeSave, BeforeSetting, Defaults, JobHandler, Module, Start};
pub use night::every_night;
pub use once::{Failure, Idle};
pub use privacy::consent;
pub use privacy::{
    Affected, Due, Ending, Erasing, Erasure, Found, PersonData, RETENTION, Rule, Since, Words,
};
pub use recent::Recent;
pub use registry::Registry;
pub use runtime::{Priority, Runtimes, runtimes};
pub use search::Hit;
pub use settings::{DEFAULT_CURRENCY, DEFAULT_TIME_ZONE};
pub use store::{
    Count, Page, Query, Reading, Statement, StillWanted, TimelineItem, Tx, Way, figures_reader, overwritten,
};

pub use chrono_tz;
pub use futures::{TryStreamExt, future::BoxFuture, stream::BoxStream};
pub use sea_query;
