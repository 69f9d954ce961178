//! The statistics of all customers, or of many: everybody's orders in one pass.

use super::{Entry, ORDERS, RETURNS, Statistics, UpTo};
use crate::{
    adoption,
    refit::tell,
    satisfaction, served,
    settings::{Settings, day_number},
    sold::{Order, Sold},
};
use engine::{
    Engine, JobContext, Result, TryStreamExt, aside, name,
    sea_query::{Expr, ExprTrait},
};
use meta::Id;
use value::history::Purchase;

/// Orders read between two words on the progress.
const TELL_EVERY: usize = 100_000;

/// Fills in everybody's statistics; `customers` are in order of their ids. `seen` is that of [`bought`].
pub async fn of_everybody(
    engine: &Engine,
    customers: &mut [(Id, Statistics)],
    up_to: &UpTo<'_>,
    seen: impl FnMut(usize, Purchase),
    job: Option<&JobContext>,
) -> Result<()> {
    let orders = Sold::newest_orders(engine, up_to.settings).await;
    let is_new = orders.is_some();
    bought(engine, customers, std::slice::from_mut, &[up_to], orders, seen, job).await?;
    served::add_of_everybody(engine, customers, std::slice::from_mut, &[up_to], is_new).await?;
    satisfaction::add_of_everybody(engine, customers, up_to).await?;
    adoption::add_of_everybody(engine, customers, up_to).await?;
    tell(job, "read", customers.len(), customers.len()).await
}

/// Gives each order that counts, of whatever day, to its customer, in order of the customers and of days; `customers` are many and in order
/// of their ids, which `id` tells. `orders` are everybody's as the warehouse has them; without them they are read one by one, none held
/// in memory.
pub async fn each_order<C>(
    engine: &Engine,
    (customers, id): (&mut [C], impl Fn(&C) -> Id),
    settings: &Settings,
    orders: Option<Sold>,
    mut take: impl FnMut(&mut C, &Order),
    job: Option<&JobContext>,
) -> Result<()> {
    if let Some(orders) = orders {
        aside(|| {
            let orders = orders.by_customer(|known| customers.binary_search_by_key(&known, &id).ok());
            orders.iter().for_each(|order| take(&mut customers[order.place as usize], order));
        });
        return Ok(());
    }
    let orders = ORDERS.by_customer();
    let (mut rows, mut read, mut at) = (engine.stream(&orders), 0_usize, 0_usize);
    while let Some(row) = rows.try_next().await? {
        read += 1;
        if read.is_multiple_of(TELL_EVERY) {
            tell(job, "read", at, customers.len()).await?;
        }
        let account = row.id(0)?;
        while customers.get(at).is_some_and(|customer| id(customer) < account) {
            at += 1;
        }
        // Orders of a deleted account are nobody's.
        let of_account = customers.get_mut(at).filter(|customer| id(customer) == account);
        let Some(customer) = of_account else { continue };
        if let Some(Entry { day, amount, margin, .. }) = ORDERS.of_any_day(&row, settings)? {
            take(customer, &Order { place: at as u32, day, amount, margin });
        }
    }
    Ok(())
}

/// Fills in what `customers`, many and in order of their ids, bought and gave back up to each of some days; their costs are those
/// of orders and returns alone. `orders` are those of [`each_order`]. `seen` gets each purchase, of whatever day, with the place of its
/// customer. `of_days` are a customer's statistics, one for each day; the settings of all days are the same.
pub async fn bought<K>(
    engine: &Engine,
    customers: &mut [(Id, K)],
    of_days: impl Fn(&mut K) -> &mut [Statistics],
    up_to: &[&UpTo<'_>],
    orders: Option<Sold>,
    mut seen: impl FnMut(usize, Purchase),
    job: Option<&JobContext>,
) -> Result<()> {
    let Some(first) = up_to.first() else { return Ok(()) };
    let buy = |(account, known): &mut (Id, K), order: &Order| {
        let Order { place, day, amount, margin } = *order;
        if amount > 0 {
            seen(place as usize, Purchase { day, amount });
        }
        let order = Entry { account: *account, day, amount, margin };
        for (up_to, known) in up_to.iter().zip(of_days(known)) {
            if day <= day_number(up_to.day) {
                known.buy(&order, up_to.since());
                known.charge_order(&order, up_to);
            }
        }
    };
    let of_account = |(id, _): &(Id, K)| *id;
    each_order(engine, (&mut *customers, of_account), first.settings, orders, buy, job).await?;
    let returns = RETURNS.select().and_where(Expr::col(name("account")).is_not_null()).to_owned();
    let mut rows = engine.stream(&returns);
    while let Some(row) = rows.try_next().await? {
        let account = row.id(0)?;
        let Ok(at) = customers.binary_search_by(|(id, _)| id.cmp(&account)) else { continue };
        let Some(back) = RETURNS.of_any_day(&row, first.settings)? else { continue };
        for (up_to, known) in up_to.iter().zip(of_days(&mut customers[at].1)) {
            if back.day <= day_number(up_to.day) {
                known.give_back(&back, up_to.since());
                known.charge_return(&back, up_to);
            }
        }
    }
    Ok(())
}
