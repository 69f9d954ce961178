//! Tables whose rows a job computes whole: each run writes its own, pages change over when it is complete, then the earlier
//! ones go.

use engine::{
    Actor, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use std::sync::Arc;

/// Rows of a statement; SQLite takes at most some 32,000 values in one.
const BATCH: usize = 1_000;
/// Rows written in one transaction, and bytes of long rows after which it ends before: nobody else writes meanwhile.
const COMMIT: usize = 5_000;
const COMMIT_BYTES: usize = 2 << 20;

pub(crate) struct Runs {
    pub table: &'static str,
    /// Of a row; the first is `run`.
    pub key: &'static [&'static str],
    /// Rows deleted in one transaction.
    pub clear: u64,
}

impl Runs {
    /// Writes a run; `columns` and `values` are those after `run`, `bytes` about how long a row is. Returns its number, under
    /// which its rows are found.
    pub async fn write<T: Send + Sync + 'static>(
        &self,
        engine: &Engine,
        columns: &[&'static str],
        rows: Vec<T>,
        bytes: fn(&T) -> usize,
        values: impl Fn(&T) -> Vec<Expr> + Copy + Send + Sync + 'static,
    ) -> Result<i64> {
        let largest = Sql::select().expr(Expr::col(name("run")).max()).from(name(self.table)).to_owned();
        let last = engine.fetch(&largest).await?.first().map(|row| row.opt_int(0)).transpose()?.flatten();
        let run = last.unwrap_or(0) + 1;
        let (rows, table) = (Arc::new(rows), self.table);
        let columns: Vec<&'static str> = ["run"].into_iter().chain(columns.iter().copied()).collect();
        let system = Actor::system();
        let mut from = 0;
        while from < rows.len() {
            let until = from + together(&rows[from..], bytes);
            let (rows, columns) = (rows.clone(), columns.clone());
            let work = engine.write(&system, move |tx| {
                Box::pin(async move {
                    for batch in rows[from..until].chunks(BATCH) {
                        let mut insert = Sql::insert();
                        insert.into_table(name(table)).columns(columns.iter().copied().map(name));
                        for row in batch {
                            insert.values_panic([run.into()].into_iter().chain(values(row)));
                        }
                        tx.execute(&insert).await?;
                    }
                    Ok(())
                })
            });
            work.await?;
            from = until;
        }
        Ok(run)
    }

    /// Removes what earlier runs left.
    pub async fn clear_before(&self, engine: &Engine, run: i64) -> Result<()> {
        loop {
            let old = Sql::select()
                .columns(self.key.iter().map(|column| name(column)))
                .from(name(self.table))
                .and_where(Expr::col(name("run")).lt(run))
                .limit(self.clear)
                .to_owned();
            let key = Expr::tuple(self.key.iter().map(|column| Expr::col(name(column))));
            let delete =
                Sql::delete().from_table(name(self.table)).and_where(key.in_subquery(old)).to_owned();
            let removed = engine
                .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&delete).await }))
                .await?;
            if removed < self.clear {
                return Ok(());
            }
        }
    }
}

/// How many of the rows, one at least, are written in one transaction.
fn together<T>(rows: &[T], bytes: fn(&T) -> usize) -> usize {
    let mut sum = 0;
    let fitting = rows.iter().take(COMMIT).take_while(|row| {
        sum += bytes(row);
        sum <= COMMIT_BYTES
    });
    Ord::max(fitting.count(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_ends_after_so_many_rows_or_bytes() {
        let long = COMMIT_BYTES / 2;
        let bytes = |row: &usize| *row;
        assert_eq!(together(&vec![0; COMMIT + 1], bytes), COMMIT);
        assert_eq!(together(&[long, long, 1], bytes), 2);
        assert_eq!(together(&[COMMIT_BYTES + 1, 1], bytes), 1, "a row is never too long");
        assert_eq!(together(&[1, 2], bytes), 2);
    }
}
