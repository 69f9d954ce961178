//! The words in SQLite's full-text index, read from the index itself: which word stands in which document.

use crate::{Result, db::Conn};
use sea_query::Values;
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
    conn.run(&words)?;
    let list = format!("SELECT term, doc FROM temp.\"words_of_{table}\" WHERE doc > ? AND doc <= ?");
    conn.look_at_each(&list, Values(vec![from.into(), until.into()]), |row, _| {
        let sum = sums.entry(row.get(1)?).or_default();
        *sum = sum.wrapping_add(checksum(row.get_ref(0)?.as_str()?));
        Ok(true)
    })?;
    Ok(sums)
}
