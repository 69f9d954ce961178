//! Customers by the quarter of their first order: who bought again.

use super::{Board, Chart};
use crate::{
    facts::day_before,
    pages::{figure::Finding, href},
    seven_p::cohorts::Cohort,
};
use chrono::Months;
use engine::Result;
use serde_json::json;
use value::proportion::{Estimate, share};

/// Of fewer customers no share is shown.
const FEW: u64 = 10;
/// Quarters after the first that have a column.
const COLUMNS: usize = 8;

impl Board<'_> {
    /// The customers behind a cohort.
    fn of_cohort(&self, cohort: &Cohort) -> String {
        let end = cohort.from_on.checked_add_months(Months::new(3)).map_or(cohort.from_on, day_before);
        let days = href::Days { after: day_before(cohort.from_on), until: end, ..self.days };
        days.first_buyers(&self.filter.of_accounts())
    }

    /// Whether those won lately come back as those won a year before them did, and the map of all. Nothing where no cohort is large enough.
    pub(super) async fn cohorts(&self) -> Result<(Option<Finding>, Option<Chart>)> {
        let cohorts = self.cut.cohorts().await?;
        let large = cohorts.iter().filter(|cohort| cohort.customers >= FEW && !cohort.bought.is_empty());
        let shown: Vec<&Cohort> = large.collect();
        Ok((self.came_back(&shown), self.map_of(&shown)))
    }

    fn came_back(&self, cohorts: &[&Cohort]) -> Option<Finding> {
        let returned = |cohort: &Cohort| share(cohort.returned?, cohort.customers);
        let (newest, found) = cohorts.iter().rev().find_map(|cohort| Some((*cohort, returned(cohort)?)))?;
        let year_before = newest.from_on.checked_sub_months(Months::new(12));
        let before = cohorts.iter().find(|cohort| Some(cohort.from_on) == year_before);
        let before = before.and_then(|cohort| Some((*cohort, returned(cohort)?)));
        let (at, interval) = self.told(&found);
        let [name, count] = [quarter(newest), self.words.count(found.cases)];
        let mut args = vec![("share", at), ("interval", interval), ("count", count), ("quarter", name)];
        let mut inputs = vec![(self.t("seven.won_in", &[("quarter", &args[3].1)]), args[2].1.clone())];
        let key = match &before {
            None => "cohort_returned",
            Some((cohort, before)) => {
                let (at, interval) = self.told(before);
                inputs.push((
                    self.t("seven.won_in", &[("quarter", &quarter(cohort))]),
                    self.words.count(before.cases),
                ));
                args.extend([
                    ("before", at),
                    ("before_interval", interval),
                    ("year_before", quarter(cohort)),
                ]);
                match () {
                    () if found.low > before.high => "cohort_returned_more",
                    () if found.high < before.low => "cohort_returned_less",
                    () => "cohort_returned_same",
                }
            }
        };
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(self.finding(key, &args, inputs, ("customers", self.of_cohort(newest))))
    }

    fn told(&self, found: &Estimate) -> (String, String) {
        let [at, low, high] = [found.at, found.low, found.high].map(|share| self.words.whole_percent(share));
        (at, format!("{low} – {high}"))
    }

    fn map_of(&self, cohorts: &[&Cohort]) -> Option<Chart> {
        let columns = cohorts.iter().map(|cohort| cohort.bought.len()).max()?.min(COLUMNS);
        let mut cells = vec![];
        for (row, cohort) in cohorts.iter().enumerate() {
            for (column, bought) in cohort.bought.iter().take(columns).enumerate() {
                let (bought_shown, of) = (self.words.count(*bought), self.words.count(cohort.customers));
                let after = (column + 1).to_string();
                let args =
                    [("quarter", quarter(cohort)), ("after", after), ("bought", bought_shown), ("count", of)];
                let args: Vec<(&str, &str)> =
                    args.iter().map(|(name, text)| (*name, text.as_str())).collect();
                cells.push(json!({
                    "x": column,
                    // The oldest stands on top.
                    "y": cohorts.len() - 1 - row,
                    "value": (100.0 * *bought as f64 / cohort.customers as f64).round() / 100.0,
                    "text": self.t("seven.cohort_cell", &args),
                    "href": self.of_cohort(cohort),
                }));
            }
        }
        let label =
            |cohort: &&Cohort| format!("{} ({})", quarter(cohort), self.words.count(cohort.customers));
        let data = json!({
            "columns": (1..=columns).map(|after| format!("+{after}")).collect::<Vec<_>>(),
            "rows": cohorts.iter().rev().map(label).collect::<Vec<_>>(),
            "cells": cells,
            "name": self.t("seven.cohort_share", &[]),
            "unit": "percent",
        });
        Some(self.chart("heat", "cohorts_title", &[], data))
    }
}

fn quarter(cohort: &Cohort) -> String {
    cohort.from_on.format("%Y Q%q").to_string()
}
