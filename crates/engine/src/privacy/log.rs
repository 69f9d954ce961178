//! The change log and the audit without what stood in personal fields; the chain that vouches for them is told.

use crate::{LogKind, PREFIX, Result, Tx, among, audit::Source, db::name};
use meta::{Entity, Id, Value};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

use super::{
    ahead, copies,
    erase::Erasing,
    words::{Words, is_text},
};

const CHUNK: usize = 500;
/// What the audit says of it.
const REASON: &str = "erasure";

struct Entry {
    seq: i64,
    changes: Json,
}

/// Of a field the company declared and deleted nobody knows any more what it held.
fn is_personal(entity: &Entity, field: &str) -> bool {
    entity.get(field).map_or_else(|| field.starts_with(PREFIX), |field| field.personal)
}

/// Entries of these records that tell of personal fields and have not been redacted.
async fn telling(tx: &mut Tx, entity: &Entity, ids: &[Id]) -> Result<Vec<Entry>> {
    let mut found = vec![];
    for ids in ids.chunks(CHUNK) {
        let select = Sql::select()
            .columns(["seq", "changes"].map(name))
            .from(name("change_log"))
            .and_where(Expr::col(name("record_id")).is_in(among(ids)))
            .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
            .and_where(Expr::col(name("kind")).eq(LogKind::Update.name()))
            .order_by(name("seq"), Order::Asc)
            .to_owned();
        for row in tx.conn.fetch(&select).await? {
            let changes: Json = serde_json::from_str(&row.text(1)?)?;
            let tells = |field: &String| is_personal(entity, field);
            if changes.as_object().is_some_and(|fields| fields.keys().any(tells)) {
                found.push(Entry { seq: row.int(0)?, changes });
            }
        }
    }
    Ok(found)
}

/// What stood in personal fields before adds to the words to look for.
pub(super) async fn add_words(tx: &mut Tx, entity: &Entity, ids: &[Id], words: &mut Words) -> Result<usize> {
    let entries = telling(tx, entity, ids).await?;
    for entry in &entries {
        for field in entity.personal_fields().filter(is_text) {
            for value in entry.changes.get(&field.name).and_then(Json::as_array).into_iter().flatten() {
                value.as_str().into_iter().for_each(|text| words.add_text(text));
            }
        }
    }
    Ok(entries.len())
}

/// Takes personal fields out of the entries of these records; that something was changed, by whom and when stays.
pub(super) async fn redact_records(tx: &mut Tx, entity: &Entity, ids: &[Id]) -> Result<()> {
    let mut redacted = vec![];
    for Entry { seq, mut changes } in telling(tx, entity, ids).await? {
        if let Some(fields) = changes.as_object_mut() {
            fields.retain(|field, _| !is_personal(entity, field));
        }
        redacted.push((seq, changes));
    }
    tx.redact_entries(Source::Log, &entity.name, redacted, REASON).await.map(drop)
}

/// Takes the words out of these fields in entries about records that are not the person's but may quote him.
pub(super) async fn redact_quotes(
    tx: &mut Tx,
    entity: &str,
    fields: &[String],
    words: &Words,
    instead: &str,
) -> Result<()> {
    let mut quoting: HashMap<i64, Json> = HashMap::new();
    // There are few of these records, and a log of millions has an index by record.
    let records = Sql::select().column(name("id")).from(name(entity)).to_owned();
    for condition in words.conditions("changes") {
        let select = Sql::select()
            .columns(["seq", "changes"].map(name))
            .from(name("change_log"))
            .and_where(Expr::col(name("record_id")).in_subquery(records.clone()))
            .and_where(condition)
            .to_owned();
        for row in tx.conn.fetch(&select).await? {
            let mut changes: Json = serde_json::from_str(&row.text(1)?)?;
            for field in fields {
                changes.get_mut(field).into_iter().for_each(|change| words.replace_in_json(change, instead));
            }
            quoting.insert(row.int(0)?, changes);
        }
    }
    tx.redact_entries(Source::Log, entity, quoting.into_iter().collect(), REASON).await.map(drop)
}

/// Takes the words out of what the audit tells of lists and files: somebody may have looked for them.
pub(super) async fn redact_acts(tx: &mut Tx, entity: &str, erasing: &Erasing) -> Result<()> {
    let (words, instead) = (&erasing.words, erasing.pseudonym.as_str());
    for source in ahead::audits() {
        let mut quoting: HashMap<i64, Json> = HashMap::new();
        for condition in copies::to_look_at(erasing, source.table()) {
            let select = Sql::select()
                .columns(["seq", "details"].map(name))
                .from(name(source.table()))
                .and_where(condition)
                .to_owned();
            for row in tx.conn.fetch(&select).await? {
                let mut details: Json = serde_json::from_str(&row.text(1)?)?;
                words.replace_in_json(&mut details, instead);
                quoting.insert(row.int(0)?, details);
            }
        }
        tx.redact_entries(source, entity, quoting.into_iter().collect(), REASON).await?;
    }
    Ok(())
}

/// The entry of the erasure itself: which fields, not what stood in them.
pub(super) async fn tell_erased(
    tx: &mut Tx,
    entity: &Entity,
    erased: &[(Id, Vec<(String, Value)>)],
) -> Result<()> {
    let entries: Vec<(Id, Json)> = erased
        .iter()
        .map(|(id, fields)| {
            let fields = fields.iter().map(|(field, now)| {
                let now = now.to_json();
                (field.clone(), json!([now, now]))
            });
            (*id, Json::Object(fields.collect()))
        })
        .collect();
    tx.log(&entity.name, LogKind::Erase, &entries).await
}
