//! The full fit: reads everybody's statistics, fits the models, keeps them, scores everybody again.

use crate::{
    classes::Classes,
    overview::{Overview, buyers},
    scoring::{Fitted, Scored, Scorer},
    settings::{Settings, day_number},
    statistics::{self, Statistics, UpTo},
    store::{self, StoredModel},
};
use engine::{
    Actor, BoxFuture, Engine, Error, JobContext, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::{Id, NaiveDate};
use serde_json::json;
use std::{sync::Arc, time::Instant};
use value::{history::Summary, model::Model};

pub const JOB: &str = "value.refit";
const AFTER_FAILURE: chrono::Duration = chrono::Duration::minutes(10);
/// Accounts read at once, and scored in one transaction; small, so that other writers wait only briefly.
const READ_BATCH: u64 = 1_000;
const WRITE_BATCH: usize = 200;

/// Says how far a refit is: to the job's page, or, without a job, to nobody.
async fn tell(job: Option<&JobContext>, step: &str, done: usize, total: usize) -> Result<()> {
    match job {
        Some(job) => job.progress(json!({ "step": step, "done": done, "total": total })).await,
        None => Ok(()),
    }
}

/// Fits and scores everybody.
pub async fn refit(engine: &Engine, job: Option<&JobContext>) -> Result<Arc<StoredModel>> {
    let started = Instant::now();
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let (accounts, statistics) =
        read_everybody(engine, &UpTo { day: as_of, settings: &settings }, job).await?;
    tell(job, "fit", 0, accounts.len()).await?;
    let fitting = tokio::task::spawn_blocking(move || {
        let scorer = fit(&statistics, settings, as_of);
        let scored: Vec<Scored> = statistics.iter().map(scorer.many()).collect();
        let overview = Overview::of(&scorer, &scored);
        (scorer.fitted, overview)
    });
    let (fitted, overview) =
        fitting.await.map_err(|error| Error::Internal(format!("the fit was interrupted: {error}")))?;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { store::keep(tx, as_of, &fitted, &overview).await })
        })
        .await?;
    for (index, batch) in accounts.chunks(WRITE_BATCH).enumerate() {
        tell(job, "score", index * WRITE_BATCH, accounts.len()).await?;
        let batch = batch.to_vec();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { store::rescore(tx, &batch, false).await })
            })
            .await?;
    }
    tell(job, "score", accounts.len(), accounts.len()).await?;
    tracing::info!(accounts = accounts.len(), %as_of, seconds = started.elapsed().as_secs_f64(), "models fitted");
    store::newest_model(engine).await?.ok_or_else(|| Error::Internal("the fit was not kept".into()))
}

async fn read_everybody(
    engine: &Engine,
    up_to: &UpTo<'_>,
    job: Option<&JobContext>,
) -> Result<(Vec<Id>, Vec<Statistics>)> {
    let (mut accounts, mut statistics) = (vec![], vec![]);
    let mut last: Option<Id> = None;
    loop {
        let mut select = Sql::select();
        select
            .column(name("id"))
            .from(name("account"))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .order_by(name("id"), Order::Asc)
            .limit(READ_BATCH);
        if let Some(last) = last {
            select.and_where(Expr::col(name("id")).gt(last));
        }
        let ids: Vec<Id> = engine.fetch(&select).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        last = ids.last().copied();
        if last.is_none() {
            return Ok((accounts, statistics));
        }
        let found = statistics::of(engine, &ids, up_to).await?;
        statistics.extend(ids.iter().map(|id| found.get(id).copied().unwrap_or_default()));
        accounts.extend(ids);
        tell(job, "read", accounts.len(), 0).await?;
    }
}

/// Models first, then the classes, which compare everybody's figures.
fn fit(statistics: &[Statistics], settings: Settings, as_of: NaiveDate) -> Scorer {
    let summaries: Vec<Summary> = statistics.iter().filter_map(|one| one.summary).collect();
    let model = Model::fit(&summaries, day_number(as_of));
    let mut scorer = Scorer::new(
        Fitted { model, classes: Classes::default(), settings: settings.mark() },
        settings,
        as_of,
    );
    let scored: Vec<Scored> = statistics.iter().map(scorer.many()).collect();
    let amounts = |of: fn(&Scored) -> i64| buyers(&scored).map(of).collect::<Vec<i64>>();
    scorer.fitted.classes = Classes::fit(
        &amounts(|one| one.statistics.net_sales()),
        &amounts(|one| one.statistics.recent_sales),
        &amounts(|one| one.clv.unwrap_or(0)),
        &scorer.settings.importance_rule,
    );
    scorer
}

/// The job: fits in the background and shows how far it is.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        refit(&context.engine, Some(&context)).await?;
        Ok(())
    })
}

/// Queues a refit unless one waits already; returns the job.
pub async fn queue(tx: &mut Tx) -> Result<Id> {
    match waiting(tx).await? {
        Some(job) => Ok(job),
        None => tx.enqueue(JOB, json!({})).await,
    }
}

async fn waiting(tx: &mut Tx) -> Result<Option<Id>> {
    let rows = tx.fetch(&newest_of(&["queued"])).await?;
    rows.first().map(|row| row.id(0)).transpose()
}

/// Refits that have not ended, newest first.
pub async fn in_progress(engine: &Engine) -> Result<Option<Id>> {
    let rows = engine.fetch(&newest_of(&["queued", "running"])).await?;
    rows.first().map(|row| row.id(0)).transpose()
}

/// The same inside a transaction.
pub async fn is_in_progress(tx: &mut Tx) -> Result<bool> {
    Ok(!tx.fetch(&newest_of(&["queued", "running"])).await?.is_empty())
}

/// Whether the last refit failed a short while ago: the cause is probably still there.
pub async fn failed_lately(engine: &Engine) -> Result<bool> {
    let mut last = newest_of(&["queued", "running", "done", "failed", "cancelled"]);
    last.columns(["state", "finished_at"].map(name));
    let rows = engine.fetch(&last).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    let now = engine.clock().now();
    let lately = |at| at > now - AFTER_FAILURE && at <= now;
    Ok(row.text(1)? == "failed" && row.opt_instant(2)?.is_some_and(lately))
}

fn newest_of(states: &[&'static str]) -> engine::sea_query::SelectStatement {
    Sql::select()
        .column(name("id"))
        .from(name("job"))
        .and_where(Expr::col(name("state")).is_in(states.iter().copied()))
        .and_where(Expr::col(name("kind")).eq(JOB))
        .order_by(name("id"), Order::Desc)
        .limit(1)
        .to_owned()
}
