//! A connection to PostgreSQL that nobody waits for in vain. A server, or what lies between, may fall silent without ending its
//! connections: neither the driver nor the pool gives up one whose answer never comes.
//!
//! A connection is watched by the runtime it was opened in, and comes back to the pool by a task of the one it was let go in. Both are
//! the foreground's, whoever asks: what computes on all threads of a lower priority for seconds would keep the pool's connections from pages.

use super::Row;
use crate::{Error, Result, runtime::Priority};
use futures::{
    Stream, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// So long an answer may take before it is asked whether anybody works on it; and again, as long as somebody does.
const PATIENCE: Duration = Duration::from_secs(10);
/// For that question.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// For an answer that came while it was asked.
const MEANWHILE: Duration = Duration::from_secs(2);
/// Statements of ours that have been worked on for nearly as long as was waited.
const AT_WORK: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user \
    AND pid <> pg_backend_pid() AND state = 'active' AND query_start < clock_timestamp() - INTERVAL '5 seconds'";
/// A connection that was left in the middle of a statement is given back once that has ended.
const RELEASE_LIMIT: Duration = Duration::from_secs(60);
/// One that came back so lately answered then; of another it is asked whether it still does.
const FRESH: Duration = Duration::from_secs(1);
/// After that another is opened instead: where all fell silent at once, nobody must wait for each in turn.
const PING_LIMIT: Duration = Duration::from_secs(2);

pub(crate) struct Link {
    /// `None` once it is given up: nothing is asked of it any more.
    conn: Option<PoolConnection<Postgres>>,
    options: Arc<PgConnectOptions>,
}

impl Drop for Link {
    fn drop(&mut self) {
        let _entered = Priority::Foreground.enter();
        self.conn = None;
    }
}

/// What waits is in boxes: nearly everything asks the database, and the future of a caller holds those of all it calls.
impl Link {
    pub fn of(pool: &PgPool) -> BoxFuture<'_, Result<Link>> {
        Box::pin(async move {
            let mut acquired = pin!(pool.acquire());
            let conn = poll_fn(|context| {
                let _entered = Priority::Foreground.enter();
                acquired.as_mut().poll(context)
            });
            Ok(Link { conn: Some(conn.await?), options: pool.connect_options() })
        })
    }

    pub fn rows(&mut self, sql: String, values: Values) -> BoxFuture<'_, Result<Vec<PgRow>>> {
        Box::pin(async move {
            let Some(conn) = &mut self.conn else { return Err(silence()) };
            let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
            let answer = patiently(&self.options, query.fetch_all(&mut **conn)).await;
            self.heard(answer)
        })
    }

    pub fn execute(&mut self, sql: String, values: Values) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let Some(conn) = &mut self.conn else { return Err(silence()) };
            let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
            let answer = patiently(&self.options, query.execute(&mut **conn)).await;
            Ok(self.heard(answer)?.rows_affected())
        })
    }

    pub fn run<'l>(&'l mut self, sql: &'l str) -> BoxFuture<'l, Result<()>> {
        Box::pin(async move {
            let Some(conn) = &mut self.conn else { return Err(silence()) };
            let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            let answer = patiently(&self.options, query.execute(&mut **conn)).await;
            self.heard(answer).map(drop)
        })
    }

    /// Ends the connection, whatever state it is in.
    pub fn end(mut self) {
        self.conn.take().map(PoolConnection::detach);
    }

    fn heard<T>(&mut self, answer: Option<sqlx::Result<T>>) -> Result<T> {
        let Some(answer) = answer else {
            let _entered = Priority::Foreground.enter();
            if let Some(mut conn) = self.conn.take() {
                conn.close_on_drop();
            }
            return Err(silence());
        };
        Ok(answer?)
    }
}

/// Rows from a connection of the pool's.
pub(crate) struct Rows<'r>(Option<BoxStream<'r, sqlx::Result<PgRow>>>);

impl<'r> Rows<'r> {
    pub fn of(rows: BoxStream<'r, sqlx::Result<PgRow>>) -> Self {
        Rows(Some(rows))
    }
}

impl Stream for Rows<'_> {
    type Item = sqlx::Result<PgRow>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let _entered = Priority::Foreground.enter();
        self.0.as_mut().map_or(Poll::Ready(None), |rows| rows.poll_next_unpin(context))
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        let _entered = Priority::Foreground.enter();
        self.0 = None;
    }
}

/// The rows as they come, each waited for as patiently.
pub(crate) fn each<'r>(options: Arc<PgConnectOptions>, rows: Rows<'r>) -> BoxStream<'r, Result<Row>> {
    let next = move |rows: Option<Rows<'r>>| {
        let options = options.clone();
        async move {
            let mut rows = rows?;
            let answer = patiently(&options, async { rows.next().await.transpose() }).await;
            match answer {
                Some(Ok(row)) => row.map(|row| (Ok(Row::Postgres(row)), Some(rows))),
                Some(Err(error)) => Some((Err(error.into()), None)),
                None => Some((Err(silence()), None)),
            }
        }
    };
    stream::unfold(Some(rows), next).boxed()
}

/// A pool that looks at connections when they come back, where nobody waits, and not for ever; and again before they are used where
/// they lay unused meanwhile.
pub(crate) fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|conn, about| {
            Box::pin(async move { Ok(about.idle_for <= FRESH || pinged(conn, PING_LIMIT).await?) })
        })
        .after_release(|conn, _| Box::pin(pinged(conn, RELEASE_LIMIT)))
}

/// Fails where it does not answer in time: the pool then ends it.
async fn pinged(conn: &mut PgConnection, limit: Duration) -> sqlx::Result<bool> {
    match timeout(limit, conn.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// The answer; `None` where nobody works on it any more, or nobody says so.
async fn patiently<T>(
    options: &PgConnectOptions,
    asked: impl Future<Output = sqlx::Result<T>>,
) -> Option<sqlx::Result<T>> {
    let mut asked = pin!(asked);
    loop {
        if let Ok(answer) = timeout(PATIENCE, &mut asked).await {
            return Some(answer);
        }
        if !is_at_work(options).await {
            return timeout(MEANWHILE, asked).await.ok();
        }
    }
}

/// Whether the server works on something of ours, asked by a connection of its own.
async fn is_at_work(options: &PgConnectOptions) -> bool {
    let asked = async {
        let mut conn = options.connect().await?;
        let found: i64 = sqlx::query_scalar(AT_WORK).fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok::<_, sqlx::Error>(found > 0)
    };
    match timeout(PROBE_LIMIT, asked).await {
        Ok(Ok(at_work)) => at_work,
        // It has no room for another, or is just starting: then it is there, and does not tell.
        Ok(Err(sqlx::Error::Database(_))) => true,
        Ok(Err(_)) | Err(_) => false,
    }
}

fn silence() -> Error {
    Error::Unavailable("PostgreSQL says nothing any more, and works on nothing of ours".into())
}
