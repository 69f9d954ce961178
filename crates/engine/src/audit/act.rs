//! What is noted beside changes of records.

use crate::{Error, Result};
use meta::{DateTime, Id, Utc};
use sea_query::Value as Bound;
use serde_json::{Value as Json, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// One record, on its page or by the API.
    Saw,
    /// Many at once: a list, a board, a search.
    Listed,
    Exported,
    SignedIn,
    SignInFailed,
    /// A setting of the company.
    Setting,
    /// Content was taken out of entries, as a law asks for.
    Redacted,
    /// Old entries of what was seen were removed.
    Removed,
    /// More was seen at once than could be noted.
    Lost,
}

impl Act {
    pub const ALL: [Act; 9] = [
        Act::Saw,
        Act::Listed,
        Act::Exported,
        Act::SignedIn,
        Act::SignInFailed,
        Act::Setting,
        Act::Redacted,
        Act::Removed,
        Act::Lost,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Act::Saw => "saw",
            Act::Listed => "listed",
            Act::Exported => "exported",
            Act::SignedIn => "signed_in",
            Act::SignInFailed => "sign_in_failed",
            Act::Setting => "setting",
            Act::Redacted => "redacted",
            Act::Removed => "removed",
            Act::Lost => "lost",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Act> {
        Act::ALL
            .into_iter()
            .find(|act| act.name() == text)
            .ok_or_else(|| Error::Internal(format!("unknown act {text}")))
    }

    /// Frequent and of use for a while; the rest is kept for good.
    pub fn is_seen(self) -> bool {
        matches!(self, Act::Saw | Act::Listed)
    }
}

/// By what way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Page,
    Api,
    /// The command line of the machine's owner.
    Command,
    System,
}

impl Via {
    pub fn name(self) -> &'static str {
        match self {
            Via::Page => "page",
            Via::Api => "api",
            Via::Command => "command",
            Via::System => "system",
        }
    }

    pub(super) fn parse(text: &str) -> Option<&'static str> {
        [Via::Page, Via::Api, Via::Command, Via::System].map(Via::name).into_iter().find(|name| *name == text)
    }
}

#[derive(Clone, Debug)]
pub struct Note {
    pub act: Act,
    pub user: Option<Id>,
    pub entity: Option<String>,
    pub record: Option<Id>,
    pub via: Via,
    /// The network address it came from.
    pub address: Option<String>,
    /// Of records.
    pub count: Option<i64>,
    /// An object: filter, words, format …
    pub details: Json,
}

impl Note {
    pub fn new(act: Act, via: Via) -> Note {
        let details = json!({});
        Note { act, user: None, entity: None, record: None, via, address: None, count: None, details }
    }
}

pub(super) const COLUMNS: [&str; 10] =
    ["at", "user_id", "act", "entity", "record_id", "via", "address", "count", "details", "salt"];

/// The values of [`COLUMNS`]. The salt keeps a hash that outlives what was redacted from telling it to whoever tries all
/// telephone numbers.
pub(super) fn values(note: Note, at: DateTime<Utc>, salt: Id) -> [Bound; 10] {
    [
        at.into(),
        note.user.into(),
        note.act.name().into(),
        note.entity.into(),
        note.record.into(),
        note.via.name().into(),
        note.address.into(),
        note.count.into(),
        note.details.to_string().into(),
        Some(salt).into(),
    ]
}
