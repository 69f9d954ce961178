//! The order lines that count, of the last [`YEARS`] years, read once for everything that is mined.
//!
//! A line's amount is its own, without tax, before a discount on the whole order and before returns, in the company currency.

use crate::{
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Engine, Error, Result, Row, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use mining::recommend::history::{History, Purchase};
use std::collections::HashMap;

/// What is older says little of what customers buy now, and two years of it are two seasons.
pub const YEARS: i32 = 3;
/// About a gigabyte in memory.
const LINES_LIMIT: usize = 20_000_000;
/// Without an order for so long, time ends at the last order, not today.
const QUIET_DAYS: i32 = 56;
const EXCHANGE_SCALE: f64 = 1e8;

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

pub async fn read(engine: &Engine, settings: &Settings) -> Result<Sales> {
    let as_of = settings.as_of_day(engine.clock());
    let Some(last) = last_order(engine, settings, as_of).await? else {
        return Ok(Sales { until: as_of, ..Sales::default() });
    };
    let quiet = day_number(as_of) - day_number(last) > QUIET_DAYS;
    let until = if quiet { last } else { as_of };
    let from = date_of(day_number(until) - YEARS * 365);
    let mut select = statement();
    let ordered_at = || Expr::col((name("order"), name("ordered_at")));
    select
        .and_where(ordered_at().gte(settings.end_of(from)))
        .and_where(ordered_at().lt(settings.end_of(until)));
    let mut raw: Vec<Raw> = vec![];
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        raw.extend(line(&row, settings)?);
        if raw.len() > LINES_LIMIT {
            return Err(Error::Limit(meta::label(
                format!(
                    "Mining reads at most {LINES_LIMIT} order lines; this company has more since {from}."
                ),
                format!("数据挖掘最多读取 {LINES_LIMIT} 条订单行，{from} 以来的订单行超过此数。"),
            )));
        }
    }
    drop(rows);
    Ok(numbered(raw, until))
}

/// The day of the last order that counts up to the as-of day.
async fn last_order(engine: &Engine, settings: &Settings, as_of: NaiveDate) -> Result<Option<NaiveDate>> {
    let select = Sql::select()
        .expr(Expr::col(name("ordered_at")).max())
        .from(name("order"))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("status")).is_in(COUNTING_ORDERS))
        .and_where(Expr::col(name("ordered_at")).lt(settings.end_of(as_of)))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    let last = rows.first().map(|row| row.opt_instant(0)).transpose()?.flatten();
    Ok(last.map(|at| settings.day_of(at)))
}

fn statement() -> SelectStatement {
    let order = |column: &str| Expr::col((name("order"), name(column)));
    let line = |column: &str| Expr::col((name("order_line"), name(column)));
    let mut select = Sql::select();
    select
        .exprs(["account", "id", "ordered_at", "exchange_rate"].map(order))
        .exprs(["product", "quantity", "amount"].map(line))
        .from(name("order"))
        .join(JoinType::InnerJoin, name("order_line"), line("order").eq(order("id")))
        .and_where(order("deleted_at").is_null())
        .and_where(line("deleted_at").is_null())
        .and_where(order("status").is_in(COUNTING_ORDERS));
    select
}

/// `None` for what is given away or taken back.
fn line(row: &Row, settings: &Settings) -> Result<Option<Raw>> {
    let scale = 10_f64.powi(meta::MONEY_SCALE as i32);
    let (quantity, amount) = (row.opt_int(5)?.unwrap_or(0), row.opt_int(6)?.unwrap_or(0));
    if quantity <= 0 || amount <= 0 {
        return Ok(None);
    }
    let rate = row.opt_int(3)?.map_or(1.0, |rate| rate as f64 / EXCHANGE_SCALE);
    Ok(Some(Raw {
        account: row.opt_id(0)?,
        order: row.id(1)?,
        product: row.opt_id(4)?,
        day: day_number(settings.day_of(row.instant(2)?)),
        quantity: quantity as f64 / 1e4,
        amount: amount as f64 / scale * rate,
    }))
}

fn numbered(mut raw: Vec<Raw>, until: NaiveDate) -> Sales {
    // An order of its own kind of id: lines of one order stand together, whatever order the database gave.
    raw.sort_by(|a, b| {
        (a.account, a.day, a.order, a.product)
            .cmp(&(b.account, b.day, b.order, b.product))
            .then(a.amount.total_cmp(&b.amount))
    });
    let (accounts, account_of) = numbers(raw.iter().filter_map(|line| line.account));
    let (products, product_of) = numbers(raw.iter().filter_map(|line| line.product));
    let (mut orders, mut last) = (0, None);
    let lines = raw
        .iter()
        .map(|line| {
            if last != Some(line.order) {
                orders += u32::from(last.is_some());
                last = Some(line.order);
            }
            Line {
                account: line.account.and_then(|id| account_of.get(&id).copied()),
                order: orders,
                product: line.product.and_then(|id| product_of.get(&id).copied()),
                day: line.day,
                quantity: line.quantity,
                amount: line.amount,
            }
        })
        .collect();
    Sales { accounts, products, lines, until }
}

fn numbers(ids: impl Iterator<Item = Id>) -> (Vec<Id>, HashMap<Id, u32>) {
    let mut sorted: Vec<Id> = ids.collect();
    sorted.sort_unstable();
    sorted.dedup();
    let of = sorted.iter().copied().zip(0..).collect();
    (sorted, of)
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
        let mut reversed = lines();
        reversed.reverse();
        let (one, other) = (numbered(lines(), NaiveDate::MAX), numbered(reversed, NaiveDate::MAX));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!((one.accounts.len(), one.products.len(), one.orders()), (2, 2, 4));
        assert_eq!(
            one.by_account().map(|(account, lines)| (account, lines.len())).collect::<Vec<_>>(),
            [(0, 2), (1, 2)]
        );
        assert_eq!(one.history().owned(1), [0, 1]);
    }
}
