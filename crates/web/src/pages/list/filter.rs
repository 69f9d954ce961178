//! What the browser's filter builder, column chooser and bulk bar know: the fields of an entity, fetched once and kept;
//! and the titles of records the filter names, which stand in the page.

use super::view::{is_bulk_field, possible_columns};
use crate::{
    Answer,
    pages::{Caller, Place, Reader, address::list_href},
};
use axum::{
    extract::Query as Asking,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use engine::{
    Action, Actor, Engine, Error, Result,
    condition::{Condition, Context, Path, parse},
};
use meta::{Entity, Field, Id, Kind, Value};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

#[derive(Hash, Serialize)]
struct Known<'f> {
    fields: Vec<KnownField<'f>>,
}

#[derive(Hash, Serialize)]
struct KnownField<'f> {
    name: &'f str,
    label: &'f str,
    kind: &'static str,
    choices: Option<Vec<Choice<'f>>>,
    lookup: Option<String>,
    /// May be set on many records at once.
    bulk: bool,
}

#[derive(Hash, Serialize)]
struct Choice<'f> {
    value: &'f str,
    label: &'f str,
}

fn known<'f>(reader: &Reader, entity: &Entity, columns: &'f [Cow<'_, Field>]) -> Known<'f> {
    Known { fields: columns.iter().map(|field| known_field(reader, entity, field)).collect() }
}

fn known_field<'f>(reader: &Reader, entity: &Entity, field: &'f Field) -> KnownField<'f> {
    let choice =
        |choice: &'f meta::Choice| Choice { value: &choice.value, label: choice.label.get(reader.lang) };
    let declared = entity.get(&field.name).is_some() && field.name != entity.title;
    KnownField {
        name: &field.name,
        label: field.label.get(reader.lang),
        kind: field.kind.name(),
        choices: matches!(field.kind, Kind::Choice(_)).then(|| field.choices().iter().map(choice).collect()),
        lookup: field.target().map(|target| format!("/lookup/{target}")),
        bulk: declared && is_bulk_field(field),
    }
}

/// Tells two states of the metadata apart. Every list says it, so nothing is copied or written for it.
fn version(known: &Known<'_>) -> String {
    let mut hasher = DefaultHasher::new();
    known.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The address changes with the words and fields, so that browsers may keep the answer.
pub fn fields_href(reader: &Reader, entity: &Entity) -> String {
    let columns = possible_columns(entity);
    format!("{}/fields?v={}", list_href(entity), version(&known(reader, entity, &columns)))
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    v: String,
}

/// GET `{entity}/fields`.
pub async fn fields(caller: Caller, Place(entity): Place<String>, Asking(wanted): Asking<Wanted>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let columns = possible_columns(&entity);
    let known = known(&caller.reader, &entity, &columns);
    let json = serde_json::to_string(&known).map_err(Error::from)?;
    let kept = if wanted.v == version(&known) { "private, max-age=31536000, immutable" } else { "no-cache" };
    let kept = (header::CACHE_CONTROL, HeaderValue::from_static(kept));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(([kind, kept], json).into_response())
}

/// Titles of the records `filter` names. One that cannot be read names nobody; the list says what is wrong with it.
pub async fn labels(
    engine: &Engine,
    actor: &Actor,
    entity: &Entity,
    filter: &str,
) -> Result<HashMap<Id, String>> {
    let context = Context { clock: engine.clock().clone(), actor: actor.clone() };
    let mut named: Vec<(Field, Id)> = vec![];
    if let Ok(condition) = parse(filter, entity, engine.registry(), &context) {
        collect(&condition, &mut named);
    }
    let wanted: Vec<(&str, Id)> =
        named.iter().filter_map(|(field, id)| Some((field.target()?, *id))).collect();
    if wanted.is_empty() { Ok(HashMap::new()) } else { engine.titles(actor, &wanted).await }
}

fn collect(condition: &Condition, named: &mut Vec<(Field, Id)>) {
    let mut add = |path: &Path, value: &Value| {
        if let (None, Value::Id(id)) = (&path.through, value) {
            named.push((path.field.clone(), *id));
        }
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, named));
        }
        Condition::Not(inner) => collect(inner, named),
        Condition::Compare { path, value, .. } => add(path, value),
        Condition::In { path, values } => values.iter().for_each(|value| add(path, value)),
        _ => {}
    }
}
