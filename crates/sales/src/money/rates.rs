//! Exchange rates for the documents of one transaction: two statements, however many documents.

use engine::{
    Error, Result, Tx,
    chrono_tz::Tz,
    name,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use meta::{DateTime, Decimal, NaiveDate, Utc, unscaled};
use std::collections::{BTreeMap, BTreeSet};

const RATE_SCALE: u32 = 8;

/// The rate of a currency on a day is the one that became valid last before or on it.
#[derive(Debug)]
pub struct Rates {
    pub company_currency: String,
    time_zone: Tz,
    by_currency: BTreeMap<String, BTreeMap<NaiveDate, Decimal>>,
}

impl Rates {
    pub async fn load(tx: &mut Tx, currencies: &BTreeSet<String>) -> Result<Rates> {
        let company_currency = tx.company_currency().await?;
        let time_zone = tx.time_zone().await?;
        let mut rates = Rates { company_currency, time_zone, by_currency: BTreeMap::new() };
        let foreign: Vec<&String> =
            currencies.iter().filter(|currency| **currency != rates.company_currency).collect();
        if foreign.is_empty() {
            return Ok(rates);
        }
        let select = Query::select()
            .columns([name("currency"), name("valid_on"), name("rate")])
            .from(name("exchange_rate"))
            .and_where(Expr::col(name("currency")).is_in(foreign.into_iter().cloned()))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .order_by(name("id"), Order::Asc)
            .to_owned();
        for row in tx.fetch(&select).await? {
            let rate = unscaled(row.int(2)?, RATE_SCALE);
            rates.by_currency.entry(row.text(0)?).or_default().insert(row.date(1)?, rate);
        }
        Ok(rates)
    }

    /// Company currency per unit of `currency` on the company's calendar day of that moment.
    pub fn at(&self, currency: &str, moment: DateTime<Utc>) -> Result<Decimal> {
        self.on(currency, moment.with_timezone(&self.time_zone).date_naive())
    }

    fn on(&self, currency: &str, day: NaiveDate) -> Result<Decimal> {
        if currency == self.company_currency {
            return Ok(Decimal::ONE);
        }
        let valid = self.by_currency.get(currency).and_then(|days| days.range(..=day).next_back());
        valid.map(|(_, rate)| *rate).ok_or_else(|| self.missing(currency, day))
    }

    fn missing(&self, currency: &str, day: NaiveDate) -> Error {
        let own = &self.company_currency;
        Error::rule(
            "currency",
            format!(
                "there is no exchange rate from {currency} to {own} for {day}: add one under Administration → Exchange rates, valid from that day or earlier"
            ),
            format!(
                "没有 {day} 有效的 {currency} 兑 {own} 汇率：请在“系统管理 → 汇率”中添加当日或更早生效的汇率"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_valid_last_is_taken_and_a_missing_one_is_named() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let usd = BTreeMap::from([
            (day("2026-01-01"), Decimal::new(72, 1)),
            (day("2026-06-01"), Decimal::new(71, 1)),
        ]);
        let rates = Rates {
            company_currency: "CNY".into(),
            time_zone: Tz::Asia__Shanghai,
            by_currency: BTreeMap::from([("USD".into(), usd)]),
        };
        let late_in_may: DateTime<Utc> = "2026-05-31T16:00:00Z".parse().unwrap();
        assert_eq!(rates.at("USD", late_in_may).unwrap(), Decimal::new(71, 1), "June has begun in Shanghai");
        assert_eq!(rates.on("USD", day("2026-05-31")).unwrap(), Decimal::new(72, 1));
        assert_eq!(rates.on("USD", day("2026-06-01")).unwrap(), Decimal::new(71, 1));
        assert_eq!(rates.on("CNY", day("2020-01-01")).unwrap(), Decimal::ONE);
        let error = rates.on("USD", day("2025-12-31")).unwrap_err();
        let Error::Invalid(problems) = &error else { panic!("{error}") };
        assert_eq!(problems[0].field, "currency");
        assert!(problems[0].problem.message(meta::Lang::En).contains("USD to CNY for 2025-12-31"));
    }
}
