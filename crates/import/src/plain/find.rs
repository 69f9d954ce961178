//! Which record a row is: by its number in the source, else by what tells such records apart.

use super::{IMPORTED, Item, text};
use crate::store::Store;
use engine::{
    Result, name,
    sea_query::{Expr, ExprTrait, Query},
};
use meta::{Id, Record, Value, Values};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Fields looked at one after the other; the first that finds exactly one record decides.
pub fn fields(entity: &str) -> &'static [&'static str] {
    match entity {
        "account" => &["email", "phone", "name"],
        "contact" => &["email", "mobile", "phone", "name"],
        "product" => &["code", "name"],
        "activity" => &["subject"],
        _ => &[],
    }
}

/// Fields that must agree too where both sides have a value.
fn besides(entity: &str, field: &str) -> &'static [&'static str] {
    match (entity, field) {
        ("contact", "name") => &["account"],
        ("activity", _) => &["account", "happened_at", "kind"],
        _ => &[],
    }
}

/// Known records by the index of their item.
pub async fn known(
    store: &mut Store<'_>,
    entity: &str,
    items: &[&Item],
    values: &[Values],
) -> Result<HashMap<usize, Record>> {
    let mut found: HashMap<usize, Record> = HashMap::new();
    let numbers: BTreeSet<String> = items.iter().filter_map(|item| item.number.clone()).collect();
    let numbers: Vec<String> = numbers.into_iter().collect();
    let by_number = store.external_ids(entity, &numbers).await?;
    let ids: Vec<Id> = by_number.values().copied().collect();
    let records = store.by_id(entity, &ids).await?;
    let mut deleted: Vec<Id> = records.values().filter(|r| r.deleted_at.is_some()).map(|r| r.id).collect();
    let beyond = store.beyond(entity, deleted.iter().copied(), &IMPORTED).await?;
    deleted.retain(|id| !beyond.contains(id));
    store.restore(entity, &deleted).await?;
    for (index, item) in items.iter().enumerate() {
        let id = item.number.as_ref().and_then(|number| by_number.get(number));
        if let Some(record) = id.and_then(|id| records.get(id)) {
            found.insert(index, record.clone());
        }
    }
    for field in fields(entity) {
        by_field(store, entity, field, items, values, &mut found).await?;
    }
    Ok(found)
}

async fn by_field(
    store: &mut Store<'_>,
    entity: &str,
    field: &str,
    items: &[&Item],
    values: &[Values],
    found: &mut HashMap<usize, Record>,
) -> Result<()> {
    let open: Vec<(usize, String)> = values
        .iter()
        .enumerate()
        .filter(|(index, _)| !found.contains_key(index))
        .filter_map(|(index, values)| Some((index, text(values, field)?)))
        .collect();
    let texts: BTreeSet<String> = open.iter().map(|(_, text)| text.clone()).collect();
    let texts: Vec<String> = texts.into_iter().collect();
    let (would_be, there): (Vec<_>, Vec<_>) =
        store.by_text(entity, field, &texts).await?.into_iter().partition(|(_, id)| id.is_nil());
    let ids: Vec<Id> = there.into_iter().map(|(_, id)| id).collect();
    if ids.is_empty() && would_be.is_empty() {
        return Ok(());
    }
    let taken = numbered(store, &ids).await?;
    let mut records: HashMap<String, Vec<Record>> = would_be
        .into_iter()
        .map(|(text, _)| (text.clone(), vec![would_be_record(entity, field, text)]))
        .collect();
    for record in store.records(entity, &ids).await? {
        records.entry(record.text(field).to_owned()).or_default().push(record);
    }
    for (index, text) in open {
        let (Some(item), Some(values)) = (items.get(index), values.get(index)) else { continue };
        let Some(same) = records.get(&text) else { continue };
        let fits = |record: &&Record| {
            // Another number in the same source is another record.
            (item.number.is_none() || !taken.contains(&record.id))
                && besides(entity, field).iter().all(|other| agrees(record.get(other), values.get(other)))
        };
        let mut fitting = same.iter().filter(fits);
        if let (Some(record), None) = (fitting.next(), fitting.next()) {
            found.insert(index, record.clone());
        }
    }
    Ok(())
}

/// Stands for a record that a dry run would have made.
fn would_be_record(entity: &str, field: &str, text: String) -> Record {
    Record {
        entity: entity.to_owned(),
        id: Id::nil(),
        version: 0,
        created_at: meta::DateTime::default(),
        updated_at: meta::DateTime::default(),
        created_by: None,
        deleted_at: None,
        values: [(field.to_owned(), text.into())].into(),
    }
}

fn agrees(stored: &Value, given: Option<&Value>) -> bool {
    stored.is_null() || given.is_none_or(|given| given == stored)
}

/// Those that have a number in the source.
async fn numbered(store: &mut Store<'_>, ids: &[Id]) -> Result<HashSet<Id>> {
    let mut found = HashSet::new();
    for ids in ids.chunks(500) {
        let select = Query::select()
            .column(name("record_id"))
            .from(name("external_id"))
            .and_where(Expr::col(name("source")).eq(store.source))
            .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
            .to_owned();
        for row in store.fetch(&select).await? {
            found.insert(row.id(0)?);
        }
    }
    Ok(found)
}

/// Numbers for known records that have none in the source yet.
pub async fn new_numbers(
    store: &mut Store<'_>,
    items: &[&Item],
    known: &HashMap<usize, Record>,
) -> Result<Vec<(String, Id)>> {
    let ids: Vec<Id> = known.values().map(|record| record.id).collect();
    let taken = numbered(store, &ids).await?;
    let mut numbers: Vec<(String, Id)> = vec![];
    for (index, record) in known {
        let number = items.get(*index).and_then(|item| item.number.clone());
        if let Some(number) = number.filter(|_| !taken.contains(&record.id))
            && !numbers.iter().any(|(other, id)| *other == number || *id == record.id)
        {
            numbers.push((number, record.id));
        }
    }
    Ok(numbers)
}

/// Items of one batch with the same answer are the same new record.
pub fn tells_apart(entity: &str, item: &Item) -> Option<String> {
    if let Some(number) = &item.number {
        return Some(format!("number {number}"));
    }
    let value = |field: &str| text(&item.values, field);
    let owner = item.account_number.as_ref().or(item.account.as_ref());
    match entity {
        "activity" => Some(format!("{owner:?} {:?} {:?}", value("happened_at"), value("subject"))),
        "contact" => {
            let field = ["email", "mobile", "phone"].into_iter().find_map(value);
            field.or_else(|| Some(format!("{owner:?} {:?}", value("name"))))
        }
        entity => fields(entity).iter().find_map(|field| value(field)),
    }
}
