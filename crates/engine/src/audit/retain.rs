//! What was seen is of use for a while. Older entries are removed from the beginning up to a seal; the chain keeps what they
//! hashed to, and the removal is an entry of its own.

use super::{
    Act, Note, Via,
    seal::{self, alone},
};
use crate::{Actor, Engine, Error, Result, Tx, db::name};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::{Value as Json, json};
use std::ops::RangeInclusive;

/// For how many days what was seen is kept.
pub const SEEN_DAYS: &str = "audit.seen_days";
pub const SEEN_DAYS_DEFAULT: i64 = 365;
pub const SEEN_DAYS_RANGE: RangeInclusive<i64> = 7..=36_500;
/// Entries removed in one transaction.
const CHUNK: u64 = 1_000;
/// A removal is an entry itself; one a day will do.
const EVERY: TimeDelta = TimeDelta::hours(23);

pub(super) fn check<'t>(_: &'t mut Tx, value: &'t Json) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        match value.as_i64() {
            Some(days) if SEEN_DAYS_RANGE.contains(&days) => Ok(()),
            _ => Err(Error::rule(
                SEEN_DAYS,
                format!(
                    "must be a whole number from {} to {}",
                    SEEN_DAYS_RANGE.start(),
                    SEEN_DAYS_RANGE.end()
                ),
                format!("应为 {} 到 {} 的整数", SEEN_DAYS_RANGE.start(), SEEN_DAYS_RANGE.end()),
            )),
        }
    })
}

/// Up to which number entries of what was seen have been, or are being, removed.
pub(super) async fn removed_up_to(tx: &mut Tx) -> Result<Option<i64>> {
    let newest = Sql::select()
        .columns(["details", "at"].map(name))
        .from(name("audit_act"))
        .and_where(Expr::col(name("act")).eq(Act::Removed.name()))
        .order_by(name("seq"), Order::Desc)
        .limit(1)
        .to_owned();
    let rows = tx.fetch(&newest).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let details: Json = serde_json::from_str(&row.text(0)?)?;
    Ok(details.get("up_to").and_then(Json::as_i64))
}

impl Engine {
    pub async fn seen_days(&self) -> Result<i64> {
        let setting = self.setting(SEEN_DAYS).await?;
        Ok(setting.and_then(|days| days.as_i64()).unwrap_or(SEEN_DAYS_DEFAULT))
    }

    /// Removes what was seen longer ago than the company keeps it. Returns how many entries.
    pub async fn forget_seen(&self) -> Result<u64> {
        let before = self.clock().now() - TimeDelta::days(self.seen_days().await?);
        let actor = Actor::system();
        let begun = self.write(&actor, move |tx| Box::pin(begin(tx, before))).await?;
        let Some(up_to) = begun else { return Ok(0) };
        let mut removed = 0;
        loop {
            let count = self.write(&actor, move |tx| Box::pin(remove(tx, up_to))).await?;
            removed += count;
            if count == 0 {
                return Ok(removed);
            }
        }
    }
}

/// Notes what will be removed; also what an earlier removal has not come to the end of is returned.
async fn begin(tx: &mut Tx, before: meta::DateTime<meta::Utc>) -> Result<Option<i64>> {
    alone(tx).await?;
    let removed = removed_up_to(tx).await?;
    let last = seal::select()
        .and_where(Expr::col(name("at")).lt(before))
        .order_by(name("at"), Order::Desc)
        .order_by(name("number"), Order::Desc)
        .limit(1)
        .to_owned();
    let Some(seal) = tx.fetch(&last).await?.first().map(seal::read).transpose()? else { return Ok(removed) };
    let [_, _, seen] = &seal.stretches;
    let since = Sql::select()
        .column(name("seq"))
        .from(name("audit_act"))
        .and_where(Expr::col(name("act")).eq(Act::Removed.name()))
        .and_where(Expr::col(name("at")).gt(tx.clock().now() - EVERY))
        .limit(1)
        .to_owned();
    if seen.up_to <= removed.unwrap_or(0) || !tx.fetch(&since).await?.is_empty() {
        return Ok(removed);
    }
    let details = json!({ "up_to": seen.up_to, "seal": seal.number, "before": before });
    tx.note(Note { details, ..Note::new(Act::Removed, Via::System) }).await?;
    Ok(Some(seen.up_to))
}

async fn remove(tx: &mut Tx, up_to: i64) -> Result<u64> {
    let oldest = Sql::select()
        .column(name("seq"))
        .from(name("audit_seen"))
        .and_where(Expr::col(name("seq")).lte(up_to))
        .order_by(name("seq"), Order::Asc)
        .limit(CHUNK)
        .to_owned();
    let rows = tx.fetch(&oldest).await?;
    let Some(last) = rows.last().map(|row| row.int(0)).transpose()? else { return Ok(0) };
    let delete =
        Sql::delete().from_table(name("audit_seen")).and_where(Expr::col(name("seq")).lte(last)).to_owned();
    tx.execute(&delete).await
}
