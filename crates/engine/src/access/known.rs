//! Rights kept in memory: read once for everybody, put together once for each user, forgotten when anything they come
//! from is changed (and after two seconds, because other processes write too).

use super::{
    Action, Level, Rights, Withheld,
    fields::View,
    rights::{EntityRights, Members},
    share::{SHARES_LIMIT, shares_of},
};
use crate::{Actor, Engine, Recent, Result, Role, Row, db::name};
use meta::{Entity, Id, Lang, Unsaid};
use sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// More owners than this are not named one by one in every statement.
const MEMBERS_LIMIT: usize = 64;

/// What rights come from.
const SOURCES: [&str; 7] = ["user", "team", "role", "user_role", "role_right", "field_right", "record_share"];

#[derive(Default)]
pub(crate) struct Known {
    company: Recent<(), Arc<Company>>,
    rights: Recent<Id, Arc<Rights>>,
}

/// Who is where and what the roles say.
pub(super) struct Company {
    pub users: HashMap<Id, User>,
    pub teams: HashMap<Id, Team>,
    pub roles: HashMap<Id, Granted>,
}

pub(super) struct User {
    pub name: String,
    pub team: Option<Id>,
    pub administrator: bool,
    pub active: bool,
    pub deleted: bool,
    /// Those that were deleted, too: who had a role must not have everything without it.
    pub roles: Vec<Id>,
}

pub(super) struct Team {
    pub name: String,
    pub parent: Option<Id>,
    pub lead: Option<Id>,
}

#[derive(Default)]
pub(super) struct Granted {
    pub name: String,
    pub networks: String,
    pub levels: HashMap<String, HashMap<Action, Level>>,
    pub fields: HashMap<String, BTreeMap<String, Withheld>>,
}

impl Engine {
    fn rights_version(&self) -> u64 {
        SOURCES.iter().fold(0, |sum, source| sum.wrapping_add(self.changes_to(source)))
    }

    /// `user` as an actor with the rights he has now; one who is gone or no longer active may do nothing.
    pub async fn actor(&self, user: Id, lang: Lang) -> Result<Actor> {
        let company = self.company().await?;
        let Some(known) = company.users.get(&user).filter(|known| known.active) else {
            return Ok(Actor::user(user, Role::User, lang));
        };
        if known.administrator {
            return Ok(Actor::user(user, Role::Administrator, lang).with(self.rights(user).await?));
        }
        Ok(Actor::user(user, Role::User, lang).with(self.rights(user).await?))
    }

    /// What the roles of `user` come to.
    pub async fn rights(&self, user: Id) -> Result<Arc<Rights>> {
        let version = self.rights_version();
        if let Some(known) = self.known_rights().rights.get(&user, version) {
            return Ok(known);
        }
        let company = self.company().await?;
        let rights = match company.users.get(&user) {
            None => Rights::nothing(),
            Some(known) if known.roles.is_empty() || known.administrator => {
                Rights::unlimited_in(user, company.above(user))
            }
            Some(known) => Arc::new(self.put_together(&company, user, known).await?),
        };
        self.known_rights().rights.put(user, version, rights.clone());
        Ok(rights)
    }

    pub(super) async fn company(&self) -> Result<Arc<Company>> {
        let read = async { read(self).await.map(Arc::new) };
        self.known_rights().company.or_read((), self.rights_version(), read).await
    }

    async fn put_together(&self, company: &Company, user: Id, known: &User) -> Result<Rights> {
        let (teams, teams_and_below) = company.teams_of(user, known);
        let mut rights = Rights {
            unlimited: false,
            user: Some(user),
            members: company.members(user, &teams),
            members_and_below: company.members(user, &teams_and_below),
            entities: HashMap::new(),
            teams,
            teams_and_below,
            reached_teams: company.above(user),
        };
        for entity in self.registry().entities() {
            rights.entities.insert(entity.name.clone(), self.granted(company, known, entity)?);
        }
        for share in shares_of(self, user, &company.above(user), SHARES_LIMIT).await? {
            if let Some(entity) = rights.entities.get_mut(&share.entity) {
                entity.shared.push((share.record, share.writes));
            }
        }
        Ok(rights)
    }

    /// The union of what the roles say.
    fn granted(&self, company: &Company, user: &User, entity: &Entity) -> Result<EntityRights> {
        // Lines have the rights of their parent.
        let head = match entity.parent_entity() {
            Some(parent) => self.entity(parent)?,
            None => entity,
        };
        let roles: Vec<&Granted> = user.roles.iter().filter_map(|role| company.roles.get(role)).collect();
        let unsaid = |action| match head.unsaid {
            _ if head.personal.is_some() => Level::All,
            Unsaid::Own => Level::Own,
            Unsaid::Reading if action == Action::Read => Level::All,
            _ => Level::None,
        };
        let mut levels: HashMap<Action, Level> = HashMap::new();
        for action in Action::ALL {
            let said = roles.iter().filter_map(|role| role.levels.get(&head.name)?.get(&action));
            let level = said.copied().max().unwrap_or_default();
            levels.insert(action, std::cmp::max(level, unsaid(action)));
        }
        if entity.parent.is_some() {
            line_levels(&mut levels);
        }
        let view = View::new(entity, &withheld(&roles, entity, &head.name));
        Ok(EntityRights { levels, shared: vec![], view })
    }
}

/// Lines are written where their parent is: with a new one, or by changing it.
fn line_levels(levels: &mut HashMap<Action, Level>) {
    let level = |action| levels.get(&action).copied().unwrap_or_default();
    let (create, update) = (level(Action::Create), level(Action::Update));
    levels.insert(Action::Create, std::cmp::max(create, update));
    levels.insert(Action::Delete, update);
}

/// What all those roles withhold that say anything of the entity: whoever may see a field by one role may see it.
fn withheld(roles: &[&Granted], entity: &Entity, head: &str) -> BTreeMap<String, Withheld> {
    let mut least: Option<BTreeMap<String, Withheld>> = None;
    let speaking = roles.iter().filter(|role| {
        role.levels.get(head).is_some_and(|levels| levels.values().any(|level| *level != Level::None))
    });
    // Of what everybody may read no role needs to speak.
    let silent = roles.iter().filter(|role| role.fields.contains_key(&entity.name));
    let mut speaking: Vec<_> = speaking.collect();
    if speaking.is_empty() {
        speaking = silent.collect();
    }
    for role in speaking {
        let own = role.fields.get(&entity.name).cloned().unwrap_or_default();
        least = Some(match least {
            None => own,
            Some(known) => known
                .into_iter()
                .filter_map(|(field, level)| own.get(&field).map(|other| (field, level.min(*other))))
                .collect(),
        });
    }
    least.unwrap_or_default()
}

impl Company {
    /// The teams of a user (his own and those he leads), and those with all below them.
    pub fn teams_of(&self, user: Id, known: &User) -> (Vec<Id>, Vec<Id>) {
        let led = self.teams.iter().filter(|(_, team)| team.lead == Some(user)).map(|(id, _)| *id);
        let own = known.team.filter(|team| self.teams.contains_key(team));
        let mut teams: Vec<Id> = own.into_iter().chain(led).collect();
        teams.sort();
        teams.dedup();
        let mut below: HashSet<Id> = teams.iter().copied().collect();
        // A tree, but nothing keeps people from writing down a circle.
        loop {
            let before = below.len();
            let children = self
                .teams
                .iter()
                .filter(|(_, team)| team.parent.is_some_and(|parent| below.contains(&parent)));
            let children: Vec<Id> = children.map(|(id, _)| *id).collect();
            below.extend(children);
            if below.len() == before {
                break;
            }
        }
        let mut below: Vec<Id> = below.into_iter().collect();
        below.sort();
        (teams, below)
    }

    /// The teams of a user and those above them: what is shared with any of them is shared with him.
    pub fn above(&self, user: Id) -> Vec<Id> {
        let own = self.users.get(&user).map(|known| self.teams_of(user, known).0).unwrap_or_default();
        let mut above: Vec<Id> = vec![];
        for team in own {
            let mut next = Some(team);
            while let Some(team) = next.filter(|team| !above.contains(team)) {
                above.push(team);
                next = self.teams.get(&team).and_then(|team| team.parent);
            }
        }
        above
    }

    /// Everybody in `teams`, those no longer active included: their records are still the team's.
    pub fn members(&self, user: Id, teams: &[Id]) -> Members {
        let in_teams = |other: &User| !other.deleted && other.team.is_some_and(|team| teams.contains(&team));
        let members = self.users.iter().filter(|(_, other)| in_teams(other)).map(|(id, _)| *id);
        let mut members: Vec<Id> = members.chain([user]).collect();
        members.sort();
        members.dedup();
        if members.len() > MEMBERS_LIMIT { Members::OfTeams } else { Members::Named(members) }
    }
}

fn live(table: &str, columns: &[&str]) -> SelectStatement {
    let mut select = Sql::select();
    select.columns(columns.iter().map(|column| name(column))).from(name(table));
    select.and_where(Expr::col(name("deleted_at")).is_null());
    select
}

async fn read(engine: &Engine) -> Result<Company> {
    let mut everybody = Sql::select();
    everybody.columns(["id", "name", "team", "role", "active", "deleted_at"].map(name)).from(name("user"));
    let mut users: HashMap<Id, User> = HashMap::new();
    for row in engine.fetch(&everybody).await? {
        let user = User {
            name: row.opt_text(1)?.unwrap_or_default(),
            team: row.opt_id(2)?,
            administrator: row.opt_text(3)?.as_deref() == Some("administrator"),
            active: row.opt_bool(4)? != Some(false) && row.opt_instant(5)?.is_none(),
            deleted: row.opt_instant(5)?.is_some(),
            roles: vec![],
        };
        users.insert(row.id(0)?, user);
    }
    for row in engine.fetch(&live("user_role", &["user", "role"])).await? {
        if let (Some(user), Some(role)) = (row.opt_id(0)?, row.opt_id(1)?)
            && let Some(user) = users.get_mut(&user)
        {
            user.roles.push(role);
        }
    }
    let mut teams = HashMap::new();
    for row in engine.fetch(&live("team", &["id", "name", "parent_team", "lead"])).await? {
        let name = row.opt_text(1)?.unwrap_or_default();
        teams.insert(row.id(0)?, Team { name, parent: row.opt_id(2)?, lead: row.opt_id(3)? });
    }
    Ok(Company { users, teams, roles: read_roles(engine).await? })
}

async fn read_roles(engine: &Engine) -> Result<HashMap<Id, Granted>> {
    let mut roles: HashMap<Id, Granted> = HashMap::new();
    for row in engine.fetch(&live("role", &["id", "name", "networks"])).await? {
        let (name, networks) = (row.opt_text(1)?.unwrap_or_default(), row.opt_text(2)?.unwrap_or_default());
        roles.insert(row.id(0)?, Granted { name, networks, ..Granted::default() });
    }
    let columns = ["role", "entity"].into_iter().chain(Action::ALL.map(Action::name));
    for row in engine.fetch(&live("role_right", &columns.collect::<Vec<_>>())).await? {
        let Some((role, entity)) = of_role(&mut roles, &row)? else { continue };
        let levels = role.levels.entry(entity).or_default();
        for (index, action) in Action::ALL.into_iter().enumerate() {
            let level = Level::parse(&row.opt_text(index + 2)?.unwrap_or_default());
            let known = levels.entry(action).or_default();
            *known = std::cmp::max(*known, level);
        }
    }
    for row in engine.fetch(&live("field_right", &["role", "entity", "field", "level"])).await? {
        let Some((role, entity)) = of_role(&mut roles, &row)? else { continue };
        let level = Withheld::parse(&row.opt_text(3)?.unwrap_or_default());
        let known = role.fields.entry(entity).or_default();
        let field = row.opt_text(2)?.unwrap_or_default();
        known.entry(field).and_modify(|known| *known = level.max(*known)).or_insert(level);
    }
    Ok(roles)
}

fn of_role<'r>(roles: &'r mut HashMap<Id, Granted>, row: &Row) -> Result<Option<(&'r mut Granted, String)>> {
    let (role, entity) = (row.opt_id(0)?, row.opt_text(1)?);
    Ok(role.and_then(|role| roles.get_mut(&role)).zip(entity))
}
