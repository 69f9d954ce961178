//! What the database knows of a customer, reduced to what the models and figures need. One reading serves the live
//! reader and the refit, so that both see the same.

mod everybody;

pub use everybody::{bought, each_order, of_everybody};

use crate::{
    adoption::{self, Adoption},
    profitability::known::Recent,
    satisfaction::{self, Answers},
    served,
    settings::{Settings, day_number},
    weekday::Weekdays,
};
use engine::{
    Engine, Result, Row, TryStreamExt, Tx, name,
    sea_query::{Expr, ExprTrait, NullOrdering, Order, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use std::collections::HashMap;
use value::{
    backtest::rules::YearBefore,
    history::{Purchase, Summary},
    rhythm::{Gaps, Rhythm},
    service_cost::{Costs, Driver, SELLING, Use},
};

/// Orders in these states are purchases.
pub const COUNTING_ORDERS: [&str; 3] = ["confirmed", "shipped", "completed"];
/// Returns in these states lower sales.
pub const COUNTING_RETURNS: [&str; 2] = ["received", "refunded"];
/// The period of "current value".
pub const RECENT_DAYS: i32 = 52 * 7;
/// Its beginning, a year before a purchase that is soon.
const SOON_DAYS: i32 = 13 * 7;

/// One customer up to the as-of day; money in ten-thousandths of the company currency, without tax.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Purchase days; `None` without a purchase.
    pub summary: Option<Summary>,
    /// Between the purchase days.
    pub gaps: Gaps,
    pub weekdays: Weekdays,
    /// Orders with a positive amount; several may be of one day.
    pub orders: u32,
    /// Purchase days of the last [`RECENT_DAYS`], and of the first quarter of those.
    pub year_before: YearBefore,
    pub gross_sales: i64,
    pub returned: i64,
    /// Over the orders and returns whose cost is known; `None` if there is none.
    pub margin: Option<i64>,
    /// Net sales of those: what the margin was earned on.
    pub costed_sales: i64,
    /// The other orders and returns together, neither taken from the other.
    pub uncosted: i64,
    /// The last [`RECENT_DAYS`].
    pub recent: Recent,
    /// What serving him took, by the company's rates.
    pub costs: Costs,
    /// What he answered of late.
    pub answers: Answers,
    /// How early he takes up new products, by the last refit.
    pub adoption: Adoption,
}

impl Statistics {
    pub fn net_sales(&self) -> i64 {
        self.gross_sales.saturating_sub(self.returned)
    }

    /// `None` with fewer than two purchase days.
    pub fn rhythm(&self) -> Option<Rhythm> {
        self.summary.and_then(|summary| Rhythm::new(self.gaps, summary.orders, summary.last_day))
    }

    fn charge_order(&mut self, order: &Entry, up_to: &UpTo<'_>) {
        let used = Use { pieces: 1, minutes: 0, sales: order.amount };
        for driver in [Driver::Order].into_iter().chain(SELLING) {
            self.charge(up_to, driver, order.day, used);
        }
    }

    fn charge_return(&mut self, back: &Entry, up_to: &UpTo<'_>) {
        self.charge(up_to, Driver::Return, back.day, Use { pieces: 1, ..Use::default() });
    }

    /// Adds an order; a customer's orders come in order of time.
    fn buy(&mut self, order: &Entry, since: i32) {
        // A free sample costs margin but is no decision to buy.
        self.earn(order.margin, order.amount, order.day > since);
        if order.amount <= 0 {
            return;
        }
        self.orders += 1;
        self.gross_sales = self.gross_sales.saturating_add(order.amount);
        let new_day = self.summary.is_none_or(|summary| order.day != summary.last_day);
        if new_day {
            self.weekdays.add(order.day);
        }
        if order.day > since {
            self.recent.sales = self.recent.sales.saturating_add(order.amount);
            self.year_before.horizon += u16::from(new_day);
            self.year_before.soon += u16::from(new_day && order.day <= since + SOON_DAYS);
        }
        let purchase = Purchase { day: order.day, amount: order.amount };
        match &mut self.summary {
            Some(summary) => {
                if new_day {
                    self.gaps.add(summary.orders, f64::from(order.day) - f64::from(summary.last_day));
                }
                summary.add_known(purchase, new_day);
            }
            None => self.summary = Some(Summary::first(purchase)),
        }
    }

    /// Adds a return, in any order.
    fn give_back(&mut self, back: &Entry, since: i32) {
        self.returned = self.returned.saturating_add(back.amount);
        let lost = back.margin.map(|lost| lost.saturating_neg());
        self.earn(lost, back.amount.saturating_neg(), back.day > since);
        if back.day > since {
            self.recent.sales = self.recent.sales.saturating_sub(back.amount);
        }
    }

    fn earn(&mut self, margin: Option<i64>, sales: i64, is_recent: bool) {
        if is_recent {
            self.recent.earn(margin, sales);
        }
        if let Some(more) = margin {
            self.margin = Some(self.margin.unwrap_or(0).saturating_add(more));
            self.costed_sales = self.costed_sales.saturating_add(sales);
        } else {
            self.uncosted = self.uncosted.saturating_add(sales.saturating_abs());
        }
    }
}

/// The last day that counts, in the company's calendar.
pub struct UpTo<'s> {
    pub day: NaiveDate,
    pub settings: &'s Settings,
}

impl UpTo<'_> {
    /// Sales after this day are recent.
    pub fn since(&self) -> i32 {
        day_number(self.day) - RECENT_DAYS
    }
}

/// An order or a return that counts.
struct Entry {
    account: Id,
    day: i32,
    amount: i64,
    margin: Option<i64>,
}

/// What is read of orders or returns.
struct Kind {
    table: &'static str,
    at: &'static str,
    counting: &'static [&'static str],
}

const ORDERS: Kind = Kind { table: "order", at: "ordered_at", counting: &COUNTING_ORDERS };
const RETURNS: Kind = Kind { table: "return", at: "returned_at", counting: &COUNTING_RETURNS };

impl Kind {
    /// Without conditions on state and time, which [`Kind::read`] looks at: the database shall have no reason to leave
    /// the index in order of customer and time.
    fn select(&self) -> SelectStatement {
        let mut select = Sql::select();
        select
            .columns(["account", self.at, "status", "net_base", "margin_base"].map(name))
            .from(name(self.table))
            .and_where(Expr::col(name("deleted_at")).is_null());
        select
    }

    fn of(&self, accounts: &[Id]) -> SelectStatement {
        let mut select = self.select();
        select
            .and_where(Expr::col(name("account")).is_in(accounts.iter().copied()))
            .order_by(name(self.at), Order::Asc);
        select
    }

    fn by_customer(&self) -> SelectStatement {
        let mut select = self.select();
        select
            .and_where(Expr::col(name("account")).is_not_null())
            .order_by_with_nulls(name("account"), Order::Asc, NullOrdering::First)
            .order_by_with_nulls(name(self.at), Order::Asc, NullOrdering::First);
        select
    }

    /// `None` for one that does not count.
    fn read(&self, row: &Row, up_to: &UpTo<'_>) -> Result<Option<Entry>> {
        let entry = self.of_any_day(row, up_to.settings)?;
        Ok(entry.filter(|entry| entry.day <= day_number(up_to.day)))
    }

    /// The same without a last day.
    fn of_any_day(&self, row: &Row, settings: &Settings) -> Result<Option<Entry>> {
        if !self.counting.contains(&row.text(2)?.as_str()) {
            return Ok(None);
        }
        let (account, day) = (row.id(0)?, day_number(settings.day_of(row.instant(1)?)));
        let (amount, margin) = (row.opt_int(3)?.unwrap_or(0), row.opt_int(4)?);
        Ok(Some(Entry { account, day, amount, margin }))
    }
}

fn gather(orders: &[Row], returns: &[Row], up_to: &UpTo<'_>) -> Result<HashMap<Id, Statistics>> {
    let mut found: HashMap<Id, Statistics> = HashMap::new();
    for row in orders {
        if let Some(order) = ORDERS.read(row, up_to)? {
            let customer = found.entry(order.account).or_default();
            customer.buy(&order, up_to.since());
            customer.charge_order(&order, up_to);
        }
    }
    for row in returns {
        if let Some(back) = RETURNS.read(row, up_to)? {
            let customer = found.entry(back.account).or_default();
            customer.give_back(&back, up_to.since());
            customer.charge_return(&back, up_to);
        }
    }
    Ok(found)
}

/// Statistics of `accounts`; who never bought has none in the map.
pub async fn of(engine: &Engine, accounts: &[Id], up_to: &UpTo<'_>) -> Result<HashMap<Id, Statistics>> {
    let orders = engine.fetch(&ORDERS.of(accounts)).await?;
    let returns = engine.fetch(&RETURNS.of(accounts)).await?;
    let mut found = gather(&orders, &returns, up_to)?;
    served::add_of(engine, &mut found, accounts, up_to).await?;
    satisfaction::add_of(engine, &mut found, accounts, up_to).await?;
    adoption::add_of(engine, &mut found, accounts).await?;
    Ok(found)
}

/// The same inside a transaction.
pub async fn of_in(tx: &mut Tx, accounts: &[Id], up_to: &UpTo<'_>) -> Result<HashMap<Id, Statistics>> {
    let orders = tx.fetch(&ORDERS.of(accounts)).await?;
    let returns = tx.fetch(&RETURNS.of(accounts)).await?;
    let mut found = gather(&orders, &returns, up_to)?;
    served::add_of_in(tx, &mut found, accounts, up_to).await?;
    satisfaction::add_of_in(tx, &mut found, accounts, up_to).await?;
    adoption::add_of_in(tx, &mut found, accounts).await?;
    Ok(found)
}

/// Every return with what was given back and the margin lost, in order of customers' ids and of time.
pub async fn returns_by_customer(
    engine: &Engine,
    up_to: &UpTo<'_>,
    mut take: impl FnMut(Id, Purchase, Option<i64>),
) -> Result<()> {
    let select = RETURNS.by_customer();
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        if let Some(back) = RETURNS.read(&row, up_to)? {
            take(back.account, Purchase { day: back.day, amount: back.amount }, back.margin);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(day: i32, amount: i64, margin: Option<i64>) -> Entry {
        Entry { account: Id::from_u128(1), day, amount, margin }
    }

    #[test]
    fn orders_of_one_day_are_one_purchase_and_returns_lower_net_sales() {
        let since = 515 - RECENT_DAYS;
        let mut customer = Statistics::default();
        for order in [
            entry(100, 30, Some(10)),
            entry(500, 100, Some(40)),
            entry(500, 50, None),
            entry(510, 0, Some(-5)),
        ] {
            customer.buy(&order, since);
        }
        customer.give_back(&entry(512, 20, Some(8)), since);
        let bought = YearBefore { horizon: 1, soon: 0 };
        assert_eq!(customer.year_before, bought);
        let summary = customer.summary.unwrap();
        assert_eq!((summary.orders, summary.first_day, summary.last_day), (2, 100, 500));
        assert_eq!((customer.orders, customer.gross_sales, customer.net_sales()), (3, 180, 160));
        // The days are known; the order of nothing is none.
        assert_eq!(customer.rhythm(), Rhythm::of(&[100, 500]));
        assert_eq!((customer.margin, customer.costed_sales, customer.recent.sales), (Some(37), 110, 130));
        assert_eq!(customer.uncosted, 50);
    }

    #[test]
    fn margin_is_unknown_without_a_known_cost() {
        let mut customer = Statistics::default();
        customer.buy(&entry(1, 100, None), 0);
        customer.give_back(&entry(2, 40, None), 0);
        assert_eq!((customer.margin, customer.uncosted), (None, 140));
    }

    #[test]
    fn a_million_customers_take_little_memory() {
        assert!(size_of::<(Id, Statistics)>() <= 264, "{} bytes", size_of::<(Id, Statistics)>());
    }
}
