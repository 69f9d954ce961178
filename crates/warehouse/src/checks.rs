//! Quality checks of the newest files: what is missing, impossible or does not agree with the operational store. Looked at
//! after each refresh and kept beside the manifest.

use crate::{
    Limits, Manifest, Table, query, session,
    storage::{self, Store},
    table::{ColumnKind, Share, Source},
    tables,
};
use engine::{
    Actor, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use meta::{Decimal, Label, MONEY_SCALE, Value, label, unscaled};
use serde::{Deserialize, Serialize};

const FILE: &str = "quality.json";
/// What others have found out about the warehouse; a refresh leaves it.
const NOTED: &str = "quality-noted.json";

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    pub table: String,
    pub name: String,
    pub label: Label,
    /// Rows that are not as they should be, or the difference of a sum.
    pub found: String,
    pub good: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    manifest: u64,
    checks: Vec<Quality>,
}

/// A check of one table as a SELECT of how many rows fail it.
struct Check {
    name: String,
    label: Label,
    sql: String,
}

/// What the last look found, and what others did; empty before the first.
pub(crate) async fn kept(store: &Store) -> Result<Vec<Quality>> {
    let mut checks = vec![];
    for file in [FILE, NOTED] {
        let bytes = storage::read(store, file).await?;
        let kept = bytes.as_deref().map(storage::parsed::<Kept>).transpose()?;
        checks.extend(kept.into_iter().flat_map(|kept| kept.checks));
    }
    Ok(checks)
}

/// Puts checks that somebody else makes into the catalog, in place of those he put there before.
pub async fn note(engine: &Engine, checks: Vec<Quality>) -> Result<()> {
    let manifest = session::newest(engine).await?.manifest.number;
    storage::put(&storage::store(engine)?, NOTED, serde_json::to_vec(&Kept { manifest, checks })?).await
}

pub(crate) async fn look(engine: &Engine, store: &Store, manifest: &Manifest) -> Result<()> {
    let tables = tables(engine.registry());
    let mut checks = vec![];
    for table in tables.iter().filter(|table| table.shares.is_some()) {
        let today = engine.clock().now().with_timezone(&engine.time_zone().await?).date_naive();
        for check in of_fact(table, &tables, &today.to_string()) {
            let found = one(engine, &check.sql).await?.as_int().unwrap_or(0);
            checks.push(Quality {
                table: table.name.clone(),
                name: check.name,
                label: check.label,
                found: found.to_string(),
                good: found == 0,
            });
        }
        checks.extend(sum_of(engine, table, manifest).await?);
    }
    storage::put(store, FILE, serde_json::to_vec(&Kept { manifest: manifest.number, checks })?).await
}

async fn one(engine: &Engine, sql: &str) -> Result<Value> {
    let answer = query(engine, &Actor::system(), sql, Limits::PAGE).await?;
    let first = answer.values().next().transpose()?;
    Ok(first.and_then(|row| row.into_iter().next()).unwrap_or_default())
}

fn of_fact(fact: &Table, tables: &[Table], today: &str) -> Vec<Check> {
    let count = |condition: &str| format!("SELECT count(*) FROM {} f WHERE {condition}", fact.name);
    let mut checks = vec![
        Check {
            name: "negative_quantity".into(),
            label: label("Lines with a quantity below zero", "数量为负的行"),
            sql: count("f.quantity < 0"),
        },
        Check {
            name: "future_day".into(),
            label: label("Lines dated in the future", "日期在未来的行"),
            sql: count(&format!("f.\"day\" > DATE '{today}'")),
        },
        Check {
            name: "no_day".into(),
            label: label("Lines without a day", "没有日期的行"),
            sql: count("f.\"day\" IS NULL"),
        },
    ];
    let keys = fact.columns.iter().filter(|column| column.kind == ColumnKind::Key);
    for column in keys {
        let target = column.target.as_deref().unwrap_or_default();
        if !tables.iter().any(|table| table.name == target) {
            continue;
        }
        checks.push(Check {
            name: format!("unknown_{}", column.name.trim_end_matches("_key")),
            label: label(
                format!("Lines whose “{}” is deleted", column.label.en),
                format!("“{}”已被删除的行", column.label.zh),
            ),
            sql: format!(
                "SELECT count(*) FROM {} f LEFT ANTI JOIN \"{target}\" t ON t.\"key\" = f.\"{}\" WHERE f.\"{}\" IS NOT NULL",
                fact.name, column.name, column.name
            ),
        });
    }
    checks
}

/// Whether the sum over the fact is the sum over the documents; nothing can be said while records have moved on.
async fn sum_of(engine: &Engine, fact: &Table, manifest: &Manifest) -> Result<Option<Quality>> {
    let net = fact.columns.iter().find(|column| column.source == Source::Share(Share::Net));
    let (Some(net), Some((field, values))) = (net, &fact.only) else { return Ok(None) };
    let Some((_, base)) = &net.origin else { return Ok(None) };
    // Documents without lines are no facts and sum to nothing.
    let select = Sql::select()
        .expr(Func::sum(Expr::col(name(base))).cast_as(name("bigint")))
        .from(name(&fact.head))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name(field)).is_in(values.clone()))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    let stored = rows.first().map(|row| row.opt_int(0)).transpose()?.flatten().unwrap_or(0);
    if engine.last_change().await? != manifest.position {
        return Ok(None);
    }
    let sum = one(engine, &format!("SELECT coalesce(sum({}), 0) FROM {}", net.name, fact.name)).await?;
    let difference = sum.as_decimal().unwrap_or_default() - unscaled(stored, MONEY_SCALE);
    Ok(Some(Quality {
        table: fact.name.clone(),
        name: "sum".into(),
        label: label("Difference of the net amount from the documents", "净额与业务单据合计的差额"),
        found: difference.normalize().to_string(),
        good: difference == Decimal::ZERO,
    }))
}
