//! Many writes in one transaction: all of them or none. Neighbours of one kind are written together.

use super::{
    entity,
    idempotency::{Key, Outcome, once},
    input::{self, Input},
};
use crate::{Answer, App, Failure, Session};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
};
use engine::{Error, Registry, Result, Tx};
use meta::{Entity, FieldProblem, Id, Problem, label};
use serde_json::{Map, Value as Json, json};
use std::{collections::HashSet, sync::Arc};

pub const OPERATIONS_LIMIT: usize = 10_000;

struct Operation {
    place: String,
    kind: Kind,
}

enum Kind {
    Create(Input),
    Update(Id, Option<i64>, Input),
    Delete(Id, Option<i64>),
}

pub async fn batch(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::POST, &body)?;
    let body = input::object(&body)?;
    let Some(given) = body.get("operations").and_then(Json::as_array).filter(|_| body.len() == 1) else {
        return Err(Failure::bad_request(
            "The body must be {\"operations\": [{\"op\": \"create\", \"values\": {…}}, …]}.",
            "请求体应为 {\"operations\": [{\"op\": \"create\", \"values\": {…}}, …]}。",
        ));
    };
    if given.len() > OPERATIONS_LIMIT {
        return Err(Failure::refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "limit",
            format!("At most {OPERATIONS_LIMIT} operations can be done at once: send them in parts."),
            format!("一次最多 {OPERATIONS_LIMIT} 个操作，请分批提交。"),
        ));
    }
    let operations = read_all(app.engine().registry(), &entity, given)?;
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            let results = run(tx, &entity, operations).await?;
            tx.settle().await?;
            let results: Vec<Json> = results.iter().map(|id| json!({ "id": id })).collect();
            Ok(Outcome::new(StatusCode::OK, json!({ "results": results })))
        })
    })
    .await?;
    Ok(super::write::respond(&name, outcome))
}

fn read_all(registry: &Registry, entity: &Arc<Entity>, given: &[Json]) -> Result<Vec<Operation>> {
    let mut problems = vec![];
    let mut operations = Vec::with_capacity(given.len());
    for (index, operation) in given.iter().enumerate() {
        let place = format!("operations[{index}].");
        match read(registry, entity, operation, &place, &mut problems) {
            Ok(kind) => operations.push(Operation { place, kind }),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(operations) } else { Err(Error::Invalid(problems)) }
}

fn read(
    registry: &Registry,
    entity: &Arc<Entity>,
    given: &Json,
    place: &str,
    problems: &mut Vec<FieldProblem>,
) -> Result<Kind, FieldProblem> {
    let id = || {
        let text = given["id"].as_str().unwrap_or_default();
        let problem =
            if text.is_empty() { Problem::Required } else { Problem::NotAReference { given: text.into() } };
        text.parse::<Id>().map_err(|_| FieldProblem::new(format!("{place}id"), problem))
    };
    let wrong = |name: &str, problem| FieldProblem::new(format!("{place}{name}"), problem);
    let op = given["op"].as_str().unwrap_or_default();
    let known: &[&str] = match op {
        "create" => &["op", "values"],
        "delete" => &["op", "id", "version"],
        _ => &["op", "id", "version", "values"],
    };
    let Some(keys) = given.as_object() else {
        return Err(FieldProblem::new(
            place.trim_end_matches('.'),
            Problem::WrongType { expected: "object" },
        ));
    };
    if let Some(unknown) = keys.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(wrong(unknown, Problem::Unknown));
    }
    let version = || input::whole_version(&given["version"]).map_err(|problem| wrong("version", problem));
    let nothing = Map::new();
    let values = match &given["values"] {
        Json::Object(values) => values,
        Json::Null => &nothing,
        _ => return Err(wrong("values", Problem::WrongType { expected: "object" })),
    };
    match op {
        "create" => Ok(Kind::Create(input::read(registry, entity, values, place, problems))),
        "update" => {
            let input = input::read(registry, entity, values, place, problems);
            Ok(Kind::Update(id()?, version()?.or(input.version), input))
        }
        "delete" => Ok(Kind::Delete(id()?, version()?)),
        other => {
            let allowed = ["create", "update", "delete"].map(str::to_owned).to_vec();
            let problem = Problem::NotAChoice { given: other.to_owned(), allowed };
            Err(FieldProblem::new(format!("{place}op"), problem))
        }
    }
}

async fn run(tx: &mut Tx, entity: &Entity, operations: Vec<Operation>) -> Result<Vec<Id>> {
    let mut results = Vec::with_capacity(operations.len());
    let mut rest = operations.into_iter().peekable();
    while let Some(first) = rest.next() {
        match first.kind {
            Kind::Create(input) => {
                let mut group = vec![(first.place, input)];
                while let Some(Operation { place, kind: Kind::Create(input) }) =
                    rest.next_if(|next| matches!(next.kind, Kind::Create(_)))
                {
                    group.push((place, input));
                }
                results.extend(input::create_many(tx, entity, group).await?);
            }
            Kind::Update(id, version, input) => {
                let mut group = vec![(first.place, id, version, input)];
                let mut seen = HashSet::from([id]);
                // The same record twice is two writes, one after the other.
                while let Some(Operation { place, kind: Kind::Update(id, version, input) }) =
                    rest.next_if(|next| matches!(next.kind, Kind::Update(id, ..) if seen.insert(id)))
                {
                    group.push((place, id, version, input));
                }
                results.extend(group.iter().map(|(_, id, ..)| *id));
                update(tx, entity, group).await?;
            }
            Kind::Delete(id, version) => {
                let mut group = vec![(first.place, id, version)];
                while let Some(Operation { place, kind: Kind::Delete(id, version) }) =
                    rest.next_if(|next| matches!(next.kind, Kind::Delete(..)))
                {
                    group.push((place, id, version));
                }
                check(tx, entity, &group).await?;
                let ids: Vec<Id> = group.iter().map(|(_, id, _)| *id).collect();
                tx.delete_many(&entity.name, &ids).await?;
                results.extend(ids);
            }
        }
    }
    Ok(results)
}

async fn update(tx: &mut Tx, entity: &Entity, group: Vec<(String, Id, Option<i64>, Input)>) -> Result<()> {
    let named: Vec<_> = group.iter().map(|(place, id, version, _)| (place.clone(), *id, *version)).collect();
    check(tx, entity, &named).await?;
    let plain = |input: &Input| input.lines.is_empty() && input.external_ids.is_empty();
    if group.iter().all(|(.., input)| plain(input)) {
        let places: Vec<String> = named.into_iter().map(|(place, ..)| place).collect();
        let updates = group.into_iter().map(|(_, id, _, input)| (id, input.values)).collect();
        return match tx.update_many(&entity.name, updates).await {
            Ok(_) => Ok(()),
            Err(error) => Err(input::shift(error, &places)),
        };
    }
    for (place, id, _, input) in group {
        input::update(tx, entity, id, None, &place, input).await?;
    }
    Ok(())
}

/// Every record must be there, at the version named; problems name the operation.
async fn check(tx: &mut Tx, entity: &Entity, group: &[(String, Id, Option<i64>)]) -> Result<()> {
    let ids: Vec<Id> = group.iter().map(|(_, id, _)| *id).collect();
    let found = tx.get_many(&entity.name, &ids).await?;
    let live: std::collections::HashMap<Id, i64> = found
        .iter()
        .filter(|record| record.deleted_at.is_none())
        .map(|record| (record.id, record.version))
        .collect();
    let mut problems = vec![];
    for (place, id, version) in group {
        match live.get(id) {
            None => {
                let problem = Problem::NoSuchRecord { entity: entity.label.clone() };
                problems.push(FieldProblem::new(format!("{place}id"), problem));
            }
            Some(current) if version.is_some_and(|version| version != *current) => {
                let text = label(
                    format!("the record is at version {current}: read it again"),
                    format!("记录当前版本为 {current}，请重新读取"),
                );
                problems.push(FieldProblem::new(format!("{place}version"), Problem::Rule(text)));
            }
            Some(_) => {}
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
