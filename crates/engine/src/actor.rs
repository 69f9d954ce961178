//! Who acts: every read and write names one.

use meta::{Id, Lang};
use serde::{Deserialize, Serialize};

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
}

impl Actor {
    pub fn system() -> Self {
        Actor { user: None, role: Role::System, lang: Lang::En }
    }
    pub fn user(user: Id, role: Role, lang: Lang) -> Self {
        Actor { user: Some(user), role, lang }
    }
    pub fn is_administrator(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::System)
    }
}
