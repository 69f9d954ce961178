//! What is computed anew after each fit, because it rests on everybody's figures: the history of classes, cycles, alarms, satisfaction, the seven P, contracts, before and after.
//! In one job, from a warehouse that was brought up to the fit; each keeps its result for the pages. What takes half a
//! gigabyte for a million customers comes one after the other; what it leaves of the processors is used by what is mined beside.

use crate::{alarm, benefit, class_history, contract, cycle, satisfaction, settings::Settings, seven_p};
use engine::{BoxFuture, Engine, Error, JobContext, JobState, Priority, Result, Tx};
use serde_json::json;
use std::time::Instant;
use warehouse::Manner;

pub const JOB: &str = "value.after_fit";
const LEASE: &str = "value.after_fit";

/// Once at a time.
pub async fn compute(engine: &Engine, job: Option<&JobContext>) -> Result<()> {
    engine.alone(LEASE, |engine| Box::pin(async move { compute_alone(&engine, job).await })).await
}

async fn compute_alone(engine: &Engine, job: Option<&JobContext>) -> Result<()> {
    let started = Instant::now();
    let settings = &Settings::load(engine).await?;
    timed("class history", class_history::keep(engine, settings)).await?;
    timed("warehouse", warehouse::refresh(engine, Manner::default(), job)).await?;
    // In a task of its own: neither waits while the other computes. It ends with this one, whatever ends this.
    let (own, own_settings) = (engine.clone(), settings.clone());
    let reports = Priority::current().run(async move {
        timed("contracts", contract::compute(&own, &own_settings)).await?;
        timed("before and after", benefit::compute(&own, &own_settings)).await
    });
    let prompts = async {
        let due = timed("cycles", cycle::compute(engine, settings, job)).await?;
        timed("alarms", alarm::run(engine, settings, &due)).await
    };
    let (raised, reports) = tokio::join!(prompts, reports);
    let raised = raised?;
    reports.map_err(|error| Error::Internal(format!("what rests on the fit was interrupted: {error}")))??;
    timed("seven P", seven_p::compute(engine, settings)).await?;
    timed("satisfaction", satisfaction::compute(engine, settings)).await?;
    tracing::info!(raised, seconds = started.elapsed().as_secs_f64(), "what rests on the fit computed");
    Ok(())
}

async fn timed<T>(step: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let done = work.await;
    tracing::info!(step, seconds = started.elapsed().as_secs_f64(), "after the fit");
    done
}

pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        compute(&context.engine, Some(&context)).await?;
        Ok(())
    })
}

/// Queues it again a while after it failed: the next fit may be a day away. It is asked every other second.
pub async fn queue_if_failed(engine: &Engine) -> Result<()> {
    let Some(idle) = engine.idle(JOB).await? else { return Ok(()) };
    if engine.failure(JOB).await?.is_none() || engine.failed_lately(JOB).await? {
        return Ok(());
    }
    engine.queue_if_idle(idle).await.map(drop)
}

/// Queues it unless one waits already.
pub async fn queue(tx: &mut Tx) -> Result<()> {
    tx.enqueue_unless(&[JobState::Queued], JOB, json!({})).await.map(drop)
}
