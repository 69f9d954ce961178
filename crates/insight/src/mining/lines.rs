//! The order lines that count, of the last [`YEARS`] years, read once for everything that is mined.
//!
//! A line's amount is its part of the order's net amount: without tax, after discounts, before returns, in the company currency.

use crate::{
    facts::{ask, ranges, whole},
    settings::{Settings, date_of, day_number},
};
use engine::{Engine, Error, Result};
use meta::{Id, NaiveDate, Value};
use mining::recommend::history::{History, Purchase};
use std::collections::HashMap;
use warehouse::Manner;

/// What is older says little of what customers buy now, and two years of it are two seasons.
pub const YEARS: i32 = 3;
/// Less than a gigabyte in memory.
const LINES_LIMIT: usize = 20_000_000;
/// Without an order for so long, time ends at the last order, not today.
const QUIET_DAYS: i32 = 56;

#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// A number in [`Sales::accounts`]; `None` for an anonymous sale.
    pub account: Option<u32>,
    pub order: u32,
    /// A number in [`Sales::products`]; `None` where only a description was written.
    pub product: Option<u32>,
    pub day: i32,
    pub quantity: f64,
    /// Units of the company currency.
    pub amount: f64,
}

#[derive(Debug, Default)]
pub struct Sales {
    /// In order of their ids, as are the products; who bought within the years read.
    pub accounts: Vec<Id>,
    pub products: Vec<Id>,
    /// In order of account, day and order.
    pub lines: Vec<Line>,
    /// The last day that counts: the as-of day, or the last order's if nobody has bought for long.
    pub until: NaiveDate,
}

/// A line with its records' ids.
struct Raw {
    account: Option<Id>,
    order: Id,
    product: Option<Id>,
    day: i32,
    quantity: f64,
    amount: f64,
}

/// Lines of this day are the first that are too old to be read.
pub fn before(until: NaiveDate) -> NaiveDate {
    date_of(day_number(until) - YEARS * 365)
}

pub async fn read(engine: &Engine, settings: &Settings) -> Result<Sales> {
    warehouse::refresh(engine, Manner::default(), None).await?;
    let as_of = settings.as_of_day(engine.clock());
    let Some(last) = last_sale(engine, as_of).await? else {
        return Ok(Sales { until: as_of, ..Sales::default() });
    };
    let quiet = day_number(as_of) - day_number(last) > QUIET_DAYS;
    let until = if quiet { last } else { as_of };
    let from = before(until);
    let mut sales = Reading::default();
    let anonymous = "d.account IS NULL".to_owned();
    for range in [anonymous].into_iter().chain(ranges(engine, "d.account").await?) {
        // What is given away or taken back is nobody's choice.
        let sql = format!(
            "SELECT d.account, d.\"order\", p.id, d.day, d.quantity, d.net \
             FROM sales d LEFT JOIN product p ON p.key = d.product_key \
             WHERE {range} AND d.day > '{from}' AND d.day <= '{until}' AND d.quantity > 0 AND d.net > 0"
        );
        let answer = ask(engine, &sql).await?;
        if sales.lines.len() + answer.rows() > LINES_LIMIT {
            return Err(Error::Limit(meta::label(
                format!(
                    "Mining reads at most {LINES_LIMIT} order lines; this company has more since {from}."
                ),
                format!("数据挖掘最多读取 {LINES_LIMIT} 条订单行，{from} 以来的订单行超过此数。"),
            )));
        }
        sales.add(answer.values().map(|row| line(&row?)).collect::<Result<Vec<_>>>()?);
    }
    Ok(sales.finish(until))
}

/// The day of the last line that counts up to the as-of day.
pub async fn last_sale(engine: &Engine, as_of: NaiveDate) -> Result<Option<NaiveDate>> {
    let answer = ask(engine, &format!("SELECT max(day) FROM sales WHERE day <= '{as_of}'")).await?;
    let row = answer.values().next().transpose()?;
    Ok(row.and_then(|row| row.first()?.as_date()))
}

fn line(row: &[Value]) -> Result<Raw> {
    let [account, order, product, day, quantity, amount] = row else {
        return Err(Error::Internal("a line of another form".into()));
    };
    let (Some(order), Some(day)) = (order.as_id(), day.as_date()) else {
        return Err(Error::Internal("a line without order or day".into()));
    };
    Ok(Raw {
        account: account.as_id(),
        order,
        product: product.as_id(),
        day: day_number(day),
        quantity: units(quantity),
        amount: units(amount),
    })
}

fn units(value: &Value) -> f64 {
    value::money::to_units(whole(value))
}

/// Lines become small as they are read, customers after customers; products are numbered at the end.
#[derive(Default)]
struct Reading {
    accounts: Vec<Id>,
    /// By the order in which they were met.
    products: Vec<Id>,
    product_of: HashMap<Id, u32>,
    orders: u32,
    lines: Vec<Line>,
}

impl Reading {
    /// Every line of some customers, whose ids are larger than those before.
    fn add(&mut self, mut raw: Vec<Raw>) {
        // Whatever order the database gave; lines of one order stand together.
        raw.sort_by(|a, b| {
            (a.account, a.day, a.order, a.product)
                .cmp(&(b.account, b.day, b.order, b.product))
                .then(a.amount.total_cmp(&b.amount))
        });
        let mut last = None;
        for line in raw {
            if last != Some(line.order) {
                self.orders += 1;
                last = Some(line.order);
            }
            if let Some(account) = line.account.filter(|account| self.accounts.last() != Some(account)) {
                self.accounts.push(account);
            }
            let account = line.account.map(|_| self.accounts.len() - 1);
            let product = line.product.map(|product| self.number_of(product));
            self.lines.push(Line {
                account: account.and_then(|place| u32::try_from(place).ok()),
                order: self.orders - 1,
                product,
                day: line.day,
                quantity: line.quantity,
                amount: line.amount,
            });
        }
    }

    fn number_of(&mut self, product: Id) -> u32 {
        let Reading { products, product_of, .. } = self;
        *product_of.entry(product).or_insert_with(|| {
            products.push(product);
            u32::try_from(products.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn finish(mut self, until: NaiveDate) -> Sales {
        let mut products = self.products.clone();
        products.sort_unstable();
        let place_of: HashMap<Id, u32> = products.iter().copied().zip(0..).collect();
        let places: Vec<u32> = self.products.iter().map(|product| place_of[product]).collect();
        for line in &mut self.lines {
            line.product = line.product.and_then(|met| places.get(met as usize).copied());
        }
        Sales { accounts: self.accounts, products, lines: self.lines, until }
    }
}

impl Sales {
    /// Who bought which product first when.
    pub fn history(&self) -> History {
        History::new(self.lines.iter().filter_map(|line| {
            Some(Purchase { customer: line.account?, product: line.product?, day: line.day })
        }))
    }

    pub fn orders(&self) -> usize {
        self.lines.iter().map(|line| line.order).max().map_or(0, |last| last as usize + 1)
    }

    /// The lines of each account, in order of the accounts.
    pub fn by_account(&self) -> impl Iterator<Item = (u32, &[Line])> {
        let groups = self.lines.chunk_by(|a, b| a.account == b.account);
        groups.filter_map(|lines| Some((lines.first()?.account?, lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_depend_on_the_order_of_reading() {
        let raw = |account: u128, order: u128, product: u128, day: i32| Raw {
            account: (account > 0).then(|| Id::from_u128(account)),
            order: Id::from_u128(order),
            product: (product > 0).then(|| Id::from_u128(product)),
            day,
            quantity: 1.0,
            amount: 2.0,
        };
        let lines =
            || vec![raw(2, 7, 5, 10), raw(1, 9, 3, 4), raw(2, 7, 3, 10), raw(0, 4, 0, 2), raw(1, 8, 5, 3)];
        let read = |parts: Vec<Vec<Raw>>| {
            let mut reading = Reading::default();
            parts.into_iter().for_each(|part| reading.add(part));
            reading.finish(NaiveDate::MAX)
        };
        let mut reversed = lines();
        reversed.reverse();
        let of = |account: u128| {
            lines()
                .into_iter()
                .filter(move |line| line.account == (account > 0).then(|| Id::from_u128(account)))
        };
        let (one, other) = (read(vec![lines()]), read(vec![reversed]));
        let parts = read(vec![of(0).collect(), of(1).collect(), vec![], of(2).collect()]);
        assert_eq!(format!("{one:?}"), format!("{parts:?}"));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!((one.accounts.len(), one.products.len(), one.orders()), (2, 2, 4));
        assert_eq!(
            one.by_account().map(|(account, lines)| (account, lines.len())).collect::<Vec<_>>(),
            [(0, 2), (1, 2)]
        );
        assert_eq!(one.history().owned(1), [0, 1]);
    }
}
