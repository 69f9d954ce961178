//! Products and categories of a batch: found by number in the source, then by code, or made.

use super::{
    row::LineRow,
    state::{Product, State},
};
use crate::{
    categories,
    store::{Store, put},
};
use engine::Result;
use meta::{Id, Values};
use std::collections::{HashMap, HashSet};

/// What a batch says about one product; the first row that says something counts.
#[derive(Default)]
struct Said<'r> {
    coded: bool,
    name: Option<&'r str>,
    category: Option<String>,
    price: Option<meta::Decimal>,
    cost: Option<meta::Decimal>,
    currency: Option<&'r str>,
}

pub async fn ensure(
    store: &mut Store<'_>,
    state: &mut State,
    rows: &[&LineRow],
    currency: &str,
) -> Result<()> {
    let mut keys: Vec<String> = vec![];
    let mut said: HashMap<&str, Said<'_>> = HashMap::new();
    for row in rows {
        let Some(product) = &row.product else { continue };
        let one = said.entry(&product.key).or_insert_with(|| {
            keys.push(product.key.clone());
            Said { coded: product.coded, ..Said::default() }
        });
        one.name = one.name.or(product.name.as_deref());
        if one.category.is_none() {
            one.category = product.subcategory.clone().or_else(|| product.category.clone());
        }
        if one.price.is_none() && !row.priced.unit_price.is_zero() && !row.priced.price_only {
            (one.price, one.cost) = (Some(row.priced.unit_price), row.priced.unit_cost);
            one.currency = row.currency.as_deref();
        }
    }
    let coded: HashSet<&str> = said.iter().filter(|(_, one)| one.coded).map(|(key, _)| *key).collect();
    find(store, state, &keys, &coded).await?;
    let (mut updates, mut new) = (vec![], vec![]);
    for key in keys {
        let Some(one) = said.remove(key.as_str()) else { continue };
        match state.products.get(&key) {
            Some(product) if !product.named && one.name.is_some_and(|name| name != key) => {
                product.named = true;
                updates.push((product.id, Values::from([("name".to_owned(), one.name.into())])));
            }
            Some(_) => {}
            None => new.push((key, one)),
        }
    }
    store.update("product", updates).await?;
    if new.is_empty() {
        return Ok(());
    }
    let pairs: Vec<_> = rows
        .iter()
        .filter_map(|row| row.product.as_ref())
        .map(|product| (product.category.as_deref(), product.subcategory.as_deref()))
        .collect();
    categories::ensure(store, &mut state.categories, &pairs).await?;
    let mut numbered = vec![];
    let mut named = vec![];
    for (key, one) in new {
        let mut values = Values::new();
        put(&mut values, "code", one.coded.then_some(key.as_str()));
        put(&mut values, "name", Some(one.name.unwrap_or(&key)));
        put(&mut values, "price", one.price);
        put(&mut values, "cost", one.cost);
        put(&mut values, "currency", Some(one.currency.unwrap_or(currency)));
        let category = one.category.and_then(|name| state.categories.get(&name).copied());
        put(&mut values, "category", category);
        named.push((key.clone(), one.name.is_some()));
        numbered.push((key, values));
    }
    let ids = store.create("product", numbered).await?;
    for ((key, named), id) in named.into_iter().zip(ids) {
        state.products.insert(key, Product { id, named });
    }
    Ok(())
}

async fn find(
    store: &mut Store<'_>,
    state: &mut State,
    keys: &[String],
    coded: &HashSet<&str>,
) -> Result<()> {
    let mut unknown: Vec<String> =
        keys.iter().filter(|key| state.products.get(*key).is_none()).cloned().collect();
    let mut found = store.external_ids("product", &unknown).await?;
    unknown.retain(|key| !found.contains_key(key));
    // Known under its code (or name), from a product list or another source.
    let (codes, names): (Vec<String>, Vec<String>) =
        unknown.into_iter().partition(|key| coded.contains(key.as_str()));
    for (field, keys) in [("code", codes), ("name", names)] {
        let known: HashMap<String, Id> = store.by_text("product", field, &keys).await?.into_iter().collect();
        let known: Vec<(String, Id)> = known.into_iter().collect();
        found.extend(known.iter().cloned());
        store.give_numbers("product", known).await?;
    }
    let ids: Vec<Id> = found.values().copied().collect();
    let records = store.restored("product", &ids).await?;
    for (key, id) in found {
        let named = records.get(&id).is_none_or(|record| record.text("name") != key);
        state.products.insert(key, Product { id, named });
    }
    Ok(())
}
