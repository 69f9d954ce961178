//! The rows of the cuts in the database: a run writes its own, pages change over when it is complete.

use super::cuts::{Cells, Key, MEASURES, Measures, REPORT, Report};
use crate::{kept, runs::Runs};
use engine::schema::{ColumnKind, Table};
use engine::{Actor, Engine, Result, sea_query::Expr};
use meta::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

pub const TABLE: &str = "sales_cut";
const RUNS: Runs = Runs { table: TABLE, key: &["run", "cut", "month", "relation", "region", "value"] };
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
    let rows: Vec<(Key, Measures)> = limited(cells).into_iter().collect();
    let columns: Vec<&'static str> = RUNS.key.iter().skip(1).copied().chain(MEASURES).collect();
    let values = |((cut, month, relation, region, value), measures): &(Key, Measures)| {
        let key = [
            (*cut).into(),
            (*month).into(),
            relation.clone().into(),
            region.clone().into(),
            value.clone().into(),
        ];
        key.into_iter().chain(measures.stored().map(Expr::from)).collect()
    };
    let run = RUNS.write(engine, &columns, rows, values).await?;
    report.run = run;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await?;
    RUNS.clear_before(engine, run).await
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
