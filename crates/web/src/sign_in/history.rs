//! Who signed in or tried to: when, from where, how, and what came of it. Kept for half a year.

use crate::{App, Visit, audit::note_sign_in};
use chrono::{DateTime, TimeDelta, Utc};
use engine::{
    Actor, Engine, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::Id;

const KEPT: TimeDelta = TimeDelta::days(180);
const EMAIL_LIMIT: usize = 200;

/// How somebody proves who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Password,
    Code,
    RecoveryCode,
    Provider,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Password => "password",
            Method::Code => "code",
            Method::RecoveryCode => "recovery_code",
            Method::Provider => "provider",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// Unknown people count as a wrong password.
    WrongPassword,
    WrongCode,
    /// Not from this address.
    WrongPlace,
    /// Signed in at the provider, but not a user here.
    NoUser,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::WrongPassword => "wrong_password",
            Outcome::WrongCode => "wrong_code",
            Outcome::WrongPlace => "wrong_place",
            Outcome::NoUser => "no_user",
        }
    }
}

pub(crate) struct Entry {
    user: Option<Id>,
    email: Option<String>,
    method: Method,
    outcome: Outcome,
    pub address: Option<String>,
    pub agent: Option<String>,
}

impl Entry {
    /// Of what was typed only an e-mail address is kept: people type passwords into the wrong field.
    pub fn of(
        visit: &Visit,
        user: Option<Id>,
        typed: Option<&str>,
        method: Method,
        outcome: Outcome,
    ) -> Entry {
        let email = typed.and_then(meta::normalise_email).filter(|email| email.len() <= EMAIL_LIMIT);
        let address = visit.address.map(|address| address.to_string());
        Entry { user, email, method, outcome, address, agent: visit.agent.clone() }
    }

    pub fn count(&self, app: &App) {
        app.metrics().sign_in(self.method.name(), self.outcome.name());
    }
}

pub(crate) async fn insert(tx: &mut Tx, entry: Entry) -> Result<()> {
    let (method, outcome) = (entry.method.name(), entry.outcome.name());
    note_sign_in(tx, entry.user, entry.address.clone(), method, outcome).await?;
    let (id, now) = (tx.clock().new_id(), tx.clock().now());
    let old = Sql::delete()
        .from_table(name("sign_in_log"))
        .and_where(Expr::col(name("at")).lt(now - KEPT))
        .to_owned();
    tx.execute(&old).await?;
    let insert = Sql::insert()
        .into_table(name("sign_in_log"))
        .columns(["id", "at", "user_id", "email", "method", "outcome", "address", "agent"].map(name))
        .values_panic([
            id.into(),
            now.into(),
            entry.user.into(),
            entry.email.into(),
            entry.method.name().into(),
            entry.outcome.name().into(),
            entry.address.into(),
            entry.agent.into(),
        ])
        .to_owned();
    tx.execute(&insert).await.map(drop)
}

pub(crate) async fn note(app: &App, entry: Entry) -> Result<()> {
    entry.count(app);
    app.engine().write(&Actor::system(), move |tx| Box::pin(insert(tx, entry))).await
}

/// An entry as it is shown.
pub(crate) struct Noted {
    pub id: Id,
    pub at: DateTime<Utc>,
    pub user: Option<Id>,
    pub email: Option<String>,
    pub method: String,
    pub outcome: String,
    pub address: Option<String>,
    pub agent: Option<String>,
}

/// The newest first, of one user or of all, those before an entry.
pub(crate) async fn list(
    engine: &Engine,
    user: Option<Id>,
    before: Option<Id>,
    limit: u64,
) -> Result<Vec<Noted>> {
    let mut select = Sql::select();
    select
        .columns(["id", "at", "user_id", "email", "method", "outcome", "address", "agent"].map(name))
        .from(name("sign_in_log"))
        .order_by(name("id"), Order::Desc)
        .limit(limit);
    if let Some(user) = user {
        select.and_where(Expr::col(name("user_id")).eq(user));
    }
    if let Some(before) = before {
        select.and_where(Expr::col(name("id")).lt(before));
    }
    let rows = engine.fetch(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Noted {
                id: row.id(0)?,
                at: row.instant(1)?,
                user: row.opt_id(2)?,
                email: row.opt_text(3)?,
                method: row.text(4)?,
                outcome: row.text(5)?,
                address: row.opt_text(6)?,
                agent: row.opt_text(7)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Lang;

    #[test]
    fn every_way_and_outcome_has_words() {
        let messages = crate::Messages::read([]).unwrap();
        let methods = [Method::Password, Method::Code, Method::RecoveryCode, Method::Provider];
        let outcomes = [
            Outcome::Success,
            Outcome::WrongPassword,
            Outcome::WrongCode,
            Outcome::WrongPlace,
            Outcome::NoUser,
        ];
        let methods = methods.map(|method| format!("history.method_{}", method.name()));
        let outcomes = outcomes.map(|outcome| format!("history.outcome_{}", outcome.name()));
        for key in methods.iter().chain(&outcomes) {
            assert!(messages.get(Lang::Zh, key, &[]).is_some(), "{key}");
        }
    }
}
