//! Exchange rates, one a quarter, and the one valid on a day.

use super::{
    cell::Cell,
    chance::Chance,
    company::{Company, head},
    loader::Loader,
};
use chrono::Days;
use engine::{DEFAULT_TIME_ZONE, Registry};
use meta::{DateTime, Decimal, NaiveDate, Utc, scaled};
use std::collections::BTreeMap;

pub const HOME: &str = "CNY";
const AROUND: [(&str, f64); 4] = [("USD", 7.1), ("EUR", 7.7), ("JPY", 0.048), ("GBP", 9.0)];
const QUARTER: u64 = 91;
const SCALE: u32 = 8;

pub struct Rates(BTreeMap<&'static str, BTreeMap<NaiveDate, Decimal>>);

impl Rates {
    /// As the sales module finds it: valid last, on the company's calendar day.
    pub fn at(&self, currency: &str, moment: DateTime<Utc>) -> Decimal {
        let day = moment.with_timezone(&DEFAULT_TIME_ZONE).date_naive();
        let valid = self.0.get(currency).and_then(|days| days.range(..=day).next_back());
        valid.map_or(Decimal::ONE, |(_, rate)| *rate)
    }
}

pub fn load(loader: &mut Loader, registry: &Registry, company: &Company) -> anyhow::Result<Rates> {
    let mut chance = Chance::new(Company::seed(), 1);
    let layout = loader.layout(registry.entity("exchange_rate")?, &["currency", "valid_on", "rate"])?;
    let mut rates = Rates(BTreeMap::new());
    for (currency, around) in AROUND {
        let mut day = company.founded.date_naive() - Days::new(1);
        while day < company.until.date_naive() {
            let rate = (around * (0.95 + 0.1 * chance.unit()) * 1e6).round() as i64;
            let rate = Decimal::new(rate, 6);
            let cells = [currency.into(), day.into(), scaled(rate, SCALE).map_or(Cell::Null, Cell::Int)];
            loader.add(&layout, head(chance.id(company.founded), company.founded), &cells)?;
            rates.0.entry(currency).or_default().insert(day, rate);
            day = day + Days::new(QUARTER);
        }
    }
    Ok(rates)
}
