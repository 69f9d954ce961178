//! Background jobs, kept in the database so that they survive a restart; queued in the transaction that wants them.
//!
//! A table and a loop of our own: apalis keeps one table layout and one pool per database kind and cannot queue inside
//! our transaction.
//!
//! Whoever runs a job holds the job's lease, and the job's engine with it: a job whose process died is taken up by another, and the one
//! that comes back late writes nothing more.

use crate::{Engine, Error, Priority, Result, Row, Tx, db::name, lease::Held};
use meta::{DateTime, Id, Utc};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::Value as Json;
use std::{collections::HashSet, time::Duration};
use tokio::sync::mpsc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    pub fn name(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }
    fn parse(text: &str) -> JobState {
        let all = [JobState::Queued, JobState::Running, JobState::Done, JobState::Cancelled];
        all.into_iter().find(|state| state.name() == text).unwrap_or(JobState::Failed)
    }
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: Id,
    pub kind: String,
    pub payload: Json,
    pub state: JobState,
    pub attempts: i64,
    pub user: Option<Id>,
    pub progress: Json,
    pub error: Option<String>,
}

/// What a running job works with.
#[derive(Clone)]
pub struct JobContext {
    pub engine: Engine,
    pub job: Job,
}

const POLL: Duration = Duration::from_millis(500);
/// Before the id of a job, its lease's name.
const LEASE: &str = "job ";
const ATTEMPTS_LIMIT: i64 = 5;
/// A job that the database failed is tried again after this long.
const AFTER_OUTAGE: chrono::Duration = chrono::Duration::seconds(10);
const RUNNING_LIMIT: usize = 4;

impl Tx {
    /// Queues a job; it runs after the commit.
    pub async fn enqueue(&mut self, kind: &str, payload: Json) -> Result<Id> {
        let now = self.clock().now();
        self.queue(kind, payload, now, now).await
    }

    pub async fn enqueue_at(&mut self, kind: &str, payload: Json, run_at: DateTime<Utc>) -> Result<Id> {
        self.queue(kind, payload, run_at, self.clock().now()).await
    }

    async fn queue(
        &mut self,
        kind: &str,
        payload: Json,
        run_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Id> {
        let id = self.job_id(kind).await?;
        let insert = Sql::insert()
            .into_table(name("job"))
            .columns(
                ["id", "kind", "payload", "state", "run_at", "attempts", "created_at", "user_id", "cancel"]
                    .map(name),
            )
            .values_panic([
                id.into(),
                kind.to_owned().into(),
                payload.to_string().into(),
                JobState::Queued.name().into(),
                run_at.into(),
                0i64.into(),
                now.into(),
                self.actor.user.into(),
                false.into(),
            ])
            .to_owned();
        self.conn.execute(&insert).await?;
        Ok(id)
    }

    /// Asks a job to stop at its next look; a queued one never starts.
    pub async fn cancel_job(&mut self, id: Id) -> Result<()> {
        let own = Expr::col(name("id")).eq(id);
        let ask =
            Sql::update().table(name("job")).value(name("cancel"), true).and_where(own.clone()).to_owned();
        self.conn.execute(&ask).await?;
        let stop = Sql::update()
            .table(name("job"))
            .value(name("state"), JobState::Cancelled.name())
            .value(name("finished_at"), self.clock().now())
            .and_where(own.and(Expr::col(name("state")).eq(JobState::Queued.name())))
            .to_owned();
        self.conn.execute(&stop).await?;
        Ok(())
    }
}

fn read_job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.id(0)?,
        kind: row.text(1)?,
        payload: serde_json::from_str(&row.text(2)?)?,
        state: JobState::parse(&row.text(3)?),
        attempts: row.int(4)?,
        user: row.opt_id(5)?,
        progress: row.opt_text(6)?.map_or(Ok(Json::Null), |text| serde_json::from_str(&text))?,
        error: row.opt_text(7)?,
    })
}

const COLUMNS: [&str; 8] = ["id", "kind", "payload", "state", "attempts", "user_id", "progress", "error"];

impl Engine {
    pub async fn job(&self, id: Id) -> Result<Job> {
        let select = Sql::select()
            .columns(COLUMNS.map(name))
            .from(name("job"))
            .and_where(Expr::col(name("id")).eq(id))
            .to_owned();
        let rows = self.fetch(&select).await?;
        rows.first().map(read_job).transpose()?.ok_or_else(|| Error::NotFound(format!("job {id}")))
    }

    /// Runs every job that is due, one after the other; for tests and the command line.
    pub async fn run_due_jobs(&self) -> Result<usize> {
        let mut done = 0;
        while let Some((held, job)) = claim(self, &HashSet::new()).await? {
            run(held, job).await;
            done += 1;
        }
        Ok(done)
    }
}

impl JobContext {
    /// Shows how far the job is; any JSON.
    pub async fn progress(&self, progress: Json) -> Result<()> {
        let id = self.job.id;
        self.set(move |update| {
            update.value(name("progress"), progress.to_string()).and_where(Expr::col(name("id")).eq(id));
        })
        .await
    }

    pub async fn cancelled(&self) -> Result<bool> {
        let select = Sql::select()
            .column(name("cancel"))
            .from(name("job"))
            .and_where(Expr::col(name("id")).eq(self.job.id))
            .to_owned();
        Ok(self.engine.fetch(&select).await?.first().map(|row| row.bool(0)).transpose()?.unwrap_or(true))
    }

    async fn set(&self, change: impl FnOnce(&mut sea_query::UpdateStatement) + Send + 'static) -> Result<()> {
        self.engine
            .write(&crate::Actor::system(), move |tx| {
                Box::pin(async move {
                    let mut update = Sql::update();
                    update.table(name("job"));
                    change(&mut update);
                    tx.conn.execute(&update).await.map(drop)
                })
            })
            .await
    }
}

/// Due, or begun. Clocks are set back, too: what was to run at once does so although its moment lies ahead again.
fn due(now: DateTime<Utc>) -> Expr {
    let col = |column: &str| Expr::col(name(column));
    let at_once = col("run_at").lte(col("created_at"));
    let queued = col("state").eq(JobState::Queued.name()).and(col("run_at").lte(now).or(at_once));
    queued.or(col("state").eq(JobState::Running.name()))
}

/// The next due job, or one whose runner died; `busy` already run here.
async fn next(engine: &Engine, busy: &HashSet<Id>) -> Result<Option<Id>> {
    let held = engine.held_works().await?;
    let held = held.iter().filter_map(|work| work.strip_prefix(LEASE)?.parse::<Id>().ok());
    let taken: HashSet<Id> = held.chain(busy.iter().copied()).collect();
    let mut select = Sql::select();
    select
        .column(name("id"))
        .from(name("job"))
        .and_where(due(engine.clock().now()))
        .order_by(name("run_at"), Order::Asc)
        .limit(1);
    if !taken.is_empty() {
        select.and_where(Expr::col(name("id")).is_not_in(taken));
    }
    engine.fetch(&select).await?.first().map(|row| row.id(0)).transpose()
}

/// Takes it.
async fn claim(engine: &Engine, busy: &HashSet<Id>) -> Result<Option<(Held, Job)>> {
    let Some(id) = next(engine, busy).await? else { return Ok(None) };
    let Some(held) = engine.take(&format!("{LEASE}{id}")).await? else { return Ok(None) };
    let begun = held.engine.write(&crate::Actor::system(), move |tx| Box::pin(begin(tx, id))).await?;
    Ok(begun.map(|job| (held, job)))
}

/// Nothing if somebody was faster, and it is over or cancelled.
async fn begin(tx: &mut Tx, id: Id) -> Result<Option<Job>> {
    let own = Expr::col(name("id")).eq(id);
    let begin = Sql::update()
        .table(name("job"))
        .value(name("state"), JobState::Running.name())
        .value(name("attempts"), Expr::col(name("attempts")).add(1))
        .and_where(own.clone())
        .and_where(Expr::col(name("state")).is_in([JobState::Queued.name(), JobState::Running.name()]))
        .to_owned();
    if tx.conn.execute(&begin).await? == 0 {
        return Ok(None);
    }
    let select = Sql::select().columns(COLUMNS.map(name)).from(name("job")).and_where(own).to_owned();
    tx.conn.fetch(&select).await?.first().map(read_job).transpose()
}

/// Runs it to its end, or until another takes it over.
async fn run(held: Held, job: Job) {
    let id = job.id;
    let context = JobContext { engine: held.engine.clone(), job };
    // Somebody takes it up again.
    if let Err(error) = held.during(work(context)).await {
        tracing::error!(job = %id, "the end of a job could not be stored: {error}");
    }
}

#[tracing::instrument(parent = None, level = "debug", name = "job", skip_all, fields(kind = context.job.kind, job = %context.job.id, attempt = context.job.attempts))]
async fn work(context: JobContext) -> Result<()> {
    let id = context.job.id;
    let handler = context.engine.registry().jobs.get(context.job.kind.as_str()).copied();
    let outcome = match handler {
        Some(_) if context.job.attempts > ATTEMPTS_LIMIT => {
            Err(anyhow::anyhow!("gave up after {ATTEMPTS_LIMIT} attempts"))
        }
        // In a task of its own, for it may panic.
        Some(handler) => Priority::Background.run(handler(context.clone())).await.flatten(),
        None => Err(anyhow::anyhow!("no handler for jobs of kind {}", context.job.kind)),
    };
    let cancelled = context.cancelled().await.unwrap_or(false);
    let (state, error) = match outcome {
        Ok(()) if cancelled => (JobState::Cancelled, None),
        Ok(()) => (JobState::Done, None),
        Err(error) if was_interrupted(&error) && context.job.attempts < ATTEMPTS_LIMIT => {
            tracing::warn!(job = %id, kind = context.job.kind, "job waits for the database: {error:#}");
            (JobState::Queued, None)
        }
        Err(error) => {
            tracing::error!(job = %id, kind = context.job.kind, "job failed: {error:#}");
            (JobState::Failed, Some(format!("{error:#}")))
        }
    };
    let now = context.engine.clock().now();
    context
        .set(move |update| {
            update.value(name("state"), state.name()).and_where(Expr::col(name("id")).eq(id));
            if state == JobState::Queued {
                update.value(name("run_at"), now + AFTER_OUTAGE);
            } else {
                update.value(name("error"), error).value(name("finished_at"), now);
            }
        })
        .await
}

/// Whether the database was out of order, and nothing is wrong with the job.
fn was_interrupted(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<Error>().is_some_and(Error::is_interruption))
}

pub(crate) async fn run_forever(engine: Engine) {
    let (done, mut ended) = mpsc::unbounded_channel();
    let mut busy: HashSet<Id> = HashSet::new();
    loop {
        while let Ok(id) = ended.try_recv() {
            busy.remove(&id);
        }
        let claimed = if busy.len() < RUNNING_LIMIT { claim(&engine, &busy).await } else { Ok(None) };
        match claimed {
            Ok(Some((held, job))) => {
                let id = job.id;
                busy.insert(id);
                let done = done.clone();
                // Not ended with this loop: what has begun is finished, and its end written down.
                tokio::spawn(async move {
                    run(held, job).await;
                    let _ = done.send(id);
                });
            }
            Ok(None) => tokio::time::sleep(POLL).await,
            Err(error) => {
                tracing::warn!("jobs cannot be read: {error}");
                tokio::time::sleep(POLL * 4).await;
            }
        }
    }
}
