//! What was forecast of each region, as it was told at the time: held against what was sold once those weeks are over.

use super::{
    forecast::{Found, HORIZON, PERIOD},
    kept::{self, Kept, WHOLE},
};
use crate::settings::Settings;
use engine::{Engine, Result};
use meta::NaiveDate;
use mining::forecast::{Forecast, Sum};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub const KIND: &str = "forecast_earlier";
/// One forecast for each week it was made in: as far back as a forecast reaches, and the running week's.
const KEPT: i32 = HORIZON as i32 + 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The first week forecast, which was running when it was told.
    pub first_week: i32,
    /// `province` or `country`.
    pub region_field: String,
    pub regions: Vec<Region>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    pub name: String,
    /// Of the first week, the first two, …, in units of the company currency.
    pub sums: Vec<Sum>,
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<Vec<Told>>>>> {
    kept::load(engine, KIND, WHOLE).await
}

/// Keeps what is told now beside what was told in the weeks before. A forecast for another day than today was not made before
/// the weeks it speaks of, and is not kept.
pub async fn keep(engine: &Engine, settings: &Settings, until: NaiveDate, found: &Found) -> Result<()> {
    if settings.as_of.is_some() || until != settings.as_of_day(engine.clock()) {
        return Ok(());
    }
    let now = told(found, PERIOD.last_complete(until) + 1);
    if now.regions.is_empty() {
        return Ok(());
    }
    let before = load(engine).await?.map(|kept| kept.body.clone()).unwrap_or_default();
    kept::keep(engine, KIND, WHOLE, until, &with(before, now)).await
}

fn told(found: &Found, first_week: i32) -> Told {
    let region = |part: &super::forecast::Part| {
        let (name, forecast) = (part.key.clone()?, part.forecast.as_ref().ok()?);
        Some(Region { name, sums: sums(forecast) })
    };
    Told {
        first_week,
        region_field: found.region_field.clone(),
        regions: found.regions.iter().filter_map(region).collect(),
    }
}

fn sums(forecast: &Forecast) -> Vec<Sum> {
    (1..=forecast.points.len()).map(|steps| forecast.sum_of(steps)).collect()
}

/// The later of two forecasts of a week stands: it speaks of the same weeks, and knows more of those before.
fn with(mut before: Vec<Told>, now: Told) -> Vec<Told> {
    before.retain(|one| (now.first_week - KEPT + 1..now.first_week).contains(&one.first_week));
    before.push(now);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_forecast_a_week_is_kept_for_as_long_as_it_reaches() {
        let told = |first_week: i32, name: &str| Told {
            first_week,
            region_field: "province".into(),
            regions: vec![Region { name: name.into(), sums: vec![] }],
        };
        let mut kept = vec![];
        for week in 100..130 {
            kept = with(kept, told(week, "first"));
            kept = with(kept, told(week, "second"));
        }
        assert_eq!(kept.iter().map(|one| one.first_week).collect::<Vec<_>>(), (116..130).collect::<Vec<_>>());
        assert!(kept.iter().all(|one| one.regions[0].name == "second"));
        // A clock that was set back: what was told of weeks to come is not held against them.
        assert_eq!(with(kept, told(120, "third")).last().map(|one| one.first_week), Some(120));
    }
}
