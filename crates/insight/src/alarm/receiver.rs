//! Who gets an alarm, and in which language he reads it.

use super::rule::{AlarmSettings, Rule};
use engine::{
    Engine, Result, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::{Id, Lang};
use std::collections::HashMap;

/// More users than this are not asked for their language.
const USERS_LIMIT: u64 = 20_000;

pub struct Receivers {
    languages: HashMap<Id, Lang>,
    /// Set to get what is about no customer, if he works here still.
    set: Option<Id>,
    /// The oldest one.
    administrator: Option<Id>,
}

impl Receivers {
    pub async fn load(engine: &Engine, alarms: &AlarmSettings) -> Result<Receivers> {
        let select = Sql::select()
            .columns(["id", "language", "role"].map(name))
            .from(name("user"))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .and_where(Expr::col(name("active")).eq(true))
            .order_by(name("id"), Order::Asc)
            .limit(USERS_LIMIT)
            .to_owned();
        let mut found = Receivers { languages: HashMap::new(), set: None, administrator: None };
        for row in engine.fetch(&select).await? {
            let id = row.id(0)?;
            let language = row.opt_text(1)?.and_then(|code| Lang::parse(&code)).unwrap_or_default();
            found.languages.insert(id, language);
            if found.administrator.is_none() && row.opt_text(2)?.as_deref() == Some("administrator") {
                found.administrator = Some(id);
            }
        }
        found.set = alarms.receiver.filter(|receiver| found.languages.contains_key(receiver));
        Ok(found)
    }

    /// The owner if he works here still.
    pub fn owner(&self, owner: Option<Id>) -> Option<Id> {
        owner.filter(|owner| self.languages.contains_key(owner))
    }

    /// Of what is nobody's. Of nobody's customer an administrator is told, since not everybody may see him; a prompt is for who
    /// knows the customer.
    pub fn instead(&self, rule: Rule) -> Option<Id> {
        match rule {
            Rule::CoreCustomer => self.administrator,
            Rule::ReorderDue => None,
            Rule::GroupShrinking | Rule::RegionFalling => self.set.or(self.administrator),
        }
    }

    pub fn language(&self, user: Id) -> Lang {
        self.languages.get(&user).copied().unwrap_or_default()
    }
}
