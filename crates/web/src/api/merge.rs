//! Duplicates of a record, merging, and the way back.

use super::{
    entity,
    idempotency::{Key, Outcome, once},
    input, output,
    write::respond,
};
use crate::{Answer, App, Session};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
    response::IntoResponse,
};
use engine::{Error, Merging};
use meta::{FieldProblem, Id, Problem, Values};
use serde_json::{Map, Value as Tree, json};

pub async fn duplicates(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let found = app.engine().duplicates_of(&session.actor, &entity.name, id).await?;
    app.saw_many(&session, &entity.name, found.len(), &[("of", "duplicates")]);
    let data: Vec<Tree> = found
        .iter()
        .map(|duplicate| {
            let alike: Vec<&str> = duplicate.alike.iter().map(|alike| alike.name()).collect();
            let shown = output::Shown {
                entity: &entity,
                record: &duplicate.record,
                numbers: None,
                fields: &[],
                places: &[],
            };
            json!({ "alike": alike, "record": shown })
        })
        .collect();
    Ok(Json(json!({ "data": data })).into_response())
}

pub async fn merge(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::POST, &body)?;
    let mut given = input::object(&body)?;
    let mut problems = vec![];
    let losers = records(given.remove("records"), &mut problems);
    let version = given.remove("version").map_or(Ok(None), |version| input::whole_version(&version));
    let version = version.unwrap_or_else(|problem| {
        problems.push(FieldProblem::new("version", problem));
        None
    });
    let mut values = Values::new();
    match given.remove("values").unwrap_or(Tree::Null) {
        Tree::Null => {}
        Tree::Object(given) => chosen(&entity, &given, &mut values, &mut problems),
        _ => problems.push(FieldProblem::new("values", Problem::WrongType { expected: "object" })),
    }
    problems.extend(given.keys().map(|other| FieldProblem::new(other, Problem::Unknown)));
    if !problems.is_empty() {
        return Err(Error::Invalid(problems).into());
    }
    let merging = Merging { entity: entity.name.clone(), winner: id, losers, version, values };
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            let merged = tx.merge(merging).await?;
            tx.settle().await?;
            let record = output::whole_in(tx, &entity, id).await?;
            let body = json!({ "merge": merged.merge, "moved": merged.moved, "record": record });
            Ok(Outcome::new(StatusCode::OK, body))
        })
    })
    .await?;
    Ok(respond(&name, outcome))
}

fn records(given: Option<Tree>, problems: &mut Vec<FieldProblem>) -> Vec<Id> {
    let ids = match given {
        None => Err(Problem::Required),
        Some(Tree::Array(ids)) => ids
            .iter()
            .map(|id| {
                let text = id.as_str().unwrap_or_default();
                text.parse().map_err(|_| Problem::NotAReference { given: text.chars().take(80).collect() })
            })
            .collect(),
        Some(_) => Err(Problem::WrongType { expected: "array of ids" }),
    };
    ids.unwrap_or_else(|problem| {
        problems.push(FieldProblem::new("records", problem));
        vec![]
    })
}

fn chosen(
    entity: &meta::Entity,
    given: &Map<String, Tree>,
    values: &mut Values,
    problems: &mut Vec<FieldProblem>,
) {
    for (name, value) in given {
        let parsed = entity.get(name).ok_or(Problem::Unknown).and_then(|field| field.parse_json(value));
        match parsed {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(problem) => problems.push(FieldProblem::new(format!("values.{name}"), problem)),
        }
    }
}

pub async fn unmerge(
    State(app): State<App>,
    session: Session,
    Path((name, _)): Path<(String, Id)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::POST, &body)?;
    let mut given = input::object(&body)?;
    let merge = match given.remove("merge") {
        None | Some(Tree::Null) => Err(Problem::Required),
        Some(Tree::String(id)) => id.parse::<Id>().map_err(|_| Problem::NotAReference { given: id }),
        Some(_) => Err(Problem::WrongType { expected: "string" }),
    };
    let merge = merge.map_err(|problem| Error::invalid("merge", problem))?;
    if let Some(other) = given.keys().next() {
        return Err(Error::invalid(other, Problem::Unknown).into());
    }
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            let (winner, stayed) = tx.unmerge(&entity.name, merge).await?;
            tx.settle().await?;
            let record = output::whole_in(tx, &entity, winner).await?;
            Ok(Outcome::new(StatusCode::OK, json!({ "stayed": stayed, "record": record })))
        })
    })
    .await?;
    Ok(respond(&name, outcome))
}
