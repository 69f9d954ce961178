//! Who may do what: the one access check every read and write of the engine asks.
//!
//! A user without roles works on everything, as do administrators; they cost no statement anything. Roles narrow that: per
//! entity and action to one's own records, those of the team, of the team and those below it, or all ([`Level`]); per field
//! to nothing, a part of it, or reading ([`Withheld`]). [`Rights`] is what the roles of one user come to, kept in memory
//! (`known`). Which records a level means is a [`Condition`] that every statement carries (`scope`).

mod entities;
mod explain;
mod fields;
mod hand_over;
mod known;
mod level;
mod newcomer;
mod rights;
mod role;
mod scope;
mod share;
mod taken;
mod write;

use crate::{Actor, Error, Result, Role};
pub use explain::{Allowance, Explanation, Reason, Standing};
pub(crate) use fields::no_filter;
pub use fields::{Withheld, masked, withholdable};
pub use hand_over::Handed;
pub(crate) use known::Known;
pub use level::{Action, Level};
use meta::Entity;
pub use newcomer::NEW_USER_ROLE;
pub use rights::Rights;
pub use role::RoleRights;
pub(crate) use scope::{confined, scope, scope_of};
pub use share::{Share, SharedWith};

/// The entities of rights and the job that hands records over.
pub(crate) fn add(module: crate::Module) -> crate::Module {
    hand_over::add(newcomer::add(entities::add(module)))
}

/// Whether `actor` may do `action` on any record of `entity`.
pub fn allow(actor: &Actor, entity: &Entity, action: Action) -> Result<()> {
    let writes = !matches!(action, Action::Read | Action::Export);
    let allowed = match actor.role {
        Role::System => true,
        Role::Administrator => !entity.internal || !writes,
        Role::User if entity.secret || writes && (entity.admin_only || entity.internal) => false,
        Role::User => actor.rights.allows(&entity.name, action),
    };
    if allowed {
        return Ok(());
    }
    if action == Action::Export {
        return Err(Error::NoExport(entity.plural.clone()));
    }
    let (lang, verb) = (actor.lang, action.label());
    Err(Error::Forbidden(match lang {
        meta::Lang::En => format!("{} ({})", entity.label.en, verb.en),
        meta::Lang::Zh => format!("{}（{}）", entity.label.zh, verb.zh),
    }))
}
