//! Tables whose rows a job computes whole: each run writes its own, pages change over when it is complete, then the earlier
//! ones go.

use engine::{
    Actor, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use std::sync::Arc;

/// Rows of a statement; SQLite takes at most some 32,000 values in one.
const BATCH: usize = 1_000;
/// Rows written in one transaction.
const COMMIT: usize = 5_000;
/// Rows deleted in one transaction.
const CLEAR: u64 = 5_000;

pub(crate) struct Runs {
    pub table: &'static str,
    /// Of a row; the first is `run`.
    pub key: &'static [&'static str],
}

impl Runs {
    /// Writes a run; `columns` and `values` are those after `run`. Returns its number, under which its rows are found.
    pub async fn write<T: Send + Sync + 'static>(
        &self,
        engine: &Engine,
        columns: &[&'static str],
        rows: Vec<T>,
        values: impl Fn(&T) -> Vec<Expr> + Copy + Send + Sync + 'static,
    ) -> Result<i64> {
        let largest = Sql::select().expr(Expr::col(name("run")).max()).from(name(self.table)).to_owned();
        let last = engine.fetch(&largest).await?.first().map(|row| row.opt_int(0)).transpose()?.flatten();
        let run = last.unwrap_or(0) + 1;
        let (rows, table) = (Arc::new(rows), self.table);
        let columns: Vec<&'static str> = ["run"].into_iter().chain(columns.iter().copied()).collect();
        let system = Actor::system();
        for from in (0..rows.len()).step_by(COMMIT) {
            let (rows, columns) = (rows.clone(), columns.clone());
            let work = engine.write(&system, move |tx| {
                Box::pin(async move {
                    let until = Ord::min(from + COMMIT, rows.len());
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
                .limit(CLEAR)
                .to_owned();
            let key = Expr::tuple(self.key.iter().map(|column| Expr::col(name(column))));
            let delete =
                Sql::delete().from_table(name(self.table)).and_where(key.in_subquery(old)).to_owned();
            let removed = engine
                .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&delete).await }))
                .await?;
            if removed < CLEAR {
                return Ok(());
            }
        }
    }
}
