//! Sales by week of the whole company, its regions, categories and best-selling products, and the demand for each product:
//! forecast, so that parts sum to the whole, and kept.

use super::{
    accounts, earlier,
    kept::{self, Kept, WHOLE},
    lines::Sales,
};
use crate::settings::{Settings, date_of};
use engine::{Engine, Result, TryStreamExt, name, sea_query::Query as Sql};
use meta::{Id, NaiveDate};
use mining::{
    forecast::{
        self, Forecast, Method, backtest,
        purchasing::{Cover, covers},
        reconcile,
        series::{Period, Series},
    },
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub const KIND: &str = "forecast";
pub const PURCHASING: &str = "purchasing";
/// Weeks forecast.
pub const HORIZON: usize = 13;
pub const PERIOD: Period = Period::Week;
/// Parts shown of a dimension; the others together are one.
const PARTS: usize = 12;
/// Products on the purchasing list, those sold most.
const LISTED: usize = 5_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub total: Part,
    /// `province` or `country`.
    pub region_field: String,
    pub regions: Vec<Part>,
    pub categories: Vec<Part>,
    pub products: Vec<Part>,
}

/// What is forecast, in units of the company currency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// A region's name, or the id of a category or product; `None` is all others.
    pub key: Option<String>,
    pub history: Series,
    pub forecast: std::result::Result<Forecast, Reason>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purchasing {
    pub products: Vec<Demand>,
    /// Sold in the years read, but not listed: too short a history, or too little.
    pub left_out: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Demand {
    pub product: Id,
    /// Units of the last 13 weeks.
    pub recent: f64,
    pub method: Method,
    pub wape: Option<f64>,
    /// Of one week, two …
    pub covers: Vec<Cover>,
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<Found>>>> {
    kept::load(engine, KIND, WHOLE).await
}

pub async fn purchasing(engine: &Engine) -> Result<Option<Arc<Kept<Purchasing>>>> {
    kept::load(engine, PURCHASING, WHOLE).await
}

struct Cut {
    from: i32,
    to: i32,
}

fn week(day: i32) -> i32 {
    PERIOD.of(date_of(day))
}

impl Cut {
    fn of(sales: &Sales) -> Self {
        let to = PERIOD.last_complete(sales.until);
        let first = sales.lines.iter().map(|line| week(line.day)).min().unwrap_or(to);
        // The week of the first sale is rarely a whole one.
        Cut { from: first + 1, to }
    }

    fn series(&self, events: impl IntoIterator<Item = (i32, f64)>) -> Series {
        Series::new(events, self.from, self.to)
    }
}

fn part(key: Option<String>, history: Series, methods: &[Method]) -> Part {
    let forecast = forecast::forecast(&history.values, PERIOD.season(), HORIZON, methods);
    Part { key, history, forecast }
}

/// The parts of one dimension, the largest first, the small ones together last.
fn dimension(sales: &Sales, cut: &Cut, key: impl Fn(&super::lines::Line) -> Option<String>) -> Vec<Part> {
    let mut events: BTreeMap<Option<String>, Vec<(i32, f64)>> = BTreeMap::new();
    for line in &sales.lines {
        events.entry(key(line)).or_default().push((week(line.day), line.amount));
    }
    let mut sums: Vec<(Option<String>, f64)> = events
        .iter()
        .map(|(key, events)| (key.clone(), events.iter().map(|(_, amount)| amount).sum()))
        .collect();
    sums.sort_by(|a, b| (a.0.is_none().cmp(&b.0.is_none())).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0)));
    let named = sums.iter().filter(|(key, _)| key.is_some()).count().min(PARTS);
    let mut parts = vec![];
    for (key, _) in &sums[..named] {
        parts.push(part(key.clone(), cut.series(events.remove(key).unwrap_or_default()), &Method::ALL));
    }
    if !events.is_empty() {
        parts.push(part(None, cut.series(events.into_values().flatten()), &Method::ALL));
    }
    parts
}

fn find(sales: &Sales, profiles: &accounts::Profiles, category_of: &HashMap<Id, Id>) -> (Found, Purchasing) {
    let cut = Cut::of(sales);
    let all = sales.lines.iter().map(|line| (week(line.day), line.amount));
    let mut total = part(None, cut.series(all), &Method::ALL);
    let product = |line: &super::lines::Line| line.product.map(|product| sales.products[product as usize]);
    let mut regions = dimension(sales, &cut, |line| profiles.of[line.account? as usize].region.clone());
    let mut categories = dimension(sales, &cut, |line| Some(category_of.get(&product(line)?)?.to_string()));
    let mut products = dimension(sales, &cut, |line| product(line).map(|id| id.to_string()));
    if let Ok(whole) = &mut total.forecast {
        let mut told: Vec<&mut Forecast> =
            regions.iter_mut().filter_map(|part| part.forecast.as_mut().ok()).collect();
        reconcile::reconcile(whole, &mut told);
        for parts in [&mut categories, &mut products] {
            let mut told: Vec<&mut Forecast> =
                parts.iter_mut().filter_map(|part| part.forecast.as_mut().ok()).collect();
            reconcile::to_total(&whole.points, &mut told);
        }
    }
    let found =
        Found { total, region_field: profiles.region_field.to_owned(), regions, categories, products };
    (found, demand(sales, &cut))
}

fn demand(sales: &Sales, cut: &Cut) -> Purchasing {
    let mut events: Vec<Vec<(i32, f64)>> = vec![vec![]; sales.products.len()];
    for line in &sales.lines {
        if let Some(product) = line.product {
            events[product as usize].push((week(line.day), line.quantity));
        }
    }
    let mut products = vec![];
    for (product, events) in events.into_iter().enumerate() {
        // Before its first sale a product was not offered: those weeks are no zeros.
        let first = events.iter().map(|(week, _)| *week).min().unwrap_or(cut.to);
        let history = Series::new(events, first.max(cut.from), cut.to);
        let recent: f64 = history.values.iter().rev().take(HORIZON).sum();
        if recent <= 0.0 {
            continue;
        }
        if let Ok(told) = forecast::forecast(&history.values, PERIOD.season(), HORIZON, &Method::QUICK) {
            products.push(Demand {
                product: sales.products[product],
                recent,
                method: told.method,
                wape: told.backtest.of_best().and_then(|tried| tried.wape),
                covers: covers(&told),
            });
        }
    }
    products.sort_by(|a, b| b.recent.total_cmp(&a.recent).then(a.product.cmp(&b.product)));
    products.truncate(LISTED);
    Purchasing { left_out: sales.products.len() - products.len(), products }
}

pub async fn refresh(engine: &Engine, settings: &Settings, sales: &Arc<Sales>) -> Result<()> {
    let profiles = accounts::read(engine, &sales.accounts).await?;
    let category_of = categories(engine).await?;
    let shared = sales.clone();
    let (found, purchasing) =
        super::refresh::computed(move || find(&shared, &profiles, &category_of)).await?;
    kept::keep(engine, KIND, WHOLE, sales.until, &found).await?;
    earlier::keep(engine, settings, sales.until, &found).await?;
    kept::keep(engine, PURCHASING, WHOLE, sales.until, &purchasing).await
}

async fn categories(engine: &Engine) -> Result<HashMap<Id, Id>> {
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
