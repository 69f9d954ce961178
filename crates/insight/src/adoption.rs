//! Who takes up the new first. Of the products a customer bought that were new to the company, how many he first bought within
//! [`EARLY_WEEKS`] of their first sale.
//!
//! A product is new if it was first sold after the company's first [`KNOWN_WEEKS`] of sales: what was sold in these may have been
//! sold before. Its first weeks must be over, or whoever has bought it is early; and they must not have been over before the customer's
//! own first purchase, or he could not have been.
//!
//! Counted by each refit from the warehouse's lines and kept as figures of the account: whoever is scored between two refits keeps
//! what the last one found.

use crate::{
    facts::{ask, at_key, ids_by_key, key_ranges},
    settings::{date_of, day_number},
    statistics::{Statistics, UpTo},
};
use engine::{
    Engine, Result, Row, Tx, aside, name,
    schema::figures_table_name,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate, Value};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::HashMap};
use warehouse::{
    Answer,
    arrow::{
        array::AsArray,
        datatypes::{Date32Type, Int32Type},
    },
};

pub const EARLY_WEEKS: i32 = 13;
pub const KNOWN_WEEKS: i32 = 26;
/// Of fewer new products nothing is said.
pub const FEWEST: u16 = 3;
/// Shares are compared in parts so small that different ones never are the same.
const WHOLE: i64 = 10_000_000_000;

/// The figures it is kept as.
const FIGURES: [&str; 2] = ["new_products", "new_products_early"];

/// Of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// New products he bought, and those of them he bought early.
    pub new: u16,
    pub early: u16,
}

impl Adoption {
    /// `bought` are the days on which products that may be new to him were first sold and first bought by him, who first bought
    /// anything on `since`.
    fn of(bought: impl Iterator<Item = (i32, i32)>, since: i32) -> Adoption {
        let mut found = Adoption::default();
        for (sold, taken) in bought {
            let early_until = sold + 7 * EARLY_WEEKS;
            if early_until >= since {
                found.new = found.new.saturating_add(1);
                found.early = found.early.saturating_add(u16::from(taken <= early_until));
            }
        }
        found
    }

    /// `None` of too few.
    fn share(self) -> Option<i64> {
        (self.new >= FEWEST).then(|| i64::from(self.early) * WHOLE / i64::from(self.new))
    }

    pub fn values(self) -> [(&'static str, Value); 2] {
        let [new, early] = FIGURES;
        let number = |count: u16| if self.new > 0 { Value::Int(count.into()) } else { Value::Null };
        [(new, number(self.new)), (early, number(self.early))]
    }
}

/// When somebody takes up new products, against everybody of whom it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the first fifth, and sooner than all together.
    First,
    Among,
    /// Later than all together.
    Behind,
}

/// What a fit learned of everybody who bought at least [`FEWEST`] new products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopters {
    pub customers: u64,
    new: u64,
    early: u64,
    /// The lowest share of the first fifth.
    first_from: Option<i64>,
}

impl Adopters {
    /// In any order; those of whom too little is known do not count.
    pub fn fit(everybody: impl Iterator<Item = Adoption>) -> Self {
        let (mut found, mut shares) = (Adopters::default(), vec![]);
        for one in everybody {
            let Some(share) = one.share() else { continue };
            shares.push(share);
            found.new += u64::from(one.new);
            found.early += u64::from(one.early);
        }
        Adopters { customers: shares.len() as u64, first_from: crate::classes::best_fifth(&shares), ..found }
    }

    /// Share of all new products they bought that they bought early.
    pub fn mean(&self) -> Option<f64> {
        (self.new > 0).then(|| self.early as f64 / self.new as f64)
    }

    /// The lowest share of the first fifth.
    pub fn first_from(&self) -> Option<f64> {
        self.first_from.map(|share| share as f64 / WHOLE as f64)
    }

    /// `None` where too little is known of him or of everybody.
    pub fn place(&self, one: Adoption) -> Option<Place> {
        let share = one.share().filter(|_| self.new > 0)?;
        // early/new of both in whole numbers.
        let his = i128::from(one.early) * i128::from(self.new);
        let all = i128::from(self.early) * i128::from(one.new);
        Some(match his.cmp(&all) {
            Ordering::Less => Place::Behind,
            Ordering::Greater if self.first_from.is_some_and(|from| share >= from) => Place::First,
            _ => Place::Among,
        })
    }
}

/// Fills in everybody's anew; `customers` are in order of their ids, and their purchases known. Where the warehouse cannot be asked,
/// everybody keeps what was found before: the figures of orders do not wait for it.
pub async fn add_of_everybody(
    engine: &Engine,
    customers: &mut [(Id, Statistics)],
    up_to: &UpTo<'_>,
) -> Result<()> {
    match counted(engine, customers, up_to.day).await {
        Ok(found) => found.into_iter().for_each(|(at, adoption)| customers[at].1.adoption = adoption),
        Err(error) => {
            tracing::warn!("who takes up new products is left as the last fit found it: {error}");
            for row in engine.fetch(&kept(None)).await? {
                if let Ok(at) = customers.binary_search_by_key(&row.id(0)?, |(id, _)| *id) {
                    customers[at].1.adoption = read(&row)?;
                }
            }
        }
    }
    Ok(())
}

/// What the last refit found of `accounts`.
pub async fn add_of(engine: &Engine, found: &mut HashMap<Id, Statistics>, accounts: &[Id]) -> Result<()> {
    add(found, &engine.fetch(&kept(Some(accounts))).await?)
}

pub async fn add_of_in(tx: &mut Tx, found: &mut HashMap<Id, Statistics>, accounts: &[Id]) -> Result<()> {
    add(found, &tx.fetch(&kept(Some(accounts))).await?)
}

fn add(found: &mut HashMap<Id, Statistics>, rows: &[Row]) -> Result<()> {
    for row in rows {
        // Whose orders are all gone took up nothing.
        if let Some(customer) = found.get_mut(&row.id(0)?).filter(|one| one.summary.is_some()) {
            customer.adoption = read(row)?;
        }
    }
    Ok(())
}

fn kept(accounts: Option<&[Id]>) -> SelectStatement {
    let [new, early] = FIGURES;
    let mut select = Sql::select();
    select
        .columns(["id", new, early].map(name))
        .from(name(&figures_table_name("account")))
        .and_where(Expr::col(name(new)).is_not_null());
    if let Some(accounts) = accounts {
        select.and_where(Expr::col(name("id")).is_in(accounts.iter().copied()));
    }
    select
}

fn read(row: &Row) -> Result<Adoption> {
    let count =
        |at: usize| Ok::<_, engine::Error>(row.opt_int(at)?.and_then(|count| u16::try_from(count).ok()));
    Ok(Adoption { new: count(1)?.unwrap_or(0), early: count(2)?.unwrap_or(0) })
}

/// A purchase: customer and product by their keys, day.
type Purchase = (i32, i32, i32);

/// With the places of their customers.
async fn counted(
    engine: &Engine,
    customers: &[(Id, Statistics)],
    as_of: NaiveDate,
) -> Result<Vec<(usize, Adoption)>> {
    warehouse::bring_up_to_date(engine).await?;
    let Some(new) = NewProducts::read(engine, as_of).await? else { return Ok(vec![]) };
    let accounts = ids_by_key(engine, "account").await?;
    let mut found = vec![];
    for range in key_ranges(accounts.len()) {
        let answer = ask(engine, &new.sales_of(&range, as_of)).await?;
        aside(|| {
            let mut bought = purchases(answer);
            bought.sort_unstable();
            // Of each product his first day.
            bought.dedup_by_key(|(account, product, _)| (*account, *product));
            for of_one in bought.chunk_by(|one, other| one.0 == other.0) {
                let known = at_key(&accounts, of_one[0].0);
                let at = known.and_then(|id| customers.binary_search_by_key(&id, |(id, _)| *id).ok());
                let since = at.and_then(|at| Some((at, customers[at].1.summary?.first_day)));
                let Some((at, since)) = since else { continue };
                let days =
                    of_one.iter().filter_map(|(_, product, day)| Some((*new.sold.get(product)?, *day)));
                found.push((at, Adoption::of(days, since)));
            }
        });
    }
    Ok(found)
}

/// Products by key with the day of their first sale.
struct NewProducts {
    sold: HashMap<i32, i32>,
    /// The days between which, both included, they were first sold.
    from: NaiveDate,
    until: NaiveDate,
}

impl NewProducts {
    /// `None` without any.
    async fn read(engine: &Engine, as_of: NaiveDate) -> Result<Option<NewProducts>> {
        let counts = counts("d", as_of);
        let sql =
            format!("SELECT d.product_key, min(d.day) FROM sales d WHERE {counts} GROUP BY d.product_key");
        let mut sold = HashMap::new();
        let mut begun: Option<i32> = None;
        for row in ask(engine, &sql).await?.values() {
            let row = row?;
            let [product, Value::Date(day)] = row.as_slice() else { continue };
            let day = day_number(*day);
            begun = Some(begun.map_or(day, |begun| Ord::min(begun, day)));
            // Without a product only a description was written.
            let key = product.as_int().and_then(|key| i32::try_from(key).ok());
            sold.extend(key.map(|key| (key, day)));
        }
        let Some(begun) = begun else { return Ok(None) };
        let (from, until) = (begun + 7 * KNOWN_WEEKS, day_number(as_of) - 7 * EARLY_WEEKS);
        sold.retain(|_, day| (from..=until).contains(day));
        let new = NewProducts { sold, from: date_of(from), until: date_of(until) };
        Ok(Some(new).filter(|new| !new.sold.is_empty()))
    }

    fn sales_of(&self, range: &str, as_of: NaiveDate) -> String {
        let NewProducts { from, until, .. } = self;
        format!(
            "SELECT d.account_key, d.product_key, d.day FROM sales d JOIN (SELECT p.product_key FROM sales p WHERE {} \
             GROUP BY p.product_key HAVING min(p.day) >= '{from}' AND min(p.day) <= '{until}') n \
             ON n.product_key = d.product_key WHERE {range} AND {}",
            counts("p", as_of),
            counts("d", as_of)
        )
    }
}

/// What is given away or taken back is nobody's choice.
fn counts(sales: &str, as_of: NaiveDate) -> String {
    format!("{sales}.quantity > 0 AND {sales}.net > 0 AND {sales}.day <= '{as_of}'")
}

fn purchases(answer: Answer) -> Vec<Purchase> {
    let mut purchases = Vec::with_capacity(answer.rows());
    for batch in answer.batches {
        let keys = |at: usize| batch.column(at).as_primitive::<Int32Type>();
        let (account, product) = (keys(0), keys(1));
        let day = batch.column(2).as_primitive::<Date32Type>();
        let row = |row: usize| (account.value(row), product.value(row), day.value(row));
        purchases.extend((0..batch.num_rows()).map(row));
    }
    purchases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_one_could_have_bought_early_counts() {
        // First sold on day 1000: early until day 1091.
        let of = |bought: &[(i32, i32)], since| Adoption::of(bought.iter().copied(), since);
        assert_eq!(of(&[(1000, 1000), (1000, 1091), (1000, 1092)], 0), Adoption { new: 3, early: 2 });
        // He came the day the first weeks ended, or a day later.
        assert_eq!(of(&[(1000, 1500)], 1091), Adoption { new: 1, early: 0 });
        assert_eq!(of(&[(1000, 1500)], 1092), Adoption::default());
    }

    #[test]
    fn the_first_fifth_above_the_mean_is_ahead() {
        let one = |early, new| Adoption { new, early };
        // Ten customers, 40 new products, 14 of them early: 35 %. The best two have 3 of 4.
        let mut known = vec![one(3, 4), one(3, 4), one(2, 4), one(2, 4), one(2, 4), one(1, 4), one(1, 4)];
        known.extend([one(0, 4); 3]);
        // Two new products tell nothing.
        known.push(one(2, 2));
        let found = Adopters::fit(known.iter().copied());
        assert_eq!((found.customers, found.mean(), found.first_from()), (10, Some(0.35), Some(0.75)));
        let places = [one(3, 4), one(4, 4), one(2, 4), one(7, 20), one(1, 4), one(0, 3), one(2, 2)];
        assert_eq!(
            places.map(|one| found.place(one)),
            [
                Some(Place::First),
                Some(Place::First),
                Some(Place::Among),
                // As early as all together.
                Some(Place::Among),
                Some(Place::Behind),
                Some(Place::Behind),
                None
            ]
        );
        assert_eq!(Adopters::default().place(one(3, 4)), None);
    }

    #[test]
    fn who_is_as_early_as_everybody_is_not_ahead() {
        let all = [Adoption { new: 3, early: 3 }; 5];
        let found = Adopters::fit(all.into_iter());
        assert_eq!(found.place(all[0]), Some(Place::Among));
        let none = Adopters::fit([Adoption { new: 3, early: 0 }; 5].into_iter());
        assert_eq!(
            (none.first_from(), none.place(Adoption { new: 3, early: 0 })),
            (None, Some(Place::Among))
        );
    }
}
