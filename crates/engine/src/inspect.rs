//! Looks at a database without changing it: for `zhike doctor`.

use crate::{
    Customs, Database, Module, Registry, Result, core, custom,
    db::{self, Pool},
    schema,
};
use meta::{DateTime, Utc};
use std::path::Path;

#[derive(Clone, Debug)]
pub struct Inspection {
    /// As the database names itself.
    pub version: String,
    /// PostgreSQL's `server_version_num`; `None` for SQLite, which is part of the program.
    pub server_version: Option<i64>,
    pub encoding: String,
    pub collation: String,
    /// The database's own clock.
    pub now: Option<DateTime<Utc>>,
    /// Whether this login may make tables; PostgreSQL 15 and newer do not let everybody.
    pub may_create: bool,
    /// What SQLite finds wrong with the file; `ok` if nothing.
    pub integrity: Option<String>,
    /// Steps a start would take to bring the schema up to date; `None` if the database is empty.
    pub steps: Option<usize>,
    /// Why the schema could not be brought up to date.
    pub refusal: Option<String>,
}

/// `None` if the SQLite file does not exist yet.
pub async fn inspect(database: &Database, folder: &Path, modules: Vec<Module>) -> Result<Option<Inspection>> {
    if *database == Database::Sqlite && !folder.join("zhike.db").is_file() {
        return Ok(None);
    }
    let mut all = vec![core::module()];
    all.extend(modules);
    let (pool, _writer) = db::open(database, folder, 1).await?;
    let mut found = match &pool {
        Pool::Sqlite(_) => sqlite(&pool).await?,
        Pool::Postgres(_) => postgres(&pool).await?,
    };
    if let Some(book) = book(&pool).await? {
        let customs = customs(&pool, &book).await?;
        let wanted = schema::tables(&Registry::build(all, &customs)?);
        match schema::diff(&book, &wanted) {
            Ok(steps) => found.steps = Some(steps.len()),
            Err(error) => found.refusal = Some(error.to_string()),
        }
    }
    Ok(Some(found))
}

async fn text(pool: &Pool, sql: &str) -> Result<String> {
    let rows = pool.fetch_text(sql).await?;
    rows.first().map_or(Ok(String::new()), |row| row.text(0))
}

async fn sqlite(pool: &Pool) -> Result<Inspection> {
    Ok(Inspection {
        version: format!("SQLite {}", text(pool, "SELECT sqlite_version()").await?),
        server_version: None,
        encoding: text(pool, "PRAGMA encoding").await?,
        collation: "BINARY".to_owned(),
        now: None,
        may_create: true,
        integrity: Some(text(pool, "PRAGMA quick_check(1)").await?),
        steps: None,
        refusal: None,
    })
}

async fn postgres(pool: &Pool) -> Result<Inspection> {
    let number = "SELECT CAST(current_setting('server_version_num') AS bigint)";
    let number = pool.fetch_text(number).await?.first().map(|row| row.int(0)).transpose()?;
    let now = pool.fetch_text("SELECT now()").await?.first().map(|row| row.instant(0)).transpose()?;
    let collation = "SELECT CAST(datcollate AS text) FROM pg_database WHERE datname = current_database()";
    let may_create = "SELECT has_schema_privilege(current_schema(), 'CREATE')";
    let may_create = pool.fetch_text(may_create).await?.first().map(|row| row.opt_bool(0)).transpose()?;
    Ok(Inspection {
        version: format!("PostgreSQL {}", text(pool, "SELECT current_setting('server_version')").await?),
        server_version: number,
        encoding: text(pool, "SELECT current_setting('server_encoding')").await?,
        collation: text(pool, collation).await?,
        now,
        may_create: may_create.flatten().unwrap_or(false),
        integrity: None,
        steps: None,
        refusal: None,
    })
}

/// What the company declared, if this version of the database knows of it.
async fn customs(pool: &Pool, book: &[schema::Table]) -> Result<Customs> {
    if custom::tables().iter().any(|own| !book.iter().any(|table| table.name == own.name)) {
        return Ok(Customs::default());
    }
    let [entities, fields] = custom::selects();
    Customs::of_rows(pool.fetch(&entities).await?, pool.fetch(&fields).await?)
}

/// The tables the database has, as the last start wrote them down.
async fn book(pool: &Pool) -> Result<Option<Vec<schema::Table>>> {
    let known = match pool {
        Pool::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_book'",
        Pool::Postgres(_) => {
            "SELECT CAST(to_regclass('schema_book') AS text) WHERE to_regclass('schema_book') IS NOT NULL"
        }
    };
    if pool.fetch_text(known).await?.is_empty() {
        return Ok(None);
    }
    let rows = pool.fetch_text("SELECT tables FROM schema_book WHERE id = 1").await?;
    rows.first().map(|row| Ok(serde_json::from_str(&row.text(0)?)?)).transpose()
}
