//! Brings the database to the wanted tables in one transaction, so that a failed upgrade leaves the old schema working.

use super::{Step, Table, ddl, diff, diff::merged};
use crate::{Dialect, Error, Result, db::Conn};
use sea_query::{Alias, Expr, ExprTrait, Query};

const BOOK: &str = "schema_book";

/// Where others work in the database meanwhile, a lock is not waited for longer: everybody would queue behind who waits.
const PATIENCE: &str = "SET LOCAL lock_timeout = '5s'";

/// Begins an upgrade; one at a time. `beside`: others work in the database meanwhile.
pub(crate) async fn begin(conn: &mut Conn, beside: bool) -> Result<()> {
    match conn.dialect() {
        Dialect::Sqlite => conn.run("BEGIN IMMEDIATE").await,
        Dialect::Postgres => {
            conn.run("BEGIN").await?;
            if beside {
                conn.run(PATIENCE).await?;
            }
            // Two servers starting at once must not both upgrade.
            conn.in_turn(7_141_925).await
        }
    }
}

/// Ends it: all is kept, or nothing.
pub(crate) async fn end<T>(conn: &mut Conn, done: Result<T>) -> Result<T> {
    match done {
        Ok(_) => conn.run("COMMIT").await?,
        // The database may have rolled back by itself; why is what counts.
        Err(_) => drop(conn.run("ROLLBACK").await),
    }
    done
}

/// SQLite's indexes of a table that was replaced whole have a number behind their name (see `store::replace`), for SQLite
/// cannot rename an index.
async fn as_named(conn: &mut Conn, step: &Step) -> Result<Vec<Step>> {
    let (Step::DropIndex { index }, Dialect::Sqlite) = (step, conn.dialect()) else {
        return Ok(vec![step.clone()]);
    };
    let sql = format!(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND (name = '{index}' OR name GLOB '{index}__[0-9]*')"
    );
    let found = conn.fetch_text(&sql).await?;
    found.iter().map(|row| Ok(Step::DropIndex { index: row.text(0)? })).collect()
}

/// The tables the database has, as the last upgrade wrote them down.
async fn book(conn: &mut Conn) -> Result<Option<Vec<Table>>> {
    let book = Query::select().column(Alias::new("tables")).from(Alias::new(BOOK)).to_owned();
    let rows = conn.fetch(&book).await?;
    rows.first().map(|row| Ok(serde_json::from_str(&row.text(0)?)?)).transpose()
}

/// Whether the database has it, declared or not.
pub(crate) async fn has_column(conn: &mut Conn, table: &str, column: &str) -> Result<bool> {
    let tables = book(conn).await?.unwrap_or_default();
    let table = tables.iter().find(|known| known.name == table);
    Ok(table.is_some_and(|table| table.columns.iter().any(|known| known.name == column)))
}

/// One part of it; returns the number of steps taken.
pub(crate) async fn upgrade(conn: &mut Conn, wanted: &[Table]) -> Result<usize> {
    conn.run(&format!(
        "CREATE TABLE IF NOT EXISTS \"{BOOK}\" (\"id\" BIGINT PRIMARY KEY, \"tables\" TEXT NOT NULL)"
    ))
    .await?;
    let known = book(conn).await?;
    let old = known.as_deref().unwrap_or_default();
    let steps = diff(old, wanted)?;
    for step in &steps {
        let named = as_named(conn, step).await?;
        for statement in named.iter().flat_map(|step| ddl(step, conn.dialect())).collect::<Vec<_>>() {
            conn.run(&statement).await.map_err(|error| match error.is_outage() {
                true => error,
                false => Error::Internal(format!(
                    "schema upgrade: the database refused “{statement}”: {error}. Nothing was changed; the previous version \
                     of Zhike still works on this database. Correct the data it names, then start again."
                )),
            })?;
        }
    }
    let tables = serde_json::to_string(&merged(old, wanted))?;
    if known.is_none() {
        let insert = Query::insert()
            .into_table(Alias::new(BOOK))
            .columns([Alias::new("id"), Alias::new("tables")])
            .values_panic([1i64.into(), tables.into()])
            .to_owned();
        conn.execute(&insert).await?;
    } else if !steps.is_empty() {
        let update = Query::update()
            .table(Alias::new(BOOK))
            .value(Alias::new("tables"), tables)
            .and_where(Expr::col(Alias::new("id")).eq(1i64))
            .to_owned();
        conn.execute(&update).await?;
    }
    Ok(steps.len())
}
