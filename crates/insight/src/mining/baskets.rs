//! What is bought together in one order, kept as rules.

use super::{
    kept::{self, Kept, WHOLE},
    lines::Sales,
};
use engine::{Engine, Result};
use meta::Id;
use mining::{
    baskets::{Baskets, rules},
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub const KIND: &str = "baskets";
/// Rules kept, the strongest by lift.
const RULES: usize = 2_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub baskets: u32,
    /// Of them with at least two different products.
    pub mixed: usize,
    pub support: u32,
    pub sets: usize,
    pub tried: usize,
    pub by_chance: usize,
    pub redundant: usize,
    /// The products that rules name by number.
    pub products: Vec<Id>,
    pub rules: Vec<rules::Rule>,
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<std::result::Result<Found, Reason>>>>> {
    kept::load(engine, KIND, WHOLE).await
}

pub fn find(sales: &Sales) -> std::result::Result<Found, Reason> {
    let pairs = sales.lines.iter().filter_map(|line| Some((line.order, line.product()?)));
    let baskets = Baskets::new(pairs);
    let frequent = baskets.frequent(None)?;
    let mut found = rules::of(&frequent);
    found.rules.truncate(RULES);
    let mut used: Vec<u32> =
        found.rules.iter().flat_map(|rule| rule.if_bought.iter().copied().chain([rule.then])).collect();
    used.sort_unstable();
    used.dedup();
    // Numbers of this run mean nothing later: the kept ones count the products that rules name.
    let number = |product: u32| used.binary_search(&product).unwrap_or(0) as u32;
    for rule in &mut found.rules {
        rule.then = number(rule.then);
        rule.if_bought = rule.if_bought.iter().map(|product| number(*product)).collect();
    }
    Ok(Found {
        baskets: frequent.baskets,
        mixed: baskets.mixed(),
        support: frequent.support,
        sets: frequent.sets.len(),
        tried: found.tried,
        by_chance: found.by_chance,
        redundant: found.redundant,
        products: used.iter().map(|product| sales.products[*product as usize]).collect(),
        rules: found.rules,
    })
}

pub async fn refresh(engine: &Engine, sales: &Arc<Sales>) -> Result<()> {
    let shared = sales.clone();
    let found = super::refresh::computed(move || find(&shared)).await?;
    kept::keep(engine, KIND, WHOLE, sales.until, &found).await
}
