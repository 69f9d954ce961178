//! The audit as it is read: the change log, acts and what was seen as one list, newest first, paged by key.

use super::{
    act::Act,
    lane::{Lane, Road},
    source::Source,
};
use crate::{Actor, Engine, Error, Result};
use chrono::SecondsFormat;
use futures::future::try_join_all;
use meta::{DateTime, Id, Utc};
use serde_json::Value as Json;
use std::{cmp::Reverse, str::FromStr};

/// What is asked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    Saw,
    Exported,
    Changed,
    SignedIn,
    /// Users, teams, roles and what they allow.
    Rights,
    Shared,
    Imported,
    Settings,
    /// What was done to the audit itself.
    Audit,
}

/// Whose changes are changes of rights.
const RIGHTS: [&str; 6] = ["user", "team", "role", "user_role", "role_right", "field_right"];

impl AuditAction {
    pub const ALL: [AuditAction; 9] = [
        AuditAction::Saw,
        AuditAction::Exported,
        AuditAction::Changed,
        AuditAction::SignedIn,
        AuditAction::Rights,
        AuditAction::Shared,
        AuditAction::Imported,
        AuditAction::Settings,
        AuditAction::Audit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            AuditAction::Saw => "saw",
            AuditAction::Exported => "exported",
            AuditAction::Changed => "changed",
            AuditAction::SignedIn => "signed_in",
            AuditAction::Rights => "rights",
            AuditAction::Shared => "shared",
            AuditAction::Imported => "imported",
            AuditAction::Settings => "settings",
            AuditAction::Audit => "audit",
        }
    }

    pub fn parse(text: &str) -> Option<AuditAction> {
        AuditAction::ALL.into_iter().find(|action| action.name() == text)
    }

    fn acts(self) -> &'static [Act] {
        match self {
            AuditAction::Exported => &[Act::Exported],
            AuditAction::SignedIn => &[Act::SignedIn, Act::SignInFailed],
            AuditAction::Settings => &[Act::Setting],
            AuditAction::Audit => &[Act::Redacted, Act::Removed, Act::Lost],
            _ => &[],
        }
    }

    fn entities(self) -> &'static [&'static str] {
        match self {
            AuditAction::Rights => &RIGHTS,
            AuditAction::Shared => &["record_share"],
            AuditAction::Imported => &["import_run"],
            _ => &[],
        }
    }

    pub(super) fn takes(self, entry: &AuditEntry) -> bool {
        match self {
            AuditAction::Saw => entry.source == Source::Seen,
            AuditAction::Changed => entry.source == Source::Log,
            _ if entry.source == Source::Log => {
                entry.entity.as_deref().is_some_and(|entity| self.entities().contains(&entity))
            }
            _ => self.acts().iter().any(|act| act.name() == entry.what),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    pub user: Option<Id>,
    pub action: Option<AuditAction>,
    pub entity: Option<String>,
    pub record: Option<Id>,
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
    pub after: Option<Cursor>,
    pub limit: usize,
}

/// A place in the list: that of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) at: DateTime<Utc>,
    /// At one moment the log stands above acts, and those above what was seen.
    pub(super) source: Reverse<Source>,
    pub(super) seq: i64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Nanos, true);
        write!(f, "{at}~{}~{}", self.source.0.name(), self.seq)
    }
}

impl FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Cursor> {
        let read = || {
            let mut parts = text.split('~');
            let (at, source, seq) = (parts.next()?, parts.next()?, parts.next()?);
            let source = Reverse(Source::parse(source)?);
            Some(Cursor { at: at.parse().ok()?, source, seq: seq.parse().ok()? })
        };
        read().ok_or_else(|| Error::rule("after", "take it from an answer", "请使用上一次返回的值"))
    }
}

#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub source: Source,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub user: Option<Id>,
    /// `create`, `update` … of the change log, or the name of an [`Act`].
    pub what: &'static str,
    pub entity: Option<String>,
    pub record: Option<Id>,
    pub via: Option<&'static str>,
    pub address: Option<String>,
    pub count: Option<i64>,
    pub details: Json,
}

impl AuditEntry {
    pub(super) fn place(&self) -> Cursor {
        Cursor { at: self.at, source: Reverse(self.source), seq: self.seq }
    }
}

pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    pub next: Option<Cursor>,
}

impl AuditQuery {
    /// Which tables are read along which indexes: the narrowest that fits.
    fn lanes(&self) -> Vec<Lane> {
        let road = match (self.record, self.user, &self.entity) {
            (Some(record), _, _) => Road::Record(record),
            (None, Some(user), _) => Road::User(user),
            (None, None, Some(entity)) => Road::Entity(entity.clone()),
            (None, None, None) => Road::All,
        };
        let lane = |source: Source, road: &Road| Lane { source, road: road.clone() };
        let Some(action) = self.action else { return Source::ALL.map(|source| lane(source, &road)).to_vec() };
        match action {
            AuditAction::Saw => vec![lane(Source::Seen, &road)],
            AuditAction::Changed => vec![lane(Source::Log, &road)],
            _ if road != Road::All => {
                let source = if action.acts().is_empty() { Source::Log } else { Source::Acts };
                vec![lane(source, &road)]
            }
            _ => {
                let acts = action.acts().iter().map(|act| lane(Source::Acts, &Road::Act(*act)));
                let entities = action.entities().iter();
                acts.chain(entities.map(|entity| lane(Source::Log, &Road::Entity((*entity).to_owned()))))
                    .collect()
            }
        }
    }
}

impl Engine {
    /// For administrators.
    pub async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<AuditPage> {
        if !actor.is_administrator() {
            return Err(Error::Forbidden("audit".into()));
        }
        let lanes = query.lanes();
        let given = try_join_all(lanes.iter().map(|lane| lane.read(self, query, query.limit + 1))).await?;
        // Beyond the place where one lane stopped looking nothing is known for certain.
        let stopped = given.iter().filter_map(|given| given.stopped).max();
        let mut entries: Vec<AuditEntry> = given.into_iter().flat_map(|given| given.entries).collect();
        entries.sort_by_key(|entry| Reverse(entry.place()));
        entries.retain(|entry| stopped.is_none_or(|stopped| entry.place() >= stopped));
        let more = entries.len() > query.limit;
        entries.truncate(query.limit);
        let next = if more { entries.last().map(AuditEntry::place) } else { stopped };
        Ok(AuditPage { entries, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = "2026-11-21T10:00:00.123456Z".parse().unwrap();
        let cursor = Cursor { at, source: Reverse(Source::Seen), seq: 7 };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for wrong in ["", "x~log~1", "2026-11-21T10:00:00Z~none~1", "2026-11-21T10:00:00Z~log~x"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
