//! Customers of a batch: found by their number in the source, or made. An order file fills what is empty and overwrites
//! nothing, so that the first row that says something wins and a second import changes nothing.

use super::{
    row::LineRow,
    state::{Account, State},
};
use crate::store::{Store, put};
use engine::Result;
use meta::{Id, Record, Value, Values};
use std::collections::HashMap;

pub async fn ensure(
    store: &mut Store<'_>,
    state: &mut State,
    rows: &[&LineRow],
    currency: &str,
) -> Result<()> {
    let mut keys: Vec<String> = vec![];
    let mut given: HashMap<&str, Vec<(&'static str, &Value)>> = HashMap::new();
    for row in rows {
        let Some(customer) = &row.customer else { continue };
        let fields = given.entry(&customer.key).or_insert_with(|| {
            keys.push(customer.key.clone());
            vec![]
        });
        for (field, value) in &customer.fields {
            if !fields.iter().any(|(known, _)| known == field) {
                fields.push((field, value));
            }
        }
    }
    find(store, state, &keys).await?;
    let mut new = vec![];
    let mut updates = vec![];
    for key in keys {
        let fields = given.remove(key.as_str()).unwrap_or_default();
        match state.accounts.get(&key) {
            Some(account) => {
                let empty = fields.into_iter().filter(|(field, value)| {
                    let same_name = *field == "name" && value.as_text() == Some(key.as_str());
                    !same_name && !account.filled.iter().any(|filled| filled == field)
                });
                let values: Values = empty.map(|(field, value)| (field.to_owned(), value.clone())).collect();
                account.filled.extend(values.keys().map(str::to_owned));
                updates.push((account.id, values));
            }
            None => {
                let mut values: Values =
                    fields.into_iter().map(|(field, value)| (field.to_owned(), value.clone())).collect();
                values.entry("kind").or_insert_with(|| "company".into());
                put(&mut values, "currency", Some(currency));
                new.push((key, values));
            }
        }
    }
    store.update("account", updates).await?;
    create(store, state, new).await
}

async fn create(store: &mut Store<'_>, state: &mut State, mut new: Vec<(String, Values)>) -> Result<()> {
    let mut filled = vec![];
    for (key, values) in &mut new {
        filled.push((key.clone(), values.keys().map(str::to_owned).collect::<Vec<_>>()));
        values.entry("name").or_insert_with(|| key.as_str().into());
    }
    let ids = store.create("account", new).await?;
    for ((key, filled), id) in filled.into_iter().zip(ids) {
        state.accounts.insert(key, Account { id, filled });
    }
    Ok(())
}

async fn find(store: &mut Store<'_>, state: &mut State, keys: &[String]) -> Result<()> {
    let unknown: Vec<String> =
        keys.iter().filter(|key| state.accounts.get(*key).is_none()).cloned().collect();
    let found = store.external_ids("account", &unknown).await?;
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = found.values().copied().collect();
    let records = store.restored("account", &ids).await?;
    for (key, id) in found {
        let filled = records.get(&id).map(|record| filled_fields(record, &key)).unwrap_or_default();
        state.accounts.insert(key, Account { id, filled });
    }
    Ok(())
}

/// A name that is only the number was no name.
fn filled_fields(record: &Record, key: &str) -> Vec<String> {
    let filled = record
        .values
        .iter()
        .filter(|(field, value)| !(value.is_null() || *field == "name" && value.as_text() == Some(key)));
    filled.map(|(field, _)| field.to_owned()).collect()
}
