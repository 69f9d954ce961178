//! The two databases behind one face: connections, statements built by sea-query, rows read by position.

mod aside;
mod bind;
mod link;
mod sqlite;

use crate::{Error, Result};
use futures::stream::BoxStream;
use meta::{DateTime, Id, NaiveDate, Utc};
use sea_query::{
    Alias, DeleteStatement, InsertStatement, PostgresQueryBuilder, QueryStatementWriter, SelectStatement,
    SqliteQueryBuilder, UpdateStatement, Value, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgPool, Row as _,
    postgres::{PgConnectOptions, PgRow},
};
use std::{path::Path, str::FromStr, time::Duration};

pub(crate) use aside::all_aside;
pub use aside::aside;
pub(crate) use link::Link;
use link::Rows;
pub(crate) use sqlite::{LogLength, SORTS, Sqlite, WRITES, open_existing};
use sqlite::{Readers, SqliteRow};

/// Which database to open; SQLite is a file `zhike.db` in the data folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    Sqlite,
    Postgres(String),
}

/// Connections to PostgreSQL a program of one company opens at most.
pub const POSTGRES_CONNECTIONS: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// What is not used is closed again: many companies share a server.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A dynamic table or column name for sea-query.
pub fn name(text: &str) -> Alias {
    Alias::new(text)
}

/// Readers: any number at once, never blocked by the writer.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(Readers),
    Postgres(PgPool),
}

/// One connection inside a write transaction.
pub(crate) enum Conn {
    Sqlite(Sqlite),
    Postgres(Link),
}

pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

pub(crate) async fn open(
    database: &Database,
    folder: &Path,
    connections: u32,
) -> Result<(Pool, Option<Sqlite>)> {
    match database {
        Database::Sqlite => {
            let writer = sqlite::open_writer(folder)?;
            Ok((Pool::Sqlite(Readers::open(folder)?), Some(writer)))
        }
        Database::Postgres(url) => {
            let options = PgConnectOptions::from_str(url)?
                .application_name("zhike")
                // A page's statement is not worth more processes, which others wait for: on two cores lists that walk far took longer
                // with two than alone.
                .options([("timezone", "UTC"), ("max_parallel_workers_per_gather", "0")])
                .disable_statement_logging();
            let pool = link::pool_options()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(IDLE_TIMEOUT)
                .connect_with(options)
                .await?;
            Ok((Pool::Postgres(pool), None))
        }
    }
}

/// A connection of its own inside a transaction that sees the database as it is now, whatever is written meanwhile; end it
/// with ROLLBACK.
pub(crate) async fn snapshot(pool: &Pool, folder: &Path) -> Result<Conn> {
    match pool {
        Pool::Sqlite(_) => {
            let mut conn = Conn::Sqlite(open_existing(folder)?);
            conn.run("BEGIN").await?;
            Ok(conn)
        }
        Pool::Postgres(pool) => {
            let mut conn = Conn::Postgres(Link::of(pool).await?);
            conn.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            Ok(conn)
        }
    }
}

/// A statement sea-query can render for either database.
pub trait Statement: QueryStatementWriter + Sync {}
impl Statement for SelectStatement {}
impl Statement for InsertStatement {}
impl Statement for UpdateStatement {}
impl Statement for DeleteStatement {}

pub(crate) fn render(statement: &impl Statement, dialect: Dialect) -> (String, Values) {
    match dialect {
        Dialect::Sqlite => statement.build(SqliteQueryBuilder),
        Dialect::Postgres => statement.build(PostgresQueryBuilder),
    }
}

/// Limits in words, not as parameters.
fn with_limits(sql: &str, values: &Values) -> String {
    let mut parts = sql.split("LIMIT $");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let limit = number.parse().ok().and_then(|number: usize| values.0.get(number.checked_sub(1)?));
        text += &match limit {
            Some(Value::BigUnsigned(Some(limit))) => format!("LIMIT {limit}{rest}"),
            _ => format!("LIMIT ${part}"),
        };
    }
    text
}

fn no_values() -> Values {
    Values(vec![])
}

impl Pool {
    pub fn dialect(&self) -> Dialect {
        match self {
            Pool::Sqlite(_) => Dialect::Sqlite,
            Pool::Postgres(_) => Dialect::Postgres,
        }
    }

    pub async fn fetch(&self, select: &SelectStatement) -> Result<Vec<Row>> {
        let (sql, values) = render(select, self.dialect());
        self.rows(sql, values).await
    }

    /// The same for a statement whose plan is to be kept, whatever its parameters but the limits: PostgreSQL does so only where it seems as
    /// good for any parameters as for these, and of a limit it does not know it expects a tenth of the table.
    pub async fn fetch_by_kept_plan(&self, select: &SelectStatement) -> Result<Vec<Row>> {
        let (sql, values) = render(select, self.dialect());
        let sql = match self.dialect() {
            Dialect::Sqlite => sql,
            Dialect::Postgres => with_limits(&sql, &values),
        };
        self.rows(sql, values).await
    }

    /// The rows of SQL text without parameters.
    pub async fn fetch_text(&self, sql: &str) -> Result<Vec<Row>> {
        self.rows(sql.to_owned(), no_values()).await
    }

    pub async fn rows(&self, sql: String, values: Values) -> Result<Vec<Row>> {
        match self {
            Pool::Sqlite(readers) => readers.fetch(&sql, values).await,
            Pool::Postgres(pool) => {
                let rows = Link::of(pool).await?.rows(sql, values).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The rows as they come, without holding them all; a connection is busy until the stream ends or is dropped.
    pub fn stream(&self, select: &SelectStatement) -> BoxStream<'_, Result<Row>> {
        let (sql, values) = render(select, self.dialect());
        match self {
            Pool::Sqlite(readers) => readers.stream(sql, values),
            Pool::Postgres(pool) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
                link::each(pool.connect_options(), Rows::of(query.fetch(pool)))
            }
        }
    }
}

impl Conn {
    pub fn dialect(&self) -> Dialect {
        match self {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// What is asked or done with SQLite's log; PostgreSQL keeps its own.
    pub fn log_of<T: Default>(&self, ask: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        match self {
            Conn::Sqlite(conn) => ask(conn),
            Conn::Postgres(_) => Ok(T::default()),
        }
    }

    /// The rows of a SELECT, or of a write with `RETURNING`.
    pub async fn fetch(&mut self, statement: &impl Statement) -> Result<Vec<Row>> {
        let (sql, values) = render(statement, self.dialect());
        self.rows(sql, values).await
    }

    /// The rows of SQL text without parameters.
    pub async fn fetch_text(&mut self, sql: &str) -> Result<Vec<Row>> {
        self.rows(sql.to_owned(), no_values()).await
    }

    pub async fn rows(&mut self, sql: String, values: Values) -> Result<Vec<Row>> {
        match self {
            Conn::Sqlite(conn) => conn.fetch(&sql, values),
            Conn::Postgres(link) => {
                Ok(link.rows(sql, values).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64> {
        let (sql, values) = render(statement, self.dialect());
        self.execute_text(sql, values).await
    }

    /// The same for text written by hand.
    pub async fn execute_text(&mut self, sql: String, values: Values) -> Result<u64> {
        match self {
            Conn::Sqlite(conn) => conn.execute(&sql, values),
            Conn::Postgres(link) => link.execute(sql, values).await,
        }
    }

    /// Waits until no other transaction of PostgreSQL has taken this turn, and has it until the commit; of SQLite's writers there is one
    /// at a time anyway. Turns are told apart by their numbers.
    pub async fn in_turn(&mut self, turn: i64) -> Result<()> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.run(&format!("SELECT pg_advisory_xact_lock({turn})")).await,
        }
    }

    /// Text without parameters: DDL, BEGIN, SAVEPOINT.
    pub async fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => conn.run(sql),
            Conn::Postgres(link) => link.run(sql).await,
        }
    }
}

macro_rules! getters {
    ($($required:ident $optional:ident $kind:ty),* $(,)?) => {$(
        pub fn $optional(&self, index: usize) -> Result<Option<$kind>> {
            match self {
                Row::Sqlite(row) => row.get(index),
                Row::Postgres(row) => Ok(row.try_get(index)?),
            }
        }
        pub fn $required(&self, index: usize) -> Result<$kind> {
            self.$optional(index)?
                .ok_or_else(|| Error::Internal(format!("column {index} is empty")))
        }
    )*};
}

impl Row {
    getters! {
        id opt_id Id,
        int opt_int i64,
        real opt_real f64,
        text opt_text String,
        bytes opt_bytes Vec<u8>,
        bool opt_bool bool,
        date opt_date NaiveDate,
        instant opt_instant DateTime<Utc>,
    }

    /// Like `opt_text`, without a copy where that can be: it is read no second time.
    pub(crate) fn take_text(&mut self, index: usize) -> Result<Option<String>> {
        match self {
            Row::Sqlite(row) => row.take_text(index),
            Row::Postgres(_) => self.opt_text(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_query::{Expr, ExprTrait, Query};

    #[test]
    fn a_limit_stands_in_the_words_of_a_statement_wherever_it_is() {
        let of = |limit| {
            Query::select()
                .column(name("id"))
                .from(name("t"))
                .and_where(Expr::col(name("a")).eq("LIMIT $1"))
                .limit(limit)
                .to_owned()
        };
        let outer = of(51).and_where(Expr::col(name("id")).in_subquery(of(7))).to_owned();
        let (sql, values) = render(&outer, Dialect::Postgres);
        let sql = with_limits(&sql, &values);
        let inner = r#"SELECT "id" FROM "t" WHERE "a" = $2 LIMIT 7"#;
        assert_eq!(sql, format!(r#"SELECT "id" FROM "t" WHERE "a" = $1 AND "id" IN ({inner}) LIMIT 51"#));
        assert_eq!(values.0.len(), 4, "a parameter that is not asked for may be there");
    }
}
