//! What the database knows of a customer, reduced to what the models and figures need. One reading serves the live
//! reader and the refit, so that both see the same.

use crate::settings::{Settings, day_number};
use engine::{
    Engine, Result, Row, Tx, name,
    schema::figures_table_name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use std::collections::HashMap;
use value::history::{Purchase, Summary};

/// Orders in these states are purchases.
pub const COUNTING_ORDERS: [&str; 3] = ["confirmed", "shipped", "completed"];
/// Returns in these states lower sales.
pub const COUNTING_RETURNS: [&str; 2] = ["received", "refunded"];
/// The period of "current value".
pub const RECENT_DAYS: i32 = 52 * 7;

/// One customer up to the as-of day; money in ten-thousandths of the company currency, without tax.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Purchase days; `None` without a purchase.
    pub summary: Option<Summary>,
    /// Orders with a positive amount; several may be of one day.
    pub orders: u32,
    pub gross_sales: i64,
    pub returned: i64,
    /// Over the orders and returns whose cost is known; `None` if there is none.
    pub margin: Option<i64>,
    /// Net sales of those: what the margin was earned on.
    pub costed_sales: i64,
    /// Net sales of the last [`RECENT_DAYS`].
    pub recent_sales: i64,
}

impl Statistics {
    pub fn net_sales(&self) -> i64 {
        self.gross_sales.saturating_sub(self.returned)
    }

    fn earn(&mut self, margin: Option<i64>, sales: i64) {
        if let Some(more) = margin {
            self.margin = Some(self.margin.unwrap_or(0).saturating_add(more));
            self.costed_sales = self.costed_sales.saturating_add(sales);
        }
    }
}

/// The last day that counts, in the company's calendar.
pub struct UpTo<'s> {
    pub day: NaiveDate,
    pub settings: &'s Settings,
}

/// An order or a return as read.
struct Entry {
    account: Id,
    day: i32,
    amount: i64,
    margin: Option<i64>,
}

fn entries_of(table: &str, at: &str, accounts: &[Id], up_to: &UpTo<'_>) -> SelectStatement {
    let figures = figures_table_name(table);
    let beside = Expr::col((name(&figures), name("id"))).equals((name(table), name("id")));
    let mut select = Sql::select();
    select
        .columns(["account", at, "net_base", "margin_base"].map(name))
        .from(name(table))
        .join(JoinType::InnerJoin, name(&figures), beside)
        .and_where(Expr::col(name("account")).is_in(accounts.iter().copied()))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name(at)).lt(up_to.settings.end_of(up_to.day)));
    select
}

fn orders_of(accounts: &[Id], up_to: &UpTo<'_>) -> SelectStatement {
    let mut select = entries_of("order", "ordered_at", accounts, up_to);
    select.and_where(Expr::col(name("status")).is_in(COUNTING_ORDERS));
    select
}

fn returns_of(accounts: &[Id], up_to: &UpTo<'_>) -> SelectStatement {
    let mut select = entries_of("return", "returned_at", accounts, up_to);
    select.and_where(Expr::col(name("status")).is_in(COUNTING_RETURNS));
    select
}

fn read(rows: &[Row], up_to: &UpTo<'_>) -> Result<Vec<Entry>> {
    rows.iter()
        .map(|row| {
            Ok(Entry {
                account: row.id(0)?,
                day: day_number(up_to.settings.day_of(row.instant(1)?)),
                amount: row.opt_int(2)?.unwrap_or(0),
                margin: row.opt_int(3)?,
            })
        })
        .collect()
}

fn gather(orders: &[Entry], returns: &[Entry], as_of: NaiveDate) -> HashMap<Id, Statistics> {
    let since = day_number(as_of) - RECENT_DAYS;
    let mut found: HashMap<Id, Statistics> = HashMap::new();
    let mut purchases: HashMap<Id, Vec<Purchase>> = HashMap::new();
    for order in orders {
        let customer = found.entry(order.account).or_default();
        // A free sample costs margin but is no decision to buy.
        customer.earn(order.margin, order.amount);
        if order.amount > 0 {
            customer.orders += 1;
            customer.gross_sales = customer.gross_sales.saturating_add(order.amount);
            if order.day > since {
                customer.recent_sales = customer.recent_sales.saturating_add(order.amount);
            }
            let purchase = Purchase { day: order.day, amount: order.amount };
            purchases.entry(order.account).or_default().push(purchase);
        }
    }
    for back in returns {
        let customer = found.entry(back.account).or_default();
        customer.returned = customer.returned.saturating_add(back.amount);
        customer.earn(back.margin.map(|lost| lost.saturating_neg()), back.amount.saturating_neg());
        if back.day > since {
            customer.recent_sales = customer.recent_sales.saturating_sub(back.amount);
        }
    }
    for (account, purchases) in purchases {
        found.entry(account).or_default().summary = Summary::of(&purchases);
    }
    found
}

/// Statistics of `accounts`; who never bought has none in the map.
pub async fn of(engine: &Engine, accounts: &[Id], up_to: &UpTo<'_>) -> Result<HashMap<Id, Statistics>> {
    let orders = read(&engine.fetch(&orders_of(accounts, up_to)).await?, up_to)?;
    let returns = read(&engine.fetch(&returns_of(accounts, up_to)).await?, up_to)?;
    Ok(gather(&orders, &returns, up_to.day))
}

/// The same inside a transaction.
pub async fn of_in(tx: &mut Tx, accounts: &[Id], up_to: &UpTo<'_>) -> Result<HashMap<Id, Statistics>> {
    let orders = read(&tx.fetch(&orders_of(accounts, up_to)).await?, up_to)?;
    let returns = read(&tx.fetch(&returns_of(accounts, up_to)).await?, up_to)?;
    Ok(gather(&orders, &returns, up_to.day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(account: Id, day: i32, amount: i64, margin: Option<i64>) -> Entry {
        Entry { account, day, amount, margin }
    }

    #[test]
    fn orders_of_one_day_are_one_purchase_and_returns_lower_net_sales() {
        let (account, as_of) = (Id::from_u128(1), "1971-06-01".parse().unwrap());
        let orders = [
            entry(account, 500, 100, Some(40)),
            entry(account, 500, 50, None),
            entry(account, 100, 30, Some(10)),
            entry(account, 510, 0, Some(-5)),
        ];
        let found = gather(&orders, &[entry(account, 512, 20, Some(8))], as_of);
        let customer = found[&account];
        let summary = customer.summary.unwrap();
        assert_eq!((summary.orders, summary.first_day, summary.last_day), (2, 100, 500));
        assert_eq!((customer.orders, customer.gross_sales, customer.net_sales()), (3, 180, 160));
        assert_eq!((customer.margin, customer.costed_sales, customer.recent_sales), (Some(37), 110, 130));
    }

    #[test]
    fn margin_is_unknown_without_a_known_cost() {
        let account = Id::from_u128(1);
        let found = gather(&[entry(account, 1, 100, None)], &[], "1970-01-31".parse().unwrap());
        assert_eq!(found[&account].margin, None);
    }
}
