//! DDL text for each database.

use super::{Column, ColumnKind, Index, Step, Table};
use crate::Dialect;

/// The statements that carry out `step`; identifiers are ours (entity and field names), always quoted.
pub fn ddl(step: &Step, dialect: Dialect) -> Vec<String> {
    match step {
        Step::CreateTable(table) => create_table(table, dialect),
        Step::AddColumn { table, column } => column_type(column, dialect)
            .map(|kind| vec![format!("ALTER TABLE \"{table}\" ADD COLUMN \"{}\" {kind}", column.name)])
            .unwrap_or_default(),
        Step::CreateIndex { table, index } => vec![create_index(table, index, dialect)],
        Step::DropIndex { index } => vec![format!("DROP INDEX IF EXISTS \"{index}\"")],
        Step::Fill { table, entity, columns } => {
            let (mut joins, mut read, mut filled) = (String::new(), vec![], vec![]);
            for (from, column) in columns {
                let join = format!(" LEFT JOIN \"{from}\" ON \"{from}\".\"id\" = \"{entity}\".\"id\"");
                if from != entity && !joins.contains(&join) {
                    joins.push_str(&join);
                }
                read.push(format!("\"{from}\".\"{column}\""));
                filled.push(column.clone());
            }
            vec![format!(
                "INSERT INTO \"{table}\" ({}) SELECT {} FROM \"{entity}\"{joins} WHERE \"{entity}\".\"deleted_at\" IS NULL",
                quoted(&filled),
                read.join(", ")
            )]
        }
    }
}

fn create_table(table: &Table, dialect: Dialect) -> Vec<String> {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .filter_map(|column| {
            let kind = column_type(column, dialect)?;
            let null = if column.required && column.kind != ColumnKind::Serial { " NOT NULL" } else { "" };
            Some(format!("  \"{}\" {kind}{null}", column.name))
        })
        .collect();
    let serial = table.columns.iter().any(|column| column.kind == ColumnKind::Serial);
    if !(serial && dialect == Dialect::Sqlite) {
        lines.push(format!("  PRIMARY KEY ({})", quoted(&table.key)));
    }
    // UUIDv7 keys arrive in order, so a SQLite table clustered by its key keeps one B-tree less.
    let suffix = if serial || dialect == Dialect::Postgres { "" } else { " WITHOUT ROWID" };
    let mut statements = vec![format!("CREATE TABLE \"{}\" (\n{}\n){suffix}", table.name, lines.join(",\n"))];
    if table.columns.iter().any(|column| column.kind == ColumnKind::Tokens) {
        statements.push(token_index(&table.name, dialect));
    }
    statements.extend(table.indexes.iter().map(|index| create_index(&table.name, index, dialect)));
    statements
}

fn token_index(table: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!(
            "CREATE VIRTUAL TABLE \"{table}_tokens\" USING fts5(tokens, content='', contentless_delete=1, \
             detail=none, prefix='1 2 3', tokenize=\"unicode61 remove_diacritics 0\")"
        ),
        Dialect::Postgres => {
            format!("CREATE INDEX \"i_{table}__tokens\" ON \"{table}\" USING gin (\"tokens\")")
        }
    }
}

/// SQLite sorts NULL first; PostgreSQL's indexes are told to do the same so that one query pages alike on both.
fn create_index(table: &str, index: &Index, dialect: Dialect) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let only = match (index.live, index.deleted) {
        (true, _) => " WHERE \"deleted_at\" IS NULL",
        (_, true) => " WHERE \"deleted_at\" IS NOT NULL",
        (false, false) => "",
    };
    // SQLite reads the record to see that it is not deleted, although the index has no others, unless the index says so too.
    let own = index.live && !index.unique && dialect == Dialect::Sqlite;
    let alive = ["id", "deleted_at"]
        .into_iter()
        .filter(|name| own && !index.columns.iter().any(|column| column == name));
    let carried = index.carried.iter().map(String::as_str).filter(|_| dialect == Dialect::Sqlite);
    let columns: Vec<String> = index
        .columns
        .iter()
        .map(String::as_str)
        .chain(alive)
        .chain(carried)
        .map(|column| match dialect {
            Dialect::Sqlite => format!("\"{column}\""),
            Dialect::Postgres => format!("\"{column}\" NULLS FIRST"),
        })
        .collect();
    format!("CREATE {unique}INDEX \"{}\" ON \"{table}\" ({}){only}", index.name, columns.join(", "))
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

/// `None` where the database has no such column.
fn column_type(column: &Column, dialect: Dialect) -> Option<&'static str> {
    use ColumnKind::*;
    Some(match (dialect, column.kind) {
        (Dialect::Sqlite, Tokens | Transaction) => return None,
        (Dialect::Sqlite, Id | Bytes) => "BLOB",
        (Dialect::Sqlite, Int) => "INTEGER",
        (Dialect::Sqlite, Serial) => "INTEGER PRIMARY KEY AUTOINCREMENT",
        (Dialect::Sqlite, Bool) => "BOOLEAN",
        (Dialect::Sqlite, Real) => "REAL",
        (Dialect::Sqlite, Text) => "TEXT",
        (Dialect::Sqlite, Date) => "DATE",
        (Dialect::Sqlite, Instant) => "DATETIME",
        (Dialect::Postgres, Id) => "UUID",
        (Dialect::Postgres, Bytes) => "BYTEA",
        (Dialect::Postgres, Int) => "BIGINT",
        (Dialect::Postgres, Serial) => "BIGSERIAL",
        (Dialect::Postgres, Bool) => "BOOLEAN",
        (Dialect::Postgres, Real) => "DOUBLE PRECISION",
        // Byte order, as in SQLite, so that both databases sort and compare alike.
        (Dialect::Postgres, Text) => "TEXT COLLATE \"C\"",
        (Dialect::Postgres, Date) => "DATE",
        (Dialect::Postgres, Instant) => "TIMESTAMPTZ",
        (Dialect::Postgres, Tokens) => "TSVECTOR",
        (Dialect::Postgres, Transaction) => "XID8 DEFAULT pg_current_xact_id()",
    })
}
