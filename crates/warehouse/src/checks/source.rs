//! Tables against the operational store: the same rows, each once, and the same sums.

use super::{Quality, first};
use crate::{
    Manifest, Table,
    lower::quoted,
    read,
    table::{Share, Source},
};
use engine::{
    Engine, Result, name,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use meta::{DateTime, Decimal, Id, MONEY_SCALE, Utc, Value, label, unscaled};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(super) const NAME: &str = "rows";
/// Rows held against the store after one refresh, so that it takes no more than a second of the largest company's night: what is
/// new goes first, and then what was compared longest ago.
pub(super) const BUDGET: u64 = 500_000;

/// Neighbouring files, as they were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Compared {
    files: Vec<String>,
    /// Rows in the files, and in the store.
    rows: u64,
    stored: u64,
    /// Rows in the files whose record stands there once more.
    twice: u64,
    manifest: u64,
}

/// Neighbouring files to compare.
struct Stretch {
    files: Vec<String>,
    rows: u64,
    from: Id,
    until: Option<Id>,
}

/// What is known by now of the table's files.
pub(super) async fn compare(
    engine: &Engine,
    table: &Table,
    manifest: &Manifest,
    known: Vec<Compared>,
    budget: &mut u64,
) -> Result<Vec<Compared>> {
    let Some(kept) = manifest.tables.get(&table.name) else { return Ok(vec![]) };
    let here: BTreeSet<&str> = kept.segments.iter().map(|segment| segment.file.as_str()).collect();
    let mut known: Vec<Compared> =
        known.into_iter().filter(|one| one.files.iter().all(|file| here.contains(file.as_str()))).collect();
    let told: BTreeSet<&str> = known.iter().flat_map(|one| &one.files).map(String::as_str).collect();
    let new = |file: &str| !told.contains(file);
    let mut wanted = stretches(kept, new, *budget);
    if wanted.is_empty()
        && let Some(oldest) = known.iter().min_by_key(|one| one.manifest).cloned()
        && oldest.manifest < manifest.number
    {
        wanted = stretches(kept, |file| oldest.files.iter().any(|known| known == file), *budget);
    }
    for stretch in wanted {
        if stretch.rows > *budget {
            break;
        }
        let found = of_stretch(engine, table, manifest, stretch).await?;
        let Some(found) = found else { break };
        *budget = budget.saturating_sub(found.rows);
        known.retain(|one| !one.files.iter().any(|file| found.files.contains(file)));
        known.push(found);
    }
    Ok(known)
}

/// The files that are wanted, neighbours together as far as the budget goes.
fn stretches(kept: &crate::manifest::Kept, wanted: impl Fn(&str) -> bool, budget: u64) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = vec![];
    let mut open = false;
    for (at, segment) in kept.segments.iter().enumerate() {
        if !wanted(&segment.file) {
            open = false;
            continue;
        }
        let until = kept.segments.get(at + 1).map(|next| next.from);
        match found.last_mut().filter(|last| open && last.rows + segment.rows <= budget) {
            Some(last) => {
                last.files.push(segment.file.clone());
                last.rows += segment.rows;
                last.until = until;
            }
            None => {
                let from = if at == 0 { Id::nil() } else { segment.from };
                found.push(Stretch { files: vec![segment.file.clone()], rows: segment.rows, from, until });
            }
        }
        open = true;
    }
    found
}

/// Nothing can be said while records have moved on.
async fn of_stretch(
    engine: &Engine,
    table: &Table,
    manifest: &Manifest,
    stretch: Stretch,
) -> Result<Option<Compared>> {
    let Stretch { files, rows, from, until } = stretch;
    let stored = engine.fetch(&read::count(table, from, until)).await?;
    let stored = stored.first().map(|row| row.int(0)).transpose()?.unwrap_or(0);
    let twice = match own_id(table) {
        Some(id) => {
            let head = quoted(&table.head_column);
            let until = until.map(|until| format!(" AND {head} < id('{until}')")).unwrap_or_default();
            let sql = format!(
                "SELECT coalesce(sum(times - 1), 0) FROM \
                 (SELECT count(*) AS times FROM {} WHERE {head} >= id('{from}'){until} GROUP BY {})",
                quoted(&table.name),
                quoted(id),
            );
            let found = first(engine, &sql).await?;
            found.first().and_then(Value::as_int).and_then(|twice| u64::try_from(twice).ok()).unwrap_or(0)
        }
        None => 0,
    };
    if engine.last_change().await? != manifest.position {
        return Ok(None);
    }
    let stored = u64::try_from(stored).unwrap_or(0);
    Ok(Some(Compared { files, rows, stored, twice, manifest: manifest.number }))
}

/// The column with the id of what a row is, if it has one of its own.
fn own_id(table: &Table) -> Option<&str> {
    let heads = table.line.is_none() && table.beside.as_ref().is_none_or(|beside| beside.then_by.is_none());
    let own = if heads { table.column(&table.head_column) } else { table.column("id") };
    own.map(|column| column.name.as_str())
}

/// How many rows differ, in what was compared so far.
pub(super) fn check(
    table: &Table,
    manifest: &Manifest,
    compared: &[Compared],
    now: DateTime<Utc>,
) -> Option<Quality> {
    manifest.tables.get(&table.name)?;
    let rows: u64 = compared.iter().map(|one| one.rows).sum();
    let whole = manifest.tables.get(&table.name).map_or(0, crate::manifest::Kept::rows);
    if rows == 0 && whole > 0 {
        return None;
    }
    let differ = compared.iter().map(|one| Ord::max(one.rows.abs_diff(one.stored), one.twice)).sum();
    let quality = Quality::of_rows(
        &table.name,
        NAME,
        label(
            "Rows missing, too many or twice, compared with the business records",
            "与业务记录相比缺失、多余或重复的行",
        ),
        differ,
    );
    Some(Quality { cases: Some(rows), looked_at: Some(now), ..quality })
}

/// Whether the sum over the fact is the sum over the documents.
#[derive(Debug, PartialEq)]
pub(super) enum Sum {
    /// The table has none.
    None,
    /// Nothing can be said while records have moved on.
    Moved,
    Found(Box<Quality>),
}

pub(super) async fn sum_of(engine: &Engine, fact: &Table, manifest: &Manifest) -> Result<Sum> {
    let net = fact.columns.iter().find(|column| column.source == Source::Share(Share::Net));
    let (Some(net), Some((field, values))) = (net, &fact.only) else { return Ok(Sum::None) };
    let Some((_, base)) = &net.origin else { return Ok(Sum::None) };
    // Documents without lines are no facts and sum to nothing. Hidden from its index, the field is read in one walk of another that has
    // all of these columns: by its own, SQLite looks each document up.
    let hidden = Func::coalesce([Expr::col(name(field)), Expr::val("")]);
    let select = Sql::select()
        .expr(Func::sum(Expr::col(name(base))).cast_as(name("bigint")))
        .from(name(&fact.head))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::expr(hidden).is_in(values.clone()))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    let stored = rows.first().map(|row| row.opt_int(0)).transpose()?.flatten().unwrap_or(0);
    if engine.last_change().await? != manifest.position {
        return Ok(Sum::Moved);
    }
    let (net, table, head) = (quoted(&net.name), quoted(&fact.name), quoted(&fact.head));
    let sum = first(engine, &format!("SELECT coalesce(sum({net}), 0) FROM {table}")).await?;
    let sum = sum.first().and_then(Value::as_decimal).unwrap_or_default();
    let difference = sum - unscaled(stored, MONEY_SCALE);
    let document = quoted(&fact.head_column);
    let rows_sql = format!(
        "SELECT h.\"id\", h.{base} AS document, sum(f.{net}) AS lines FROM {table} f JOIN {head} h ON h.\"id\" = f.{document} \
         GROUP BY h.\"id\", h.{base} HAVING sum(f.{net}) <> h.{base}",
        base = quoted(base)
    );
    Ok(Sum::Found(Box::new(Quality {
        found: difference.normalize().to_string(),
        good: difference == Decimal::ZERO,
        cases: manifest.tables.get(&fact.name).map(crate::manifest::Kept::rows),
        rows_sql: Some(rows_sql),
        ..Quality::of_rows(
            &fact.name,
            "sum",
            label("Difference of the net amount from the documents", "净额与业务单据合计的差额"),
            0,
        )
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Segment, manifest::Kept};

    fn kept(rows: &[u64]) -> Kept {
        let segment = |(at, rows): (usize, &u64)| Segment {
            from: Id::from_u128(at as u128 * 10),
            file: format!("f{at}"),
            rows: *rows,
            bytes: 1,
        };
        Kept { segments: rows.iter().enumerate().map(segment).collect(), ..Kept::default() }
    }

    #[test]
    fn neighbours_are_compared_together_as_far_as_the_budget_goes() {
        let found = |wanted: &[&str], budget| -> Vec<(u128, Option<u128>, u64)> {
            let all = stretches(&kept(&[4, 3, 5, 2]), |file| wanted.contains(&file), budget);
            all.into_iter()
                .map(|one| (one.from.as_u128(), one.until.map(|id| id.as_u128()), one.rows))
                .collect()
        };
        assert_eq!(found(&["f0", "f1", "f3"], 100), [(0, Some(20), 7), (30, None, 2)]);
        assert_eq!(found(&["f0", "f1", "f2", "f3"], 8), [(0, Some(20), 7), (20, None, 7)]);
        assert_eq!(found(&[], 8), []);
    }
}
