//! Sales by week of the whole company, its regions, categories and best-selling products, and the demand for each product:
//! forecast, so that in every week regions sum to the company, products to their category and categories to the company, and kept.
//!
//! [`tree`] says what is a part of what, and counts the lines; demand is the forecast of a product over its price.

mod tree;

use super::{
    accounts, earlier,
    kept::{self, Kept, WHOLE},
    lines::Sales,
};
use crate::settings::{Settings, date_of, day_number};
use chrono::Duration;
use engine::{Engine, Result, TryStreamExt, name, sea_query::Query as Sql};
use meta::{Id, NaiveDate};
use mining::{
    forecast::{
        Forecast, Method, backtest,
        calendar::{self, Slice},
        purchasing::Cover,
        series::{Period, Series},
    },
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

pub const KIND: &str = "forecast";
pub const PURCHASING: &str = "purchasing";
/// Weeks forecast.
pub const HORIZON: usize = 13;
pub const PERIOD: Period = Period::Week;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub total: Part,
    /// `province` or `country`.
    pub region_field: String,
    pub regions: Vec<Part>,
    pub categories: Vec<Part>,
    pub products: Vec<Part>,
    /// Share of each weekday in the company's sales of a year, Monday first: by them weeks become months.
    pub weekdays: [f64; 7],
}

/// What is forecast, in units of the company currency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// A region's name, or the id of a category or product; `None` is all others.
    pub key: Option<String>,
    /// By week.
    pub history: Series,
    /// By month, of the days in these weeks: the last one may not be over. The first is a whole one.
    pub months: Series,
    pub forecast: std::result::Result<Forecast, Reason>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purchasing {
    pub products: Vec<Demand>,
    /// Sold in the years read, but not listed: too short a history, or too little.
    pub left_out: usize,
    /// Weeks since its first sale that a product must have to be listed.
    pub need_weeks: usize,
    /// Points of the past from which those known long enough were tried.
    pub origins: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Demand {
    pub product: Id,
    /// The key of the category it is a part of.
    pub category: Option<String>,
    /// Units of the last 13 weeks.
    pub recent: f64,
    /// Sales of the last 13 weeks, in units of the company currency.
    pub recent_sales: f64,
    /// Orders that had it in the last 13 weeks.
    pub orders: usize,
    /// Whole weeks since its first sale: what the forecast knows.
    pub weeks: usize,
    /// Of these sales for a unit: demand times price is the forecast of sales.
    pub price: f64,
    pub method: Option<Method>,
    /// Of units, by week.
    pub wape: Option<f64>,
    /// Of one week, two …
    pub covers: Vec<Cover>,
}

impl Demand {
    /// Sales forecast of all weeks together.
    pub fn sales(&self) -> f64 {
        self.covers.last().map_or(0.0, |cover| cover.demand * self.price)
    }
}

impl Found {
    pub fn first_week(&self) -> i32 {
        self.total.history.start + self.total.history.values.len() as i32
    }

    /// The weeks to come, told by periods.
    pub fn slices(&self, period: Period) -> Vec<Slice> {
        calendar::slices(period, self.first_week(), HORIZON, &self.weekdays)
    }
}

impl Part {
    /// What is known by now of each period, the running one last.
    pub fn known(&self, period: Period) -> Series {
        let (start, values) = match period {
            Period::Week => return self.history.clone(),
            Period::Month => return self.months.clone(),
            // Quarters of which the first month is not known are left out.
            Period::Quarter => {
                let skipped = usize::try_from((-self.months.start).rem_euclid(3)).unwrap_or(0);
                let start = (self.months.start + skipped as i32).div_euclid(3);
                (start, self.months.values.get(skipped..).unwrap_or_default())
            }
        };
        Series { start, values: values.chunks(3).map(|months| months.iter().sum()).collect() }
    }
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<Found>>>> {
    kept::load(engine, KIND, WHOLE).await
}

pub async fn purchasing(engine: &Engine) -> Result<Option<Arc<Kept<Purchasing>>>> {
    kept::load(engine, PURCHASING, WHOLE).await
}

pub async fn refresh(engine: &Engine, settings: &Settings, sales: &Arc<Sales>) -> Result<()> {
    let profiles = accounts::read(engine, &sales.accounts).await?;
    let category_of = categories(engine).await?;
    let shared = sales.clone();
    let (found, purchasing) =
        super::refresh::computed(move || tree::find(&shared, &profiles, &category_of)).await?;
    kept::keep(engine, KIND, WHOLE, sales.until, &found).await?;
    earlier::keep(engine, settings, sales.until, &found).await?;
    kept::keep(engine, PURCHASING, WHOLE, sales.until, &purchasing).await
}

/// Product → category, of all products there ever were.
pub async fn categories(engine: &Engine) -> Result<HashMap<Id, Id>> {
    let select = Sql::select().columns(["id", "category"].map(name)).from(name("product")).to_owned();
    let (mut rows, mut found) = (engine.stream(&select), HashMap::new());
    while let Some(row) = rows.try_next().await? {
        if let Some(category) = row.opt_id(1)? {
            found.insert(row.id(0)?, category);
        }
    }
    Ok(found)
}

/// Weeks a series must have.
pub fn fewest_weeks() -> usize {
    backtest::fewest(HORIZON)
}

/// The Monday of a week of a series.
pub fn monday(week: i32) -> NaiveDate {
    PERIOD.first_day(week).unwrap_or_default()
}

/// The last [`HORIZON`] whole weeks known on a day: the day before them, and their last.
pub fn last_weeks(known: NaiveDate) -> (NaiveDate, NaiveDate) {
    let next = PERIOD.last_complete(known) + 1;
    let before = |week: i32| monday(week) - Duration::days(1);
    (before(next - HORIZON as i32), before(next))
}

/// The weeks that are known as a whole, and where each of their days belongs.
struct Cut {
    /// The first of them.
    from: i32,
    first_day: i32,
    first_month: i32,
    /// Of each day, counted from the first month.
    months: Vec<usize>,
}

impl Cut {
    fn of(sales: &Sales) -> Self {
        let to = PERIOD.last_complete(sales.until);
        let first = sales.lines.iter().map(|line| line.day).min();
        // The week of the first sale is rarely a whole one.
        let from = first.map_or(to, |day| PERIOD.of(date_of(day))) + 1;
        let (first, weeks) = (monday(from), usize::try_from(to - from + 1).unwrap_or(0));
        let first_month = Period::Month.of(first);
        let month = |day: NaiveDate| usize::try_from(Period::Month.of(day) - first_month).unwrap_or(0);
        let months = first.iter_days().take(weeks * 7).map(month).collect();
        Cut { from, first_day: day_number(first), first_month, months }
    }

    fn weeks(&self) -> usize {
        self.months.len() / 7
    }

    /// The place of a day, if it is in these weeks.
    fn place(&self, day: i32) -> Option<usize> {
        usize::try_from(day - self.first_day).ok().filter(|place| *place < self.months.len())
    }

    fn by_week(&self, values: &[f64]) -> Series {
        Series { start: self.from, values: values.to_vec() }
    }

    fn by_month(&self, values: &[f64]) -> Series {
        let begins = Period::Month.first_day(self.first_month).is_some_and(|day| day == monday(self.from));
        let skipped = usize::from(!begins).min(values.len());
        Series { start: self.first_month + skipped as i32, values: values[skipped..].to_vec() }
    }
}
