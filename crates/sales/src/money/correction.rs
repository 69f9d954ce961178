//! A rate that is added, changed or taken away moves the totals of the documents it is valid for: in the background, for there
//! may be many. The corrected documents are logged, so that history shows it and customers' figures follow.

use super::{
    Rates,
    document::{Document, ORDER, RETURN},
};
use engine::{
    Actor, BoxFuture, Engine, JobContext, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use meta::{DateTime, Id, Record, Utc};
use serde_json::json;
use std::collections::BTreeSet;

pub const JOB: &str = "sales.rates";
/// Documents corrected in one transaction; small, so that other writers wait only briefly.
const BATCH: u64 = 500;

/// Queues the correction of everything in the currencies whose rates were touched. A rate that documents still need stays.
pub fn rates_changed<'t>(tx: &'t mut Tx, rates: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let records: Vec<Record> = tx.get_many("exchange_rate", rates).await?;
        let currencies: BTreeSet<String> =
            records.iter().map(|record| record.text("currency").to_owned()).collect();
        let rates = Rates::load(tx, &currencies).await?;
        for document in [&ORDER, &RETURN] {
            for (currency, earliest) in earliest_documents(tx, document, &currencies).await? {
                rates.at(&currency, earliest)?;
            }
        }
        tx.enqueue(JOB, json!({ "currencies": currencies })).await.map(drop)
    })
}

/// Per currency the moment of the first document.
async fn earliest_documents(
    tx: &mut Tx,
    document: &Document,
    currencies: &BTreeSet<String>,
) -> Result<Vec<(String, DateTime<Utc>)>> {
    let mut earliest = vec![];
    for currency in currencies {
        let select = Query::select()
            .column(name(document.at))
            .from(name(document.head))
            .and_where(Expr::col(name("currency")).eq(currency.as_str()))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .order_by(name(document.at), Order::Asc)
            .limit(1)
            .to_owned();
        for row in tx.fetch(&select).await? {
            earliest.push((currency.clone(), row.instant(0)?));
        }
    }
    Ok(earliest)
}

pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let currencies: Vec<String> = serde_json::from_value(context.job.payload["currencies"].clone())?;
        for document in [&ORDER, &RETURN] {
            let mut done = 0;
            let mut after = None;
            while let Some(batch) = next_batch(&context.engine, document, &currencies, after).await? {
                after = batch.last().copied();
                done += batch.len();
                correct(&context.engine, document, batch).await?;
                context.progress(json!({ "records": document.head, "done": done })).await?;
            }
        }
        Ok(())
    })
}

/// Whether some documents may still have totals by an earlier rate.
pub async fn is_under_way(tx: &mut Tx) -> Result<bool> {
    let select = Query::select()
        .column(name("id"))
        .from(name("job"))
        .and_where(Expr::col(name("kind")).eq(JOB))
        .and_where(Expr::col(name("state")).is_in(["queued", "running"]))
        .limit(1)
        .to_owned();
    Ok(!tx.fetch(&select).await?.is_empty())
}

async fn correct(engine: &Engine, document: &'static Document, batch: Vec<Id>) -> Result<()> {
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { document.correct(tx, &batch).await }))
        .await
}

async fn next_batch(
    engine: &Engine,
    document: &Document,
    currencies: &[String],
    after: Option<Id>,
) -> Result<Option<Vec<Id>>> {
    let mut select = Query::select();
    select
        .column(name("id"))
        .from(name(document.head))
        .and_where(Expr::col(name("currency")).is_in(currencies.iter().cloned()))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .order_by(name("id"), Order::Asc)
        .limit(BATCH);
    if let Some(after) = after {
        select.and_where(Expr::col(name("id")).gt(after));
    }
    let ids: Vec<Id> = engine.fetch(&select).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
    Ok((!ids.is_empty()).then_some(ids))
}
