//! Exchange rates of the made-up world: a value on the first of each month that wanders a little.

use super::{
    chance::Chance,
    company::{Company, rounded},
};
use chrono::Months;
use meta::{DateTime, Utc};

/// CNY per unit.
const FROM: [(&str, f64); 4] = [("EUR", 7.75), ("GBP", 9.05), ("JPY", 0.0485), ("USD", 7.15)];
const MONTHLY_SPREAD: f64 = 0.012;

/// (currency, valid from, rate), oldest first.
pub struct RateBook(Vec<(&'static str, DateTime<Utc>, f64)>);

impl RateBook {
    /// CNY per unit of `currency`; 1 for CNY itself.
    pub fn on(&self, currency: &str, at: DateTime<Utc>) -> f64 {
        let valid = self.0.iter().rev().find(|(known, from, _)| *known == currency && *from <= at);
        valid.map_or(1.0, |(_, _, rate)| *rate)
    }
}

pub fn add(company: &mut Company, seed: u64, from: DateTime<Utc>, to: DateTime<Utc>) -> RateBook {
    let mut chance = Chance::new(seed, 2);
    let mut book = vec![];
    for (currency, start) in FROM {
        let (mut at, mut rate) = (from, start);
        while at <= to {
            rate = (rate * (1.0 + MONTHLY_SPREAD * chance.normal()) * 10_000.0).round() / 10_000.0;
            book.push((currency, at, rate));
            let fields = [
                ("currency", currency.into()),
                ("valid_on", at.date_naive().into()),
                ("rate", rounded(rate, 4)),
            ];
            // Known from the beginning: each later rate would set off a correction of its own.
            company.add("exchange_rate", from, chance.id(from), fields);
            let Some(next) = at.checked_add_months(Months::new(1)) else { break };
            at = next;
        }
    }
    RateBook(book)
}
