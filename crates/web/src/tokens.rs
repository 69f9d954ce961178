//! API tokens: a program acts with the rights of the user who made its token. Shown once, kept as SHA-256.

use crate::{
    Scope,
    secret::{digest, new_token},
};
use engine::{
    Actor, Engine, Error, Result, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::{DateTime, Id, Problem, Utc};

const PREFIX: &str = "zk_";
const NAME_LIMIT: usize = 100;
const PER_USER_LIMIT: usize = 100;

const COLUMNS: [&str; 8] =
    ["token_hash", "id", "user_id", "name", "created_at", "expires_at", "access", "entities"];

pub struct Token {
    pub id: Id,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub used_at: Option<DateTime<Utc>>,
    pub scope: Scope,
}

/// Makes a token for all its user may do.
pub async fn create(
    engine: &Engine,
    user: Id,
    title: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<String> {
    create_with(engine, user, title, expires_at, Scope::default()).await
}

/// Makes a token and returns it: the only time anybody sees it.
pub async fn create_with(
    engine: &Engine,
    user: Id,
    title: &str,
    expires_at: Option<DateTime<Utc>>,
    scope: Scope,
) -> Result<String> {
    let title = title.trim().to_owned();
    if title.is_empty() {
        return Err(Error::invalid("name", Problem::Required));
    }
    if title.chars().count() > NAME_LIMIT {
        return Err(Error::invalid("name", Problem::TooLong { limit: NAME_LIMIT }));
    }
    if list(engine, user).await?.len() >= PER_USER_LIMIT {
        return Err(Error::rule(
            "name",
            format!("you have {PER_USER_LIMIT} tokens already: revoke one first"),
            format!("令牌已达 {PER_USER_LIMIT} 个，请先撤销不用的"),
        ));
    }
    let token = format!("{PREFIX}{}", new_token()?);
    let hash = digest(&token);
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let (id, now) = (tx.clock().new_id(), tx.clock().now());
                let insert = Sql::insert()
                    .into_table(name("api_token"))
                    .columns(COLUMNS.map(name))
                    .values_panic([
                        hash.into(),
                        id.into(),
                        user.into(),
                        title.into(),
                        now.into(),
                        expires_at.into(),
                        scope.access().into(),
                        scope.entities.map(|names| names.join(" ")).into(),
                    ])
                    .to_owned();
                tx.execute(&insert).await.map(drop)
            })
        })
        .await?;
    Ok(token)
}

/// A user's tokens, newest first.
pub async fn list(engine: &Engine, user: Id) -> Result<Vec<Token>> {
    let select = Sql::select()
        .columns(["id", "name", "created_at", "expires_at", "used_at", "access", "entities"].map(name))
        .from(name("api_token"))
        .and_where(Expr::col(name("user_id")).eq(user))
        .order_by(name("id"), Order::Desc)
        .to_owned();
    engine
        .fetch(&select)
        .await?
        .iter()
        .map(|row| {
            Ok(Token {
                id: row.id(0)?,
                name: row.text(1)?,
                created_at: row.instant(2)?,
                expires_at: row.opt_instant(3)?,
                used_at: row.opt_instant(4)?,
                scope: Scope::read(row.opt_text(5)?.as_deref(), row.opt_text(6)?.as_deref()),
            })
        })
        .collect()
}

/// Ends a token of this user at once.
pub async fn revoke(engine: &Engine, user: Id, token: Id) -> Result<()> {
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let delete = Sql::delete()
                    .from_table(name("api_token"))
                    .and_where(Expr::col(name("user_id")).eq(user))
                    .and_where(Expr::col(name("id")).eq(token))
                    .to_owned();
                tx.mark_changed(crate::session::CHANGED);
                match tx.execute(&delete).await? {
                    0 => Err(Error::NotFound("token".into())),
                    _ => Ok(()),
                }
            })
        })
        .await
}
