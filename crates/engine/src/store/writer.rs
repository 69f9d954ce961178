//! How write transactions run. PostgreSQL: each on a connection of its own. SQLite: one writer task takes what has queued
//! up and commits it together, so that many durable writes share one sync. Each piece of work but the first runs in a savepoint;
//! the first, which may be an import's thousands of rows, goes without: a savepoint keeps a copy of every page it changes.

use super::checkpoint::Log;
use crate::{
    Actor, Engine, Error, Figures, Result, Tx,
    db::{Conn, Link, SORTS, Sqlite, WRITES, all_aside, aside},
    lease::outlast,
    search::Pending,
};
use futures::{FutureExt, future::BoxFuture};
use meta::Clock;
use sea_query::Values;
use std::{collections::BTreeSet, panic::AssertUnwindSafe, path::Path, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time::Instant,
};

type Work = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<()>> + Send>;

pub(super) struct Task {
    engine: Engine,
    actor: Actor,
    work: Work,
    done: oneshot::Sender<Result<()>>,
}

pub(super) enum Order {
    Write(Task),
    /// Statements that stand in no transaction, such as VACUUM, or a new index of a large table.
    Alone(Vec<String>, oneshot::Sender<Result<()>>),
    /// What is left of the log, copied while nobody writes.
    CopyLog(oneshot::Sender<Result<()>>),
    /// The same, with all that readers need; then nothing stands in the log's file.
    CutLog(oneshot::Sender<Result<()>>),
}

impl Order {
    fn refuse(self, error: Error) {
        let (Order::Write(Task { done, .. })
        | Order::Alone(_, done)
        | Order::CopyLog(done)
        | Order::CutLog(done)) = self;
        let _ = done.send(Err(error));
    }
}

pub(crate) struct Writer(mpsc::Sender<Order>);

const QUEUE_LIMIT: usize = 1_000;
const GROUP_LIMIT: usize = 200;
const GROUP_TIME: Duration = Duration::from_millis(20);

pub(crate) fn start(conn: Conn, folder: &Path) -> Writer {
    let (sender, receiver) = mpsc::channel(QUEUE_LIMIT);
    let (waits, waiting) = watch::channel(0);
    let copying = Arc::new(Mutex::new(()));
    let log =
        Log { folder: folder.to_owned(), waiting, writer: sender.downgrade(), copying: copying.clone() };
    tokio::spawn(log.keep_short());
    tokio::spawn(run(conn, receiver, waits, copying));
    Writer(sender)
}

#[tracing::instrument(level = "debug", name = "write", skip_all)]
pub(crate) async fn write<T, F>(engine: &Engine, actor: &Actor, work: F) -> Result<T>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let work: Work = Box::new(move |tx| {
        async move {
            let value = work(tx).await?;
            tx.run_commit_rules().await?;
            // A caller that went away does not undo the write.
            let _ = answer.send(value);
            Ok(())
        }
        .boxed()
    });
    match engine.writer() {
        Some(writer) => queue(writer, engine, actor, work).await?,
        // In a task of its own: a caller that goes away must not leave a connection in the middle of a transaction.
        None => tokio::spawn(on_postgres(engine.clone(), actor.clone(), work))
            .await
            .map_err(|error| Error::Internal(format!("a write was lost: {error}")))??,
    }
    answered.await.map_err(|_| Error::Internal("a write ended without an answer".into()))
}

async fn queue(writer: &Writer, engine: &Engine, actor: &Actor, work: Work) -> Result<()> {
    let (engine, actor) = (engine.clone(), actor.clone());
    ask(writer, |done| Order::Write(Task { engine, actor, work, done })).await
}

/// Runs statements outside of any transaction, between two groups of writes.
pub(crate) async fn alone(writer: &Writer, statements: Vec<String>) -> Result<()> {
    ask(writer, |done| Order::Alone(statements, done)).await
}

/// Nothing of what was written is left in the log's file.
pub(crate) async fn cut_log(writer: &Writer) -> Result<()> {
    ask(writer, Order::CutLog).await
}

async fn ask(writer: &Writer, order: impl FnOnce(oneshot::Sender<Result<()>>) -> Order) -> Result<()> {
    let (done, ended) = oneshot::channel();
    let gone = || Error::Unavailable("the writer has stopped".into());
    writer.0.send(order(done)).await.map_err(|_| gone())?;
    ended.await.map_err(|_| gone())?
}

async fn on_postgres(engine: Engine, actor: Actor, work: Work) -> Result<()> {
    let crate::db::Pool::Postgres(pool) = engine.pool() else {
        return Err(Error::Internal("no writer for SQLite".into()));
    };
    let conn = Conn::Postgres(Link::of(pool).await?);
    let mut tx = Tx::new(conn, engine.clone(), actor);
    // With its own number from the beginning: see `log::Gaps`.
    tx.conn.run("BEGIN; SELECT pg_current_xact_id()").await?;
    let result = guarded(work, &mut tx).await;
    let result = match result {
        Ok(()) => tx.documents.flush(&mut tx.conn).await,
        failed => failed,
    };
    let result = match result {
        Ok(()) => tx.conn.run("COMMIT").await.map_err(|error| match error {
            // The answer is lost, perhaps not the work.
            Error::Unavailable(reason) => Error::Unsure(reason),
            other => other,
        }),
        Err(error) => {
            if tx.conn.run("ROLLBACK").await.is_err() {
                tracing::warn!("a transaction could not be rolled back; the connection is dropped");
                if let Conn::Postgres(link) = tx.conn {
                    link.end();
                }
            }
            return Err(error);
        }
    };
    if result.is_ok() {
        engine.announce(&tx.changed);
        engine.announce_figures(tx.figures);
    }
    result
}

async fn guarded(work: Work, tx: &mut Tx) -> Result<()> {
    tx.hold_leases().await?;
    match AssertUnwindSafe(work(tx)).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(Error::Internal("a write panicked; it was rolled back".into())),
    }
}

async fn run_alone(conn: &mut Conn, statements: Vec<String>) -> Result<()> {
    let mut done = conn.run(SORTS).await;
    for statement in statements {
        if done.is_ok() {
            done = conn.run(&statement).await;
        }
    }
    // Whatever happened: the next are changes of some rows again.
    done.and(conn.run(WRITES).await)
}

async fn run(
    mut conn: Conn,
    mut tasks: mpsc::Receiver<Order>,
    waits: watch::Sender<i64>,
    copying: Arc<Mutex<()>>,
) {
    let mut held: Option<Order> = None;
    loop {
        let order = match held.take() {
            Some(order) => Some(order),
            None => tasks.recv().await,
        };
        match order {
            Some(Order::Write(task)) => (conn, held) = all_aside(group(conn, &mut tasks, task)).await,
            Some(Order::Alone(statements, done)) => {
                let _ = done.send(all_aside(run_alone(&mut conn, statements)).await);
            }
            Some(Order::CopyLog(done)) => {
                let _ = done.send(aside(|| conn.log_of(|conn| conn.copy_log().map(drop))));
            }
            Some(Order::CutLog(done)) => {
                // Beside another copy it would not be cut.
                let _copying = copying.lock().await;
                let _ = done.send(aside(|| conn.log_of(Sqlite::cut_log)));
            }
            None => return,
        }
        // Who copies it is not told where that cannot be found out; after the next commit it can.
        let _ = conn.log_of(|conn| Ok(waits.send_replace(conn.log_length()?.waiting())));
    }
}

/// What has queued up, committed together; and what stands next in the queue, if it cannot be among it.
async fn group(mut conn: Conn, tasks: &mut mpsc::Receiver<Order>, first: Task) -> (Conn, Option<Order>) {
    if let Err(error) = control(&mut conn, "BEGIN IMMEDIATE").await {
        // Whoever waits behind would only wait as long for the same answer.
        refuse(tasks, &error);
        let _ = first.done.send(Err(error));
        return (conn, None);
    }
    let (started, clock) = (Instant::now(), first.engine.clock().clone());
    let mut finished: Vec<(oneshot::Sender<Result<()>>, Result<()>)> = vec![];
    let mut announce: Option<(Engine, BTreeSet<String>)> = None;
    let mut documents = Pending::default();
    let mut figures: Vec<Figures> = vec![];
    let mut broken: Option<Error> = None;
    let (mut next, mut held) = (Some(first), None);
    while let Some(task) = next {
        let mut tx = Tx::new(conn, task.engine.clone(), task.actor);
        let (result, intact) = match finished.is_empty() {
            // Nothing else is in this group yet: its failure undoes the whole.
            true => (guarded(task.work, &mut tx).await, false),
            false => in_savepoint(task.work, &mut tx).await,
        };
        conn = tx.conn;
        if result.is_ok() {
            documents.absorb(tx.documents);
            figures.extend(tx.figures);
            announce.get_or_insert_with(|| (task.engine, BTreeSet::new())).1.extend(tx.changed);
        }
        if let (Err(error), false) = (&result, intact) {
            broken = Some(error.outage_again());
        }
        finished.push((task.done, result));
        let room = finished.len() < GROUP_LIMIT && started.elapsed() < GROUP_TIME;
        next = match (room && broken.is_none()).then(|| tasks.try_recv()) {
            Some(Ok(Order::Write(task))) => Some(task),
            Some(Ok(other)) => {
                held = Some(other);
                None
            }
            _ => None,
        };
    }
    if broken.is_none() {
        let committed = commit(&mut conn, &mut documents, &clock, started).await;
        broken = committed.err().map(|error| error.outage_again());
    }
    if broken.is_some() {
        // Refused when SQLite has rolled back by itself.
        let _ = conn.run("ROLLBACK").await;
    }
    // Before anybody is told that it is done: what is kept in memory must be read anew from then on.
    if let (Some((engine, logged)), None) = (announce, &broken) {
        engine.announce(&logged);
        engine.announce_figures(figures);
    }
    for (done, result) in finished {
        let _ = done.send(match (&broken, result) {
            (Some(reason), Ok(())) => Err(reason.outage_again()),
            (_, result) => result,
        });
    }
    (conn, held)
}

async fn commit(conn: &mut Conn, documents: &mut Pending, clock: &Clock, started: Instant) -> Result<()> {
    documents.flush(conn).await?;
    outlast(conn, clock, started.elapsed()).await?;
    control(conn, "COMMIT").await
}

/// What every group says, parsed once.
async fn control(conn: &mut Conn, sql: &str) -> Result<()> {
    conn.execute_text(sql.to_owned(), Values(vec![])).await.map(drop)
}

fn refuse(tasks: &mut mpsc::Receiver<Order>, error: &Error) {
    for _ in 0..QUEUE_LIMIT {
        let Ok(order) = tasks.try_recv() else { return };
        order.refuse(error.outage_again());
    }
}

/// The result, and whether the group's transaction is still there: on a full disk SQLite rolls back all of it.
async fn in_savepoint(work: Work, tx: &mut Tx) -> (Result<()>, bool) {
    if let Err(error) = control(&mut tx.conn, "SAVEPOINT work").await {
        return (Err(error), false);
    }
    let result = guarded(work, tx).await;
    if result.is_err() && control(&mut tx.conn, "ROLLBACK TO work").await.is_err() {
        return (result, false);
    }
    match control(&mut tx.conn, "RELEASE work").await {
        Ok(()) => (result, true),
        Err(error) => (result.and(Err(error)), false),
    }
}
