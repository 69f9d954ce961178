//! `Idempotency-Key`: a write that is sent again (a lost answer, an impatient client) gives the first answer again and
//! does nothing. The answer is stored in the transaction of the write itself, so there is no moment between.

use crate::{Answer, Failure, Session, secret::digest};
use axum::http::{HeaderMap, Method, StatusCode};
use chrono::TimeDelta;
use engine::{
    BoxFuture, Engine, Error, Result, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use serde_json::Value as Json;

pub const KEY_LIMIT: usize = 255;
/// Answers are kept this long.
const KEPT: TimeDelta = TimeDelta::hours(48);

/// What a write answers: stored under its key and given again.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub status: StatusCode,
    pub body: Json,
    pub replayed: bool,
}

impl Outcome {
    pub fn new(status: StatusCode, body: Json) -> Self {
        Outcome { status, body, replayed: false }
    }
}

/// The request's key and what it may stand for.
#[derive(Clone)]
pub struct Key {
    actor: String,
    key: String,
    fingerprint: String,
}

impl Key {
    pub fn read(headers: &HeaderMap, session: &Session, method: &Method, body: &[u8]) -> Answer<Option<Key>> {
        let Some(given) = headers.get("idempotency-key") else { return Ok(None) };
        let key = given.to_str().unwrap_or_default().trim().to_owned();
        if key.is_empty() || key.len() > KEY_LIMIT || key.contains('\t') {
            return Err(Failure::bad_request(
                format!("Idempotency-Key must have 1 to {KEY_LIMIT} ASCII characters and no tabs."),
                format!("Idempotency-Key 应为 1 到 {KEY_LIMIT} 个 ASCII 字符，且不含制表符。"),
            ));
        }
        let mut text = format!("{method} {}\n", session.path).into_bytes();
        text.extend_from_slice(body);
        let fingerprint = digest(&String::from_utf8_lossy(&text));
        Ok(Some(Key { actor: session.user.id.to_string(), key, fingerprint }))
    }
}

/// Runs `work` in one transaction with the rules settled, once per key.
pub async fn once<F>(engine: &Engine, session: &Session, key: Option<Key>, work: F) -> Result<Outcome>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<Outcome>> + Send + 'static,
{
    engine
        .write(&session.actor, move |tx| {
            Box::pin(async move {
                let Some(key) = key else { return work(tx).await };
                if !take(tx, &key).await? {
                    return replay(tx, &key).await;
                }
                let outcome = work(tx).await?;
                store(tx, &key, &outcome).await?;
                Ok(outcome)
            })
        })
        .await
}

/// Whether the key is new. On PostgreSQL a second request waits here until the first has committed.
async fn take(tx: &mut Tx, key: &Key) -> Result<bool> {
    let now = tx.clock().now();
    let old = Sql::delete()
        .from_table(name("idempotency"))
        .and_where(Expr::col(name("created_at")).lt(now - KEPT))
        .to_owned();
    tx.execute(&old).await?;
    let insert = Sql::insert()
        .into_table(name("idempotency"))
        .columns(["actor", "key", "fingerprint", "status", "body", "created_at"].map(name))
        .values_panic([
            key.actor.clone().into(),
            key.key.clone().into(),
            key.fingerprint.clone().into(),
            0i64.into(),
            "".into(),
            now.into(),
        ])
        .on_conflict(OnConflict::columns([name("actor"), name("key")]).do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await? == 1)
}

async fn store(tx: &mut Tx, key: &Key, outcome: &Outcome) -> Result<()> {
    let update = Sql::update()
        .table(name("idempotency"))
        .value(name("status"), i64::from(outcome.status.as_u16()))
        .value(name("body"), outcome.body.to_string())
        .and_where(Expr::col(name("actor")).eq(key.actor.as_str()))
        .and_where(Expr::col(name("key")).eq(key.key.as_str()))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

async fn replay(tx: &mut Tx, key: &Key) -> Result<Outcome> {
    let select = Sql::select()
        .columns(["fingerprint", "status", "body"].map(name))
        .from(name("idempotency"))
        .and_where(Expr::col(name("actor")).eq(key.actor.as_str()))
        .and_where(Expr::col(name("key")).eq(key.key.as_str()))
        .to_owned();
    let rows = tx.fetch(&select).await?;
    let row = rows.first().ok_or_else(|| Error::Unavailable("the first answer is not there yet".into()))?;
    if row.text(0)? != key.fingerprint {
        return Err(Error::rule(
            "Idempotency-Key",
            "was used for another request: use a new key for each write",
            "已用于另一个请求，每次写入请使用新的键",
        ));
    }
    let status = u16::try_from(row.int(1)?).ok().and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Outcome {
        status: status.ok_or_else(|| Error::Internal("a stored answer has no status".into()))?,
        body: serde_json::from_str(&row.text(2)?)?,
        replayed: true,
    })
}
