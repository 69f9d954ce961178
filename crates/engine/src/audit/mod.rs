//! The audit: who saw, exported or did what, and the chain that shows whether somebody touched it behind the program's back.
//!
//! Changes of records stand in the change log. Two tables stand beside it: acts (exports, sign-ins, settings …), written
//! durably, and what was seen, queued and written in batches. Seals chain all three (see `seal`).

mod act;
mod lane;
mod list;
mod queue;
mod redact;
mod retain;
mod seal;
mod source;
mod verify;

pub use act::{Act, Note, Via};
pub use list::{AuditAction, AuditEntry, AuditPage, AuditQuery, Cursor};
pub use redact::Redacted;
pub use retain::{SEEN_DAYS, SEEN_DAYS_DEFAULT, SEEN_DAYS_RANGE};
pub use seal::Seal;
pub use source::Source;
pub use verify::{Kept, Verified};

pub(crate) use queue::Queue;
pub(crate) use verify::examine;

use crate::{Engine, Module, schema::ColumnKind::*, schema::Table};
use std::time::Duration;

pub(crate) fn add(module: Module) -> Module {
    module.before_setting(SEEN_DAYS, retain::check)
}

/// Notes wait for no longer, so that this is what a crash can lose.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// A seal is a row: more of them would weigh more than what they seal.
const SEAL_EVERY: Duration = Duration::from_secs(5);
const LOOK_FOR_OLD_EVERY: Duration = Duration::from_secs(3_600);

fn entries(name: &str) -> Table {
    Table::new(name, ["seq"])
        .required("seq", Serial)
        .required("at", Instant)
        .optional("user_id", Id)
        .required("act", Text)
        .optional("entity", Text)
        .optional("record_id", Id)
        .required("via", Text)
        .optional("address", Text)
        .optional("count", Int)
        .required("details", Text)
        .optional("salt", Id)
        .index(["at", "seq"])
        .index(["user_id", "at", "seq"])
        .index(["entity", "at", "seq"])
        .index(["record_id", "at", "seq"])
}

pub(crate) fn tables() -> Vec<Table> {
    let seal = Table::new("audit_seal", ["number"]).required("number", Int).required("at", Instant);
    let seal = Source::ALL.into_iter().fold(seal, |table, source| {
        let name = |part: &str| format!("{}_{part}", source.name());
        table
            .required(&name("up_to"), Int)
            .required(&name("count"), Int)
            .required(&name("digest"), Text)
            .optional(&name("marks"), Bytes)
    });
    vec![
        entries("audit_act").index(["act", "at", "seq"]),
        entries("audit_seen"),
        seal.required("previous", Text).required("hash", Text).index(["at"]),
        // What an entry's content hashed to before and after something was taken out of it.
        Table::new("audit_redaction", ["source", "seq", "step"])
            .required("source", Text)
            .required("seq", Int)
            .required("step", Int)
            .required("redaction", Id)
            .required("before", Text)
            .required("after", Text)
            .index(["redaction", "source", "seq", "step"]),
    ]
}

/// What the audit does while a server runs: writes what was seen, seals, forgets what is old enough.
pub(crate) async fn keep(engine: Engine) {
    tokio::join!(write(&engine), seal_forever(&engine), forget(&engine));
}

async fn write(engine: &Engine) {
    loop {
        engine.notes().wait(WRITE_EVERY).await;
        // In a task of its own: a server that ends in between must not drop what was taken from the queue.
        let engine = engine.clone();
        match tokio::spawn(async move { engine.write_notes().await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("audit entries cannot be written, they wait: {error}"),
            Err(error) => tracing::error!("audit entries were lost: {error}"),
        }
    }
}

async fn seal_forever(engine: &Engine) {
    loop {
        tokio::time::sleep(SEAL_EVERY).await;
        if let Err(error) = engine.seal_audit().await {
            tracing::warn!("the audit cannot be sealed: {error}");
        }
    }
}

async fn forget(engine: &Engine) {
    loop {
        if let Err(error) = engine.forget_seen().await {
            tracing::warn!("old audit entries cannot be removed: {error}");
        }
        tokio::time::sleep(LOOK_FOR_OLD_EVERY).await;
    }
}
