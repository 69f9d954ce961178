//! The job that mines everything anew, and when it is due.

use super::{
    baskets,
    experiment::{candidates, result, uplift},
    forecast, groups, kept,
    lines::{self, Sales},
    propensity, recommend,
};
use crate::{
    refit::{self, tell},
    settings::Settings,
    store,
};
use engine::{BoxFuture, Engine, Error, JobContext, JobState, Priority, Result, Tx};
use meta::{Id, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

pub const JOB: &str = "mining.refresh";
const LEASE: &str = "mining";
const KIND: &str = "run";
/// Between two looks whether it is due.
const LOOK: Duration = Duration::from_secs(5);
/// Results are not computed again sooner, unless they are to hold for another day.
const REST: chrono::Duration = chrono::Duration::hours(6);
/// Products of which it is computed every time who will buy them; of others when asked.
const FORESEEN: usize = 10;
const STEPS: usize = 8;

/// What the last run rested on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub lines: usize,
    pub orders: usize,
    /// The newest when it ended.
    pub fit: i64,
    /// The day the figures were held at.
    pub held: NaiveDate,
    /// Of what it kept; zero of versions that did not say.
    #[serde(default)]
    form: u32,
}

/// Counts up when what a run keeps changes its form, so that an upgraded server mines anew at once.
const FORM: u32 = 3;

/// Runs a computation that takes long on a thread of its own.
pub async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("mining was interrupted: {error}")))
}

/// Mines everything and keeps it; once at a time.
pub async fn refresh(engine: &Engine, job: Option<&JobContext>) -> Result<Run> {
    engine.alone(LEASE, |engine| Box::pin(async move { refresh_alone(&engine, job).await })).await
}

async fn refresh_alone(engine: &Engine, job: Option<&JobContext>) -> Result<Run> {
    let settings = Settings::load(engine).await?;
    let mut steps = Steps { job, done: 0 };
    let sales = Arc::new(steps.step("read", || lines::read(engine, &settings)).await?);
    let most_bought = sales.history.by_popularity().into_iter().take(FORESEEN);
    let mut foreseen: Vec<Id> = most_bought.map(|product| sales.products[product as usize]).collect();
    foreseen.extend(candidates::products(engine).await?);
    foreseen.sort_unstable();
    foreseen.dedup();
    // One after the other: each has half a gigabyte beside the lines.
    let learned = steps.step("recommend", || recommend::learn(engine, &sales)).await?;
    steps.step("forecast", || forecast::refresh(engine, &settings, &sales)).await?;
    steps.step("baskets", || baskets::refresh(engine, &sales)).await?;
    steps.step("groups", || groups::refresh(engine, &sales)).await?;
    let campaigns = async || {
        result::follow(engine).await?;
        uplift::scores::refresh(engine, &sales).await
    };
    steps.step("propensity", || propensity::refresh(engine, &sales, &foreseen)).await?;
    // After it, for some campaigns are for likely buyers.
    steps.step("uplift", campaigns).await?;
    let held = settings.as_of_day(engine.clock());
    let fit = store::newest_id(engine).await?.unwrap_or(0);
    let run = Run { lines: sales.lines.len(), orders: sales.orders(), fit, held, form: FORM };
    // Everybody's recommendations take longest to write; lines are not needed for them, and are a third of a gigabyte.
    let bought = Arc::new(Sales { lines: vec![], ..Arc::unwrap_or_clone(sales) });
    steps.step("recommend", || recommend::keep(engine, &bought, learned)).await?;
    kept::keep(engine, KIND, kept::WHOLE, bought.until, &run).await?;
    tracing::info!(lines = run.lines, orders = run.orders, "mined");
    Ok(run)
}

struct Steps<'j> {
    job: Option<&'j JobContext>,
    done: usize,
}

impl Steps<'_> {
    /// Tells whoever waits what is under way, and the log how long it took.
    async fn step<T, W: Future<Output = Result<T>>>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> W,
    ) -> Result<T> {
        tell(self.job, name, self.done, STEPS).await?;
        let started = Instant::now();
        let done = on_the_heap(work).await?;
        self.done += 1;
        tracing::info!(step = name, seconds = started.elapsed().as_secs_f64(), "mining");
        Ok(done)
    }
}

/// A step made where it stays: in a program that is not optimised, all of them beside each other outgrow a thread's stack.
#[inline(never)]
fn on_the_heap<W>(work: impl FnOnce() -> W) -> Pin<Box<W>> {
    Box::pin(work())
}

pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    // Nothing rests on it: the figures that everything shows go first.
    Box::pin(async move {
        Priority::Spare.run(async move { refresh(&context.engine, Some(&context)).await }).await??;
        Ok(())
    })
}

/// Looks now and then whether there is something new to mine.
pub fn start(engine: Engine) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = queue_if_due(&engine).await {
                tracing::warn!("mining waits for the database: {error}");
            }
        }
    })
}

/// With a new fit of the models, which follows what changes, and beside it, for what is mined does not rest on it; not again for a
/// while, but at once for another as-of day and after an upgrade that keeps another form.
pub async fn queue_if_due(engine: &Engine) -> Result<()> {
    let Some(idle) = engine.idle(JOB).await? else { return Ok(()) };
    let Some(fit) = store::newest_id(engine).await? else { return Ok(()) };
    let last = kept::read::<Run>(engine, KIND, kept::WHOLE).await?;
    let due = match &last {
        Some(last) => {
            let settings = Settings::load(engine).await?;
            let rested = engine.clock().now() - last.computed_at >= REST;
            let held = settings.as_of.is_some_and(|day| day != last.body.held);
            let newer = fit != last.body.fit || engine.job_under_way(refit::JOB).await?.is_some();
            last.body.form != FORM || newer && (rested || held)
        }
        None => true,
    };
    if due && !engine.failed_lately(JOB).await? {
        engine.queue_if_idle(idle).await?;
    }
    Ok(())
}

/// Queues a run unless one waits or is under way.
pub async fn queue(tx: &mut Tx) -> Result<()> {
    tx.enqueue_unless(&[JobState::Queued, JobState::Running], JOB, json!({})).await.map(drop)
}

pub async fn last(engine: &Engine) -> Result<Option<Arc<kept::Kept<Run>>>> {
    kept::load(engine, KIND, kept::WHOLE).await
}
