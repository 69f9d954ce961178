//! Everything about one person in one document, for the person to have.

use super::{
    allow,
    entities::{self, Request},
    reach::{self, Group},
};
use crate::{Actor, Engine, LogKind, Result, Role, Tx, among, db::name, log::LogEntry};
use meta::{Entity, Field, Id, Label};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashMap};

const CHUNK: usize = 500;

/// The document, and what its file is called.
#[derive(Clone, Debug)]
pub struct PersonData {
    pub file_name: String,
    pub document: Json,
}

impl Engine {
    /// Puts together what is known of a person, and notes that it was asked for. `reason`: on whose request.
    pub async fn export_person(
        &self,
        actor: &Actor,
        entity: &str,
        id: Id,
        reason: &str,
    ) -> Result<PersonData> {
        allow(actor)?;
        let (entity, reason) = (entity.to_owned(), reason.to_owned());
        self.write(actor, move |tx| {
            Box::pin(async move {
                let role = std::mem::replace(&mut tx.actor.role, Role::System);
                let made = make(tx, &entity, id).await;
                tx.actor.role = role;
                let (mut document, counts) = made?;
                let request =
                    Request { kind: "export", entity: &entity, record: Some(id), reason: &reason, counts };
                let request = entities::record(tx, request).await?;
                document["request"] =
                    json!({ "id": request, "exported_by": tx.actor.user, "reason": reason });
                Ok(PersonData { file_name: format!("{entity}-{id}.json"), document })
            })
        })
        .await
    }
}

async fn make(tx: &mut Tx, entity: &str, id: Id) -> Result<(Json, Json)> {
    let person = reach::person(tx, entity, id).await?;
    let groups = reach::of_person(tx, &person).await?;
    let titles = titles(tx, &groups).await?;
    let (mut records, mut meanings, mut counts) = (Map::new(), Map::new(), Map::new());
    for group in &groups {
        let numbers = tx.external_ids_of(&group.ids()).await?;
        let mut history = history(tx, group).await?;
        let told: Vec<Json> = group
            .records
            .iter()
            .map(|record| {
                let mut told = Map::from_iter([
                    ("id".to_owned(), json!(record.id)),
                    ("created_at".to_owned(), json!(record.created_at)),
                    ("updated_at".to_owned(), json!(record.updated_at)),
                ]);
                if let Some(at) = record.deleted_at {
                    told.insert("deleted_at".into(), json!(at));
                }
                for field in group.entity.fields.values() {
                    let value = record.get(&field.name);
                    if let Some(title) = value.as_id().and_then(|id| titles.get(&id)) {
                        told.insert(field.name.clone(), json!({ "id": value.to_json(), "title": title }));
                    } else if !value.is_null() {
                        told.insert(field.name.clone(), value.to_json());
                    }
                }
                let numbers: Vec<Json> = numbers
                    .get(&record.id)
                    .into_iter()
                    .flatten()
                    .map(|(source, number)| json!({ "source": source, "number": number }))
                    .collect();
                told.insert("external_ids".into(), json!(numbers));
                told.insert("history".into(), json!(history.remove(&record.id).unwrap_or_default()));
                Json::Object(told)
            })
            .collect();
        counts.insert(group.entity.name.clone(), json!(told.len()));
        records.insert(group.entity.name.clone(), Json::Array(told));
        meanings.insert(group.entity.name.clone(), meaning(&group.entity));
    }
    let document = json!({
        "person": { "entity": entity, "id": id },
        "exported_at": tx.clock().now(),
        "records": records,
        "sign_in": sign_in(tx, entity, id).await?,
        "meaning": meanings,
    });
    Ok((document, Json::Object(counts)))
}

fn both(label: &Label) -> Json {
    json!({ "en": label.en, "zh": label.zh })
}

/// What the fields are called and mean; figures say that they were computed.
fn meaning(entity: &Entity) -> Json {
    let field = |field: &Field| {
        json!({
            "label": both(&field.label),
            "help": field.help.as_ref().map(both),
            "computed": field.computed,
            "personal": field.personal,
        })
    };
    let fields = entity.fields.values().map(|known| (known.name.clone(), field(known)));
    json!({ "label": both(&entity.label), "fields": Map::from_iter(fields) })
}

/// What the records refer to is told by its title, too.
async fn titles(tx: &mut Tx, groups: &[Group]) -> Result<HashMap<Id, String>> {
    let mut wanted: BTreeMap<String, Vec<Id>> = BTreeMap::new();
    for group in groups {
        for field in group.entity.fields.values() {
            let Some(target) = field.target() else { continue };
            let ids = group.records.iter().filter_map(|record| record.reference(&field.name));
            wanted.entry(target.to_owned()).or_default().extend(ids);
        }
    }
    let engine = tx.engine.clone();
    let mut titles = HashMap::new();
    for (target, mut ids) in wanted {
        ids.sort();
        ids.dedup();
        let target = engine.entity(&target)?;
        let Some(title) = target.get(&target.title) else { continue };
        for ids in ids.chunks(CHUNK) {
            let select = Sql::select()
                .columns(["id", title.name.as_str()].map(name))
                .from(name(&target.name))
                .and_where(Expr::col(name("id")).is_in(among(ids)))
                .to_owned();
            for mut row in tx.conn.fetch(&select).await? {
                if let Some(text) = row.value(title, 1)?.as_text() {
                    titles.insert(row.id(0)?, text.to_owned());
                }
            }
        }
    }
    Ok(titles)
}

/// The entries of the change log about each record, oldest first.
async fn history(tx: &mut Tx, group: &Group) -> Result<HashMap<Id, Vec<Json>>> {
    let mut found: HashMap<Id, Vec<Json>> = HashMap::new();
    for ids in group.ids().chunks(CHUNK) {
        for LogEntry { at, user, kind, ids, changes, .. } in tx.changes_of_records(ids).await? {
            let mut entry = json!({ "at": at, "user": user, "kind": kind.name() });
            if matches!(kind, LogKind::Update | LogKind::Erase) {
                entry["changes"] = changes;
            }
            ids.first().into_iter().for_each(|id| found.entry(*id).or_default().push(entry.clone()));
        }
    }
    Ok(found)
}

/// Of a user what is kept of his signing in; secrets stay out.
async fn sign_in(tx: &mut Tx, entity: &str, id: Id) -> Result<Json> {
    const KEPT: [(&str, &[&str]); 3] = [
        ("sign_in_log", &["at", "method", "outcome", "email", "address", "agent"]),
        ("session", &["created_at", "seen_at", "method", "address", "agent"]),
        ("identity", &["created_at", "issuer", "subject"]),
    ];
    if entity != "user" {
        return Ok(Json::Null);
    }
    let mut told = Map::new();
    for (table, columns) in KEPT {
        let select = Sql::select()
            .columns(columns.iter().map(|column| name(column)))
            .from(name(table))
            .and_where(Expr::col(name("user_id")).eq(id))
            .order_by(name(columns[0]), Order::Asc)
            .to_owned();
        let mut rows = vec![];
        for row in tx.conn.fetch(&select).await? {
            let mut one = Map::new();
            for (index, column) in columns.iter().enumerate() {
                let value = match column.ends_with("at") {
                    true => json!(row.opt_instant(index)?),
                    false => json!(row.opt_text(index)?),
                };
                one.insert((*column).to_owned(), value);
            }
            rows.push(Json::Object(one));
        }
        told.insert(table.to_owned(), Json::Array(rows));
    }
    Ok(Json::Object(told))
}
