//! The rates there are, read once and not for every customer.

use super::{DRIVERS, ENTITY};
use crate::settings::day_number;
use engine::{
    Engine, Recent, Result, Row, Tx, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
};
use std::sync::Arc;
use value::service_cost::{Rate, Rates, SHARE_SCALE};

/// More rates than this are not read, the oldest first.
const LIMIT: u64 = 1_000;

#[derive(Default)]
struct Known(Recent<(), Arc<Rates>>);

pub async fn load(engine: &Engine) -> Result<Arc<Rates>> {
    let (known, version) = (engine.extension::<Known>(), engine.changes_to(ENTITY));
    if let Some(rates) = known.0.get(&(), version) {
        return Ok(rates);
    }
    let rates = read(&engine.fetch(&select()).await?)?;
    known.0.put((), version, rates.clone());
    Ok(rates)
}

pub async fn load_in(tx: &mut Tx) -> Result<Arc<Rates>> {
    read(&tx.fetch(&select()).await?)
}

fn select() -> SelectStatement {
    Sql::select()
        .columns(["driver", "valid_from", "amount", "amount_per_minute", "share_of_sales"].map(name))
        .from(name(ENTITY))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .order_by(name("id"), Order::Desc)
        .limit(LIMIT)
        .to_owned()
}

fn read(rows: &[Row]) -> Result<Arc<Rates>> {
    // Shares are stored as ten-thousandths.
    let share_unit = SHARE_SCALE / value::money::SCALE;
    let mut rates = vec![];
    for row in rows.iter().rev() {
        let driver = row.text(0)?;
        let Some((_, driver)) = DRIVERS.iter().find(|(known, _)| *known == driver) else { continue };
        let rate = Rate {
            from_day: day_number(row.date(1)?),
            piece: row.opt_int(2)?.unwrap_or(0),
            minute: row.opt_int(3)?.unwrap_or(0),
            share: row.opt_int(4)?.unwrap_or(0).saturating_mul(share_unit),
        };
        rates.push((*driver, rate));
    }
    Ok(Arc::new(Rates::of(rates)))
}
