//! The rows of the cuts in the database: a run writes its own, pages change over when it is complete.

use super::cuts::{Cells, Key, MEASURES, Measures, REPORT, Report};
use crate::kept;
use engine::schema::{ColumnKind, Table};
use engine::{
    Actor, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::NaiveDate;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub const TABLE: &str = "sales_cut";
const BATCH: usize = 1_000;
const CLEAR: u64 = 5_000;
/// Values of a cut that are kept; the rest is put together as empty.
const VALUES_LIMIT: usize = 2_000;

pub fn tables() -> Vec<Table> {
    let mut table = Table::new(TABLE, ["run", "cut", "month", "relation", "region", "value"]);
    for (column, kind) in [
        ("run", ColumnKind::Int),
        ("cut", ColumnKind::Text),
        ("month", ColumnKind::Date),
        ("relation", ColumnKind::Text),
        ("region", ColumnKind::Text),
        ("value", ColumnKind::Text),
    ] {
        table = table.required(column, kind);
    }
    for column in MEASURES {
        table = table.required(column, ColumnKind::Int);
    }
    vec![table]
}

/// Writes a run of its own, makes it the one in force, removes the earlier.
pub async fn keep(engine: &Engine, as_of: NaiveDate, cells: Cells, mut report: Report) -> Result<()> {
    let largest = Sql::select().expr(Expr::col(name("run")).max()).from(name(TABLE)).to_owned();
    let last = engine.fetch(&largest).await?.first().map(|row| row.opt_int(0)).transpose()?.flatten();
    let run = last.unwrap_or(0) + 1;
    report.run = run;
    let rows: Arc<Vec<(Key, Measures)>> = Arc::new(limited(cells).into_iter().collect());
    for from in (0..rows.len()).step_by(BATCH) {
        let rows = rows.clone();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let mut insert = Sql::insert();
                    let columns = ["run", "cut", "month", "relation", "region", "value"];
                    insert
                        .into_table(name(TABLE))
                        .columns(columns.into_iter().chain(MEASURES).map(name).collect::<Vec<_>>());
                    for ((cut, month, relation, region, value), measures) in
                        rows.iter().skip(from).take(BATCH)
                    {
                        let mut values: Vec<Expr> = vec![
                            run.into(),
                            (*cut).into(),
                            (*month).into(),
                            relation.clone().into(),
                            region.clone().into(),
                            value.clone().into(),
                        ];
                        values.extend(measures.stored().map(Expr::from));
                        insert.values_panic(values);
                    }
                    tx.execute(&insert).await.map(drop)
                })
            })
            .await?;
    }
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await?;
    clear_before(engine, run).await
}

/// Values beyond the limit of a cut are counted as none.
fn limited(cells: Cells) -> Cells {
    let mut sales: BTreeMap<(&'static str, String), i64> = BTreeMap::new();
    for ((cut, _, _, _, value), measures) in &cells {
        *sales.entry((cut, value.clone())).or_default() += measures.sales;
    }
    let mut by_cut: BTreeMap<&'static str, Vec<(i64, String)>> = BTreeMap::new();
    for ((cut, value), sales) in sales {
        by_cut.entry(cut).or_default().push((sales, value));
    }
    let mut dropped = BTreeSet::new();
    for (cut, mut values) in by_cut {
        values.sort_by(|a, b| b.cmp(a));
        dropped.extend(values.into_iter().skip(VALUES_LIMIT).map(|(_, value)| (cut, value)));
    }
    let mut kept = Cells::new();
    for ((cut, month, relation, region, value), measures) in cells {
        let value = if dropped.contains(&(cut, value.clone())) { String::new() } else { value };
        kept.entry((cut, month, relation, region, value)).or_default().add(&measures);
    }
    kept
}

async fn clear_before(engine: &Engine, run: i64) -> Result<()> {
    let key = ["run", "cut", "month", "relation", "region", "value"];
    loop {
        let old = Sql::select()
            .columns(key.map(name))
            .from(name(TABLE))
            .and_where(Expr::col(name("run")).lt(run))
            .limit(CLEAR)
            .to_owned();
        let delete = Sql::delete()
            .from_table(name(TABLE))
            .and_where(Expr::tuple(key.map(|column| Expr::col(name(column)))).in_subquery(old))
            .to_owned();
        let removed = engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&delete).await }))
            .await?;
        if removed < CLEAR {
            return Ok(());
        }
    }
}
