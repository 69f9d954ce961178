//! What the roles of one user come to.

use super::{Action, Level, fields::View};
use crate::{LogEntry, LogKind};
use meta::{Entity, Id, Record};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

#[derive(Debug, Default)]
pub struct Rights {
    /// Everything that is not for administrators alone: who has no role, and administrators.
    pub(super) unlimited: bool,
    pub(super) user: Option<Id>,
    /// His team, and those he leads.
    pub(super) teams: Vec<Id>,
    pub(super) teams_and_below: Vec<Id>,
    /// His teams and those above them: what is shared with one of them is shared with him.
    pub(super) reached_teams: Vec<Id>,
    /// Whose records those of the teams are.
    pub(super) members: Members,
    pub(super) members_and_below: Members,
    pub(super) entities: HashMap<String, EntityRights>,
}

/// The people of some teams.
#[derive(Clone, Debug)]
pub(super) enum Members {
    Named(Vec<Id>),
    /// Too many to name: whoever the database finds in the teams, and the user himself.
    OfTeams,
}

impl Default for Members {
    fn default() -> Self {
        Members::Named(vec![])
    }
}

#[derive(Debug, Default)]
pub(super) struct EntityRights {
    pub levels: HashMap<Action, Level>,
    /// Records shared with the user or his team; `true` to change them, too.
    pub shared: Vec<(Id, bool)>,
    /// The entity with what the fields' rights leave of it; `None` is all.
    pub view: Option<View>,
}

impl EntityRights {
    pub fn shared_for(&self, action: Action) -> impl Iterator<Item = Id> {
        let fits = move |writes: bool| action == Action::Read || writes && action == Action::Update;
        self.shared.iter().filter(move |(_, writes)| fits(*writes)).map(|(id, _)| *id)
    }
}

impl Rights {
    pub fn unlimited() -> Arc<Rights> {
        static UNLIMITED: OnceLock<Arc<Rights>> = OnceLock::new();
        UNLIMITED.get_or_init(|| Arc::new(Rights { unlimited: true, ..Rights::default() })).clone()
    }

    /// Of whom nothing is known: he may do nothing.
    pub fn nothing() -> Arc<Rights> {
        static NOTHING: OnceLock<Arc<Rights>> = OnceLock::new();
        NOTHING.get_or_init(Arc::default).clone()
    }

    /// The same for who is in teams.
    pub(super) fn unlimited_in(user: Id, teams: Vec<Id>) -> Arc<Rights> {
        if teams.is_empty() {
            return Rights::unlimited();
        }
        Arc::new(Rights { unlimited: true, user: Some(user), reached_teams: teams, ..Rights::default() })
    }

    pub(super) fn reached_teams(&self) -> &[Id] {
        &self.reached_teams
    }

    pub fn is_unlimited(&self) -> bool {
        self.unlimited
    }

    pub fn level(&self, entity: &str, action: Action) -> Level {
        if self.unlimited {
            return Level::All;
        }
        let known = self.entities.get(entity).and_then(|known| known.levels.get(&action));
        known.copied().unwrap_or_default()
    }

    pub(super) fn allows(&self, entity: &str, action: Action) -> bool {
        self.level(entity, action) != Level::None
            || self.entities.get(entity).is_some_and(|known| known.shared_for(action).next().is_some())
    }

    pub(super) fn view(&self, entity: &str) -> Option<&View> {
        self.entities.get(entity).and_then(|known| known.view.as_ref())
    }

    /// `entity` as the user knows it: hidden fields are not there, others are read-only.
    pub fn entity<'e>(&'e self, entity: &'e Arc<Entity>) -> &'e Arc<Entity> {
        self.view(&entity.name).map_or(entity, |view| &view.entity)
    }

    /// Takes out of records what the user may not see of them.
    pub(crate) fn withhold(&self, entity: &str, records: &mut [Record]) {
        if let Some(view) = self.view(entity) {
            records.iter_mut().for_each(|record| view.withhold(&mut record.values));
        }
    }

    /// Entries of the log without what the user may not see; nothing is left of one about hidden fields alone.
    pub(crate) fn withheld_from_log(&self, entity: &str, mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
        let Some(view) = self.view(entity) else { return entries };
        entries.iter_mut().for_each(|entry| view.withhold_changes(&mut entry.changes));
        let is_empty = |entry: &LogEntry| entry.changes.as_object().is_none_or(serde_json::Map::is_empty);
        entries.retain(|entry| entry.kind != LogKind::Update || !is_empty(entry));
        entries
    }

    /// Whether searches find records by words the user may not see.
    pub(crate) fn searches_withheld(&self, entity: &str) -> bool {
        self.view(entity).is_some_and(|view| view.searched)
    }

    /// Whether every field of `entity` may be seen as it is.
    pub fn sees_all_fields(&self, entity: &str) -> bool {
        self.view(entity).is_none_or(|view| view.hidden.is_empty() && view.masked.is_empty())
    }

    pub(super) fn members_at(&self, level: Level) -> Members {
        match level {
            Level::Team => self.members.clone(),
            Level::TeamAndBelow => self.members_and_below.clone(),
            _ => Members::Named(self.user.into_iter().collect()),
        }
    }

    pub(super) fn teams_at(&self, level: Level) -> &[Id] {
        match level {
            Level::Team => &self.teams,
            Level::TeamAndBelow => &self.teams_and_below,
            _ => &[],
        }
    }
}
