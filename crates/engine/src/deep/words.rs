//! The words in SQLite's full-text index, read from the index itself: which word stands in which document.

use crate::{Result, db::Conn};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// The sum of `checksum` over the words of each document after `from` up to `until`. Streamed: the index of a million
/// names lists tens of millions of words.
pub(super) async fn checksums(
    conn: &mut Conn,
    table: &str,
    from: i64,
    until: i64,
    checksum: fn(&str) -> u64,
) -> Result<HashMap<i64, u64>> {
    let mut sums: HashMap<i64, u64> = HashMap::new();
    let Conn::Sqlite(conn) = conn else { return Ok(sums) };
    let words = format!(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.\"words_of_{table}\" USING fts5vocab(main, \"{table}\", instance)"
    );
    sqlx::query(AssertSqlSafe(words)).execute(&mut *conn).await?;
    let list = format!("SELECT term, doc FROM temp.\"words_of_{table}\" WHERE doc > ? AND doc <= ?");
    let mut rows = sqlx::query(AssertSqlSafe(list)).bind(from).bind(until).fetch(&mut *conn);
    while let Some(row) = rows.try_next().await? {
        let (word, doc): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
        let sum = sums.entry(doc).or_default();
        *sum = sum.wrapping_add(checksum(word));
    }
    Ok(sums)
}
