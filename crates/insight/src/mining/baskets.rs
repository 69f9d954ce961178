//! What is bought together in one order, kept as rules; and the orders a rule was counted on.

use super::{
    counted::MostBought,
    kept::{self, Kept, WHOLE},
    lines::{self, Sales},
};
use crate::moves;
use engine::{Engine, Result};
use meta::{Id, NaiveDate, Value};
use mining::{
    baskets::{Baskets, rules},
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub const KIND: &str = "baskets";
/// Rules kept, the strongest by lift.
const RULES: usize = 2_000;
/// Sets of at least two products kept, the most frequent.
const SETS: usize = 30;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub baskets: u32,
    /// Of them with at least two different products.
    pub mixed: usize,
    pub support: u32,
    pub sets: usize,
    /// Those of at least two products that are in most orders.
    #[serde(default)]
    pub together: Vec<Together>,
    pub tried: usize,
    pub by_chance: usize,
    pub redundant: usize,
    /// The products that sets and rules name by number.
    pub products: Vec<Id>,
    pub rules: Vec<rules::Rule>,
}

/// Products that are together in so many orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// In rising order.
    pub products: Vec<u32>,
    pub orders: u32,
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<std::result::Result<Found, Reason>>>>> {
    kept::load(engine, KIND, WHOLE).await
}

impl Found {
    /// How many orders held all of these products, if a rule or a frequent set is of them and no others.
    pub fn holding(&self, products: &[Id]) -> Option<u32> {
        let number = |id: &Id| self.products.binary_search(id).ok().and_then(|at| u32::try_from(at).ok());
        let mut wanted: Vec<u32> = products.iter().map(number).collect::<Option<_>>()?;
        wanted.sort_unstable();
        let about = |rule: &&rules::Rule| {
            let mut all = [rule.if_bought.as_slice(), &[rule.then]].concat();
            all.sort_unstable();
            all == wanted
        };
        let set = || self.together.iter().find(|set| set.products == wanted).map(|set| set.orders);
        self.rules.iter().find(about).map(|rule| rule.both).or_else(set)
    }
}

/// An order with the day it counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    pub day: NaiveDate,
    pub order: Id,
}

/// Orders that hold all of these products among the lines read up to a day, the latest first: some of those after one of them.
pub async fn orders(
    engine: &Engine,
    products: &[Id],
    until: NaiveDate,
    after: Option<Holding>,
    limit: usize,
) -> Result<Vec<Holding>> {
    let ids: Vec<String> = products.iter().map(|id| format!("id('{id}')")).collect();
    let keys =
        moves::ask(engine, &format!("SELECT key FROM product WHERE id IN ({})", ids.join(", "))).await?;
    let mut wanted: Vec<String> = vec![];
    for row in keys.values() {
        wanted.extend(row?.first().and_then(Value::as_int).map(|key| key.to_string()));
    }
    if wanted.is_empty() || wanted.len() < products.len() {
        return Ok(vec![]);
    }
    let beyond = after.map_or_else(String::new, |Holding { day, order }| {
        format!(" AND (d.day < '{day}' OR (d.day = '{day}' AND d.\"order\" < id('{order}')))")
    });
    let sql = format!(
        "SELECT d.day, d.\"order\" FROM sales d WHERE {} AND d.product_key IN ({}){beyond} \
         GROUP BY d.day, d.\"order\" HAVING count(DISTINCT d.product_key) = {} \
         ORDER BY d.day DESC, d.\"order\" DESC LIMIT {limit}",
        lines::counting(until),
        wanted.join(", "),
        wanted.len(),
    );
    let mut found = vec![];
    for row in moves::ask(engine, &sql).await?.values() {
        let row = row?;
        let place = row.first().and_then(Value::as_date).zip(row.get(1).and_then(Value::as_id));
        found.extend(place.map(|(day, order)| Holding { day, order }));
    }
    Ok(found)
}

pub fn find(sales: &Sales) -> std::result::Result<Found, Reason> {
    let pairs = sales.lines.iter().filter_map(|line| Some((line.order, line.product()?)));
    let baskets = Baskets::new(pairs);
    let frequent = baskets.frequent(None)?;
    let mut found = rules::of(&frequent);
    found.rules.truncate(RULES);
    let mut together: Vec<Together> = frequent
        .sets
        .iter()
        .filter(|set| set.items.len() > 1)
        .map(|set| Together { products: set.items.clone(), orders: set.count })
        .collect();
    together.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.products.cmp(&b.products)));
    together.truncate(SETS);
    let of_rules = found.rules.iter().flat_map(|rule| rule.if_bought.iter().copied().chain([rule.then]));
    let mut used: Vec<u32> =
        of_rules.chain(together.iter().flat_map(|set| set.products.iter().copied())).collect();
    used.sort_unstable();
    used.dedup();
    // Numbers of this run mean nothing later: the kept ones count the products that are named.
    let number = |product: u32| used.binary_search(&product).unwrap_or(0) as u32;
    for rule in &mut found.rules {
        rule.then = number(rule.then);
        rule.if_bought = rule.if_bought.iter().map(|product| number(*product)).collect();
    }
    for set in &mut together {
        set.products = set.products.iter().map(|product| number(*product)).collect();
    }
    Ok(Found {
        baskets: frequent.baskets,
        mixed: baskets.mixed(),
        support: frequent.support,
        sets: frequent.sets.len(),
        together,
        tried: found.tried,
        by_chance: found.by_chance,
        redundant: found.redundant,
        products: used.iter().map(|product| sales.products[*product as usize]).collect(),
        rules: found.rules,
    })
}

pub async fn refresh(engine: &Engine, sales: &Arc<Sales>) -> Result<()> {
    let shared = sales.clone();
    let computing = super::refresh::computed(move || {
        let found = find(&shared);
        // The simpler figure, where there are too few.
        let counted = found.is_err().then(|| MostBought::of(&shared));
        (found, counted)
    });
    let (found, counted) = computing.await?;
    if let Some(counted) = counted {
        counted.keep(engine, sales.until).await?;
    }
    kept::keep(engine, KIND, WHOLE, sales.until, &found).await
}
