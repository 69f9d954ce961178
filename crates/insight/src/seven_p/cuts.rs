//! Sales of the last three years, cut by one thing at a time (month alone, channel, salesperson, category, source …) and by month,
//! relation and region, so that the same filters hold on every page. Computed after each fit; a page reads one row of a cut.

use super::{fallen, profits, retention, said, sales::Sales, store};
use crate::settings::Settings;
use chrono::Datelike;
use engine::{Engine, Error, Result, aside};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};

pub const REPORT: &str = "seven_p";
pub(super) const MONTHS: u32 = 36;
/// Values of a cut that are kept; the rest is put together as empty.
const VALUES_LIMIT: usize = 2_000;
/// How many [`Measures`] there are.
pub(super) const MEASURES: usize = 7;

/// Money in ten-thousandths of the company currency.
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

    pub(super) fn numbers(&self) -> [i64; MEASURES] {
        [self.orders, self.sales, self.margin, self.costed, self.returned, self.accounts, self.first_buyers]
    }

    pub(super) fn of(
        [orders, sales, margin, costed, returned, accounts, first_buyers]: [i64; MEASURES],
    ) -> Measures {
        Measures { orders, sales, margin, costed, returned, accounts, first_buyers }
    }
}

/// What pages need besides the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The run whose rows pages read. Earlier versions kept `run`, of another table, `same_days_run`, without profits and
    /// retention, `rows_run`, with the margin of other customers and without those whose sales fell, and `cells_run`, without what
    /// customers say: their reports must not be read as if they were of this one.
    pub places_run: i64,
    /// Regions by sales, the largest first.
    pub regions: Vec<String>,
}

pub async fn compute(engine: &Engine, settings: &Settings) -> Result<()> {
    let as_of = settings.as_of_day(engine.clock());
    let since = first_of_month(as_of);
    let since = since.checked_sub_months(chrono::Months::new(MONTHS - 1)).unwrap_or(since);
    let sales = Sales { engine, settings, since, as_of };
    let (mut cells, cohorts) = sales.cells().await?;
    let (report, mut rows) = aside(move || {
        cells.limit(VALUES_LIMIT);
        Ok::<_, Error>((Report { places_run: 0, regions: cells.regions() }, cells.rows()?))
    })?;
    rows.extend(cohorts);
    rows.extend(retention::rows(&sales).await?);
    rows.extend(profits::rows(&sales).await?);
    rows.extend(fallen::rows(&sales).await?);
    rows.extend(said::rows(&sales).await?);
    store::keep(engine, as_of, rows, report).await
}

pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}
