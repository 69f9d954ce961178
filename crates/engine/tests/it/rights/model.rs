//! The reference: rights as docs/rights.md tells them, by looking at everything. Written without any of the engine's own; the
//! whole program is compared with it, too (crates/zhike/tests/it/rights/oracle).

use engine::{Action, Engine, Level};
use meta::Id;
use std::collections::BTreeMap;

/// What a record is for the model.
#[derive(Clone, Debug)]
pub struct Known {
    pub entity: &'static str,
    pub id: Id,
    pub name: String,
    pub owner: Option<Id>,
    pub team: Option<Id>,
    /// What it follows.
    pub up: Option<Id>,
    pub city: &'static str,
    pub phone: String,
    pub income: i64,
}

pub struct Firm {
    pub engine: Engine,
    /// Lines and what they are lines of.
    pub line: (&'static str, &'static str),
    /// What everybody may read.
    pub open: &'static str,
    pub teams: BTreeMap<Id, Option<Id>>,
    pub leads: BTreeMap<Id, Id>,
    /// User → team.
    pub people: BTreeMap<Id, Option<Id>>,
    pub roles_of: BTreeMap<Id, Vec<Id>>,
    pub levels: BTreeMap<(Id, &'static str, &'static str), Level>,
    pub fields: BTreeMap<(Id, &'static str, &'static str), &'static str>,
    pub records: Vec<Known>,
    pub shares: Vec<Shared>,
}

pub struct Shared {
    pub record: Id,
    pub user: Option<Id>,
    pub team: Option<Id>,
    pub writes: bool,
}

impl Firm {
    pub fn new(engine: Engine, line: (&'static str, &'static str), open: &'static str) -> Firm {
        Firm {
            engine,
            line,
            open,
            teams: BTreeMap::new(),
            leads: BTreeMap::new(),
            people: BTreeMap::new(),
            roles_of: BTreeMap::new(),
            levels: BTreeMap::new(),
            fields: BTreeMap::new(),
            records: vec![],
            shares: vec![],
        }
    }

    pub fn record(&self, id: Id) -> &Known {
        self.records.iter().find(|record| record.id == id).unwrap()
    }

    /// A team and those it belongs to.
    fn up(&self, team: Id) -> Vec<Id> {
        let mut all = vec![team];
        while let Some(Some(parent)) = all.last().map(|last| self.teams[last]) {
            all.push(parent);
        }
        all
    }

    fn teams_of(&self, user: Id) -> Vec<Id> {
        let led = self.leads.iter().filter(|(_, lead)| **lead == user).map(|(team, _)| *team);
        self.people[&user].into_iter().chain(led).collect()
    }

    /// Whether something of `team` is within `level` for the user.
    fn near(&self, user: Id, team: Id, level: Level) -> bool {
        let own = self.teams_of(user);
        match level {
            Level::None | Level::Own => false,
            Level::Team => own.contains(&team),
            Level::TeamAndBelow => self.up(team).iter().any(|above| own.contains(above)),
            Level::All => true,
        }
    }

    pub fn level(&self, user: Id, entity: &'static str, action: Action) -> Level {
        let Some(roles) = self.roles_of.get(&user) else { return Level::All };
        let said = |entity, action: Action| {
            let levels = roles.iter().filter_map(|role| self.levels.get(&(*role, entity, action.name())));
            levels.copied().max().unwrap_or_default()
        };
        let (line, head) = self.line;
        match action {
            Action::Read if entity == self.open => Level::All,
            Action::Create if entity == line => said(head, Action::Create).max(said(head, Action::Update)),
            Action::Delete if entity == line => said(head, Action::Update),
            action => said(if entity == line { head } else { entity }, action),
        }
    }

    fn shared(&self, user: Id, record: &Known, action: Action) -> bool {
        self.shares.iter().filter(|share| share.record == record.id).any(|share| {
            let with_team = |team: Id| self.teams_of(user).iter().any(|own| self.up(*own).contains(&team));
            (action == Action::Read || (share.writes && action == Action::Update))
                && (share.user == Some(user) || share.team.is_some_and(with_team))
        })
    }

    pub fn belongs(&self, user: Id, record: &Known, level: Level, action: Action) -> bool {
        let owned = level != Level::None
            && record.owner.is_some_and(|owner| {
                owner == user || self.people[&owner].is_some_and(|team| self.near(user, team, level))
            });
        let teams = record.team.is_some_and(|team| self.near(user, team, level));
        let follows = level != Level::None
            && record.up.is_some_and(|up| self.belongs(user, self.record(up), level, action));
        level == Level::All || owned || teams || follows || self.shared(user, record, action)
    }

    pub fn may(&self, user: Id, record: &Known, action: Action) -> bool {
        let level = self.level(user, record.entity, action);
        let read = self.level(user, record.entity, Action::Read);
        self.belongs(user, record, level, action) && self.belongs(user, record, read, Action::Read)
    }

    pub fn sees(&self, user: Id, entity: &str) -> Vec<&Known> {
        let all = self.records.iter().filter(|record| record.entity == entity);
        all.filter(|record| self.may(user, record, Action::Read)).collect()
    }

    /// What is taken from a field of `entity`, as the least that a role takes of those that allow anything.
    pub fn withheld(&self, user: Id, entity: &'static str, field: &'static str) -> Option<&'static str> {
        let (line, head) = self.line;
        let head = if entity == line { head } else { entity };
        let roles = self.roles_of.get(&user)?;
        let speaks = |role: &&Id| {
            Action::ALL.iter().any(|action| self.levels[&(**role, head, action.name())] != Level::None)
        };
        let rank = |level: Option<&&'static str>| match level {
            None => 0,
            Some(&"read_only") => 1,
            Some(&"masked") => 2,
            Some(_) => 3,
        };
        let said = roles.iter().filter(speaks).map(|role| self.fields.get(&(*role, entity, field)));
        let least = said.min_by_key(|level| rank(*level)).flatten().copied();
        // Half a number is no number.
        least.map(
            |level| if level == "masked" && ["income", "cost"].contains(&field) { "hidden" } else { level },
        )
    }
}
