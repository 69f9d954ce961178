//! The order lines that count, of the last [`YEARS`] years, read once for everything that is mined.
//!
//! A line's amount is its part of the order's net amount: without tax, after discounts, before returns, in the company currency.

use crate::{
    facts::{ask, ids_by_key, ranges},
    settings::{Settings, date_of, day_number},
};
use engine::{Engine, Error, Result};
use meta::{Id, NaiveDate};
use mining::recommend::history::{History, Purchase};
use warehouse::{
    Answer, Manner,
    arrow::{
        array::{Array, AsArray, FixedSizeBinaryArray},
        datatypes::{Date32Type, Int32Type, Int64Type},
    },
};

/// What is older says little of what customers buy now, and two years of it are two seasons.
pub const YEARS: i32 = 3;
/// As many days are read.
pub const DAYS: i32 = YEARS * 365;
/// Less than a gigabyte in memory.
const LINES_LIMIT: usize = 20_000_000;
/// Without an order for so long, time ends at the last order, not today.
const QUIET_DAYS: i32 = 56;

/// There are millions: who and what is missing is a number nobody has.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    account: u32,
    product: u32,
    pub order: u32,
    pub day: i32,
    pub quantity: f64,
    /// Units of the company currency.
    pub amount: f64,
}

const MISSING: u32 = u32::MAX;

fn known(number: u32) -> Option<u32> {
    (number != MISSING).then_some(number)
}

impl Line {
    pub fn new(
        account: Option<u32>,
        product: Option<u32>,
        order: u32,
        day: i32,
        quantity: f64,
        amount: f64,
    ) -> Self {
        let [account, product] = [account, product].map(|number| number.unwrap_or(MISSING));
        Line { account, product, order, day, quantity, amount }
    }

    /// A number in [`Sales::accounts`]; `None` for an anonymous sale.
    pub fn account(&self) -> Option<u32> {
        known(self.account)
    }

    /// A number in [`Sales::products`]; `None` where only a description was written.
    pub fn product(&self) -> Option<u32> {
        known(self.product)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Sales {
    /// In order of their ids, as are the products; who bought within the years read.
    pub accounts: Vec<Id>,
    pub products: Vec<Id>,
    /// In order of account, day and order.
    pub lines: Vec<Line>,
    /// Who bought which product first when.
    pub history: History,
    /// The last day that counts: the as-of day, or the last order's if nobody has bought for long.
    pub until: NaiveDate,
}

/// A line with its records' ids.
struct Raw {
    account: Option<Id>,
    order: Id,
    /// A number in all products there are, in order of their ids.
    product: Option<u32>,
    day: i32,
    quantity: f64,
    amount: f64,
}

/// Those of one customer's lines that are known on a day.
pub fn until(lines: &[Line], day: i32) -> &[Line] {
    &lines[..lines.partition_point(|line| line.day <= day)]
}

/// Those of one customer's lines that lie after one day and are known on another.
pub fn within(lines: &[Line], after: i32, day: i32) -> &[Line] {
    let known = until(lines, day);
    &known[until(known, after).len()..]
}

/// How many different ones are on these lines.
pub fn products(lines: &[Line]) -> usize {
    let mut products: Vec<u32> = lines.iter().filter_map(Line::product).collect();
    products.sort_unstable();
    products.dedup();
    products.len()
}

/// How many are these lines of one customer.
pub fn orders(lines: &[Line]) -> usize {
    lines.chunk_by(|one, other| one.order == other.order).count()
}

/// Lines of this day are the first that are too old to be read.
pub fn before(until: NaiveDate) -> NaiveDate {
    date_of(day_number(until) - DAYS)
}

/// Whether a row of `sales d` is read: what is given away or taken back is nobody's choice.
pub fn counting(until: NaiveDate) -> String {
    let from = before(until);
    format!("d.day > '{from}' AND d.day <= '{until}' AND d.quantity > 0 AND d.net > 0")
}

pub async fn read(engine: &Engine, settings: &Settings) -> Result<Sales> {
    warehouse::refresh(engine, Manner::default(), None).await?;
    let as_of = settings.as_of_day(engine.clock());
    let Some(last) = last_sale(engine, as_of).await? else {
        return Ok(Sales { until: as_of, ..Sales::default() });
    };
    let quiet = day_number(as_of) - day_number(last) > QUIET_DAYS;
    let until = if quiet { last } else { as_of };
    let by_key = ids_by_key(engine, "product").await?;
    let mut products: Vec<Id> = by_key.iter().copied().flatten().collect();
    products.sort_unstable();
    let number = |id: &Option<Id>| Some(products.binary_search(id.as_ref()?).ok()? as u32);
    let numbers: Vec<Option<u32>> = by_key.iter().map(number).collect();
    let counts = counting(until);
    let counted = ask(engine, &format!("SELECT count(*) FROM sales d WHERE {counts}")).await?;
    let counted = counted.values().next().transpose()?.and_then(|row| row.first()?.as_int()).unwrap_or(0);
    let counted = usize::try_from(counted).unwrap_or(usize::MAX);
    if counted > LINES_LIMIT {
        return Err(Error::Limit(meta::label(
            format!(
                "Mining reads at most {LINES_LIMIT} order lines; this company has more since {}.",
                before(until)
            ),
            format!("数据挖掘最多读取 {LINES_LIMIT} 条订单行，{} 以来的订单行超过此数。", before(until)),
        )));
    }
    let mut sales = Reading { lines: Vec::with_capacity(counted), ..Reading::default() };
    let anonymous = "d.account IS NULL".to_owned();
    for range in [anonymous].into_iter().chain(ranges(engine, "d.account").await?) {
        let sql = format!(
            "SELECT d.account, d.\"order\", d.product_key, d.day, {} AS quantity, {} AS net FROM sales d \
             WHERE {range} AND {counts}",
            in_ten_thousandths("d.quantity"),
            in_ten_thousandths("d.net"),
        );
        sales.add(lines(ask(engine, &sql).await?, &numbers)?);
    }
    Ok(sales.finish(&products, until))
}

fn in_ten_thousandths(column: &str) -> String {
    format!("CAST({column} * {} AS BIGINT)", value::money::SCALE)
}

/// The day of the last line that counts up to the as-of day.
pub async fn last_sale(engine: &Engine, as_of: NaiveDate) -> Result<Option<NaiveDate>> {
    let answer = ask(engine, &format!("SELECT max(day) FROM sales WHERE day <= '{as_of}'")).await?;
    let row = answer.values().next().transpose()?;
    Ok(row.and_then(|row| row.first()?.as_date()))
}

/// The columns in the order of [`read`]'s question.
fn lines(answer: Answer, products: &[Option<u32>]) -> Result<Vec<Raw>> {
    let mut lines = Vec::with_capacity(answer.rows());
    for batch in answer.batches {
        let ids = |at: usize| batch.column(at).as_fixed_size_binary();
        let units = |at: usize| batch.column(at).as_primitive::<Int64Type>();
        let (account, order, quantity, amount) = (ids(0), ids(1), units(4), units(5));
        let (product, day) =
            (batch.column(2).as_primitive::<Int32Type>(), batch.column(3).as_primitive::<Date32Type>());
        for row in 0..batch.num_rows() {
            let key = product.is_valid(row).then(|| usize::try_from(product.value(row)).ok()).flatten();
            lines.push(Raw {
                account: id(account, row)?,
                order: id(order, row)?.ok_or_else(|| Error::Internal("a line without an order".into()))?,
                product: key.and_then(|key| products.get(key).copied().flatten()),
                day: day.value(row),
                quantity: value::money::to_units(quantity.value(row)),
                amount: value::money::to_units(amount.value(row)),
            });
        }
    }
    Ok(lines)
}

fn id(column: &FixedSizeBinaryArray, row: usize) -> Result<Option<Id>> {
    let known = column.is_valid(row).then(|| Id::from_slice(column.value(row)));
    known.transpose().map_err(|error| Error::Internal(format!("an id of another form: {error}")))
}

/// Lines become small as they are read, customers after customers.
#[derive(Default)]
struct Reading {
    accounts: Vec<Id>,
    orders: u32,
    lines: Vec<Line>,
}

impl Reading {
    /// Every line of some customers, whose ids are larger than those before.
    fn add(&mut self, mut raw: Vec<Raw>) {
        // Whatever order the database gave; lines of one order stand together.
        raw.sort_unstable_by(|a, b| {
            (a.account, a.day, a.order, a.product)
                .cmp(&(b.account, b.day, b.order, b.product))
                .then(a.amount.total_cmp(&b.amount))
                .then(a.quantity.total_cmp(&b.quantity))
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
            let account = account.and_then(|place| u32::try_from(place).ok());
            let order = self.orders - 1;
            self.lines.push(Line::new(account, line.product, order, line.day, line.quantity, line.amount));
        }
    }

    /// Of `all` products, in order of their ids, those that were bought are numbered anew.
    fn finish(mut self, all: &[Id], until: NaiveDate) -> Sales {
        let mut bought = vec![false; all.len()];
        self.lines.iter().filter_map(Line::product).for_each(|number| bought[number as usize] = true);
        let mut numbers = vec![0; all.len()];
        let mut products = vec![];
        for (at, id) in all.iter().enumerate().filter(|(at, _)| bought[*at]) {
            numbers[at] = products.len() as u32;
            products.push(*id);
        }
        for line in &mut self.lines {
            line.product = line.product().map_or(MISSING, |number| numbers[number as usize]);
        }
        let history = History::new(self.lines.iter().filter_map(|line| {
            Some(Purchase { customer: line.account()?, product: line.product()?, day: line.day })
        }));
        Sales { accounts: self.accounts, products, lines: self.lines, history, until }
    }
}

impl Sales {
    pub fn orders(&self) -> usize {
        self.lines.iter().map(|line| line.order).max().map_or(0, |last| last as usize + 1)
    }

    /// The lines of each account, in order of the accounts.
    pub fn by_account(&self) -> impl Iterator<Item = (u32, &[Line])> {
        let groups = self.lines.chunk_by(|a, b| a.account == b.account);
        groups.filter_map(|lines| Some((lines.first()?.account()?, lines)))
    }
}

/// A company made up for tests.
#[cfg(test)]
pub mod made {
    use super::*;

    const TODAY: i32 = 20_555;
    /// Days between two orders of a customer: all of them go into a quarter of 91 days.
    const INTERVALS: [i32; 3] = [7, 13, 91];

    /// Customers who buy the same at the same intervals for as long as is read; and some with one order each, so many days ago, of
    /// a product that nobody else buys.
    pub fn steady(customers: u32, others: &[i32]) -> Sales {
        let (mut lines, mut order) = (vec![], 0);
        let mut add = |account: u32, product: u32, ago: i32, amount: f64| {
            lines.push(Line::new(Some(account), Some(product), order, TODAY - ago, 1.0, amount));
            order += 1;
        };
        for account in 0..customers {
            let interval = INTERVALS[account as usize % INTERVALS.len()];
            let times = (DAYS - 1 - account as i32 % interval) / interval;
            for time in (0..=times).rev() {
                let ago = account as i32 % interval + time * interval;
                add(account, time as u32 % (1 + account % 4), ago, 10.0 * 1.06_f64.powi(account as i32));
            }
        }
        for (account, ago) in (customers..).zip(others) {
            add(account, 4, *ago, 100.0);
        }
        let accounts = customers as usize + others.len();
        let history = History::new(lines.iter().filter_map(|line| {
            Some(Purchase { customer: line.account()?, product: line.product()?, day: line.day })
        }));
        let ids = |count: usize| (1..=count as u128).map(Id::from_u128).collect();
        Sales { accounts: ids(accounts), products: ids(5), lines, history, until: date_of(TODAY) }
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
            product: (product > 0).then_some(product as u32),
            day,
            quantity: 1.0,
            amount: 2.0,
        };
        let lines =
            || vec![raw(2, 7, 5, 10), raw(1, 9, 3, 4), raw(2, 7, 3, 10), raw(0, 4, 0, 2), raw(1, 8, 5, 3)];
        let read = |parts: Vec<Vec<Raw>>| {
            let mut reading = Reading::default();
            parts.into_iter().for_each(|part| reading.add(part));
            reading.finish(&(0..9).map(Id::from_u128).collect::<Vec<_>>(), NaiveDate::MAX)
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
        assert_eq!(one.history.owned(1), [0, 1]);
        assert_eq!(one.products, [3, 5].map(Id::from_u128));
    }
}
