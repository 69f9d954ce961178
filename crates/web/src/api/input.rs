//! JSON → values: every field is checked by the metadata, and every problem names where it stands in the request.

use super::{
    SYSTEM,
    lines::{self, Lines, key_of},
};
use crate::{Answer, Failure};
use axum::body::Bytes;
use engine::{Error, Registry, Result, Tx};
use meta::{Entity, Field, FieldProblem, Id, Kind as FieldKind, Problem, Value, Values};
use serde_json::{Map, Value as Json};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

pub const NUMBER_LIMIT: usize = 255;

/// What a body says of one record.
#[derive(Clone, Debug, Default)]
pub struct Input {
    pub values: Values,
    /// The version the caller believes the record to be at.
    pub version: Option<i64>,
    /// Source → all numbers the record has there.
    pub external_ids: BTreeMap<String, Vec<String>>,
    pub lines: Vec<Lines>,
}

/// The body of a request as a JSON object.
pub fn object(body: &Bytes) -> Answer<Map<String, Json>> {
    match serde_json::from_slice(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::bad_request("The body must be a JSON object.", "请求体应为 JSON 对象。")),
        Err(error) => Err(Failure::bad_request(
            format!("The body is not valid JSON: {error}."),
            format!("请求体不是有效的 JSON：{error}。"),
        )),
    }
}

/// Reads one record; `place` is put before the names of fields in problems.
pub fn read(
    registry: &Registry,
    entity: &Arc<Entity>,
    body: &Map<String, Json>,
    place: &str,
    problems: &mut Vec<FieldProblem>,
) -> Input {
    let mut input = Input::default();
    let children: Vec<(String, Arc<Entity>)> = registry
        .children(&entity.name)
        .map(|child| (key_of(registry, entity, child), child.clone()))
        .collect();
    for (key, given) in body {
        let child = children.iter().find(|(name, _)| name == key);
        if let Some(field) = entity.get(key) {
            let given = if field.kind == FieldKind::Integer { whole(given) } else { Cow::Borrowed(given) };
            match field.parse_json(&given) {
                Ok(value) => {
                    input.values.insert(key.clone(), value);
                }
                Err(problem) => problems.push(FieldProblem::new(format!("{place}{key}"), problem)),
            }
        } else if key == "version" {
            match whole_version(given) {
                Ok(version) => input.version = version,
                Err(problem) => problems.push(FieldProblem::new(format!("{place}version"), problem)),
            }
        } else if SYSTEM.contains(&key.as_str()) {
        } else if key == "external_ids" && entity.external_ids {
            input.external_ids = numbers(given, place, problems);
        } else if let Some((_, child)) = child {
            input.lines.extend(read_lines(registry, child, key, given, place, problems));
        } else {
            problems.push(FieldProblem::new(format!("{place}{key}"), Problem::Unknown));
        }
    }
    input
}

/// A version is a number; one that is not must not mean that any will do.
pub fn whole_version(given: &Json) -> std::result::Result<Option<i64>, Problem> {
    match given {
        Json::Null => Ok(None),
        given => whole(given).as_i64().map(Some).ok_or(Problem::WrongType { expected: "integer" }),
    }
}

/// JSON knows one kind of number: 12.0 is a whole number too, and some programs write it so.
fn whole(given: &Json) -> Cow<'_, Json> {
    const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;
    match given.as_f64() {
        Some(number) if given.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT_LIMIT => {
            Cow::Owned(Json::from(number as i64))
        }
        _ => Cow::Borrowed(given),
    }
}

pub const NO_NUMBER: Problem =
    Problem::WrongType { expected: "string of 1 to 255 characters, no control characters" };

/// Of another system, or the system's name.
pub fn is_number(text: &str) -> bool {
    let trimmed = text.trim();
    !text.contains(char::is_control) && !trimmed.is_empty() && trimmed.chars().count() <= NUMBER_LIMIT
}

/// `{"erp": "4711"}`, `{"erp": ["4711", "4712"]}`, `{"erp": null}` for none.
fn numbers(given: &Json, place: &str, problems: &mut Vec<FieldProblem>) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let Some(given) = given.as_object() else {
        problems.push(FieldProblem::new(
            format!("{place}external_ids"),
            Problem::WrongType { expected: "object of source and number" },
        ));
        return found;
    };
    for (source, given) in given {
        let texts: Option<Vec<&str>> = match given {
            Json::Null => Some(vec![]),
            Json::String(number) => Some(vec![number]),
            Json::Array(list) => list.iter().map(Json::as_str).collect(),
            _ => None,
        };
        match texts {
            Some(texts) if texts.iter().all(|text| is_number(text)) && is_number(source) => {
                found.insert(source.clone(), texts.iter().map(|text| text.trim().to_owned()).collect());
            }
            _ => problems.push(FieldProblem::new(format!("{place}external_ids.{source}"), NO_NUMBER)),
        }
    }
    found
}

fn read_lines(
    registry: &Registry,
    child: &Arc<Entity>,
    key: &str,
    given: &Json,
    place: &str,
    problems: &mut Vec<FieldProblem>,
) -> Option<Lines> {
    let parent = child.parent.clone()?;
    let Some(given) = given.as_array() else {
        problems.push(FieldProblem::new(format!("{place}{key}"), Problem::WrongType { expected: "array" }));
        return None;
    };
    let mut lines = vec![];
    for (index, line) in given.iter().enumerate() {
        let place = format!("{place}{key}[{index}].");
        let Some(line) = line.as_object() else {
            let place = place.trim_end_matches('.');
            problems.push(FieldProblem::new(place, Problem::WrongType { expected: "object" }));
            continue;
        };
        let id = match line.get("id") {
            None | Some(Json::Null) => None,
            Some(id) => match id.as_str().and_then(|id| id.parse::<Id>().ok()) {
                Some(id) => Some(id),
                None => {
                    let problem = Problem::NotAReference { given: id.to_string() };
                    problems.push(FieldProblem::new(format!("{place}id"), problem));
                    continue;
                }
            },
        };
        lines.push((id, read(registry, child, line, &place, problems).values));
    }
    Some(Lines { key: key.to_owned(), child: child.clone(), parent, lines })
}

/// Gives the problems of a bulk write (`[3].name`) the places their records had in the request.
pub fn shift(error: Error, places: &[String]) -> Error {
    let Error::Invalid(problems) = error else { return error };
    let moved = problems.into_iter().map(|FieldProblem { field, problem }| {
        let (index, rest) = indexed(&field);
        let place = places.get(index).map(String::as_str).unwrap_or_default();
        FieldProblem::new(format!("{place}{rest}"), problem)
    });
    Error::Invalid(moved.collect())
}

/// `[3].name` is 3 and `name`; a name alone is the only record's.
fn indexed(field: &str) -> (usize, &str) {
    let parsed = field.strip_prefix('[').and_then(|rest| rest.split_once("]."));
    match parsed.and_then(|(index, rest)| Some((index.parse().ok()?, rest))) {
        Some(found) => found,
        None => (0, field),
    }
}

/// Creates records with their numbers and lines; each comes with its place in the request.
pub async fn create_many(tx: &mut Tx, entity: &Entity, mut inputs: Vec<(String, Input)>) -> Result<Vec<Id>> {
    let values = inputs.iter_mut().map(|(_, input)| std::mem::take(&mut input.values)).collect();
    let places: Vec<String> = inputs.iter().map(|(place, _)| place.clone()).collect();
    let ids = tx.create_many(&entity.name, values).await.map_err(|error| shift(error, &places))?;
    let mut by_source: BTreeMap<String, Vec<(String, Id)>> = BTreeMap::new();
    for ((_, input), id) in inputs.iter_mut().zip(&ids) {
        for (source, numbers) in std::mem::take(&mut input.external_ids) {
            by_source.entry(source).or_default().extend(numbers.into_iter().map(|number| (number, *id)));
        }
    }
    for (source, numbers) in by_source {
        let set = tx.set_external_ids(&entity.name, &source, &numbers).await;
        set.map_err(|error| external_problem(error, &source))?;
    }
    lines::create(tx, &mut inputs, &ids).await?;
    Ok(ids)
}

/// Changes a record with its numbers and lines.
pub async fn update(
    tx: &mut Tx,
    entity: &Entity,
    id: Id,
    version: Option<i64>,
    place: &str,
    input: Input,
) -> Result<()> {
    let places = [place.to_owned()];
    tx.update(&entity.name, id, version, input.values).await.map_err(|error| shift(error, &places))?;
    for (source, numbers) in input.external_ids {
        let set = tx.replace_external_ids(&entity.name, &source, id, &numbers).await;
        set.map_err(|error| external_problem(error, &source))?;
    }
    for lines in input.lines {
        lines::replace(tx, place, lines, id).await?;
    }
    Ok(())
}

fn external_problem(error: Error, source: &str) -> Error {
    match error {
        Error::Invalid(problems) => Error::Invalid(
            problems
                .into_iter()
                .map(|found| FieldProblem::new(format!("external_ids.{source}"), found.problem))
                .collect(),
        ),
        other => other,
    }
}

/// For a full replacement: every field a caller may set and did not is emptied, or gets its default. The moment a record is
/// of stays: it was given, or was now, when the record was made.
pub fn fill_up(entity: &Entity, values: &mut Values) {
    // A number is given once; empty, too, it is not given.
    values.retain(|name, value| {
        !value.is_null() || entity.get(name).is_none_or(|field| field.numbered.is_none())
    });
    let settable = |field: &&Field| !field.computed && field.numbered.is_none() && !field.default_now;
    for field in entity.fields.values().filter(settable) {
        values.entry(field.name.clone()).or_insert_with(|| field.default.clone().unwrap_or(Value::Null));
    }
}
