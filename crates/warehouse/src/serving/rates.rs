//! The company's rates of what serving costs, and what a change of them reaches.

use super::Effort;
use crate::{
    changed::{NAMED_LIMIT, Touched},
    table::Table,
};
use engine::{
    Engine, Result, Row, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
};
use meta::{DateTime, Utc};
use value::service_cost::{Driver, Rate, Rates, SHARE_SCALE};

pub const ENTITY: &str = "cost_rate";
/// More rates than this are not read, the oldest first.
const LIMIT: u64 = 1_000;
/// Shares are stored as ten-thousandths.
const SHARE_UNIT: i64 = SHARE_SCALE / 10_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What [`read`] reads.
pub fn select() -> SelectStatement {
    Sql::select()
        .columns(["driver", "valid_from", "amount", "amount_per_minute", "share_of_sales"].map(name))
        .from(name(ENTITY))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .order_by(name("id"), Order::Desc)
        .limit(LIMIT)
        .to_owned()
}

pub fn read(rows: &[Row]) -> Result<Rates> {
    let mut rates = vec![];
    for row in rows.iter().rev() {
        let Some(driver) = Driver::named(&row.text(0)?) else { continue };
        let rate = Rate {
            from_day: crate::column::day_number(row.date(1)?),
            piece: row.opt_int(2)?.unwrap_or(0),
            minute: row.opt_int(3)?.unwrap_or(0),
            share: row.opt_int(4)?.unwrap_or(0).saturating_mul(SHARE_UNIT),
        };
        rates.push((driver, rate));
    }
    Ok(Rates::of(rates))
}

/// None where no module has them.
pub(crate) async fn load(engine: &Engine) -> Result<Rates> {
    match engine.entity(ENTITY) {
        Ok(_) => read(&engine.fetch(&select()).await?),
        Err(_) => Ok(Rates::default()),
    }
}

/// The heads of a table that cost otherwise by the new rates.
pub(crate) async fn recharged(
    engine: &Engine,
    table: &Table,
    effort: &Effort,
    old: &Rates,
    new: &Rates,
) -> Result<Touched> {
    // Without any rate there are no costs, not costs of nothing.
    if old.is_empty() != new.is_empty() {
        return Ok(Touched::All);
    }
    let mut touched = Touched::nothing();
    let Some((first, end)) = old.differing_days(new, &effort.drivers()) else { return Ok(touched) };
    let Some(at) = table.inputs.get(effort.at()).map(|input| name(&input.field)) else { return Ok(touched) };
    let mut select = Sql::select();
    select.column(name("id")).from(name(&table.head)).limit(NAMED_LIMIT as u64 + 1);
    // A day more on both sides: no zone is further from UTC.
    if let Some(from) = midnight(first - 1) {
        select.and_where(Expr::col(at.clone()).gte(from));
    }
    if let Some(until) = end.and_then(|end| midnight(end + 1)) {
        select.and_where(Expr::col(at).lt(until));
    }
    let rows = engine.fetch(&select).await?;
    touched.add(rows.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?);
    Ok(touched)
}

/// The beginning of a day in UTC.
fn midnight(day: i32) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::from(day) * DAY_SECONDS, 0)
}
