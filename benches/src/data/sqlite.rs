//! Rows into SQLite: one connection, prepared statements, one transaction without a journal. A killed run leaves a file that
//! is thrown away, so nothing waits for the disk.

use super::{
    cell::Cell,
    sink::{Documents, Insert, Sink, columns_of},
};
use anyhow::Context;
use chrono::SecondsFormat;
use engine::search;
use meta::Id;
use rusqlite::{
    Connection, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};
use std::{collections::BTreeMap, path::Path, time::Duration};

const STATEMENTS: usize = 64;
/// The full-text index sorts this much in memory before it writes a segment; its own default is 1 MiB.
const LOADING_HASH_BYTES: i64 = 128 << 20;
const OWN_HASH_BYTES: i64 = 1 << 20;

pub struct Sqlite {
    connection: Connection,
    inserts: Vec<String>,
    /// Full-text indexes written to.
    filled: Vec<String>,
}

impl Sqlite {
    pub fn open(folder: &Path) -> anyhow::Result<Sqlite> {
        let file = folder.join("zhike.db");
        let connection =
            Connection::open(&file).with_context(|| format!("cannot open {}", file.display()))?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -1000000; PRAGMA threads = 2; PRAGMA temp_store = FILE;",
        )?;
        connection.execute_batch("BEGIN")?;
        Ok(Sqlite { connection, inserts: vec![], filled: vec![] })
    }
}

fn hash_size(index: &str, bytes: i64) -> String {
    format!("INSERT INTO \"{index}\"(\"{index}\", rank) VALUES('hashsize', {bytes})")
}

impl Sink for Sqlite {
    fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        self.connection.execute_batch(sql).with_context(|| sql.to_owned())
    }

    fn prepare(&mut self, table: &str, columns: &[&str]) -> Insert {
        let places = vec!["?"; columns.len()].join(", ");
        self.inserts.push(format!("INSERT INTO {} VALUES ({places})", columns_of(table, columns)));
        Insert(self.inserts.len() - 1)
    }

    fn insert(&mut self, insert: Insert, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        let sql = &self.inserts[insert.0];
        let mut statement = self.connection.prepare_cached(sql)?;
        for (index, cell) in cells.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, cell)?;
        }
        statement.raw_execute().with_context(|| format!("{sql} {cells:?}"))?;
        Ok(())
    }

    fn prepare_documents(&mut self, entity: &str) -> anyhow::Result<Documents> {
        let index = search::tokens_table_name(entity);
        self.run(&hash_size(&index, LOADING_HASH_BYTES))?;
        let document = self.prepare(&search::table_name(entity), &["doc", "record_id"]);
        let tokens = self.prepare(&index, &["rowid", "tokens"]);
        self.filled.push(index);
        Ok(Documents { document, tokens: Some(tokens) })
    }

    fn document(&mut self, documents: &Documents, doc: i64, id: Id, tokens: &str) -> anyhow::Result<()> {
        self.insert(documents.document, &[Cell::Int(doc), Cell::Id(id)])?;
        match documents.tokens {
            Some(insert) => self.insert(insert, &[Cell::Int(doc), Cell::Text(tokens)]),
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.run("COMMIT; BEGIN")
    }

    fn settle(&mut self, _: &BTreeMap<String, i64>) -> anyhow::Result<()> {
        self.run("COMMIT")?;
        for index in std::mem::take(&mut self.filled) {
            self.run(&hash_size(&index, OWN_HASH_BYTES))?;
        }
        self.run("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL")
    }
}

/// As sqlx writes them.
impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Bool(flag) => ToSqlOutput::Owned(Value::Integer(i64::from(*flag))),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Cell::At(at) => ToSqlOutput::Owned(Value::Text(at.to_rfc3339_opts(SecondsFormat::AutoSi, false))),
            Cell::On(day) => ToSqlOutput::Owned(Value::Text(day.to_string())),
        })
    }
}
