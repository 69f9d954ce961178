//! Tickets: secrets that open one thing once and not for long, such as the link in a letter. Kept as SHA-256.

use crate::secret::{digest, new_token};
use chrono::TimeDelta;
use engine::{
    Actor, Engine, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use meta::Id;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The password was right, the code is still to come.
    Code,
    /// Choosing a new password.
    Reset,
    /// Choosing the first password.
    Invitation,
    /// At the provider, to come back.
    Provider,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Code => "code",
            Purpose::Reset => "reset",
            Purpose::Invitation => "invitation",
            Purpose::Provider => "provider",
        }
    }

    pub fn lasts(self) -> TimeDelta {
        match self {
            Purpose::Code | Purpose::Provider => TimeDelta::minutes(10),
            Purpose::Reset => TimeDelta::hours(1),
            Purpose::Invitation => TimeDelta::days(7),
        }
    }
}

pub(crate) struct Ticket {
    pub user: Option<Id>,
    pub data: String,
}

pub(crate) async fn issue(
    engine: &Engine,
    purpose: Purpose,
    user: Option<Id>,
    data: String,
) -> Result<String> {
    let token = new_token()?;
    let hash = digest(&token);
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let now = tx.clock().now();
                let expired = Sql::delete()
                    .from_table(name("ticket"))
                    .and_where(Expr::col(name("expires_at")).lte(now))
                    .to_owned();
                tx.execute(&expired).await?;
                let insert = Sql::insert()
                    .into_table(name("ticket"))
                    .columns(
                        ["token_hash", "purpose", "user_id", "data", "created_at", "expires_at"].map(name),
                    )
                    .values_panic([
                        hash.into(),
                        purpose.name().into(),
                        user.into(),
                        data.into(),
                        now.into(),
                        (now + purpose.lasts()).into(),
                    ])
                    .to_owned();
                tx.execute(&insert).await.map(drop)
            })
        })
        .await?;
    Ok(token)
}

fn own(purpose: Purpose, token: &str) -> Expr {
    Expr::col(name("token_hash")).eq(digest(token)).and(Expr::col(name("purpose")).eq(purpose.name()))
}

/// What a ticket is good for, without using it up.
pub(crate) async fn look(engine: &Engine, purpose: Purpose, token: &str) -> Result<Option<Ticket>> {
    let now = engine.clock().now();
    let select: SelectStatement = Sql::select()
        .columns(["user_id", "data"].map(name))
        .from(name("ticket"))
        .and_where(own(purpose, token))
        .and_where(Expr::col(name("expires_at")).gt(now))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    rows.first().map(|row| Ok(Ticket { user: row.opt_id(0)?, data: row.text(1)? })).transpose()
}

/// Uses it up: `None` if somebody else was faster, or it has expired.
pub(crate) async fn take(engine: &Engine, purpose: Purpose, token: &str) -> Result<Option<Ticket>> {
    let Some(ticket) = look(engine, purpose, token).await? else { return Ok(None) };
    let token = token.to_owned();
    let taken = engine
        .write(&Actor::system(), move |tx| Box::pin(async move { take_in(tx, purpose, &token).await }))
        .await?;
    Ok(taken.then_some(ticket))
}

/// The same within a transaction: whether it was still there.
pub(crate) async fn take_in(tx: &mut Tx, purpose: Purpose, token: &str) -> Result<bool> {
    let which = own(purpose, token).and(Expr::col(name("expires_at")).gt(tx.clock().now()));
    let delete = Sql::delete().from_table(name("ticket")).and_where(which).to_owned();
    Ok(tx.execute(&delete).await? > 0)
}

/// Makes all tickets of a user worthless.
pub(crate) async fn revoke_all(tx: &mut Tx, user: Id) -> Result<()> {
    let delete =
        Sql::delete().from_table(name("ticket")).and_where(Expr::col(name("user_id")).eq(user)).to_owned();
    tx.execute(&delete).await.map(drop)
}
