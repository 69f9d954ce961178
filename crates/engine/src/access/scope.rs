//! Which records a level means, as a condition.

use super::{Action, Level, Rights, rights::Members};
use crate::{
    Actor, Engine, Registry, Result, Role,
    condition::{Condition, Operator, Path, field_of},
};
use meta::{Entity, Field, Id, Value};

impl Engine {
    /// Which records of an entity the actor may do `action` with, as a condition, for who keeps copies of records.
    pub fn scope(&self, actor: &Actor, entity: &str, action: Action) -> Result<Condition> {
        let entity = self.entity(entity)?;
        super::allow(actor, entity, action)?;
        Ok(scope(self.registry(), actor, entity, action))
    }
}

/// Which records of `entity` the actor may do `action` with; every list, count and look-up is narrowed by it.
pub(crate) fn scope(registry: &Registry, actor: &Actor, entity: &Entity, action: Action) -> Condition {
    both(personal(actor, entity, action), scope_of(registry, actor, entity, action))
}

/// The same by roles alone.
pub(crate) fn scope_of(registry: &Registry, actor: &Actor, entity: &Entity, action: Action) -> Condition {
    if actor.role != Role::User || actor.rights.is_unlimited() {
        return Condition::Always(true);
    }
    let level = actor.rights.level(&entity.name, action);
    if level == Level::All {
        return Condition::Always(true);
    }
    belongs(registry, &actor.rights, entity, level, action, 0)
}

fn both(first: Condition, second: Condition) -> Condition {
    match (first, second) {
        (Condition::Always(true), other) | (other, Condition::Always(true)) => other,
        (first, second) => Condition::All(vec![first, second]),
    }
}

/// Views and the like belong to one user whatever the roles say, administrators included. What he shares with everybody, or
/// with a team, others see and do not change; administrators keep what is for everybody in order.
fn personal(actor: &Actor, entity: &Entity, action: Action) -> Condition {
    let (Some((owner, shared)), false) = (&entity.personal, actor.role == Role::System) else {
        return Condition::Always(true);
    };
    let is = |field: &str, value: Value| match entity.get(field) {
        Some(field) => equals(field.clone(), value),
        None => Condition::Always(false),
    };
    let mut parts = vec![actor.user.map_or(Condition::Always(false), |user| is(owner, Value::Id(user)))];
    let reads = matches!(action, Action::Read | Action::Export);
    if reads || actor.is_administrator() {
        parts.push(is(shared, Value::Bool(true)));
    }
    if reads && let Some(team) = entity.team().and_then(|name| field_of(entity, name)) {
        parts.extend(one_of(&team, actor.rights.reached_teams().to_vec()));
    }
    Condition::Any(parts)
}

fn equals(field: Field, value: Value) -> Condition {
    Condition::Compare { path: Path { through: None, field }, operator: Operator::Equal, value }
}

/// Lines follow orders follow customers; the registry refuses circles, and more is no company's way of working.
const FOLLOWED_LIMIT: usize = 8;

/// Records that are somebody's at `level`: by owner, by team, by what they follow, by a share.
fn belongs(
    registry: &Registry,
    rights: &Rights,
    entity: &Entity,
    level: Level,
    action: Action,
    depth: usize,
) -> Condition {
    let mut parts = vec![];
    if level != Level::None {
        let owner = entity.owner().and_then(|name| field_of(entity, name));
        parts.extend(owner.into_iter().flat_map(|field| owned_by(registry, rights, &field, level)));
        let team = entity.team().and_then(|name| field_of(entity, name));
        parts.extend(team.and_then(|field| one_of(&field, rights.teams_at(level).to_vec())));
        for reference in entity.follows.iter().filter_map(|name| entity.get(name)) {
            let followed = reference.target().and_then(|target| registry.entity(target).ok());
            let Some(followed) = followed.filter(|_| depth < FOLLOWED_LIMIT) else { continue };
            let inner = belongs(registry, rights, followed, level, action, depth + 1);
            if inner != Condition::Always(false) {
                parts.push(reaches(reference, followed, inner));
            }
        }
    }
    let shared = rights.entities.get(&entity.name).map(|known| known.shared_for(action).collect::<Vec<Id>>());
    let id = field_of(entity, "id");
    parts.extend(id.and_then(|field| one_of(&field, shared.unwrap_or_default())));
    match parts.len() {
        0 => Condition::Always(false),
        1 => parts.remove(0),
        _ => Condition::Any(parts),
    }
}

/// Records whose owner is in the teams of `level`.
fn owned_by(registry: &Registry, rights: &Rights, owner: &Field, level: Level) -> Vec<Condition> {
    let me = rights.user.into_iter().collect();
    match rights.members_at(level) {
        Members::Named(members) => one_of(owner, members).into_iter().collect(),
        Members::OfTeams => {
            let users = registry.entity("user").ok();
            let team = users.and_then(|users| Some((users, field_of(users, "team")?)));
            let theirs = team.and_then(|(users, team)| {
                let inner = one_of(&team, rights.teams_at(level).to_vec())?;
                Some(reaches(owner, users, inner))
            });
            one_of(owner, me).into_iter().chain(theirs).collect()
        }
    }
}

pub(super) fn reaches(reference: &Field, followed: &Entity, inner: Condition) -> Condition {
    Condition::Reaches {
        reference: reference.clone(),
        entity: followed.name.clone(),
        found: crate::store::is_found(followed, &inner),
        inner: Box::new(inner),
    }
}

/// Padded to few lengths, as [`crate::among`] does.
fn one_of(field: &Field, ids: Vec<Id>) -> Option<Condition> {
    match ids.as_slice() {
        [] => None,
        [id] => Some(equals(field.clone(), Value::Id(*id))),
        ids => {
            let values = crate::among(ids).map(Value::Id).collect();
            Some(Condition::In { path: Path { through: None, field: field.clone() }, values })
        }
    }
}

/// `condition` as it holds for somebody who may not see all records that references point to: one he may not see has only
/// empty fields, so that no filter tells what stands in it.
pub(crate) fn confined(
    registry: &Registry,
    actor: &Actor,
    entity: &Entity,
    condition: Condition,
) -> Condition {
    if actor.role != Role::User || actor.rights.is_unlimited() {
        return condition;
    }
    let all = |parts: Vec<Condition>| {
        parts.into_iter().map(|part| confined(registry, actor, entity, part)).collect()
    };
    let through = match &condition {
        Condition::Compare { path, .. }
        | Condition::In { path, .. }
        | Condition::Empty { path }
        | Condition::Text { path, .. } => path.through.as_ref(),
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => None,
        _ => return condition,
    };
    let seen = through.and_then(|through| {
        let followed = registry.entity(&through.entity).ok()?;
        let scope = scope(registry, actor, followed, Action::Read);
        let reference = field_of(entity, &through.reference)?.into_owned();
        (scope != Condition::Always(true)).then(|| reaches(&reference, followed, scope))
    });
    match (condition, seen) {
        (Condition::All(parts), _) => Condition::All(all(parts)),
        (Condition::Any(parts), _) => Condition::Any(all(parts)),
        (Condition::Not(inner), _) => Condition::Not(Box::new(confined(registry, actor, entity, *inner))),
        (leaf, None) => leaf,
        (leaf, Some(seen)) if leaf.holds_for_empty() => {
            Condition::Any(vec![leaf, Condition::Not(Box::new(seen))])
        }
        (leaf, Some(seen)) => Condition::All(vec![leaf, seen]),
    }
}

/// What the roles alone allow, without what was shared.
pub(super) fn without_shares(
    registry: &Registry,
    actor: &Actor,
    entity: &Entity,
    action: Action,
) -> Condition {
    match actor.limits() {
        None => Condition::Always(true),
        Some(rights) => match rights.level(&entity.name, action) {
            Level::All => Condition::Always(true),
            // Nothing is shared for merging.
            level => belongs(registry, rights, entity, level, Action::Merge, 0),
        },
    }
}
