//! Adds up the cells of a cut under the filters.

use super::{
    body::Body,
    cohorts::{self, Cohort},
    cuts::Measures,
    fallen::{self, ByMonths, Fallen},
    filter::Filter,
    profits::{self, Profits},
    retention::{self, Retention},
    said, store,
};
use crate::satisfaction::GroupShown;
use engine::{Engine, Result};
use meta::NaiveDate;
use std::collections::BTreeMap;

/// One cut of a run.
pub struct Cut<'a> {
    pub engine: &'a Engine,
    pub run: i64,
    pub filter: &'a Filter,
}

pub type ByMonth = BTreeMap<NaiveDate, Measures>;
pub type ByValue = BTreeMap<String, Measures>;

impl Cut<'_> {
    async fn body(&self, cut: &str) -> Result<Body> {
        // Products are not cut by customer.
        let place = if cut == "product" { ("", "") } else { self.place() };
        self.body_of(cut, place).await
    }

    async fn body_of(&self, cut: &str, place: (&str, &str)) -> Result<Body> {
        Ok(store::find(self.engine, self.run, cut, place).await?.unwrap_or_default())
    }

    fn place(&self) -> (&str, &str) {
        (&self.filter.relation, &self.filter.region)
    }

    /// `None` where nobody bought whose profit is known.
    pub async fn profits(&self) -> Result<Option<Profits>> {
        store::find(self.engine, self.run, profits::CUT, self.place()).await
    }

    /// Those whose sales fell most within the period; none of a period that is not compared.
    pub async fn fallen(&self) -> Result<Vec<Fallen>> {
        let found: Option<ByMonths> = store::find(self.engine, self.run, fallen::CUT, self.place()).await?;
        Ok(found.and_then(|mut found| found.remove(&self.filter.months)).unwrap_or_default())
    }

    /// `None` without customers.
    pub async fn said(&self) -> Result<Option<GroupShown>> {
        store::find(self.engine, self.run, said::CUT, self.place()).await
    }

    /// `None` without customers a year ago.
    pub async fn retention(&self) -> Result<Option<Retention>> {
        store::find(self.engine, self.run, retention::CUT, self.place()).await
    }

    /// The oldest first; none of a relation or region where nobody bought for the first time.
    pub async fn cohorts(&self) -> Result<Vec<Cohort>> {
        Ok(store::find(self.engine, self.run, cohorts::CUT, self.place()).await?.unwrap_or_default())
    }

    /// Every month of the period and of the year before, by month.
    pub async fn months(&self, cut: &str) -> Result<ByMonth> {
        Ok(by_month(&self.body(cut).await?, (self.filter.before, self.filter.until())))
    }

    /// Of the period, by region, whatever the value.
    pub async fn regions(&self, cut: &str) -> Result<ByValue> {
        Ok(self.each(store::regions(self.engine, self.run, cut, &self.filter.relation).await?))
    }

    /// The same by relation.
    pub async fn relations(&self, cut: &str) -> Result<ByValue> {
        Ok(self.each(store::relations(self.engine, self.run, cut, &self.filter.region).await?))
    }

    fn each(&self, bodies: Vec<(String, Body)>) -> ByValue {
        let period = (self.filter.from, self.filter.until());
        let all = |body: &Body| {
            let mut all = Measures::default();
            within(body, period).for_each(|(.., measures)| all.add(&measures));
            all
        };
        bodies.into_iter().map(|(whose, body)| (whose, all(&body))).collect()
    }

    /// By value, whatever the period: how customers stand on the as-of date.
    pub async fn standing(&self, class: &str) -> Result<ByValue> {
        Ok(by_value(&self.body(class).await?, (NaiveDate::MIN, NaiveDate::MAX)))
    }

    /// The same, whatever the filters.
    pub async fn standing_of_all(&self, class: &str) -> Result<ByValue> {
        Ok(by_value(&self.body_of(class, ("", "")).await?, (NaiveDate::MIN, NaiveDate::MAX)))
    }

    /// Of the period, by value.
    pub async fn values(&self, cut: &str) -> Result<ByValue> {
        Ok(by_value(&self.body(cut).await?, (self.filter.from, self.filter.until())))
    }

    /// Of the period, and of the same days a year earlier.
    pub async fn values_and_before(&self, cut: &str) -> Result<(ByValue, ByValue)> {
        let body = self.body(cut).await?;
        let before = by_value(&body, (self.filter.before, self.filter.before_until()));
        Ok((by_value(&body, (self.filter.from, self.filter.until())), before))
    }
}

/// The cells in `[from, until)`: whole months, and of the month a year ago the days compared and the rest, see `sales.rs`.
fn within(
    body: &Body,
    (from, until): (NaiveDate, NaiveDate),
) -> impl Iterator<Item = (NaiveDate, &str, Measures)> {
    body.cells().filter(move |(month, ..)| (from..until).contains(month))
}

fn by_month(body: &Body, period: (NaiveDate, NaiveDate)) -> ByMonth {
    let mut found = ByMonth::new();
    for (month, _, measures) in within(body, period) {
        found.entry(month).or_default().add(&measures);
    }
    found
}

fn by_value(body: &Body, period: (NaiveDate, NaiveDate)) -> ByValue {
    let mut found: BTreeMap<&str, Measures> = BTreeMap::new();
    for (_, value, measures) in within(body, period) {
        found.entry(value).or_default().add(&measures);
    }
    found.into_iter().map(|(value, measures)| (value.to_owned(), measures)).collect()
}

/// Sum over the days in `[from, until)`.
pub fn sum(months: &ByMonth, (from, until): (NaiveDate, NaiveDate)) -> Measures {
    let mut all = Measures::default();
    months.range(from..until).for_each(|(_, measures)| all.add(measures));
    all
}
