//! A record as JSON.

use super::lines::key_of;
use engine::{Action, Engine, Query, Result, Tx, allow};
use meta::{Entity, Id, Record, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// More lines of one record are not answered.
pub const LINES_LIMIT: usize = 10_000;
const LINES_PAGE: usize = 1_000;

pub type Numbers = HashMap<Id, Vec<(String, String)>>;

/// All of a record, or with `fields` only those.
pub fn record(
    entity: &Entity,
    record: &Record,
    numbers: Option<&Numbers>,
    fields: &[String],
) -> Map<String, Json> {
    let wanted = |name: &str| fields.is_empty() || fields.iter().any(|field| field == name);
    let mut body = Map::new();
    body.insert("id".into(), json!(record.id));
    body.insert("version".into(), json!(record.version));
    let system = [
        ("created_at", Value::Instant(record.created_at)),
        ("updated_at", Value::Instant(record.updated_at)),
        ("created_by", record.created_by.into()),
        ("deleted_at", record.deleted_at.into()),
    ];
    for (name, value) in system.into_iter().filter(|(name, _)| wanted(name)) {
        body.insert(name.into(), value.to_json());
    }
    for name in entity.fields.keys().filter(|name| wanted(name)) {
        body.insert(name.clone(), record.get(name).to_json());
    }
    if entity.external_ids && wanted("external_ids") {
        let found = numbers.and_then(|numbers| numbers.get(&record.id)).map_or(&[][..], Vec::as_slice);
        body.insert("external_ids".into(), external_ids(found));
    }
    body
}

/// `{"erp": "4711"}`; several numbers in one system are a list.
fn external_ids(numbers: &[(String, String)]) -> Json {
    let mut by_source: Map<String, Json> = Map::new();
    for (source, number) in numbers {
        match by_source.get_mut(source) {
            None => {
                by_source.insert(source.clone(), json!(number));
            }
            Some(Json::Array(list)) => list.push(json!(number)),
            Some(first) => *first = json!([first, number]),
        }
    }
    Json::Object(by_source)
}

/// A record with its lines, as it is outside of any transaction.
pub async fn whole(engine: &Engine, actor: &engine::Actor, entity: &Entity, found: &Record) -> Result<Json> {
    let numbers =
        if entity.external_ids { engine.external_ids_of(&[found.id]).await? } else { Numbers::new() };
    let mut body = record(entity, found, Some(&numbers), &[]);
    for child in engine.registry().children(&entity.name) {
        let Some(parent) = &child.parent else { continue };
        if allow(actor, child, Action::Read).is_err() {
            continue;
        }
        let (mut lines, mut after) = (vec![], None);
        loop {
            let page = engine.list(actor, &of_parent(child, parent, found.id).after(after)).await?;
            lines.extend(page.records.iter().map(|line| Json::Object(record(child, line, None, &[]))));
            after = page.next;
            if after.is_none() || lines.len() >= LINES_LIMIT {
                break;
            }
        }
        body.insert(key_of(engine.registry(), entity, child), Json::Array(in_order(child, lines)));
    }
    Ok(Json::Object(body))
}

/// The same as a transaction sees it.
pub async fn whole_in(tx: &mut Tx, entity: &Entity, id: Id) -> Result<Json> {
    let found = tx.get(&entity.name, id).await?;
    let numbers = if entity.external_ids { tx.external_ids_of(&[id]).await? } else { Numbers::new() };
    let mut body = record(entity, &found, Some(&numbers), &[]);
    let engine = tx.engine().clone();
    for child in engine.registry().children(&entity.name) {
        let Some(parent) = &child.parent else { continue };
        let lines = lines_in(tx, child, parent, id).await?;
        let lines = lines.iter().map(|line| Json::Object(record(child, line, None, &[]))).collect();
        body.insert(key_of(engine.registry(), entity, child), Json::Array(in_order(child, lines)));
    }
    Ok(Json::Object(body))
}

/// All lines of a record, in a transaction.
pub async fn lines_in(tx: &mut Tx, child: &Entity, parent: &str, id: Id) -> Result<Vec<Record>> {
    let (mut lines, mut after) = (vec![], None);
    loop {
        let page = tx.list(&of_parent(child, parent, id).after(after)).await?;
        lines.extend(page.records);
        after = page.next;
        if after.is_none() || lines.len() >= LINES_LIMIT {
            return Ok(lines);
        }
    }
}

fn of_parent(child: &Entity, parent: &str, id: Id) -> Query {
    Query::new(&child.name).belongs_to(parent, id).sort("id").limit(LINES_PAGE)
}

/// By position where lines have one; ids keep the order in which lines were made only roughly.
fn in_order(child: &Entity, mut lines: Vec<Json>) -> Vec<Json> {
    if child.get("position").is_some() {
        lines.sort_by_key(|line| line["position"].as_i64());
    }
    lines
}
