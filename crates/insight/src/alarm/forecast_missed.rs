//! Regions held against what was forecast of them before: what was sold in the weeks that are over by now.

use super::{behind::Within, fall::REGIONS, signal::Signal};
use crate::{
    facts::{ask, day_before, whole},
    mining::{
        earlier::{self, Told},
        forecast::{HORIZON, PERIOD, monday},
        lines,
    },
    settings::Settings,
};
use engine::{Engine, Result};
use meta::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use value::money::from_units;

/// Fewer weeks tell little: an order a few days late is no fall.
const WEEKS_MINIMUM: usize = 4;

/// By field and region of which there was a forecast: what is to be told if less was sold than its lower end, and of which weeks.
pub type Held = BTreeMap<(&'static str, String), Option<(Signal, Within)>>;

/// Empty where no forecast is old enough.
pub async fn read(engine: &Engine, settings: &Settings) -> Result<Held> {
    let as_of = settings.as_of_day(engine.clock());
    let Some(kept) = earlier::load(engine).await? else { return Ok(Held::new()) };
    // Weeks after the last sale of the whole company are not entered yet, and no region's fall.
    let Some(last) = lines::last_sale(engine, as_of).await? else { return Ok(Held::new()) };
    let Some((told, weeks)) = oldest(&kept.body, PERIOD.last_complete(last)) else { return Ok(Held::new()) };
    let Some(field) = REGIONS.into_iter().find(|field| *field == told.region_field) else {
        return Ok(Held::new());
    };
    let (from, to) = (monday(told.first_week), monday(told.first_week + weeks as i32));
    let sold = sold(engine, field, from, to).await?;
    let within = (day_before(from), day_before(to));
    let held = told.regions.iter().filter_map(|region| {
        let sum = region.sums.get(weeks - 1)?;
        let [expected, low] = [sum.expected, sum.low].map(from_units);
        let sold = sold.get(&region.name).copied().unwrap_or(0);
        let signal = (sold < low).then_some(Signal::BelowForecast { expected, low, sold, weeks });
        Some(((field, region.name.clone()), signal.map(|signal| (signal, within))))
    });
    Ok(held.collect())
}

/// The forecast of which most weeks are over, and how many: a fall is told by as many weeks as were forecast.
fn oldest(told: &[Told], last_week: i32) -> Option<(&Told, usize)> {
    told.iter()
        .filter_map(|one| Some((one, usize::try_from(last_week + 1 - one.first_week).ok()?)))
        .filter(|(_, weeks)| (WEEKS_MINIMUM..=HORIZON).contains(weeks))
        .max_by_key(|(_, weeks)| *weeks)
}

/// What was sold in each region, as the forecast counts it.
async fn sold(engine: &Engine, field: &str, from: NaiveDate, to: NaiveDate) -> Result<HashMap<String, i64>> {
    let sql = format!(
        "SELECT c.{field}, sum(d.net) FROM sales d JOIN account c ON c.key = d.account_key \
         WHERE d.day >= '{from}' AND d.day < '{to}' AND d.quantity > 0 AND d.net > 0 GROUP BY 1"
    );
    let mut found = HashMap::new();
    for row in ask(engine, &sql).await?.values() {
        let row = row?;
        let [region, sold] = row.as_slice() else { continue };
        if let Some(region) = region.as_text() {
            found.insert(region.to_owned(), whole(sold));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_forecast_whose_weeks_are_not_forgotten_is_held_against_sales() {
        let told = |first_week| Told { first_week, region_field: "province".into(), regions: vec![] };
        let all: Vec<Told> = (100..114).map(told).collect();
        let of = |told: &[Told], week| oldest(told, week).map(|(one, weeks)| (one.first_week, weeks));
        assert_eq!(of(&all, 102), None, "three weeks are over");
        assert_eq!(of(&all, 103), Some((100, 4)));
        assert_eq!(of(&all, 112), Some((100, 13)));
        assert_eq!(of(&all, 114), Some((102, 13)));
        assert_eq!(of(&all, 200), None, "nothing was forecast for long");
        assert_eq!(of(&[], 103), None);
    }
}
