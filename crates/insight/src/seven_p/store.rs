//! The rows of the cuts in the database: a run writes its own, pages change over when it is complete.

use super::{
    body::Body,
    cells::CutRow,
    cuts::{REPORT, Report},
};
use crate::{kept, runs::Runs};
use engine::schema::{ColumnKind, Table};
use engine::{
    Actor, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use meta::NaiveDate;
use serde::de::DeserializeOwned;

/// Not `sales_cut`: earlier versions have a table of that name with a row for each cell, and the key of a table cannot change.
const TABLE: &str = "sales_cut_cells";
const KEY: [&str; 4] = ["run", "cut", "relation", "region"];
/// Its rows are long: fewer are deleted at once.
const RUNS: Runs = Runs { table: TABLE, key: &KEY, clear: 100 };

pub fn tables() -> Vec<Table> {
    vec![
        Table::new(TABLE, KEY)
            .required("run", ColumnKind::Int)
            .required("cut", ColumnKind::Text)
            // Empty are all of them.
            .required("relation", ColumnKind::Text)
            .required("region", ColumnKind::Text)
            .required("cells", ColumnKind::Text),
    ]
}

/// Writes a run of its own, makes it the one in force, removes the earlier.
pub(super) async fn keep(
    engine: &Engine,
    as_of: NaiveDate,
    rows: Vec<CutRow>,
    mut report: Report,
) -> Result<()> {
    let values = |row: &CutRow| -> Vec<Expr> {
        vec![row.cut.into(), row.relation.clone().into(), row.region.clone().into(), row.cells.clone().into()]
    };
    let columns = ["cut", "relation", "region", "cells"];
    let run = RUNS.write(engine, &columns, rows, |row| row.cells.len(), values).await?;
    report.places_run = run;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await?;
    RUNS.clear_before(engine, run).await
}

/// What a run found of one relation and region; where these are empty, of all.
pub(super) async fn find<T: DeserializeOwned>(
    engine: &Engine,
    run: i64,
    cut: &str,
    (relation, region): (&str, &str),
) -> Result<Option<T>> {
    let [relation, region] = [("relation", relation), ("region", region)].map(is);
    let select = of_cut(run, cut).and_where(relation).and_where(region).to_owned();
    let rows = engine.fetch(&select).await?;
    rows.first().map(|row| Ok(serde_json::from_str(&row.text(0)?)?)).transpose()
}

/// The cells of a cut of each region, of one relation or of all.
pub(super) async fn regions(
    engine: &Engine,
    run: i64,
    cut: &str,
    relation: &str,
) -> Result<Vec<(String, Body)>> {
    each(engine, of_cut(run, cut).and_where(is(("relation", relation))), "region").await
}

/// The same of each relation, of one region or of all.
pub(super) async fn relations(
    engine: &Engine,
    run: i64,
    cut: &str,
    region: &str,
) -> Result<Vec<(String, Body)>> {
    each(engine, of_cut(run, cut).and_where(is(("region", region))), "relation").await
}

async fn each(engine: &Engine, of: &mut SelectStatement, by: &str) -> Result<Vec<(String, Body)>> {
    let select = of.column(name(by)).and_where(is((by, "")).not());
    let rows = engine.fetch(select).await?;
    rows.iter().map(|row| Ok((row.text(1)?, serde_json::from_str(&row.text(0)?)?))).collect()
}

fn is((column, value): (&str, &str)) -> Expr {
    Expr::col(name(column)).eq(value)
}

fn of_cut(run: i64, cut: &str) -> SelectStatement {
    Sql::select()
        .column(name("cells"))
        .from(name(TABLE))
        .and_where(Expr::col(name("run")).eq(run))
        .and_where(Expr::col(name("cut")).eq(cut))
        .to_owned()
}
