//! The two databases behind one face: connections, statements built by sea-query, rows read by position.

use crate::{Error, Result};
use futures::{StreamExt, stream::BoxStream};
use meta::{DateTime, Id, NaiveDate, Utc};
use sea_query::{
    Alias, DeleteStatement, InsertStatement, PostgresQueryBuilder, QueryStatementWriter, SelectStatement,
    SqliteQueryBuilder, UpdateStatement,
};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgPool, Postgres, Row as _, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

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

const READERS: u32 = 4;
/// In KiB (SQLite writes it as a negative number). Mapping the file instead would count as the program's memory once for each
/// connection.
const READER_CACHE: &str = "-16384";
const WRITER_CACHE: &str = "-65536";
/// What is not used is closed again: many companies share a server.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A dynamic table or column name for sea-query.
pub fn name(text: &str) -> Alias {
    Alias::new(text)
}

/// Readers: any number at once, never blocked by the writer.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One connection inside a write transaction.
pub(crate) enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PoolConnection<Postgres>),
}

pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

fn sqlite_options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join("zhike.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Acknowledged writes survive a power cut; group commit makes the sync cheap.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        .statement_cache_capacity(200)
        // A page's rows are handed over without waiting for the reader in between.
        .row_buffer_size(1_000)
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

pub(crate) async fn open(
    database: &Database,
    folder: &Path,
    connections: u32,
) -> Result<(Pool, Option<SqliteConnection>)> {
    match database {
        Database::Sqlite => {
            let writer = sqlite_options(folder).pragma("cache_size", WRITER_CACHE).connect().await?;
            let readers = SqlitePoolOptions::new()
                .max_connections(READERS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_with(
                    sqlite_options(folder).pragma("cache_size", READER_CACHE).pragma("query_only", "on"),
                )
                .await?;
            Ok((Pool::Sqlite(readers), Some(writer)))
        }
        Database::Postgres(url) => {
            let options = PgConnectOptions::from_str(url)?
                .application_name("zhike")
                .options([("timezone", "UTC")])
                .disable_statement_logging();
            let pool = PgPoolOptions::new()
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
            let mut conn = Conn::Sqlite(sqlite_options(folder).create_if_missing(false).connect().await?);
            conn.run("BEGIN").await?;
            Ok(conn)
        }
        Pool::Postgres(pool) => {
            let mut conn = Conn::Postgres(pool.acquire().await?);
            conn.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            Ok(conn)
        }
    }
}

/// A statement sea-query can render for either database.
pub trait Statement: SqlxBinder + QueryStatementWriter + Sync {}
impl Statement for SelectStatement {}
impl Statement for InsertStatement {}
impl Statement for UpdateStatement {}
impl Statement for DeleteStatement {}

fn render(statement: &impl Statement, dialect: Dialect) -> (String, SqlxValues) {
    match dialect {
        Dialect::Sqlite => statement.build_sqlx(SqliteQueryBuilder),
        Dialect::Postgres => statement.build_sqlx(PostgresQueryBuilder),
    }
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
        Ok(match self {
            Pool::Sqlite(pool) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(pool).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Pool::Postgres(pool) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The rows as they come, without holding them all; a connection is busy until the stream ends or is dropped.
    pub fn stream(&self, select: &SelectStatement) -> BoxStream<'_, Result<Row>> {
        let (sql, values) = render(select, self.dialect());
        match self {
            Pool::Sqlite(pool) => sqlx::query_with(AssertSqlSafe(sql), values)
                .fetch(pool)
                .map(|row| Ok(Row::Sqlite(row?)))
                .boxed(),
            Pool::Postgres(pool) => sqlx::query_with(AssertSqlSafe(sql), values)
                .fetch(pool)
                .map(|row| Ok(Row::Postgres(row?)))
                .boxed(),
        }
    }

    pub async fn fetch_text(&self, sql: &str) -> Result<Vec<Row>> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Pool::Sqlite(pool) => {
                sqlx::query(sql).fetch_all(pool).await?.into_iter().map(Row::Sqlite).collect()
            }
            Pool::Postgres(pool) => {
                sqlx::query(sql).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}

impl Conn {
    pub fn dialect(&self) -> Dialect {
        match self {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The rows of a SELECT, or of a write with `RETURNING`.
    pub async fn fetch(&mut self, statement: &impl Statement) -> Result<Vec<Row>> {
        let (sql, values) = render(statement, self.dialect());
        Ok(match self {
            Conn::Sqlite(conn) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(conn) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64> {
        let (sql, values) = render(statement, self.dialect());
        self.execute_text(sql, values).await
    }

    /// The same for text written by hand.
    pub async fn execute_text(&mut self, sql: String, values: SqlxValues) -> Result<u64> {
        Ok(match self {
            Conn::Sqlite(conn) => {
                sqlx::query_with(AssertSqlSafe(sql), values).execute(conn).await?.rows_affected()
            }
            Conn::Postgres(conn) => {
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **conn).await?.rows_affected()
            }
        })
    }

    /// The rows of SQL text without parameters.
    pub async fn fetch_text(&mut self, sql: &str) -> Result<Vec<Row>> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Conn::Sqlite(conn) => {
                sqlx::query(sql).fetch_all(conn).await?.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(conn) => {
                sqlx::query(sql).fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Text without parameters: DDL, BEGIN, SAVEPOINT.
    pub async fn run(&mut self, sql: &str) -> Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Conn::Sqlite(conn) => {
                sqlx::raw_sql(sql).execute(conn).await?;
            }
            Conn::Postgres(conn) => {
                sqlx::raw_sql(sql).execute(&mut **conn).await?;
            }
        }
        Ok(())
    }
}

macro_rules! getters {
    ($($required:ident $optional:ident $kind:ty),* $(,)?) => {$(
        pub fn $optional(&self, index: usize) -> Result<Option<$kind>> {
            match self {
                Row::Sqlite(row) => row.try_get(index),
                Row::Postgres(row) => row.try_get(index),
            }
            .map_err(Error::from)
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
}
