//! Jobs of which one is enough, whichever process queues it.

use crate::{Actor, Dialect, Engine, JobState, Result, Row, Tx, condition::plain, db::name};
use meta::{DateTime, Id, Utc};
use sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// Among PostgreSQL's advisory locks.
const TURN: i64 = 7_141_927;
const UNDER_WAY: [JobState; 2] = [JobState::Queued, JobState::Running];
/// As long after a first failure its cause is probably still there.
const LATELY: chrono::Duration = chrono::Duration::minutes(10);
/// After so many failures in a row the wait, twice as long after each, has passed a day, which is the longest.
const FAILURES: u64 = 9;
const LONGEST: chrono::Duration = chrono::Duration::days(1);

/// No job of a kind waited or ran, and this was the last one: asked for before it is looked whether one is due.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    kind: &'static str,
    last: Option<Id>,
}

/// How the last job of a kind failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    pub at: Option<DateTime<Utc>>,
    pub error: String,
}

fn newest(kind: &str) -> SelectStatement {
    newest_where(Expr::col(name("kind")).eq(kind))
}

fn newest_where(is_of_kind: Expr) -> SelectStatement {
    Sql::select()
        .column(name("id"))
        .from(name("job"))
        .and_where(is_of_kind)
        .order_by(name("id"), Order::Desc)
        .limit(1)
        .to_owned()
}

/// Found by states that few jobs are in: SQLite would rather go through those of the kind, all that ever ended among them.
fn newest_in(dialect: Dialect, kind: &str, states: &[JobState]) -> SelectStatement {
    let column = Expr::col(name("kind"));
    let column = if dialect == Dialect::Sqlite { plain(column) } else { column };
    let states = states.iter().map(|state| state.name());
    newest_where(column.eq(kind)).and_where(Expr::col(name("state")).is_in(states)).to_owned()
}

fn id_in(rows: &[Row]) -> Result<Option<Id>> {
    rows.first().map(|row| row.id(0)).transpose()
}

fn newest_with(dialect: Dialect, kind: &str, states: &[JobState], payload: &Json) -> SelectStatement {
    let is_same = Expr::col(name("payload")).eq(payload.to_string());
    newest_in(dialect, kind, states).and_where(is_same).to_owned()
}

impl Tx {
    /// Until the commit nobody else queues what is queued once.
    pub(crate) async fn queue_in_turn(&mut self) -> Result<()> {
        self.conn.in_turn(TURN).await
    }

    /// For a new job: behind all of its kind, for the newest of them is told by its id, and a clock that was set back between two starts
    /// would make it an old one.
    pub(crate) async fn job_id(&mut self, kind: &str) -> Result<Id> {
        let last = id_in(&self.conn.fetch(&newest(kind)).await?)?;
        Ok(last.map_or_else(|| self.clock().new_id(), |last| self.clock().new_id_after(last)))
    }

    /// Queues a job unless one of its kind with the same payload is in one of these states; returns that one, or the new one.
    pub async fn enqueue_unless(&mut self, states: &[JobState], kind: &str, payload: Json) -> Result<Id> {
        self.queue_in_turn().await?;
        let same = newest_with(self.dialect(), kind, states, &payload);
        match id_in(&self.conn.fetch(&same).await?)? {
            Some(job) => Ok(job),
            None => self.enqueue(kind, payload).await,
        }
    }

    /// The newest job of a kind that waits or runs.
    pub async fn job_under_way(&mut self, kind: &str) -> Result<Option<Id>> {
        let newest = newest_in(self.dialect(), kind, &UNDER_WAY);
        id_in(&self.conn.fetch(&newest).await?)
    }
}

impl Engine {
    /// The newest job of a kind that waits or runs.
    pub async fn job_under_way(&self, kind: &str) -> Result<Option<Id>> {
        id_in(&self.fetch(&newest_in(self.dialect(), kind, &UNDER_WAY)).await?)
    }

    /// Whether one with this payload does.
    pub async fn is_under_way(&self, kind: &str, payload: &Json) -> Result<bool> {
        Ok(!self.fetch(&newest_with(self.dialect(), kind, &UNDER_WAY, payload)).await?.is_empty())
    }

    /// `None` unless the newest job of a kind that came to its end failed.
    pub async fn failure(&self, kind: &str) -> Result<Option<Failure>> {
        Ok(self.failures(kind, 1).await?.into_iter().next())
    }

    /// The newest jobs of a kind that came to their end, up to the first that did not fail; the newest first, so many at most.
    async fn failures(&self, kind: &str, most: u64) -> Result<Vec<Failure>> {
        let ended = [JobState::Done, JobState::Failed].map(JobState::name);
        let mut last = newest(kind);
        last.columns(["state", "finished_at", "error"].map(name))
            .and_where(Expr::col(name("state")).is_in(ended))
            .limit(most);
        let mut found = vec![];
        for row in self.fetch(&last).await? {
            if row.text(1)? != JobState::Failed.name() {
                break;
            }
            found.push(Failure { at: row.opt_instant(2)?, error: row.opt_text(3)?.unwrap_or_default() });
        }
        Ok(found)
    }

    /// Whether the last job of a kind failed and its cause is probably still there: for ten minutes after the first failure, after each
    /// further one in a row for twice as long, a day at most. What lasts is not mended by computing it over and over.
    pub async fn failed_lately(&self, kind: &str) -> Result<bool> {
        let failures = self.failures(kind, FAILURES).await?;
        let Some(last) = failures.first() else { return Ok(false) };
        let doubled = (1..failures.len()).fold(LATELY, |wait, _| wait * 2);
        let now = self.clock().now();
        let lately = |at| at > now - doubled.min(LONGEST) && at <= now;
        Ok(last.at.is_some_and(lately))
    }

    /// `None` while a job of this kind waits or runs.
    pub async fn idle(&self, kind: &'static str) -> Result<Option<Idle>> {
        if self.job_under_way(kind).await?.is_some() {
            return Ok(None);
        }
        let last = id_in(&self.fetch(&newest(kind)).await?)?;
        Ok(Some(Idle { kind, last }))
    }

    /// Queues the job that was found due since; not if another process was faster, even if that one's is done by now.
    pub async fn queue_if_idle(&self, Idle { kind, last }: Idle) -> Result<bool> {
        let system = Actor::system();
        let queue = self.write(&system, move |tx| {
            Box::pin(async move {
                tx.queue_in_turn().await?;
                let under_way = tx.job_under_way(kind).await?;
                let last_now = id_in(&tx.conn.fetch(&newest(kind)).await?)?;
                if under_way.is_some() || last_now != last {
                    return Ok(false);
                }
                tx.enqueue(kind, json!({})).await.map(|_| true)
            })
        });
        queue.await
    }
}
