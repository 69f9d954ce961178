//! Rows into PostgreSQL by COPY, a few megabytes at a time.

use super::{
    cell::Cell,
    sink::{Documents, Insert, Sink, columns_of},
};
use anyhow::Context;
use chrono::SecondsFormat;
use engine::search;
use meta::Id;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{collections::BTreeMap, fmt::Write};
use tokio::runtime::Runtime;

const PART_BYTES: usize = 4 << 20;

struct Copy {
    into: String,
    rows: String,
}

pub struct Postgres {
    runtime: Runtime,
    connection: PgConnection,
    copies: Vec<Copy>,
}

impl Postgres {
    fn connect(url: &str) -> anyhow::Result<Postgres> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(PgConnection::connect(url)).context("the PostgreSQL database")?;
        Ok(Postgres { runtime, connection, copies: vec![] })
    }

    pub fn open(url: &str) -> anyhow::Result<Postgres> {
        let mut sink = Postgres::connect(url)?;
        sink.run("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")?;
        Ok(sink)
    }

    /// Makes the database the URL names if its server does not have it.
    pub fn ensure(url: &str) -> anyhow::Result<()> {
        let (address, name) = database_of(url).context("--database-url has no database name")?;
        let mut server = Postgres::connect(&format!("{address}/postgres"))?;
        let work = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(&mut server.connection);
        if server.runtime.block_on(work)?.is_none() {
            server.run(&format!("CREATE DATABASE \"{name}\""))?;
        }
        Ok(())
    }

    fn send(&mut self, index: usize) -> anyhow::Result<()> {
        let copy = &mut self.copies[index];
        let rows = std::mem::take(&mut copy.rows);
        if rows.is_empty() {
            return Ok(());
        }
        self.runtime.block_on(async {
            let mut going = self.connection.copy_in_raw(&format!("COPY {} FROM STDIN", copy.into)).await?;
            going.send(rows.as_bytes()).await?;
            going.finish().await.with_context(|| copy.into.clone())
        })?;
        Ok(())
    }
}

impl Sink for Postgres {
    fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        let work = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        self.runtime.block_on(work).with_context(|| sql.to_owned())?;
        Ok(())
    }

    fn prepare(&mut self, table: &str, columns: &[&str]) -> Insert {
        self.copies.push(Copy { into: columns_of(table, columns), rows: String::new() });
        Insert(self.copies.len() - 1)
    }

    fn insert(&mut self, insert: Insert, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        let rows = &mut self.copies[insert.0].rows;
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                rows.push('\t');
            }
            write(rows, cell)?;
        }
        rows.push('\n');
        if rows.len() > PART_BYTES { self.send(insert.0) } else { Ok(()) }
    }

    fn prepare_documents(&mut self, entity: &str) -> anyhow::Result<Documents> {
        let table = search::table_name(entity);
        Ok(Documents { document: self.prepare(&table, &["doc", "record_id", "tokens"]), tokens: None })
    }

    fn document(&mut self, documents: &Documents, doc: i64, id: Id, tokens: &str) -> anyhow::Result<()> {
        // Tokens are letters and digits, which a tsvector reads as they are.
        self.insert(documents.document, &[Cell::Int(doc), Cell::Id(id), Cell::Text(tokens)])
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        (0..self.copies.len()).try_for_each(|index| self.send(index))
    }

    fn settle(&mut self, documents: &BTreeMap<String, i64>) -> anyhow::Result<()> {
        self.flush()?;
        for (entity, highest) in documents.iter().filter(|(_, highest)| **highest > 0) {
            let table = search::table_name(entity);
            self.run(&format!("SELECT setval(pg_get_serial_sequence('\"{table}\"', 'doc'), {highest})"))?;
        }
        // What autovacuum would have done long before a company has grown to this size.
        self.run("VACUUM ANALYZE")
    }
}

/// Where the server is, and the database's name.
pub fn database_of(url: &str) -> Option<(String, String)> {
    let (address, name) = url.split('?').next()?.rsplit_once('/')?;
    (!name.is_empty()).then(|| (address.to_owned(), name.to_owned()))
}

fn write(row: &mut String, cell: &Cell<'_>) -> std::fmt::Result {
    match cell {
        Cell::Null => row.push_str("\\N"),
        Cell::Int(number) => write!(row, "{number}")?,
        Cell::Bool(flag) => row.push(if *flag { 't' } else { 'f' }),
        Cell::Text(text) => text.chars().for_each(|letter| match letter {
            '\\' => row.push_str("\\\\"),
            '\t' => row.push_str("\\t"),
            '\n' => row.push_str("\\n"),
            '\r' => row.push_str("\\r"),
            other => row.push(other),
        }),
        Cell::Id(id) => write!(row, "{id}")?,
        Cell::At(at) => row.push_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
        Cell::On(day) => write!(row, "{day}")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_database_stands_last() {
        let url = "postgres://me@host:5432/zhike_bench?sslmode=disable";
        assert_eq!(database_of(url), Some(("postgres://me@host:5432".into(), "zhike_bench".into())));
    }

    #[test]
    fn text_that_looks_like_copys_own_marks_is_kept() {
        let mut row = String::new();
        write(&mut row, &Cell::Text("a\tb\\N\n")).unwrap();
        assert_eq!(row, "a\\tb\\\\N\\n");
    }
}
