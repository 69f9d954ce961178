//! The one access check: every read and write of the engine asks here.

use crate::{Actor, Error, Result, Role};
use meta::Entity;

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
