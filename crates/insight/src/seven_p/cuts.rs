//! Sales of the last three years, cut by one thing at a time (month alone, channel, salesperson, category, source …) and by month,
//! relation and region, so that the same filters hold on every page. Computed after each fit; pages add up a few thousand rows.

use super::{retention, sales::Sales, store};
use crate::settings::Settings;
use chrono::Datelike;
use engine::{Engine, Result, Row};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const REPORT: &str = "seven_p";
pub(super) const MONTHS: u32 = 36;

/// Money in ten-thousandths of the company currency.
pub(super) const MEASURES: [&str; 7] =
    ["orders", "sales", "margin", "costed", "returned", "accounts", "first_buyers"];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    pub orders: i64,
    pub sales: i64,
    pub margin: i64,
    /// The sales whose margin is known.
    pub costed: i64,
    pub returned: i64,
    /// Accounts entered, and those that bought for the first time.
    pub accounts: i64,
    pub first_buyers: i64,
}

impl Measures {
    pub fn add(&mut self, other: &Measures) {
        self.orders += other.orders;
        self.sales = self.sales.saturating_add(other.sales);
        self.margin = self.margin.saturating_add(other.margin);
        self.costed = self.costed.saturating_add(other.costed);
        self.returned = self.returned.saturating_add(other.returned);
        self.accounts += other.accounts;
        self.first_buyers += other.first_buyers;
    }

    pub(super) fn stored(&self) -> [i64; 7] {
        [self.orders, self.sales, self.margin, self.costed, self.returned, self.accounts, self.first_buyers]
    }

    /// From seven columns in the order of [`MEASURES`].
    pub(super) fn read(row: &Row, from: usize) -> Result<Measures> {
        let number = |index: usize| row.opt_int(from + index).map(Option::unwrap_or_default);
        Ok(Measures {
            orders: number(0)?,
            sales: number(1)?,
            margin: number(2)?,
            costed: number(3)?,
            returned: number(4)?,
            accounts: number(5)?,
            first_buyers: number(6)?,
        })
    }
}

/// What pages need besides the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub run: i64,
    /// Regions by sales, the largest first.
    pub regions: Vec<String>,
    pub retention: Option<retention::Retention>,
}

/// Cut, month, relation, region, value.
pub(super) type Key = (&'static str, NaiveDate, String, String, String);
pub(super) type Cells = BTreeMap<Key, Measures>;

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let since = first_of_month(as_of);
    let since = since.checked_sub_months(chrono::Months::new(MONTHS - 1)).unwrap_or(since);
    let sales = Sales { engine, settings, since, as_of };
    let cells = sales.cells().await?;
    let report = Report { run: 0, regions: regions(&cells), retention: retention::of(&sales).await? };
    store::keep(engine, as_of, cells, report).await
}

pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn regions(cells: &Cells) -> Vec<String> {
    let mut sales: BTreeMap<&str, i64> = BTreeMap::new();
    for ((cut, _, _, region, _), measures) in cells {
        if *cut == "month" && !region.is_empty() {
            *sales.entry(region).or_default() += measures.sales;
        }
    }
    let mut regions: Vec<(&str, i64)> = sales.into_iter().collect();
    regions.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    regions.into_iter().map(|(region, _)| region.to_owned()).collect()
}
