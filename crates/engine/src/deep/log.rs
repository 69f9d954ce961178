//! Records against the change log. Each record: its version counts every change logged of it, and what the log says last of a
//! field is what the field holds. The log: every entry is of records that exist.

use super::Verdict;
use crate::{LogKind, Result, Tx, db::name};
use chrono::SubsecRound;
use meta::{Entity, Field, Id, Record, Value};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Entries read at once; each may name a thousand records.
const ENTRIES_LIMIT: u64 = 100;
const CHUNK: usize = 1_000;

#[derive(Default)]
struct Told {
    changes: i64,
    last: BTreeMap<String, Json>,
}

/// What the log says of these records and they do not.
pub(super) async fn contradictions(
    tx: &mut Tx,
    entity: &Entity,
    records: &[Record],
) -> Result<Vec<(Id, String)>> {
    let select = Sql::select()
        .columns(["record_id", "kind", "changes"].map(name))
        .from(name("change_log"))
        .and_where(Expr::col(name("record_id")).is_in(records.iter().map(|record| record.id)))
        .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
        .and_where(Expr::col(name("kind")).ne(LogKind::Create.name()))
        .order_by(name("record_id"), Order::Asc)
        .order_by(name("seq"), Order::Asc)
        .to_owned();
    let mut told: HashMap<Id, Told> = HashMap::new();
    for row in tx.fetch(&select).await? {
        let told = told.entry(row.id(0)?).or_default();
        told.changes += 1;
        if ![LogKind::Update, LogKind::Erase].map(LogKind::name).contains(&row.text(1)?.as_str()) {
            continue;
        }
        let Json::Object(changes) = serde_json::from_str(&row.text(2)?)? else { continue };
        for (field, mut change) in changes {
            told.last.insert(field, change.get_mut(1).map(Json::take).unwrap_or_default());
        }
    }
    let mut found = vec![];
    for record in records {
        let Some(told) = told.get(&record.id) else { continue };
        if record.version <= told.changes {
            let text = format!(
                "is at version {}, but the log tells of {} changes after its creation",
                record.version, told.changes
            );
            found.push((record.id, text));
        }
        for (field, last) in &told.last {
            // Figures are also written without an entry.
            let Some(field) = entity.get(field).filter(|field| !field.figure) else { continue };
            let value = record.get(&field.name);
            if !is_same(field, value, last) {
                let text = format!("has {} {}, but the log says {last}", field.name, value.to_json());
                found.push((record.id, text));
            }
        }
    }
    Ok(found)
}

/// Databases keep microseconds; the log keeps what was given.
fn is_same(field: &Field, value: &Value, logged: &Json) -> bool {
    if value.to_json() == *logged {
        return true;
    }
    match (value, field.parse_json(logged)) {
        (Value::Instant(at), Ok(Value::Instant(logged))) => at.trunc_subsecs(6) == logged.trunc_subsecs(6),
        (value, Ok(logged)) => *value == logged,
        (_, Err(_)) => false,
    }
}

pub(super) async fn examine(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "bring back the database from a backup: what the log tells of is not there";
    let mut verdict = Verdict::new("change log", "changes of records", remedy);
    let engine = tx.engine.clone();
    let mut seq = 0;
    loop {
        let entries = tx.changes(seq, ENTRIES_LIMIT).await?;
        let Some(last) = entries.last() else { return Ok(verdict) };
        seq = last.seq;
        let mut by_entity: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
        for entry in &entries {
            by_entity.entry(&entry.entity).or_default().extend(&entry.ids);
            verdict.saw(entry.ids.len());
        }
        for (entity, ids) in by_entity {
            // A module that is left out now may have written before.
            if engine.entity(entity).is_err() {
                continue;
            }
            for id in missing(tx, entity, ids).await? {
                verdict.wrong(format!("an entry up to {seq} is of {entity} {id}, which does not exist"));
            }
        }
    }
}

pub(super) async fn missing(tx: &mut Tx, entity: &str, ids: BTreeSet<Id>) -> Result<BTreeSet<Id>> {
    let mut missing = ids.clone();
    for ids in ids.into_iter().collect::<Vec<_>>().chunks(CHUNK) {
        let select = Sql::select()
            .column(name("id"))
            .from(name(entity))
            .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
            .to_owned();
        for row in tx.fetch(&select).await? {
            missing.remove(&row.id(0)?);
        }
    }
    Ok(missing)
}
