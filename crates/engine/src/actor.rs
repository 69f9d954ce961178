//! Who acts: every read and write names one.

use crate::access::{Action, Level, Rights};
use meta::{Entity, Id, Lang};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Administrator,
    User,
    /// The program itself: jobs, imports' bookkeeping, the command line of the machine's owner.
    System,
}

#[derive(Clone, Debug)]
pub struct Actor {
    pub user: Option<Id>,
    pub role: Role,
    pub lang: Lang,
    /// What a user's roles come to; of no matter to the others.
    pub rights: Arc<Rights>,
}

impl Actor {
    pub fn system() -> Self {
        Actor { user: None, role: Role::System, lang: Lang::En, rights: Rights::unlimited() }
    }
    /// A [`Role::User`] may do nothing until he is given rights: [`crate::Engine::actor`] looks them up.
    pub fn user(user: Id, role: Role, lang: Lang) -> Self {
        let rights = if role == Role::User { Rights::nothing() } else { Rights::unlimited() };
        Actor { user: Some(user), role, lang, rights }
    }
    pub fn with(self, rights: Arc<Rights>) -> Self {
        Actor { rights, ..self }
    }
    pub fn is_administrator(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::System)
    }

    /// The rights, if they keep anything from the actor.
    pub fn limits(&self) -> Option<&Rights> {
        (self.role == Role::User && !self.rights.is_unlimited()).then_some(&*self.rights)
    }

    /// Whether the roles allow `action` on any record of `entity`.
    pub fn has(&self, entity: &str, action: Action) -> bool {
        self.limits().is_none_or(|rights| rights.level(entity, action) != Level::None)
    }

    /// Whether all records of `entity` may be read as they are: what sums over them may be shown.
    pub fn sees_all(&self, entity: &str) -> bool {
        self.limits().is_none_or(|rights| {
            rights.level(entity, Action::Read) == Level::All && rights.sees_all_fields(entity)
        })
    }

    /// `entity` as the actor knows it: without the fields hidden from him.
    pub fn view<'e>(&'e self, entity: &'e Arc<Entity>) -> &'e Arc<Entity> {
        match self.limits() {
            Some(_) => self.rights.entity(entity),
            None => entity,
        }
    }
}
