//! What serving customers took that is not in the heads of orders and returns: the lines of their orders and the contacts
//! with them. Read only where a rate makes it cost something.

use crate::{
    settings::day_number,
    sold::Sold,
    statistics::{COUNTING_ORDERS, Statistics, UpTo},
};
use engine::{
    Engine, Result, Row, TryStreamExt, Tx, name,
    sea_query::{Alias, Expr, ExprTrait, Func, JoinType, Query as Sql, SelectStatement},
};
use meta::Id;
use std::collections::HashMap;
use value::service_cost::{Driver, Group, Rates, Use};

impl Statistics {
    /// Adds what something cost.
    pub fn charge(&mut self, up_to: &UpTo<'_>, driver: Driver, day: i32, used: Use) {
        let cost = up_to.settings.cost_rates.cost(driver, day, used);
        self.costs.add(driver.group(), cost);
        if day > up_to.since() {
            self.recent.charge(cost);
        }
    }
}

/// What is read: customer, moment, kind, pieces, minutes.
#[derive(Clone, Copy)]
enum Kind {
    Lines,
    Contacts,
}

/// The kinds that cost something.
fn kinds(rates: &Rates) -> impl Iterator<Item = Kind> {
    let lines = rates.has(Driver::OrderLine).then_some(Kind::Lines);
    let contacts = rates.has_group(Group::Contacts).then_some(Kind::Contacts);
    lines.into_iter().chain(contacts)
}

impl Kind {
    /// `None` for everybody.
    fn select(self, accounts: Option<&[Id]>) -> SelectStatement {
        let of = |account: Expr| match accounts {
            Some(accounts) => account.is_in(accounts.iter().copied()),
            None => account.is_not_null(),
        };
        match self {
            Kind::Lines => {
                let order = |column: &str| (name("order"), name(column));
                let line = |column: &str| (name("order_line"), name(column));
                Sql::select()
                    .columns([order("account"), order("ordered_at"), order("status")])
                    .expr(Func::count(Expr::col(line("id"))))
                    .from(name("order_line"))
                    .join(JoinType::InnerJoin, name("order"), Expr::col(order("id")).equals(line("order")))
                    .and_where(of(Expr::col(order("account"))))
                    .and_where(Expr::col(order("deleted_at")).is_null())
                    .and_where(Expr::col(line("deleted_at")).is_null())
                    .group_by_columns([order("id"), order("account"), order("ordered_at"), order("status")])
                    .to_owned()
            }
            Kind::Contacts => Sql::select()
                .columns(["account", "happened_at", "kind", "duration_minutes"].map(Alias::new))
                .from(name("activity"))
                .and_where(of(Expr::col(name("account"))))
                .and_where(Expr::col(name("deleted_at")).is_null())
                .and_where(Expr::col(name("done")).eq(true))
                .to_owned(),
        }
    }

    /// `None` for what costs nothing: not yet happened, of an order that does not count, of a kind without rates.
    fn read(self, row: &Row, up_to: &UpTo<'_>) -> Result<Option<(Id, Driver, i32, Use)>> {
        let day = up_to.settings.day_of(row.instant(1)?);
        let kind = row.opt_text(2)?.unwrap_or_default();
        let number = Ord::max(row.opt_int(3)?.unwrap_or(0), 0);
        let driver = match self {
            Kind::Lines => COUNTING_ORDERS.contains(&kind.as_str()).then_some(Driver::OrderLine),
            Kind::Contacts => Driver::named(&kind),
        };
        let Some(driver) = driver.filter(|_| day <= up_to.day) else { return Ok(None) };
        let used = match self {
            Kind::Lines => Use { pieces: number, ..Use::default() },
            Kind::Contacts => Use { pieces: 1, minutes: number, sales: 0 },
        };
        Ok(Some((row.id(0)?, driver, day_number(day), used)))
    }
}

fn add(found: &mut HashMap<Id, Statistics>, kind: Kind, rows: &[Row], up_to: &UpTo<'_>) -> Result<()> {
    for row in rows {
        if let Some((account, driver, day, used)) = kind.read(row, up_to)? {
            found.entry(account).or_default().charge(up_to, driver, day, used);
        }
    }
    Ok(())
}

pub async fn add_of(
    engine: &Engine,
    found: &mut HashMap<Id, Statistics>,
    accounts: &[Id],
    up_to: &UpTo<'_>,
) -> Result<()> {
    for kind in kinds(&up_to.settings.cost_rates) {
        add(found, kind, &engine.fetch(&kind.select(Some(accounts))).await?, up_to)?;
    }
    Ok(())
}

pub async fn add_of_in(
    tx: &mut Tx,
    found: &mut HashMap<Id, Statistics>,
    accounts: &[Id],
    up_to: &UpTo<'_>,
) -> Result<()> {
    for kind in kinds(&up_to.settings.cost_rates) {
        add(found, kind, &tx.fetch(&kind.select(Some(accounts))).await?, up_to)?;
    }
    Ok(())
}

/// `customers` are in order of their ids; `of_days` are a customer's statistics, one for each of the days of `up_to`.
///
/// Lines are asked of the warehouse where it `is_new`: brought up to date for the orders. Else the operational store tells them: the
/// figures of orders do not wait for the warehouse.
pub async fn add_of_everybody<K>(
    engine: &Engine,
    customers: &mut [(Id, K)],
    of_days: impl Fn(&mut K) -> &mut [Statistics],
    up_to: &[&UpTo<'_>],
    is_new: bool,
) -> Result<()> {
    let Some(first) = up_to.first() else { return Ok(()) };
    for kind in kinds(&first.settings.cost_rates) {
        if let Kind::Lines = kind
            && is_new
        {
            match Sold::lines(engine).await {
                Ok(sold) => {
                    let used = Use { pieces: 1, ..Use::default() };
                    sold.each(customers, |customer, day| {
                        for (up_to, known) in up_to.iter().zip(of_days(customer)) {
                            if day <= day_number(up_to.day) {
                                known.charge(up_to, Driver::OrderLine, day, used);
                            }
                        }
                    });
                    continue;
                }
                Err(error) => tracing::warn!("order lines are read one by one: {error}"),
            }
        }
        let select = kind.select(None);
        let mut rows = engine.stream(&select);
        while let Some(row) = rows.try_next().await? {
            let account = row.id(0)?;
            let Ok(at) = customers.binary_search_by(|(id, _)| id.cmp(&account)) else { continue };
            for (up_to, known) in up_to.iter().zip(of_days(&mut customers[at].1)) {
                if let Some((_, driver, day, used)) = kind.read(&row, up_to)? {
                    known.charge(up_to, driver, day, used);
                }
            }
        }
    }
    Ok(())
}
