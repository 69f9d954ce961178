//! Who is likely to buy a product, the likeliest first and page by page, and what one customer is likely to buy.

use super::{
    Found, KIND, KeptFound,
    told::{ADDS_PARTS, BEFORE, NO_REASON, PARTS, ids, naming, of, place, telling, told_at, why_at},
};
use crate::mining::kept;
use engine::{
    Engine, Result, name,
    sea_query::{Expr, ExprTrait, Order, SelectStatement},
};
use meta::Id;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

/// Runs looked at for one customer, the newest first: one for the products of the night, one more for each that was asked for.
const RUNS_LIMIT: usize = 20;

/// A place in the order of a product's customers, the likeliest first; who are equally likely stand in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Reverse<u16>, u32);

impl Place {
    /// In an address.
    pub fn code(self) -> String {
        format!("{}-{}", self.0.0, self.1)
    }

    pub fn parse(code: &str) -> Option<Self> {
        let (told, customer) = code.split_once('-')?;
        Some(Place(Reverse(told.parse().ok()?), customer.parse().ok()?))
    }

    fn probability(self) -> f64 {
        f64::from(self.0.0) / PARTS
    }
}

/// Of the `best` of a product's customers, at most `limit` after a place.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub best: usize,
    pub after: Option<Place>,
    pub limit: usize,
}

/// A customer, and what speaks for him.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    pub account: Id,
    pub probability: f64,
    pub bought_before: bool,
    /// What each adds to the log-odds, the strongest first, of those that speak for it: one of [`super::HISTORY`], or [`super::FIELD`]
    /// and a field of the archive. What stands in the field is not kept: whoever reads it reads the archive with his own rights.
    pub reasons: Vec<(String, f64)>,
    /// Of the products that go with it one that he bought.
    pub related: Option<Id>,
}

impl Likely {
    fn new(account: Id, probability: f64, found: &Found, why: Option<&[u8]>) -> Self {
        let mut told = Likely { account, probability, bought_before: false, reasons: vec![], related: None };
        let Some([facts, reasons @ ..]) = why else { return told };
        told.bought_before = facts & BEFORE > 0;
        told.related = usize::from(facts & !BEFORE).checked_sub(1).and_then(|at| found.near.get(at).copied());
        let known = reasons.as_chunks::<2>().0.iter().filter(|[key, _]| *key != NO_REASON);
        told.reasons = known
            .filter_map(|[key, adds]| {
                Some((found.keys.get(usize::from(*key))?.clone(), f64::from(*adds) / ADDS_PARTS))
            })
            .collect();
        told
    }
}

/// Those places that are asked for, in their order, and whether there are more.
fn chosen(mut all: Vec<Place>, asked: Asked) -> (Vec<Place>, bool) {
    let keep_first = |places: &mut Vec<Place>, many: usize| {
        let more = places.len() > many;
        if more {
            places.select_nth_unstable(many);
            places.truncate(many);
        }
        more
    };
    keep_first(&mut all, asked.best);
    all.retain(|place| asked.after.is_none_or(|after| *place > after));
    let more = keep_first(&mut all, asked.limit);
    all.sort_unstable();
    (all, more)
}

/// Customers of a product, the likeliest first, and after which place it goes on.
pub async fn likely(
    engine: &Engine,
    product: Id,
    found: &Found,
    asked: Asked,
) -> Result<(Vec<Likely>, Option<Place>)> {
    let mut select = of(found.run, product);
    select.columns(["first", "told"].map(name)).order_by(name("first"), Order::Asc);
    // Of each row the number of its first customer: earlier versions wrote longer rows.
    let (mut parts, mut all, mut from) = (vec![], vec![], 0);
    for row in engine.fetch(&select).await? {
        let bytes = row.bytes(1)?;
        parts.push((from, row.id(0)?));
        let told = (0..bytes.len() / 2).filter_map(|at| Some((at, told_at(&bytes, at)?)));
        all.extend(told.map(|(at, told)| Place(Reverse(told), (from + at) as u32)));
        from += bytes.len() / 2;
    }
    let (places, more) = chosen(all, asked);
    let part = |place: &Place| {
        let customer = place.1 as usize;
        let (from, first) = parts[..parts.partition_point(|(from, _)| *from <= customer)].last()?;
        Some((*first, customer - from))
    };
    let mut wanted: Vec<Id> = places.iter().filter_map(part).map(|(first, _)| first).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let customers = column(engine, of(found.run, Id::nil()), "customers", &wanted).await?;
    let why = column(engine, of(found.run, product), "why", &wanted).await?;
    let told = places.iter().filter_map(|place| {
        let (first, at) = part(place)?;
        let account = ids(customers.get(&first)?).nth(at)?;
        let why = why.get(&first).and_then(|why| why_at(why, at)).map(|(_, why)| why);
        Some(Likely::new(account, place.probability(), found, why))
    });
    Ok((told.collect(), places.last().copied().filter(|_| more)))
}

/// All customers of a product, the likeliest first; nobody where what was found last has taken the place of this.
pub async fn ranked(engine: &Engine, product: Id, found: &Found) -> Result<Vec<Id>> {
    let rows = async |product: Id, column: &'static str| {
        let mut select = of(found.run, product);
        select.columns(["first", column].map(name));
        let rows = engine.fetch(&select).await?;
        rows.iter().map(|row| Ok((row.id(0)?, row.bytes(1)?))).collect::<Result<HashMap<Id, Vec<u8>>>>()
    };
    let (customers, told) = (rows(Id::nil(), "customers").await?, rows(product, "told").await?);
    let mut all = vec![];
    for (first, told) in told {
        let Some(customers) = customers.get(&first) else { continue };
        let known = ids(customers).enumerate();
        all.extend(known.filter_map(|(at, customer)| Some((Reverse(told_at(&told, at)?), customer))));
    }
    all.sort_unstable();
    Ok(all.into_iter().map(|(_, customer)| customer).collect())
}

/// Of the rows that begin with these customers.
async fn column(
    engine: &Engine,
    mut rows: SelectStatement,
    column: &'static str,
    firsts: &[Id],
) -> Result<HashMap<Id, Vec<u8>>> {
    let begins = Expr::col(name("first")).is_in(firsts.iter().copied());
    rows.columns(["first", column].map(name)).and_where(begins);
    engine.fetch(&rows).await?.iter().map(|row| Ok((row.id(0)?, row.bytes(1)?))).collect()
}

/// What one customer is likely to buy, the likeliest `limit` first, each product with what is kept of it; and how many products tell
/// something of him.
pub async fn of_customer(
    engine: &Engine,
    account: Id,
    limit: usize,
) -> Result<(Vec<(Id, KeptFound, Likely)>, usize)> {
    let mut runs: BTreeMap<i64, HashMap<Id, KeptFound>> = BTreeMap::new();
    let products = kept::subjects(engine, KIND).await?;
    for product in products.iter().filter_map(|product| product.parse::<Id>().ok()) {
        if let Some(kept) = super::load(engine, product).await?
            && let Ok(found) = &kept.body
        {
            runs.entry(found.run).or_default().insert(product, kept.clone());
        }
    }
    let mut told = vec![];
    for (run, products) in runs.into_iter().rev().take(RUNS_LIMIT) {
        let rows = engine.fetch(&naming(run, account)).await?;
        let Some((first, _, at)) = place(&rows, account)? else { continue };
        for (product, parts) in part_of(engine, (run, first), "told", products.keys().copied()).await? {
            let (Some(parts), Some(kept)) = (told_at(&parts, at), products.get(&product)) else { continue };
            told.push((Reverse(parts), product, kept.clone(), (run, first), at));
        }
    }
    let many = told.len();
    told.sort_unstable_by_key(|(parts, product, ..)| (*parts, *product));
    told.truncate(limit);
    // What speaks for it is several times as long, and only of those shown.
    let mut why = HashMap::new();
    let rows: BTreeSet<(i64, Id)> = told.iter().map(|(.., row, _)| *row).collect();
    for row in rows {
        let products = told.iter().filter(|(.., of, _)| *of == row).map(|(_, product, ..)| *product);
        why.extend(part_of(engine, row, "why", products).await?);
    }
    let likely = told.into_iter().filter_map(|(Reverse(parts), product, kept, _, at)| {
        let why = why.get(&product).and_then(|why| why_at(why, at)).map(|(_, why)| why);
        let likely = Likely::new(account, f64::from(parts) / PARTS, kept.body.as_ref().ok()?, why);
        Some((product, kept, likely))
    });
    Ok((likely.collect(), many))
}

/// The probability one customer has for one product, if he has one.
pub async fn of_one(engine: &Engine, product: Id, found: &Found, account: Id) -> Result<Option<f64>> {
    let rows = engine.fetch(&naming(found.run, account)).await?;
    let Some((first, _, at)) = place(&rows, account)? else { return Ok(None) };
    let told = part_of(engine, (found.run, first), "told", [product].into_iter()).await?;
    Ok(told.first().and_then(|(_, parts)| told_at(parts, at)).map(|parts| f64::from(parts) / PARTS))
}

/// A column of the products' rows that begin with a customer.
async fn part_of(
    engine: &Engine,
    (run, first): (i64, Id),
    column: &'static str,
    products: impl Iterator<Item = Id>,
) -> Result<Vec<(Id, Vec<u8>)>> {
    let rows = engine.fetch(&telling_of((run, first), column, products)).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.bytes(1)?))).collect()
}

pub(super) fn telling_of(
    (run, first): (i64, Id),
    column: &'static str,
    products: impl Iterator<Item = Id>,
) -> SelectStatement {
    // Named, SQLite looks for each product's row: it takes the run alone to find few and would read through all of it.
    let mut rows = telling(run, first, &[column]);
    rows.and_where(Expr::col(name("product")).is_in(products));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_after_the_place_where_the_one_before_ended() {
        let all: Vec<Place> = (0..25).map(|at| Place(Reverse((at * 7 % 10) as u16), at)).collect();
        let mut sorted = all.clone();
        sorted.sort();
        let (mut walked, mut after) = (vec![], None);
        loop {
            let (page, more) = chosen(all.clone(), Asked { best: 21, after, limit: 4 });
            walked.extend(page.iter().copied());
            after = page.last().and_then(|place| Place::parse(&place.code()));
            assert_eq!(after, page.last().copied());
            if !more {
                break;
            }
        }
        assert_eq!(walked, sorted[..21]);
        assert_eq!(walked[0].0, Reverse(9));
        assert_eq!(chosen(all, Asked { best: usize::MAX, after: None, limit: 25 }), (sorted, false));
        for wrong in ["", "1", "x-1", "1-x", "-1-1"] {
            assert_eq!(Place::parse(wrong), None);
        }
    }
}
