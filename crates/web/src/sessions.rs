//! Sessions as they are kept: started, noted as seen, listed, ended. Who a session belongs to says `session.rs`.

use crate::{
    App, Visit,
    secret::{digest, new_token},
    security::idle,
    session::{AGE_LIMIT, CHANGED, csrf_of},
    sign_in::history::{self, Method, Outcome},
};
use chrono::{DateTime, Utc};
use engine::{
    Actor, Result, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::Id;

/// Shown at most; a user with more is shown the newest.
const SHOWN_LIMIT: u64 = 100;

/// Starts a session and notes it in the history; its token goes into the cookie and is kept nowhere else.
pub(crate) async fn start(app: &App, visit: &Visit, user: Id, method: Method) -> Result<String> {
    let token = new_token()?;
    let (hash, csrf) = (digest(&token), csrf_of(&token));
    let entry = history::Entry::of(visit, Some(user), None, method, Outcome::Success);
    entry.count(app);
    app.engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let now = tx.clock().now();
                let expired = Sql::delete()
                    .from_table(name("session"))
                    .and_where(Expr::col(name("user_id")).eq(user))
                    .and_where(Expr::col(name("expires_at")).lte(now))
                    .to_owned();
                tx.execute(&expired).await?;
                let columns = [
                    "token_hash",
                    "user_id",
                    "csrf",
                    "created_at",
                    "seen_at",
                    "expires_at",
                    "address",
                    "agent",
                    "method",
                ];
                let insert = Sql::insert()
                    .into_table(name("session"))
                    .columns(columns.map(name))
                    .values_panic([
                        hash.into(),
                        user.into(),
                        csrf.into(),
                        now.into(),
                        now.into(),
                        (now + AGE_LIMIT).into(),
                        entry.address.clone().into(),
                        entry.agent.clone().into(),
                        method.name().into(),
                    ])
                    .to_owned();
                tx.execute(&insert).await?;
                history::insert(tx, entry).await
            })
        })
        .await?;
    Ok(token)
}

/// Who cannot be noted as seen (the disk is full, the database is held) may read nevertheless.
pub(crate) async fn touch(
    app: &App,
    table: &'static str,
    column: &'static str,
    hash: String,
    now: DateTime<Utc>,
) {
    let touched = app
        .engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let update = Sql::update()
                    .table(name(table))
                    .value(name(column), now)
                    .and_where(Expr::col(name("token_hash")).eq(hash))
                    .to_owned();
                tx.execute(&update).await.map(drop)
            })
        })
        .await;
    if let Err(error) = touched {
        tracing::warn!("{table}.{column} is not noted: {error}");
    }
}

pub(crate) struct Kept {
    pub csrf: String,
    pub created_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    pub address: Option<String>,
    pub agent: Option<String>,
}

impl Kept {
    /// What its owner names it by when he ends it; says nothing about the token.
    pub fn handle(&self) -> String {
        digest(&format!("handle:{}", self.csrf))
    }
}

/// A user's sessions that have not ended, the one used last first.
pub(crate) async fn list(app: &App, user: Id) -> Result<Vec<Kept>> {
    let now = app.engine().clock().now();
    let select = Sql::select()
        .columns(["csrf", "created_at", "seen_at", "address", "agent"].map(name))
        .from(name("session"))
        .and_where(Expr::col(name("user_id")).eq(user))
        .and_where(Expr::col(name("expires_at")).gt(now))
        .and_where(Expr::col(name("seen_at")).gt(now - idle::limit(app.engine()).await?))
        .order_by(name("seen_at"), Order::Desc)
        .limit(SHOWN_LIMIT)
        .to_owned();
    let rows = app.engine().fetch(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Kept {
                csrf: row.text(0)?,
                created_at: row.instant(1)?,
                seen_at: row.instant(2)?,
                address: row.opt_text(3)?,
                agent: row.opt_text(4)?,
            })
        })
        .collect()
}

/// Ends the session with this cookie.
pub(crate) async fn end(app: &App, token: &str) -> Result<()> {
    remove(app, Expr::col(name("token_hash")).eq(digest(token))).await
}

/// Ends one of a user's sessions, and its live pages.
pub(crate) async fn end_of_user(app: &App, user: Id, csrf: String) -> Result<()> {
    app.live().end_session(&csrf);
    remove(app, Expr::col(name("user_id")).eq(user).and(Expr::col(name("csrf")).eq(csrf))).await
}

/// Ends all sessions of a user but the one kept, and their live pages.
pub(crate) async fn end_others(app: &App, user: Id, kept_csrf: Option<&str>) -> Result<()> {
    app.live().end_sessions_of(user, kept_csrf);
    let of_user = Expr::col(name("user_id")).eq(user);
    let which = match kept_csrf {
        Some(csrf) => of_user.and(Expr::col(name("csrf")).ne(csrf)),
        None => of_user,
    };
    remove(app, which).await
}

async fn remove(app: &App, which: Expr) -> Result<()> {
    app.engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let delete = Sql::delete().from_table(name("session")).and_where(which).to_owned();
                tx.mark_changed(CHANGED);
                tx.execute(&delete).await.map(drop)
            })
        })
        .await
}
