//! Who gets an alarm, and in which language he reads it.

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
    administrator: Option<Id>,
}

impl Receivers {
    pub async fn load(engine: &Engine) -> Result<Receivers> {
        let select = Sql::select()
            .columns(["id", "language", "role"].map(name))
            .from(name("user"))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .and_where(Expr::col(name("active")).eq(true))
            .order_by(name("id"), Order::Asc)
            .limit(USERS_LIMIT)
            .to_owned();
        let mut found = Receivers { languages: HashMap::new(), administrator: None };
        for row in engine.fetch(&select).await? {
            let id = row.id(0)?;
            let language = row.opt_text(1)?.and_then(|code| Lang::parse(&code)).unwrap_or_default();
            found.languages.insert(id, language);
            if found.administrator.is_none() && row.opt_text(2)?.as_deref() == Some("administrator") {
                found.administrator = Some(id);
            }
        }
        Ok(found)
    }

    /// Who works here still; of nobody's alarm, the oldest administrator if it is about no customer.
    pub fn of(&self, owner: Option<Id>, is_about_customer: bool) -> Option<Id> {
        let known = owner.filter(|owner| self.languages.contains_key(owner));
        known.or(self.administrator.filter(|_| !is_about_customer))
    }

    pub fn language(&self, user: Id) -> Lang {
        self.languages.get(&user).copied().unwrap_or_default()
    }
}
