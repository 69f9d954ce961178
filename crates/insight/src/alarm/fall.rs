//! A group of customers shrinks, or a region sells less: the last 13 weeks against the same ones a year ago, and only where the
//! difference is more than chance. A region of which there was a forecast is held against that instead.

use super::{
    behind::Within,
    forecast_missed::{self, Held},
    raise::Raised,
    rule::{AlarmSettings, Rule},
    signal::Signal,
};
use crate::{
    facts::{At, ask, counting, whole},
    holidays::uneven,
    pages::href,
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Registry, Result};
use meta::{Decimal, NaiveDate, Value};
use std::collections::BTreeMap;
use value::change::Change;

const PERIOD_DAYS: i32 = 13 * 7;
const YEAR_DAYS: i32 = 52 * 7;
/// Smaller groups tell nothing.
const BUYERS_MINIMUM: u64 = 10;

/// What a customer belongs to.
const GROUPS: [&str; 2] = ["relation", "industry"];
pub const REGIONS: [&str; 2] = ["country", "province"];

/// Of one group or region: how many bought and for how much, last year and this.
#[derive(Default)]
struct Seen {
    buyers: [u64; 2],
    /// Ten-thousandths.
    sales: [i64; 2],
    /// Σ of squared amounts, in units.
    squares: Decimal,
}

impl Seen {
    fn add(&mut self, buyers: [&Value; 2], sales: [&Value; 2], squares: &Value) {
        for (known, more) in self.buyers.iter_mut().zip(buyers) {
            *known += whole(more).unsigned_abs();
        }
        for (known, more) in self.sales.iter_mut().zip(sales) {
            *known = known.saturating_add(whole(more));
        }
        self.squares = self.squares.saturating_add(squares.as_decimal().unwrap_or_default());
    }
}

pub async fn find(engine: &Engine, settings: &Settings, alarms: &AlarmSettings) -> Result<Vec<Raised>> {
    let (groups, regions) = (alarms.is_on(Rule::GroupShrinking), alarms.is_on(Rule::RegionFalling));
    if !groups && !regions {
        return Ok(vec![]);
    }
    let forecast = if regions { forecast_missed::read(engine, settings).await? } else { Held::new() };
    let raised = |rule, field: &str, value: &str, weeks: Vec<Within>, signal| Raised {
        rule,
        name: shown(engine.registry(), field, value),
        account: None,
        customers: Some(href::equal(field, value)),
        owner: None,
        since: None,
        signals: signals(signal, &weeks),
        weeks,
    };
    let compared = compared(settings.as_of_day(engine.clock()));
    let mut found = vec![];
    for (region, seen) in read(engine, settings).await? {
        let (field, value) = (region.0, region.1.as_str());
        let [before, now] = seen.buyers;
        if before < BUYERS_MINIMUM {
            continue;
        }
        if groups && GROUPS.contains(&field) {
            let change = Change::of_counts(before, now);
            if change.fell_by(alarms.get("group_fall")) {
                let z = change.z().unwrap_or(0.0);
                let signal = Signal::FewerBuyers { before, now, z };
                found.push(raised(Rule::GroupShrinking, field, value, compared.to_vec(), signal));
            }
        }
        if regions && REGIONS.contains(&field) && !forecast.contains_key(&region) {
            let units = value::money::to_units;
            let [last_year, this_year] = seen.sales;
            let squares = f64::try_from(seen.squares).unwrap_or(0.0);
            let change = Change { before: units(last_year), now: units(this_year), squares };
            if change.fell_by(alarms.get("region_fall")) {
                let z = change.z().unwrap_or(0.0);
                let signal = Signal::LessSold { before: last_year, now: this_year, z };
                found.push(raised(Rule::RegionFalling, field, value, compared.to_vec(), signal));
            }
        }
    }
    for ((field, value), missed) in forecast {
        found.extend(
            missed.map(|(signal, within)| raised(Rule::RegionFalling, field, &value, vec![within], signal)),
        );
    }
    Ok(found)
}

/// What was noticed, and which holidays differ where weeks are compared with others.
fn signals(signal: Signal, weeks: &[Within]) -> Vec<Signal> {
    let differ = if let [now, before] = weeks { uneven(*now, *before) } else { vec![] };
    [signal].into_iter().chain(differ.into_iter().map(Signal::OtherHolidays)).collect()
}

/// The last weeks, and the same ones a year before.
fn compared(as_of: NaiveDate) -> [Within; 2] {
    let today = day_number(as_of);
    [today, today - YEAR_DAYS].map(|until| (date_of(until - PERIOD_DAYS), date_of(until)))
}

/// A choice is told by its value: the receiver's language is not known here; what people wrote is told as they wrote it.
fn shown(registry: &Registry, field: &str, value: &str) -> String {
    let found = registry.entity("account").ok().and_then(|entity| entity.get(field));
    let choice = found.and_then(|field| field.choices().iter().find(|choice| choice.value == value));
    choice.map_or_else(|| value.to_owned(), |choice| format!("{} {}", choice.label.zh, choice.label.en))
}

/// One pass over the orders for all groups and regions: a customer is of one of each.
async fn read(engine: &Engine, settings: &Settings) -> Result<BTreeMap<(&'static str, String), Seen>> {
    let mut found: BTreeMap<(&'static str, String), Seen> = BTreeMap::new();
    let fields: Vec<&'static str> = GROUPS.into_iter().chain(REGIONS).collect();
    for row in ask(engine, &by(&fields, settings, settings.as_of_day(engine.clock()))).await?.values() {
        let row = row?;
        let Some((values, [before, now, sold_before, sold_now, squares])) =
            row.split_at_checked(fields.len())
        else {
            continue;
        };
        for (field, value) in fields.iter().zip(values) {
            let Some(value) = value.as_text().filter(|value| !value.trim().is_empty()) else { continue };
            let seen = found.entry((*field, value.to_owned())).or_default();
            seen.add([before, now], [sold_before, sold_now], squares);
        }
    }
    Ok(found)
}

/// Sums of numbers that are not exact depend on their order: squares are rounded to hundredths before.
fn by(fields: &[&str], settings: &Settings, as_of: NaiveDate) -> String {
    let [now, before] =
        compared(as_of).map(|(after, until)| At::Instant("ordered_at").within(settings, after, until));
    let fields = fields.iter().map(|field| format!("c.{field}")).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {fields}, count(d.sold_before), count(d.sold_now), sum(d.sold_before), sum(d.sold_now), sum(d.squares) \
         FROM (SELECT account_key, sum(CASE WHEN {before} THEN net_base END) AS sold_before, \
         sum(CASE WHEN {now} THEN net_base END) AS sold_now, \
         sum(CAST(round(power(CAST(net_base AS DOUBLE), 2), 2) AS DECIMAL(38, 2))) AS squares FROM \"order\" \
         WHERE net_base > 0 AND {} AND (({before}) OR ({now})) GROUP BY account_key) d \
         JOIN account c ON c.key = d.account_key GROUP BY {fields}",
        counting("status", &COUNTING_ORDERS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_in_weeks_with_spring_festival_says_so() {
        let fewer = Signal::FewerBuyers { before: 100, now: 60, z: -4.0 };
        let told = |as_of: &str| signals(fewer.clone(), &compared(as_of.parse().unwrap()));
        // It begins after these weeks of 2026; a year before it was over. Up to its end it is the other way round.
        let [first, Signal::OtherHolidays(differ)] = &told("2026-02-10")[..] else { panic!() };
        assert_eq!((first, differ.holiday.en.as_str()), (&fewer, "Spring Festival"));
        assert_eq!((differ.now, differ.before), (0, 6));
        assert_eq!(told("2026-09-20").len(), 1);
        let against_forecast = &compared("2026-02-10".parse().unwrap())[..1];
        assert_eq!(signals(fewer, against_forecast).len(), 1);
    }
}
