//! Statements over many records, in few sizes. A connection remembers the statements it has parsed; one for each number of
//! records would be parsed anew every time and fill its memory with hundreds of long programs nobody asks for again.

use crate::{Dialect, Result, db::Conn};
use sea_query::{Value as Bound, Values};

/// SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535.
const PARAMETERS_LIMIT: usize = 30_000;
const ROWS_LIMIT: usize = 256;

/// How many of `rows` rows go into the next statement.
pub(crate) fn piece(rows: usize, columns: usize) -> usize {
    let most = (PARAMETERS_LIMIT / columns.max(1)).clamp(1, ROWS_LIMIT);
    1 << rows.min(most).max(1).ilog2()
}

/// `items` in such pieces.
pub(crate) fn pieces<T>(mut items: &[T], columns: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let (piece, rest) = items.split_at(piece(items.len(), columns).min(items.len()));
        items = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The values of an `IN (…)`, the last one repeated up to one of few lengths.
pub fn among<T: Clone>(values: &[T]) -> impl Iterator<Item = T> + '_ {
    let length = if values.is_empty() { 0 } else { values.len().next_power_of_two() };
    values.iter().chain(values.iter().next_back().into_iter().cycle()).take(length).cloned()
}

impl Conn {
    /// Inserts rows of `columns`; `values` are theirs, row after row. After an error the transaction must end: some
    /// of the rows may be there.
    pub(crate) async fn insert_rows(
        &mut self,
        table: &str,
        columns: &[&str],
        values: Vec<Bound>,
    ) -> Result<()> {
        let mut left = values.len() / columns.len();
        let mut values = values.into_iter();
        while left > 0 {
            let rows = piece(left, columns.len());
            let sql = insert_text(table, columns, rows, self.dialect());
            let mut bound = Vec::with_capacity(rows * columns.len());
            bound.extend(values.by_ref().take(rows * columns.len()));
            self.execute_text(sql, Values(bound)).await?;
            left -= rows;
        }
        Ok(())
    }
}

/// By hand and not by sea-query, which builds a tree of every value on the way.
fn insert_text(table: &str, columns: &[&str], rows: usize, dialect: Dialect) -> String {
    // SQLite keeps copies of the pages a statement changes to undo it alone; nobody here goes on after an error.
    let verb = if dialect == Dialect::Sqlite { "INSERT OR FAIL" } else { "INSERT" };
    let mut sql = format!("{verb} INTO \"{table}\" (\"{}\") VALUES ", columns.join("\", \""));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { "), (" });
        for column in 0..columns.len() {
            sql.push_str(if column == 0 { "" } else { ", " });
            match dialect {
                Dialect::Sqlite => sql.push('?'),
                Dialect::Postgres => {
                    sql.push('$');
                    sql.push_str(&(row * columns.len() + column + 1).to_string());
                }
            }
        }
    }
    sql.push(')');
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_falls_into_few_sizes() {
        let rows: Vec<usize> = (0..1_000).collect();
        let sizes: Vec<usize> = pieces(&rows, 18).map(<[usize]>::len).collect();
        assert_eq!(sizes, [256, 256, 256, 128, 64, 32, 8]);
        assert_eq!(pieces(&rows, 18).flatten().copied().collect::<Vec<_>>(), rows);
        assert!(pieces(&rows, 900).all(|piece| piece.len() * 900 <= PARAMETERS_LIMIT));
        assert_eq!(pieces::<usize>(&[], 3).count(), 0);
    }

    #[test]
    fn a_list_is_filled_up_with_its_last_value() {
        assert_eq!(among(&[1, 2, 3, 4, 5]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 5, 5, 5]);
        assert_eq!(among(&[7]).collect::<Vec<_>>(), [7]);
        assert_eq!(among::<i64>(&[]).count(), 0);
    }

    #[test]
    fn each_database_names_parameters_in_its_way() {
        let columns = ["id", "name"];
        assert_eq!(
            insert_text("order", &columns, 2, Dialect::Sqlite),
            "INSERT OR FAIL INTO \"order\" (\"id\", \"name\") VALUES (?, ?), (?, ?)"
        );
        assert_eq!(
            insert_text("order", &columns, 2, Dialect::Postgres),
            "INSERT INTO \"order\" (\"id\", \"name\") VALUES ($1, $2), ($3, $4)"
        );
    }
}
