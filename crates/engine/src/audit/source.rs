//! The three tables whose entries are sealed, and what an entry hashes to.

use crate::{Result, Row, db::name};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_query::SelectStatement;
use sha2::{Digest, Sha256};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The change log.
    Log,
    Acts,
    Seen,
}

enum Kind {
    Int,
    At,
    Id,
    Text,
}
use Kind::*;

const LOG: [(&str, Kind); 9] = [
    ("seq", Int),
    ("at", At),
    ("user_id", Id),
    ("run_id", Id),
    ("entity", Text),
    ("record_id", Id),
    ("kind", Text),
    ("changes", Text),
    ("salt", Id),
];

const ENTRY: [(&str, Kind); 11] = [
    ("seq", Int),
    ("at", At),
    ("user_id", Id),
    ("act", Text),
    ("entity", Text),
    ("record_id", Id),
    ("via", Text),
    ("address", Text),
    ("count", Int),
    ("details", Text),
    ("salt", Id),
];

impl Source {
    pub const ALL: [Source; 3] = [Source::Log, Source::Acts, Source::Seen];

    /// Part of what is sealed: never changes.
    pub fn name(self) -> &'static str {
        match self {
            Source::Log => "log",
            Source::Acts => "acts",
            Source::Seen => "seen",
        }
    }

    pub fn parse(text: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == text)
    }

    pub(crate) fn table(self) -> &'static str {
        match self {
            Source::Log => "change_log",
            Source::Acts => "audit_act",
            Source::Seen => "audit_seen",
        }
    }

    /// The column that a redaction may change.
    pub(super) fn content(self) -> &'static str {
        match self {
            Source::Log => "changes",
            Source::Acts | Source::Seen => "details",
        }
    }

    fn columns(self) -> &'static [(&'static str, Kind)] {
        match self {
            Source::Log => &LOG,
            Source::Acts | Source::Seen => &ENTRY,
        }
    }

    /// All that an entry is, the number first.
    pub(super) fn select(self) -> SelectStatement {
        let mut select = sea_query::Query::select();
        select.from(name(self.table())).columns(self.columns().iter().map(|(column, _)| name(column)));
        select
    }

    pub(super) fn width(self) -> usize {
        self.columns().len()
    }
}

pub(super) type Hash = [u8; 32];

/// What a row of [`Source::select`] hashes to. Every value has its length in front, so that no two entries read alike.
pub(super) fn hash(source: Source, row: &Row) -> Result<Hash> {
    let mut hasher = Sha256::new();
    hasher.update(source.name());
    for (index, (_, kind)) in source.columns().iter().enumerate() {
        let value: Option<Vec<u8>> = match kind {
            Int => row.opt_int(index)?.map(|number| number.to_le_bytes().to_vec()),
            // Text, for it is the same whatever fraction of a second a database keeps.
            At => row.opt_instant(index)?.map(|at| at.to_rfc3339().into_bytes()),
            Id => row.opt_id(index)?.map(|id| id.as_bytes().to_vec()),
            Text => row.opt_text(index)?.map(String::into_bytes),
        };
        match value {
            None => hasher.update([0]),
            Some(bytes) => {
                hasher.update([1]);
                hasher.update((bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
    }
    Ok(hasher.finalize().into())
}

/// As it is kept and shown.
pub(super) fn text(hash: &Hash) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// Of what [`text`] wrote; anything else is no hash of ours.
pub(super) fn parse(text: &str) -> Option<Hash> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
