//! What rows name of other records: customers, contacts, categories, users. Customers, contacts and categories that do not exist
//! are made; a name several customers have is refused.

use super::Item;
use crate::{
    Kind, Layout, RowProblem,
    cache::Cache,
    categories,
    store::{Store, put},
};
use engine::Result;
use meta::{Id, Value, Values};
use std::collections::{BTreeSet, HashMap};

type Problems = Vec<(usize, RowProblem)>;

/// The values of each item with its references filled in.
pub async fn resolve(
    store: &mut Store<'_>,
    layout: &Layout,
    items: &[&Item],
    currency: &str,
) -> Result<(Vec<Values>, Problems)> {
    let mut values: Vec<Values> = items.iter().map(|item| item.values.clone()).collect();
    let mut problems = vec![];
    owners(store, layout, items, &mut values).await?;
    match layout.kind {
        Kind::Accounts => {
            let parents = by_name(store, items.iter().filter_map(|item| item.parent.as_ref())).await?;
            for ((index, item), values) in items.iter().enumerate().zip(&mut values) {
                set(
                    values,
                    "parent_account",
                    item.parent.as_ref(),
                    &parents,
                    index,
                    layout.header("parent"),
                    &mut problems,
                );
                values.entry("currency").or_insert_with(|| currency.into());
            }
        }
        Kind::Products => {
            let mut known = Cache::new(usize::MAX);
            let pairs: Vec<_> =
                items.iter().map(|item| (item.category.as_deref(), item.subcategory.as_deref())).collect();
            categories::ensure(store, &mut known, &pairs).await?;
            for (item, values) in items.iter().zip(&mut values) {
                let name = item.subcategory.as_ref().or(item.category.as_ref());
                put(values, "category", name.and_then(|name| known.get(name).copied()));
                values.entry("currency").or_insert_with(|| currency.into());
            }
        }
        Kind::Contacts | Kind::Activities | Kind::Consents => {
            accounts(store, layout, items, &mut values, &mut problems).await?;
            if layout.kind != Kind::Contacts {
                contacts(store, items, &mut values).await?;
            }
        }
        Kind::Orders => {}
    }
    Ok((values, problems))
}

/// Customers by name; the missing ones are made.
async fn by_name<'n>(
    store: &mut Store<'_>,
    names: impl Iterator<Item = &'n String>,
) -> Result<HashMap<String, Vec<Id>>> {
    let names: BTreeSet<String> = names.cloned().collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut found: HashMap<String, Vec<Id>> = HashMap::new();
    for (name, id) in store.by_text("account", "name", &names).await? {
        found.entry(name).or_default().push(id);
    }
    let missing: Vec<&String> = names.iter().filter(|name| !found.contains_key(*name)).collect();
    let values = missing.iter().map(|name| Values::from([("name".to_owned(), name.as_str().into())]));
    let ids = store.create_plain("account", values.collect()).await?;
    for (name, id) in missing.into_iter().zip(ids) {
        store.would_exist("account", "name", name);
        found.insert(name.clone(), vec![id]);
    }
    Ok(found)
}

fn set(
    values: &mut Values,
    field: &str,
    name: Option<&String>,
    known: &HashMap<String, Vec<Id>>,
    index: usize,
    header: &str,
    problems: &mut Problems,
) {
    let Some(name) = name else { return };
    match known.get(name).map(Vec::as_slice) {
        Some([id]) => drop(values.insert(field.to_owned(), (*id).into())),
        Some([_, ..]) => problems.push((
            index,
            RowProblem::new(
                header,
                format!("several customers are called “{name}”: add a column with the customer's number"),
                format!("有多个客户叫“{name}”，请增加客户编号列"),
            ),
        )),
        _ => {}
    }
}

async fn accounts(
    store: &mut Store<'_>,
    layout: &Layout,
    items: &[&Item],
    values: &mut [Values],
    problems: &mut Problems,
) -> Result<()> {
    let numbers: BTreeSet<String> = items.iter().filter_map(|item| item.account_number.clone()).collect();
    let numbers: Vec<String> = numbers.into_iter().collect();
    let numbered = store.external_ids("account", &numbers).await?;
    let unnumbered = |item: &&&Item| item.account_number.as_ref().is_none_or(|n| !numbered.contains_key(n));
    let names = items.iter().filter(unnumbered).filter_map(|item| item.account.as_ref());
    let named = by_name(store, names).await?;
    for ((index, item), values) in items.iter().enumerate().zip(values) {
        match item.account_number.as_ref().and_then(|number| numbered.get(number)) {
            Some(id) => drop(values.insert("account", (*id).into())),
            None if item.account.is_some() => {
                let header = layout.header("account");
                set(values, "account", item.account.as_ref(), &named, index, header, problems);
            }
            None => {
                let Some(number) = &item.account_number else { continue };
                let problem = RowProblem::new(
                    layout.header("account_number"),
                    format!(
                        "no customer has the number “{number}” in this source: import the customers first"
                    ),
                    format!("该来源中没有编号为“{number}”的客户，请先导入客户"),
                );
                problems.push((index, problem));
            }
        }
    }
    Ok(())
}

/// People an activity was with, by name at the customer.
async fn contacts(store: &mut Store<'_>, items: &[&Item], values: &mut [Values]) -> Result<()> {
    let names: BTreeSet<String> = items.iter().filter_map(|item| item.contact.clone()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let ids: Vec<Id> =
        store.by_text("contact", "name", &names).await?.into_iter().map(|(_, id)| id).collect();
    let mut known: HashMap<(Id, String), Id> = HashMap::new();
    for record in store.records("contact", &ids).await? {
        if let Some(account) = record.reference("account") {
            known.insert((account, record.text("name").to_owned()), record.id);
        }
    }
    let mut new: Vec<(Id, String)> = vec![];
    for (item, values) in items.iter().zip(values.iter()) {
        if let (Some(name), Some(account)) = (&item.contact, values.get("account").and_then(Value::as_id)) {
            let key = (account, name.clone());
            if !known.contains_key(&key) && !new.contains(&key) {
                new.push(key);
            }
        }
    }
    let records = new.iter().map(|(account, name)| {
        Values::from([("account".to_owned(), (*account).into()), ("name".to_owned(), name.as_str().into())])
    });
    let made = store.create_plain("contact", records.collect()).await?;
    known.extend(new.into_iter().zip(made));
    for (item, values) in items.iter().zip(values) {
        if let (Some(name), Some(account)) = (&item.contact, values.get("account").and_then(Value::as_id)) {
            put(values, "contact", known.get(&(account, name.clone())).copied());
        }
    }
    Ok(())
}

/// Users by name or e-mail; somebody who is none is kept in words.
async fn owners(
    store: &mut Store<'_>,
    layout: &Layout,
    items: &[&Item],
    values: &mut [Values],
) -> Result<()> {
    let names: BTreeSet<String> = items.iter().filter_map(|item| item.owner.clone()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut known: HashMap<String, Id> = store.by_text("user", "name", &names).await?.into_iter().collect();
    let emails: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    known.extend(store.by_text("user", "email", &emails).await?);
    let remarks = if layout.kind == Kind::Activities { "body" } else { "description" };
    for (item, values) in items.iter().zip(values) {
        let Some(owner) = &item.owner else { continue };
        match known.get(owner).or_else(|| known.get(&owner.to_lowercase())) {
            Some(id) => drop(values.insert("owner", (*id).into())),
            None => {
                let before = values.get(remarks).and_then(Value::as_text).map(str::to_owned);
                let own = format!("{}: {owner}", layout.header("owner"));
                let all: Vec<String> = before.into_iter().chain([own]).collect();
                values.insert(remarks, all.join("\n").into());
            }
        }
    }
    Ok(())
}
