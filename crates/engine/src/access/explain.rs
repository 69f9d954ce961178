//! Why somebody can or cannot see a record: what his roles say, and how near to him the record is.

use super::{
    Action, Level, Withheld,
    known::{Company, User},
    scope::scope,
    share::{SharedWith, shares_of},
    write::among_ids,
};
use crate::{
    Actor, Engine, Error, Result, Rights, allow,
    condition::{Condition, field_of},
    store::number,
};
use futures::future::BoxFuture;
use meta::{DateTime, Entity, Id, Label, Record, Utc, Value, label};
use std::sync::Arc;

/// What can be done with a record that is there.
const OF_A_RECORD: [Action; 5] =
    [Action::Read, Action::Update, Action::Delete, Action::Export, Action::Merge];

/// Records followed one after the other.
const DEPTH_LIMIT: usize = 8;

#[derive(Clone, Debug)]
pub struct Explanation {
    pub standing: Standing,
    pub verdicts: Vec<Allowance>,
    /// How the record could be his; the nearest counts.
    pub reasons: Vec<Reason>,
    /// The least level at which it is.
    pub nearest: Level,
    pub fields: Vec<(String, Label, Withheld)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    Gone,
    Administrator,
    /// Works on everything.
    WithoutRole,
    Roles(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct Allowance {
    pub action: Action,
    pub allowed: bool,
    pub level: Level,
    /// The roles that give this level.
    pub roles: Vec<String>,
}

/// One way in which a record is somebody's.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The field that says so; `None` for a share.
    pub field: Option<Label>,
    /// Who or what stands in it.
    pub name: String,
    /// The team of the owner.
    pub team: Option<String>,
    /// From which level on it counts; [`Level::None`] for what was shared.
    pub level: Level,
    pub share: Option<(bool, Option<DateTime<Utc>>)>,
    /// Of the record that is followed.
    pub through: Vec<Reason>,
}

impl Engine {
    /// What `user` may do with a record and why; for administrators.
    pub async fn explain(&self, asker: &Actor, user: Id, entity: &str, id: Id) -> Result<Explanation> {
        if !asker.is_administrator() {
            let what = label("why somebody sees a record", "权限说明");
            return Err(Error::Forbidden(what.get(asker.lang).to_owned()));
        }
        let entity = self.entity(entity)?.clone();
        let found = self.get_many(asker, &entity.name, &[id]).await?;
        let record = found.into_iter().next();
        let record = record.ok_or_else(|| Error::NotFound(format!("{} {id}", entity.name)))?;
        let company = self.company().await?;
        let known = company.users.get(&user).ok_or_else(|| Error::NotFound(format!("user {user}")))?;
        let actor = self.actor(user, asker.lang).await?;
        let standing = standing(&company, known);
        let mut reasons = vec![];
        if let Standing::Roles(_) = standing {
            let looked = Looked { engine: self, company: &company, rights: actor.rights.clone(), user };
            reasons = looked.reasons(entity.clone(), record.clone(), 0).await?;
        }
        let nearest = reasons.iter().filter(|reason| reason.field.is_some()).map(|reason| reason.level).min();
        Ok(Explanation {
            verdicts: self.verdicts(&actor, &company, known, &entity, id).await?,
            nearest: nearest.unwrap_or(Level::All),
            fields: fields(&actor, &entity),
            standing,
            reasons,
        })
    }

    async fn verdicts(
        &self,
        actor: &Actor,
        company: &Company,
        known: &User,
        entity: &Entity,
        id: Id,
    ) -> Result<Vec<Allowance>> {
        let head = entity.parent_entity().unwrap_or(&entity.name);
        let mut verdicts = vec![];
        for action in OF_A_RECORD {
            let level = actor.rights.level(&entity.name, action);
            let giving = known.roles.iter().filter_map(|role| company.roles.get(role)).filter(|role| {
                let said = role.levels.get(head).and_then(|levels| levels.get(&action));
                said.is_some_and(|said| *said == level && level != Level::None)
            });
            let roles = giving.map(|role| role.name.clone()).collect();
            // The record itself is looked at: this is what every other road does.
            let seen = self.holds(actor, entity, id, Action::Read).await?;
            let allowed = seen && self.holds(actor, entity, id, action).await?;
            verdicts.push(Allowance { action, allowed, level, roles });
        }
        Ok(verdicts)
    }

    /// Whether the actor may do `action` with this record, which he may see.
    pub async fn may(&self, actor: &Actor, entity: &str, id: Id, action: Action) -> Result<bool> {
        self.holds(actor, self.entity(entity)?, id, action).await
    }

    async fn holds(&self, actor: &Actor, entity: &Entity, id: Id, action: Action) -> Result<bool> {
        if allow(actor, entity, action).is_err() {
            return Ok(false);
        }
        let condition = scope(self.registry(), actor, entity, action);
        if condition == Condition::Always(true) {
            return Ok(true);
        }
        Ok(number(&self.fetch(&among_ids(entity, &[id], &condition, self.dialect())).await?)? == 1)
    }
}

fn standing(company: &Company, known: &User) -> Standing {
    match known {
        User { active: false, .. } => Standing::Gone,
        User { administrator: true, .. } => Standing::Administrator,
        User { roles, .. } if roles.is_empty() => Standing::WithoutRole,
        User { roles, .. } => Standing::Roles(
            roles.iter().filter_map(|role| company.roles.get(role)).map(|role| role.name.clone()).collect(),
        ),
    }
}

fn fields(actor: &Actor, entity: &Entity) -> Vec<(String, Label, Withheld)> {
    let Some(view) = actor.limits().and_then(|rights| rights.view(&entity.name)) else { return vec![] };
    let withheld = |name: &String| match () {
        () if view.hidden.contains(name) => Some(Withheld::Hidden),
        () if view.masked.contains_key(name) => Some(Withheld::Masked),
        () if view.read_only.contains(name) => Some(Withheld::ReadOnly),
        () => None,
    };
    let fields = entity.fields.values();
    fields
        .filter_map(|field| Some((field.name.clone(), field.label.clone(), withheld(&field.name)?)))
        .collect()
}

struct Looked<'a> {
    engine: &'a Engine,
    company: &'a Company,
    rights: Arc<Rights>,
    user: Id,
}

impl Looked<'_> {
    fn reasons(
        &self,
        entity: Arc<Entity>,
        record: Record,
        depth: usize,
    ) -> BoxFuture<'_, Result<Vec<Reason>>> {
        Box::pin(async move {
            let mut reasons: Vec<Reason> = self.owner(&entity, &record).into_iter().collect();
            reasons.extend(self.team(&entity, &record));
            for name in entity.follows.iter().filter(|_| depth < DEPTH_LIMIT) {
                let Some((field, Some(id))) = entity.get(name).map(|field| (field, record.reference(name)))
                else {
                    continue;
                };
                reasons.extend(self.followed(field, id, depth).await?);
            }
            reasons.extend(self.shared(&entity, &record).await?);
            Ok(reasons)
        })
    }

    fn level_of(&self, own: bool, team: Option<Id>) -> Level {
        let among = |teams: &[Id]| team.is_some_and(|team| teams.contains(&team));
        match () {
            () if own => Level::Own,
            () if among(&self.rights.teams) => Level::Team,
            () if among(&self.rights.teams_and_below) => Level::TeamAndBelow,
            () => Level::All,
        }
    }

    fn owner(&self, entity: &Entity, record: &Record) -> Option<Reason> {
        let name = entity.owner()?;
        let owner = if name == "created_by" { record.created_by } else { record.reference(name) }?;
        let known = self.company.users.get(&owner);
        let member_of = known.filter(|known| !known.deleted).and_then(|known| known.team);
        let team = known.and_then(|known| self.company.teams.get(&known.team?));
        Some(Reason {
            field: field_of(entity, name).map(|field| field.label.clone()),
            name: known.map(|known| known.name.clone()).unwrap_or_default(),
            team: team.map(|team| team.name.clone()),
            level: self.level_of(owner == self.user, member_of),
            share: None,
            through: vec![],
        })
    }

    fn team(&self, entity: &Entity, record: &Record) -> Option<Reason> {
        let name = entity.team()?;
        let team = record.reference(name)?;
        Some(Reason {
            field: entity.get(name).map(|field| field.label.clone()),
            name: self.company.teams.get(&team).map(|team| team.name.clone()).unwrap_or_default(),
            team: None,
            level: self.level_of(false, Some(team)),
            share: None,
            through: vec![],
        })
    }

    async fn followed(&self, field: &meta::Field, id: Id, depth: usize) -> Result<Option<Reason>> {
        let Some(target) = field.target() else { return Ok(None) };
        let entity = self.engine.entity(target)?.clone();
        let system = Actor::system();
        let Some(record) = self.engine.get_many(&system, target, &[id]).await?.into_iter().next() else {
            return Ok(None);
        };
        let title = match record.get(&entity.title) {
            Value::Text(text) => text.clone(),
            _ => id.to_string(),
        };
        let through = self.reasons(entity, record, depth + 1).await?;
        let level = through.iter().filter(|reason| reason.field.is_some()).map(|reason| reason.level).min();
        Ok(Some(Reason {
            field: Some(field.label.clone()),
            name: title,
            team: None,
            level: level.unwrap_or(Level::All),
            share: through.iter().find_map(|reason| reason.share),
            through,
        }))
    }

    async fn shared(&self, entity: &Entity, record: &Record) -> Result<Vec<Reason>> {
        let held = shares_of(self.engine, self.user, &self.company.above(self.user), u64::MAX >> 1).await?;
        let fits = held.into_iter().filter(|share| share.entity == entity.name && share.record == record.id);
        Ok(fits
            .map(|share| Reason {
                field: None,
                name: match share.with {
                    SharedWith::User(user) => self.company.users.get(&user).map(|user| user.name.clone()),
                    SharedWith::Team(team) => self.company.teams.get(&team).map(|team| team.name.clone()),
                }
                .unwrap_or_default(),
                team: None,
                level: Level::None,
                share: Some((share.writes, share.expires_at)),
                through: vec![],
            })
            .collect())
    }
}
