//! Everybody's answers together, by month, quarter and group of customers: asked of the warehouse after each fit, and kept.

use super::{
    entity::DIMENSIONS,
    heard::{Ground, GroupShown, Heard, Sums, loyalty_by, mean_loyalty, one},
};
use crate::{kept, settings::Settings};
use chrono::{Datelike, Months};
use engine::{Actor, Engine, Result};
use meta::{Kind, NaiveDate, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{proportion::Estimate, satisfaction::Nps};

pub const REPORT: &str = "satisfaction";
/// Under which every [`Indexed`] is kept.
const INDEXES: &str = "loyalty_indexes";
/// Months of the trend; a third of it quarters.
const MONTHS: u32 = 24;
/// Groups of one cut; those with most answers and customers stay.
const GROUPS_LIMIT: usize = 30;
/// Fields of the customer by which he is one of a group, as far as this installation has them.
pub const CUTS: [&str; 9] = [
    "relation",
    "importance",
    "customer_group",
    "stage",
    "value_quadrant",
    "kind",
    "province",
    "industry",
    "source",
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
    /// It was not over on the as-of day.
    pub is_open: bool,
    pub heard: Heard,
    /// Mean loyalty index as the last fit within it found it; none of times before it was kept.
    #[serde(default)]
    pub loyalty: Option<Estimate>,
}

/// The mean loyalty index of everybody who has one, as a fit found it for its day. What customers did is known as it is and not as it
/// was, nor are the models of then, so that the past of the index is kept and not computed anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Indexed {
    on: NaiveDate,
    loyalty: Estimate,
}

/// With one more; of a month its last day stays, and of a day what was found last.
fn kept_with(mut kept: Vec<Indexed>, found: Indexed) -> Vec<Indexed> {
    let month = |day: NaiveDate| (day.year(), day.month());
    let is_of_month = |one: &Indexed| month(one.on) == month(found.on);
    // Figures of an earlier day, looked at later, do not change what came after it.
    if kept.iter().any(|one| is_of_month(one) && one.on > found.on) {
        return kept;
    }
    kept.retain(|one| !is_of_month(one));
    kept.push(found);
    kept.sort_by_key(|one| one.on);
    let surplus = kept.len().saturating_sub(MONTHS as usize);
    kept.split_off(surplus)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Answers of the last 52 weeks, and customers who gave them.
    pub answers: u64,
    pub customers: u64,
    pub satisfaction: Option<Estimate>,
    /// By dimension, in the order they are declared.
    pub dimensions: Vec<(String, Option<Estimate>)>,
    pub nps: Option<Nps>,
    /// Loyalty index of everybody who has one.
    pub loyalty: Option<Estimate>,
    pub attitude: Option<Estimate>,
    /// By field of the customer.
    pub cuts: Vec<(String, Vec<GroupShown>)>,
    /// The oldest first.
    pub months: Vec<Period>,
    pub quarters: Vec<Period>,
}

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let recent = Ground::recent(as_of);
    let whole = recent.heard_by(engine, "1").await?.pop().map(|(_, heard)| heard).unwrap_or_default();
    let by_dimension = recent.heard_by(engine, "f.dimension").await?;
    let dimension = |(dimension, ..): &(&str, &str, &str, &str)| {
        let heard = by_dimension.iter().find(|(value, _)| value.as_text() == Some(*dimension));
        ((*dimension).to_owned(), heard.and_then(|(_, heard)| heard.satisfaction))
    };
    let mut report = Report {
        answers: whole.answers,
        customers: whole.customers,
        satisfaction: whole.satisfaction,
        dimensions: DIMENSIONS.iter().map(dimension).collect(),
        nps: whole.nps,
        attitude: whole.attitude,
        loyalty: loyalty_by(engine, &["1"]).await?.pop().and_then(|(_, sums)| mean_loyalty(sums, 1.0)),
        months: periods(engine, as_of, 1).await?,
        quarters: periods(engine, as_of, 3).await?,
        cuts: vec![],
    };
    for field in CUTS {
        if let Some(groups) = groups(engine, field, &recent).await? {
            report.cuts.push((field.to_owned(), groups));
        }
    }
    let mut indexes: Vec<Indexed> =
        kept::find(engine, INDEXES).await?.map(|kept| kept.body).unwrap_or_default();
    if let Some(loyalty) = report.loyalty {
        indexes = kept_with(indexes, Indexed { on: as_of, loyalty });
    }
    for period in report.months.iter_mut().chain(&mut report.quarters) {
        let within = |one: &&Indexed| one.on >= period.from_on && one.on <= period.until_on;
        period.loyalty = indexes.iter().rfind(within).map(|one| one.loyalty);
    }
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                kept::keep(tx, INDEXES, as_of, &indexes).await?;
                kept::keep(tx, REPORT, as_of, &report).await
            })
        })
        .await
}

/// Months or quarters up to that of the as-of day.
async fn periods(engine: &Engine, as_of: NaiveDate, months: u32) -> Result<Vec<Period>> {
    let part = if months == 3 { "quarter" } else { "month" };
    let month0 = as_of.month0() / months * months;
    let Some(last) = NaiveDate::from_ymd_opt(as_of.year(), month0 + 1, 1) else { return Ok(vec![]) };
    let Some(first) = last.checked_sub_months(Months::new(MONTHS - months)) else { return Ok(vec![]) };
    let ground = Ground::of(first.pred_opt().unwrap_or(first), as_of);
    let heard = ground.heard_by(engine, &format!("CAST(date_trunc('{part}', f.\"day\") AS DATE)")).await?;
    let mut found = vec![];
    let mut from_on = first;
    while let (true, Some(next)) = (from_on <= as_of, from_on.checked_add_months(Months::new(months))) {
        let until_on = next.pred_opt().unwrap_or(next);
        let of_period = heard.iter().find(|(from, _)| *from == Value::Date(from_on));
        let heard = of_period.map(|(_, heard)| heard.clone()).unwrap_or_default();
        let (until_on, is_open) = (until_on.min(as_of), until_on > as_of);
        found.push(Period { from_on, until_on, is_open, heard, loyalty: None });
        from_on = next;
    }
    Ok(found)
}

/// What customers of each relation, province and country said in the last 52 weeks and how loyal they are.
pub async fn by_place(engine: &Engine, as_of: NaiveDate) -> Result<Vec<([Value; 3], Sums)>> {
    let place = ["a.relation", "a.province", "a.country"];
    let heard = Ground::recent(as_of).by(engine, &place).await?;
    let heard = heard.into_iter().map(|(place, heard)| (place, Sums::heard(heard)));
    let loyal = loyalty_by(engine, &place).await?;
    let loyal = loyal.into_iter().map(|(place, loyalty)| (place, Sums::loyalty(loyalty)));
    Ok(heard.chain(loyal).filter_map(|(place, sums)| Some((place.try_into().ok()?, sums))).collect())
}

/// `None` for a field this installation does not have.
async fn groups(engine: &Engine, field: &str, recent: &Ground) -> Result<Option<Vec<GroupShown>>> {
    let account = engine.entity("account")?;
    let Some(known) = account.get(field) else { return Ok(None) };
    let column = match (known.apart, &known.kind) {
        (_, Kind::Reference { .. }) => return Ok(None),
        (Some(_), _) => format!("c.\"{field}\""),
        (None, _) => format!("a.\"{field}\""),
    };
    let ground = Ground {
        from: format!("{} JOIN account_figures c ON c.\"key\" = a.\"key\"", recent.from),
        condition: recent.condition.clone(),
    };
    let name = |group: Vec<Value>| match one(group) {
        Value::Text(text) => Some(text),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let mut sums: BTreeMap<Option<String>, Sums> = BTreeMap::new();
    for (group, loyalty) in loyalty_by(engine, &[&column]).await? {
        sums.entry(name(group)).or_default().add(&Sums::loyalty(loyalty));
    }
    for (group, heard) in ground.by(engine, &[&column]).await? {
        sums.entry(name(group)).or_default().add(&Sums::heard(heard));
    }
    let mut found: Vec<GroupShown> = sums.into_iter().map(|(value, sums)| sums.shown(value)).collect();
    // Of groups of one size the order of their values stays.
    found.sort_by_key(|group| std::cmp::Reverse((group.heard.answers, group.indexed)));
    found.truncate(GROUPS_LIMIT);
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_month_the_last_day_stays() {
        let found = |day: &str, at: f64| Indexed {
            on: day.parse().unwrap(),
            loyalty: Estimate { at, low: at, high: at, cases: 12 },
        };
        let mut kept = vec![];
        for (day, at) in
            [("2026-08-03", 70.0), ("2026-08-31", 80.0), ("2026-11-21", 60.0), ("2026-08-15", 10.0)]
        {
            kept = kept_with(kept, found(day, at));
        }
        assert_eq!(kept, [found("2026-08-31", 80.0), found("2026-11-21", 60.0)]);
        // The same day anew, and an earlier month that nothing was known of.
        kept = kept_with(kept, found("2026-11-21", 61.0));
        kept = kept_with(kept, found("2026-05-31", 50.0));
        let days = [found("2026-05-31", 50.0), found("2026-08-31", 80.0), found("2026-11-21", 61.0)];
        assert_eq!(kept, days);
    }
}
