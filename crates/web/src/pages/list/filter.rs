//! What the filter builder knows: fields, their choices, and the titles of records the filter names.

use super::view::possible_columns;
use crate::pages::{Reader, input::Choice};
use engine::{
    Actor, Engine, Result,
    condition::{Condition, Context, Path, parse},
};
use meta::{Entity, Field, Id, Kind, Value};
use serde::Serialize;
use std::collections::HashMap;

#[derive(Serialize)]
pub struct FilterMeta {
    pub fields: Vec<FilterField>,
}

#[derive(Serialize)]
pub struct FilterField {
    pub name: String,
    pub label: String,
    pub kind: &'static str,
    pub choices: Option<Vec<Choice>>,
    pub lookup: Option<String>,
    /// Titles of records that the filter at hand names, by id.
    pub labels: HashMap<Id, String>,
}

pub async fn meta(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    entity: &Entity,
    filter: &str,
) -> Result<FilterMeta> {
    let context = Context { clock: engine.clock().clone(), user: actor.user, lang: actor.lang };
    let mut named: Vec<(Field, Id)> = vec![];
    // A filter that cannot be read names nobody; the list says what is wrong with it.
    if let Ok(condition) = parse(filter, entity, engine.registry(), &context) {
        collect(&condition, &mut named);
    }
    let wanted: Vec<(&str, Id)> =
        named.iter().filter_map(|(field, id)| Some((field.target()?, *id))).collect();
    let titles = if wanted.is_empty() { HashMap::new() } else { engine.titles(actor, &wanted).await? };
    let labels = |field: &Field| {
        let own = named.iter().filter(|(other, _)| other.name == field.name);
        own.filter_map(|(_, id)| Some((*id, titles.get(id)?.clone()))).collect()
    };
    let columns = possible_columns(entity);
    let fields = columns.iter().map(|field| filter_field(reader, field, labels(field))).collect();
    Ok(FilterMeta { fields })
}

fn filter_field(reader: &Reader, field: &Field, labels: HashMap<Id, String>) -> FilterField {
    let word = |choice: &meta::Choice| choice.label.get(reader.lang).to_owned();
    FilterField {
        name: field.name.clone(),
        label: field.label.get(reader.lang).to_owned(),
        kind: field.kind.name(),
        choices: matches!(field.kind, Kind::Choice(_)).then(|| {
            let choices = field.choices().iter();
            choices.map(|c| Choice { value: c.value.clone(), label: word(c) }).collect()
        }),
        lookup: field.target().map(|target| format!("/lookup/{target}")),
        labels,
    }
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
