//! A group of customers shrinks, or a region sells less: the last 13 weeks against the same ones a year ago, and only where the
//! difference is more than chance.

use super::{
    raise::Raised,
    rule::{AlarmSettings, Rule},
    signal::Signal,
};
use crate::{
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Engine, Registry, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql, SelectStatement},
};
use meta::{DateTime, Id, Utc};
use std::collections::{BTreeMap, BTreeSet};
use value::change::Change;

const PERIOD_DAYS: i32 = 13 * 7;
const YEAR_DAYS: i32 = 52 * 7;
/// Smaller groups tell nothing.
const BUYERS_MINIMUM: usize = 10;

/// What a customer belongs to.
const GROUPS: [&str; 2] = ["relation", "industry"];
const REGIONS: [&str; 2] = ["country", "province"];

/// Of one group or region: who bought and for how much, last year and this.
#[derive(Default)]
struct Seen {
    buyers: [BTreeSet<Id>; 2],
    /// Ten-thousandths.
    sales: [i64; 2],
    /// Σ of squared amounts, in units.
    squares: f64,
}

pub async fn find(engine: &Engine, settings: &Settings, alarms: &AlarmSettings) -> Result<Vec<Raised>> {
    let (groups, regions) = (alarms.is_on(Rule::GroupShrinking), alarms.is_on(Rule::RegionFalling));
    if !groups && !regions {
        return Ok(vec![]);
    }
    let mut found = vec![];
    for ((field, value), seen) in read(engine, settings).await? {
        let [before, now] = &seen.buyers;
        let raised = |rule, signal| Raised {
            rule,
            name: shown(engine.registry(), field, &value),
            account: None,
            owner: alarms.receiver,
            since: None,
            signals: vec![signal],
        };
        if before.len() < BUYERS_MINIMUM {
            continue;
        }
        if groups && GROUPS.contains(&field) {
            let change = Change::of_counts(before.len() as u64, now.len() as u64);
            if change.fell_by(alarms.get("group_fall")) {
                let z = change.z().unwrap_or(0.0);
                let signal = Signal::FewerBuyers { before: before.len() as u64, now: now.len() as u64, z };
                found.push(raised(Rule::GroupShrinking, signal));
            }
        }
        if regions && REGIONS.contains(&field) {
            let units = value::money::to_units;
            let [last_year, this_year] = seen.sales;
            let change = Change { before: units(last_year), now: units(this_year), squares: seen.squares };
            if change.fell_by(alarms.get("region_fall")) {
                let z = change.z().unwrap_or(0.0);
                let signal = Signal::LessSold { before: last_year, now: this_year, z };
                found.push(raised(Rule::RegionFalling, signal));
            }
        }
    }
    Ok(found)
}

/// A choice is told by its value: the receiver's language is not known here; what people wrote is told as they wrote it.
fn shown(registry: &Registry, field: &str, value: &str) -> String {
    let found = registry.entity("account").ok().and_then(|entity| entity.get(field));
    let choice = found.and_then(|field| field.choices().iter().find(|choice| choice.value == value));
    choice.map_or_else(|| value.to_owned(), |choice| format!("{} {}", choice.label.zh, choice.label.en))
}

async fn read(engine: &Engine, settings: &Settings) -> Result<BTreeMap<(&'static str, String), Seen>> {
    let today = day_number(settings.as_of_day(engine.clock()));
    let period = |until: i32| {
        let after = settings.end_of(date_of(until - PERIOD_DAYS));
        (after, settings.end_of(date_of(until)))
    };
    let mut found: BTreeMap<(&'static str, String), Seen> = BTreeMap::new();
    for (index, until) in [today - YEAR_DAYS, today].into_iter().enumerate() {
        let select = orders(period(until));
        let mut rows = engine.stream(&select);
        while let Some(row) = rows.try_next().await? {
            let (account, amount) = (row.id(0)?, row.opt_int(1)?.unwrap_or(0));
            if amount <= 0 {
                continue;
            }
            for (place, field) in GROUPS.into_iter().chain(REGIONS).enumerate() {
                let Some(value) = row.opt_text(2 + place)?.filter(|value| !value.trim().is_empty()) else {
                    continue;
                };
                let seen = found.entry((field, value)).or_default();
                seen.buyers[index].insert(account);
                seen.sales[index] = seen.sales[index].saturating_add(amount);
                seen.squares += value::money::to_units(amount).powi(2);
            }
        }
    }
    Ok(found)
}

fn orders((after, until): (DateTime<Utc>, DateTime<Utc>)) -> SelectStatement {
    let order = |column: &str| (name("order"), name(column));
    let account = |column: &str| (name("account"), name(column));
    Sql::select()
        .columns([order("account"), order("net_base")])
        .columns(GROUPS.into_iter().chain(REGIONS).map(account))
        .from(name("order"))
        .join(JoinType::InnerJoin, name("account"), Expr::col(account("id")).equals(order("account")))
        .and_where(Expr::col(order("ordered_at")).gte(after))
        .and_where(Expr::col(order("ordered_at")).lt(until))
        .and_where(Expr::col(order("status")).is_in(COUNTING_ORDERS))
        .and_where(Expr::col(order("deleted_at")).is_null())
        .and_where(Expr::col(account("deleted_at")).is_null())
        .to_owned()
}
