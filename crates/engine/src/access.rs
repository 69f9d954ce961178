//! The one access check: every read and write of the engine asks here.

use crate::{
    Actor, Error, Result, Role,
    condition::{Condition, Operator, Path},
};
use meta::{Entity, Record, Value};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
}

/// Whether `actor` may do `action` on records of `entity`. Row and field rights come with roles (issue 3);
/// for now a user works on everything but the entities only administrators may write.
pub fn allow(actor: &Actor, entity: &Entity, action: Action) -> Result<()> {
    let allowed = match actor.role {
        Role::System => true,
        Role::Administrator => !entity.internal || action == Action::Read,
        Role::User => action == Action::Read || !(entity.admin_only || entity.internal),
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden(entity.label.get(actor.lang).to_owned())) }
}

/// Which records of `entity` the actor may see and change; every list, count and look-up is narrowed by it.
pub(crate) fn scope(actor: &Actor, entity: &Entity) -> Condition {
    let (Some((owner, shared)), false) = (&entity.personal, actor.role == Role::System) else {
        return Condition::Always(true);
    };
    let is = |field: &str, value: Value| match entity.get(field) {
        Some(field) => {
            let path = Path { through: None, field: field.clone() };
            Condition::Compare { path, operator: Operator::Equal, value }
        }
        None => Condition::Always(false),
    };
    let mine = actor.user.map_or(Condition::Always(false), |user| is(owner, Value::Id(user)));
    Condition::Any(vec![mine, is(shared, Value::Bool(true))])
}

/// Leaves out the records outside the actor's scope.
pub(crate) fn visible(actor: &Actor, entity: &Entity, mut records: Vec<Record>) -> Vec<Record> {
    let scope = scope(actor, entity);
    if scope != Condition::Always(true) {
        records.retain(|record| crate::condition::matches(&scope, entity, record, &HashMap::new()));
    }
    records
}
