//! Where made-up rows go: the two databases behind one face.

use super::cell::Cell;
use meta::Id;
use std::collections::BTreeMap;

/// A prepared insert.
#[derive(Clone, Copy)]
pub struct Insert(pub usize);

/// Inserts of search documents; SQLite keeps the tokens in a table of their own.
pub struct Documents {
    pub document: Insert,
    pub tokens: Option<Insert>,
}

pub trait Sink {
    /// Text without parameters.
    fn run(&mut self, sql: &str) -> anyhow::Result<()>;
    fn prepare(&mut self, table: &str, columns: &[&str]) -> Insert;
    fn insert(&mut self, insert: Insert, cells: &[Cell<'_>]) -> anyhow::Result<()>;
    /// Where the search documents of an entity go.
    fn prepare_documents(&mut self, entity: &str) -> anyhow::Result<Documents>;
    /// A search document; `doc` counts up from 1.
    fn document(&mut self, documents: &Documents, doc: i64, id: Id, tokens: &str) -> anyhow::Result<()>;
    /// Hands everything inserted so far to the database.
    fn flush(&mut self) -> anyhow::Result<()>;
    /// What the database does once in a while by itself, done now; `documents` are the highest of each entity.
    fn settle(&mut self, documents: &BTreeMap<String, i64>) -> anyhow::Result<()>;
}

/// `INSERT INTO "order" ("id", …)` up to where the values begin.
pub fn columns_of(table: &str, columns: &[&str]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    format!("\"{table}\" ({})", quoted.join(", "))
}
