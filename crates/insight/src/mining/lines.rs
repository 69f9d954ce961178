//! The order lines that count, of the last [`YEARS`] years, read once for everything that is mined.
//!
//! A line's amount is its part of the order's net amount: without tax, after discounts, before returns, in the company currency.
//!
//! Of one customer they are read of the operational store, by its index.
//! Long because they are read in two ways, which give the same lines.

use super::refresh::computed;
use crate::{
    facts::{add_ids, ask, ids_by_key, key_ranges},
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Engine, Error, Result, aside, name,
    sea_query::{Expr, ExprTrait, JoinType, Order, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use mining::recommend::history::{History, Purchase};
use rayon::prelude::*;
use std::cmp::Ordering;
use warehouse::{
    Answer,
    arrow::{
        array::{Array, AsArray, Int32Array},
        datatypes::{Date32Type, Int32Type, Int64Type},
    },
};

/// What is older says little of what customers buy now, and two years of it are two seasons.
pub const YEARS: i32 = 3;
/// As many days are read.
pub const DAYS: i32 = YEARS * 365;
/// Less than a gigabyte in memory.
const LINES_LIMIT: usize = 20_000_000;
/// Of one customer, of whom no page waits longer.
const OWN_LINES_LIMIT: usize = 200_000;
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
    warehouse::bring_up_to_date(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let Some(last) = last_sale(engine, as_of).await? else {
        return Ok(Sales { until: as_of, ..Sales::default() });
    };
    let quiet = day_number(as_of) - day_number(last) > QUIET_DAYS;
    let until = if quiet { last } else { as_of };
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
    let numbers = Numbers {
        accounts: Numbered::of(&buyers_by_key(engine).await?),
        orders: Numbered::of(&ids_by_key(engine, "\"order\"").await?),
        products: Numbered::of(&ids_by_key(engine, "product").await?),
    };
    let mut lines = Vec::with_capacity(counted);
    let nobodys = "d.account_key IS NULL".to_owned();
    for range in [nobodys].into_iter().chain(key_ranges(numbers.accounts.of_key.len())) {
        let sql = format!(
            "SELECT d.account_key, d.order_key, d.product_key, d.day, {} AS quantity, {} AS net FROM sales d \
             WHERE {range} AND {counts}",
            in_ten_thousandths("d.quantity"),
            in_ten_thousandths("d.net"),
        );
        let answer = ask(engine, &sql).await?;
        aside(|| numbers.add(answer, &mut lines));
    }
    let Numbers { accounts, products, .. } = numbers;
    computed(move || Sales::of(lines, &accounts.ids, &products.ids, until)).await
}

/// Of one customer, as they stand now, those after one day and until another; beside what he bought the catalogue of these sales
/// has `more`, so that either can be asked for.
pub async fn of_account(
    engine: &Engine,
    settings: &Settings,
    account: Id,
    (after, until): (NaiveDate, NaiveDate),
    more: &[Id],
) -> Result<Sales> {
    let rows = engine.fetch(&own(settings, account, (after, until))).await?;
    if rows.len() > OWN_LINES_LIMIT {
        return Err(Error::Limit(meta::label(
            format!(
                "Of one customer at most {OWN_LINES_LIMIT} order lines are looked at; this one has more."
            ),
            format!("单个客户最多查看 {OWN_LINES_LIMIT} 条订单行，该客户超过此数。"),
        )));
    }
    let mut found: Vec<Own> = vec![];
    for row in rows {
        let own = Own {
            order: row.id(0)?,
            day: day_number(settings.day_of(row.instant(1)?)),
            rate: row.opt_int(2)?,
            whole: row.opt_int(3)?,
            product: row.opt_id(4)?,
            quantity: row.opt_int(5)?.unwrap_or(0),
            amount: row.opt_int(6)?.unwrap_or(0),
        };
        found.push(own);
    }
    Ok(Sales::of_one(account, &found, more, until))
}

/// As [`of_account`] reads them.
pub fn own(settings: &Settings, account: Id, (after, until): (NaiveDate, NaiveDate)) -> SelectStatement {
    let order = |column: &str| (name("order"), name(column));
    let line = |column: &str| (name("order_line"), name(column));
    let at = || Expr::col(order("ordered_at"));
    Sql::select()
        .columns([order("id"), order("ordered_at"), order("exchange_rate"), order("net_base")])
        .columns([line("product"), line("quantity"), line("amount")])
        .from(name("order"))
        .join(JoinType::InnerJoin, name("order_line"), Expr::col(line("order")).equals(order("id")))
        .and_where(Expr::col(order("account")).eq(account))
        .and_where(Expr::col(order("deleted_at")).is_null())
        .and_where(Expr::col(order("status")).is_in(COUNTING_ORDERS))
        .and_where(at().gte(settings.end_of(after)))
        .and_where(at().lt(settings.end_of(until)))
        .and_where(Expr::col(line("deleted_at")).is_null())
        .order_by(order("id"), Order::Asc)
        .order_by(line("id"), Order::Asc)
        .limit(OWN_LINES_LIMIT as u64 + 1)
        .to_owned()
}

/// A line as the operational store has it, of all of an order's that are not deleted.
struct Own {
    order: Id,
    day: i32,
    rate: Option<i64>,
    whole: Option<i64>,
    product: Option<Id>,
    quantity: i64,
    amount: i64,
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

/// Whoever bought, by the keys of the warehouse; the deleted have bought, too.
async fn buyers_by_key(engine: &Engine) -> Result<Vec<Option<Id>>> {
    let mut ids = ids_by_key(engine, "account").await?;
    let deleted = "SELECT DISTINCT d.account_key, d.account FROM \"order\" d WHERE NOT EXISTS \
                   (SELECT 1 FROM account c WHERE c.key = d.account_key)";
    add_ids(engine, deleted, &mut ids).await?;
    Ok(ids)
}

/// Records numbered in the order of their ids: keys are given in the order in which a warehouse met them.
struct Numbered {
    ids: Vec<Id>,
    /// [`MISSING`] where there is no record.
    of_key: Vec<u32>,
}

impl Numbered {
    fn of(by_key: &[Option<Id>]) -> Self {
        aside(|| {
            let mut known: Vec<(Id, usize)> =
                by_key.iter().enumerate().filter_map(|(key, id)| Some(((*id)?, key))).collect();
            known.sort();
            let mut of_key = vec![MISSING; by_key.len()];
            known.iter().enumerate().for_each(|(number, (_, key))| of_key[*key] = number as u32);
            Numbered { ids: known.into_iter().map(|(id, _)| id).collect(), of_key }
        })
    }

    fn at(&self, column: &Int32Array, row: usize) -> u32 {
        let key = column.is_valid(row).then(|| usize::try_from(column.value(row)).ok()).flatten();
        key.and_then(|key| self.of_key.get(key).copied()).unwrap_or(MISSING)
    }
}

struct Numbers {
    accounts: Numbered,
    orders: Numbered,
    products: Numbered,
}

impl Numbers {
    /// The columns in the order of [`read`]'s question.
    fn add(&self, answer: Answer, lines: &mut Vec<Line>) {
        for batch in answer.batches {
            let keys = |at: usize| batch.column(at).as_primitive::<Int32Type>();
            let units = |at: usize| batch.column(at).as_primitive::<Int64Type>();
            let (account, order, product) = (keys(0), keys(1), keys(2));
            let day = batch.column(3).as_primitive::<Date32Type>();
            let (quantity, amount) = (units(4), units(5));
            for row in 0..batch.num_rows() {
                let order = self.orders.at(order, row);
                // The warehouse was refreshed since orders were numbered, and this one came with it.
                if order == MISSING {
                    continue;
                }
                lines.push(Line {
                    account: self.accounts.at(account, row),
                    product: self.products.at(product, row),
                    order,
                    day: day.value(row),
                    quantity: value::money::to_units(quantity.value(row)),
                    amount: value::money::to_units(amount.value(row)),
                });
            }
        }
    }
}

/// Anonymous sales first; lines of one order stand together.
fn in_place(a: &Line, b: &Line) -> Ordering {
    let place =
        |line: &Line| (line.account.wrapping_add(1), line.day, line.order, line.product.wrapping_add(1));
    place(a).cmp(&place(b)).then(a.amount.total_cmp(&b.amount)).then(a.quantity.total_cmp(&b.quantity))
}

fn first_purchases(lines: &[Line]) -> History {
    History::new(lines.iter().filter_map(|line| {
        Some(Purchase { customer: line.account()?, product: line.product()?, day: line.day })
    }))
}

impl Sales {
    /// One customer's lines, in order of their orders.
    fn of_one(account: Id, own: &[Own], more: &[Id], until: NaiveDate) -> Sales {
        let mut products: Vec<Id> = own.iter().filter_map(|line| line.product).collect();
        products.extend(more);
        products.sort_unstable();
        products.dedup();
        let mut lines = vec![];
        for (order, of_order) in own.chunk_by(|one, other| one.order == other.order).enumerate() {
            let amounts: Vec<i64> = of_order.iter().map(|line| line.amount).collect();
            let nets = warehouse::net_of_lines(&amounts, of_order[0].rate, of_order[0].whole);
            // As [`counting`] has it.
            let counts = of_order.iter().zip(nets).filter(|(line, net)| line.quantity > 0 && *net > 0);
            lines.extend(counts.map(|(line, net)| {
                Line {
                    account: 0,
                    product: line
                        .product
                        .and_then(|product| products.binary_search(&product).ok())
                        .map_or(MISSING, |number| number as u32),
                    order: order as u32,
                    day: line.day,
                    quantity: value::money::to_units(line.quantity),
                    amount: value::money::to_units(net),
                }
            }));
        }
        lines.sort_unstable_by(in_place);
        let history = first_purchases(&lines);
        Sales { accounts: vec![account], products, lines, history, until }
    }

    /// Of lines in whatever order, whose accounts, orders and products are numbers among all there are; those that were bought, and who
    /// bought, are numbered anew.
    fn of(mut lines: Vec<Line>, accounts: &[Id], products: &[Id], until: NaiveDate) -> Sales {
        lines.par_sort_unstable_by(in_place);
        let bought = Renumbered::of(lines.iter().filter_map(Line::product), products);
        let buying = Renumbered::of(lines.iter().filter_map(Line::account), accounts);
        let (mut orders, mut last) = (0, None);
        for line in &mut lines {
            if last.is_some_and(|last| last != line.order) {
                orders += 1;
            }
            last = Some(line.order);
            line.order = orders;
            line.product = bought.number(line.product());
            line.account = buying.number(line.account());
        }
        let history = first_purchases(&lines);
        Sales { accounts: buying.ids, products: bought.ids, lines, history, until }
    }

    pub fn orders(&self) -> usize {
        self.lines.iter().map(|line| line.order).max().map_or(0, |last| last as usize + 1)
    }

    /// The lines of each account, in order of the accounts.
    pub fn by_account(&self) -> impl Iterator<Item = (u32, &[Line])> {
        let groups = self.lines.chunk_by(|a, b| a.account == b.account);
        groups.filter_map(|lines| Some((lines.first()?.account()?, lines)))
    }
}

/// Those of many that occur.
struct Renumbered {
    ids: Vec<Id>,
    /// Of each of all.
    numbers: Vec<u32>,
}

impl Renumbered {
    fn of(occurring: impl Iterator<Item = u32>, all: &[Id]) -> Self {
        let mut numbers = vec![MISSING; all.len()];
        occurring.for_each(|number| numbers[number as usize] = 0);
        let mut ids = vec![];
        for (number, id) in numbers.iter_mut().zip(all).filter(|(number, _)| **number != MISSING) {
            *number = ids.len() as u32;
            ids.push(*id);
        }
        Renumbered { ids, numbers }
    }

    fn number(&self, former: Option<u32>) -> u32 {
        former.map_or(MISSING, |number| self.numbers[number as usize])
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
        let history = first_purchases(&lines);
        let ids = |count: usize| (1..=count as u128).map(Id::from_u128).collect();
        Sales { accounts: ids(accounts), products: ids(5), lines, history, until: date_of(TODAY) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_depend_on_the_order_of_reading() {
        let line = |account: u32, order: u32, product: u32, day: i32| {
            let known = |number: u32| (number > 0).then_some(number);
            Line::new(known(account), known(product), order, day, 1.0, 2.0)
        };
        let lines = || {
            vec![line(2, 7, 5, 10), line(1, 9, 3, 4), line(2, 7, 3, 10), line(0, 4, 0, 2), line(1, 8, 5, 3)]
        };
        let all: Vec<Id> = (0..9).map(Id::from_u128).collect();
        let read = |lines| Sales::of(lines, &all, &all, NaiveDate::MAX);
        let mut reversed = lines();
        reversed.reverse();
        let (one, other) = (read(lines()), read(reversed));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(one.orders(), 4);
        assert_eq!(
            one.lines.iter().map(|line| (line.account(), line.order, line.product())).collect::<Vec<_>>(),
            [
                (None, 0, None),
                (Some(0), 1, Some(1)),
                (Some(0), 2, Some(0)),
                (Some(1), 3, Some(0)),
                (Some(1), 3, Some(1))
            ]
        );
        assert_eq!(
            one.by_account().map(|(account, lines)| (account, lines.len())).collect::<Vec<_>>(),
            [(0, 2), (1, 2)]
        );
        assert_eq!(one.history.owned(1), [0, 1]);
        assert_eq!(
            (one.accounts, one.products),
            ([1, 2].map(Id::from_u128).into(), [3, 5].map(Id::from_u128).into())
        );
    }

    #[test]
    fn records_are_numbered_by_their_ids_whatever_their_keys() {
        let found = Numbered::of(&[Some(7), None, Some(3), Some(9)].map(|id| id.map(Id::from_u128)));
        assert_eq!(found.of_key, [1, MISSING, 0, 2]);
        assert_eq!(found.ids, [3, 7, 9].map(Id::from_u128));
        let keys = Int32Array::from(vec![Some(3), None, Some(1), Some(4)]);
        assert_eq!([0, 1, 2, 3].map(|row| found.at(&keys, row)), [2, MISSING, MISSING, MISSING]);
    }
}
