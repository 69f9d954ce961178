//! A record as JSON.

use super::{SYSTEM, lines::key_of};
use engine::{Action, Engine, Query, Result, Tx, allow};
use meta::{Entity, Id, Record, Value};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// More lines of one record are not answered.
pub const LINES_LIMIT: usize = 10_000;
const LINES_PAGE: usize = 1_000;

pub type Numbers = HashMap<Id, Vec<(String, String)>>;

/// A record as it is answered: all of it, or with `fields` only those. It is written straight into the answer's text,
/// without a tree of JSON in between: pages have up to a thousand.
pub struct Shown<'r> {
    pub entity: &'r Entity,
    pub record: &'r Record,
    pub numbers: Option<&'r Numbers>,
    pub fields: &'r [String],
    /// Where the entity's fields stand in the record, as far as it is known: see [`places`].
    pub places: &'r [Option<usize>],
}

/// Where they stand in the records of a page, which are all of the same fields.
pub fn places(entity: &Entity, page: &[Record]) -> Vec<Option<usize>> {
    let Some(record) = page.first() else { return vec![] };
    entity.fields.keys().map(|name| record.values.place(name)).collect()
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wanted = |name: &str| self.fields.is_empty() || self.fields.iter().any(|field| field == name);
        let record = self.record;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("id", &record.id)?;
        body.serialize_entry("version", &record.version)?;
        for name in SYSTEM.into_iter().filter(|name| wanted(name)) {
            let value = match name {
                "created_at" => Value::Instant(record.created_at),
                "updated_at" => Value::Instant(record.updated_at),
                "created_by" => record.created_by.into(),
                "deleted_at" => record.deleted_at.into(),
                _ => continue,
            };
            body.serialize_entry(name, &value)?;
        }
        for (index, name) in self.entity.fields.keys().enumerate().filter(|(_, name)| wanted(name)) {
            let place = self.places.get(index).copied().flatten();
            body.serialize_entry(name, record.values.get_near(place, name).unwrap_or(&Value::Null))?;
        }
        if self.entity.external_ids && wanted("external_ids") {
            body.serialize_entry("external_ids", &self.external_ids())?;
        }
        body.end()
    }
}

impl Shown<'_> {
    /// `{"erp": "4711"}`; several numbers in one system are a list.
    pub fn external_ids(&self) -> Json {
        let found = self.numbers.and_then(|numbers| numbers.get(&self.record.id));
        let mut by_source: Map<String, Json> = Map::new();
        for (source, number) in found.into_iter().flatten() {
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
}

/// All of a record as a tree, to which lines can be added.
fn tree(entity: &Entity, record: &Record, numbers: Option<&Numbers>) -> Result<Map<String, Json>> {
    match serde_json::to_value(Shown { entity, record, numbers, fields: &[], places: &[] })? {
        Json::Object(body) => Ok(body),
        _ => Ok(Map::new()),
    }
}

/// A record with its lines, as it is outside of any transaction.
pub async fn whole(engine: &Engine, actor: &engine::Actor, entity: &Entity, found: &Record) -> Result<Json> {
    let numbers =
        if entity.external_ids { engine.external_ids_of(&[found.id]).await? } else { Numbers::new() };
    let mut body = tree(entity, found, Some(&numbers))?;
    for child in engine.registry().children(&entity.name) {
        let Some(parent) = &child.parent else { continue };
        if allow(actor, child, Action::Read).is_err() {
            continue;
        }
        let child = actor.view(child);
        let (mut lines, mut after) = (vec![], None);
        loop {
            let page = engine.list(actor, &of_parent(child, parent, found.id).after(after)).await?;
            for line in &page.records {
                lines.push(Json::Object(tree(child, line, None)?));
            }
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
    let mut body = tree(entity, &found, Some(&numbers))?;
    let engine = tx.engine().clone();
    for child in engine.registry().children(&entity.name) {
        let Some(parent) = &child.parent else { continue };
        let actor = tx.actor().clone();
        if allow(&actor, child, Action::Read).is_err() {
            continue;
        }
        let child = actor.view(child);
        let lines = lines_in(tx, child, parent, id).await?;
        let lines: Result<_> = lines.iter().map(|line| tree(child, line, None).map(Json::Object)).collect();
        body.insert(key_of(engine.registry(), entity, child), Json::Array(in_order(child, lines?)));
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
