//! What was deleted leaves bytes behind: in free pages and the write-ahead log of SQLite's file, in segments of its full-text
//! index, in dead rows of PostgreSQL. Here they go, too; outside of any transaction, as a job after an erasure.

use crate::{
    Dialect, Engine, JobContext, JobState, Module, Result, Tx,
    db::{Conn, Link, Pool, name},
    schema, search,
    store::{number, writer},
};
use meta::{DateTime, Utc};
use sea_query::{Expr, ExprTrait, Query as Sql};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

const JOB: &str = "privacy.scrub";
/// A bigger file of SQLite is written anew at night, for nobody can write meanwhile.
const AT_ONCE_BYTES: i64 = 500_000_000;
const NIGHT_HOUR: u32 = 3;
/// How often the write-ahead log is tried to be cut off, each time for the ten seconds writers wait then.
const CUTS: usize = 5;
const BETWEEN_CUTS: Duration = Duration::from_secs(60);

pub(super) fn add(module: Module) -> Module {
    module.job(JOB, |context| Box::pin(run(context)))
}

/// Queues the job, unless one waits already.
pub(super) async fn queue(tx: &mut Tx) -> Result<()> {
    let waiting = Sql::select()
        .expr(Expr::cust("COUNT(*)"))
        .from(name("job"))
        .and_where(Expr::col(name("kind")).eq(JOB))
        .and_where(Expr::col(name("state")).eq(JobState::Queued.name()))
        .to_owned();
    if number(&tx.conn.fetch(&waiting).await?)? > 0 {
        return Ok(());
    }
    let at = if is_big(tx).await? { next_night(tx).await? } else { tx.clock().now() };
    tx.enqueue_at(JOB, json!({}), at).await.map(drop)
}

async fn is_big(tx: &mut Tx) -> Result<bool> {
    if tx.dialect() == Dialect::Postgres {
        return Ok(false);
    }
    let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let rows = tx.conn.fetch_text(sql).await?;
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0) > AT_ONCE_BYTES)
}

async fn next_night(tx: &mut Tx) -> Result<DateTime<Utc>> {
    let now = tx.clock().now();
    let local = now.with_timezone(&tx.time_zone().await?);
    let tonight = local.date_naive().and_hms_opt(NIGHT_HOUR, 0, 0);
    let tonight = tonight.and_then(|at| at.and_local_timezone(local.timezone()).earliest());
    let tonight = tonight.map_or(now, |at| at.with_timezone(&Utc));
    Ok(if tonight > now { tonight } else { tonight + chrono::Duration::days(1) })
}

async fn run(context: JobContext) -> anyhow::Result<()> {
    Ok(context.engine.scrub().await?)
}

impl Engine {
    /// Takes what was deleted out of the database's files. SQLite writes the whole file anew: nobody can write meanwhile.
    pub async fn scrub(&self) -> Result<()> {
        match (self.writer(), self.pool()) {
            (Some(writer), _) => {
                for entity in self.registry().entities().filter(|entity| search::is_searched(entity)) {
                    let index = search::tokens_table_name(&entity.name);
                    let optimize = format!("INSERT INTO \"{index}\" (\"{index}\") VALUES ('optimize')");
                    writer::alone(writer, vec![optimize]).await?;
                }
                writer::alone(writer, vec!["VACUUM".to_owned()]).await?;
                // Somebody may be reading for long: the file is not written anew for that.
                for _ in 1..CUTS {
                    match writer::cut_log(writer).await {
                        Err(error) if error.is_interruption() => sleep(BETWEEN_CUTS).await,
                        cut => return cut,
                    }
                }
                writer::cut_log(writer).await
            }
            (None, Pool::Postgres(pool)) => {
                let mut conn = Conn::Postgres(Link::of(pool).await?);
                for table in schema::tables(self.registry()) {
                    conn.run(&format!("VACUUM \"{}\"", table.name)).await?;
                }
                Ok(())
            }
            (None, Pool::Sqlite(_)) => Ok(()),
        }
    }
}
