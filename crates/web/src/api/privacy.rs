//! A person's data: everything of it in one document, what an erasure would reach, and the erasure.

use super::{entity, input};
use crate::{Answer, App, Session};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::IntoResponse,
};
use engine::{Erasure, Error};
use meta::{Id, Problem};
use serde_json::{Value, json};

pub async fn export(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let reason = reason(&body)?;
    let data = app.engine().export_person(&session.actor, &entity.name, id, &reason).await?;
    Ok(Json(data.document).into_response())
}

pub async fn look(State(app): State<App>, session: Session, Path((name, id)): Path<(String, Id)>) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let found = app.engine().erasure(&session.actor, &entity.name, id).await?;
    Ok(Json(told(&found)).into_response())
}

pub async fn erase(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let reason = reason(&body)?;
    let done = app.engine().erase(&session.actor, &entity.name, id, &reason).await?;
    Ok(Json(told(&done)).into_response())
}

/// On whose request; nothing else may be sent.
fn reason(body: &Bytes) -> Answer<String> {
    let mut given = input::object(body)?;
    let reason = match given.remove("reason") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(reason)) => reason,
        Some(_) => return Err(Error::invalid("reason", Problem::WrongType { expected: "string" }).into()),
    };
    match given.keys().next() {
        Some(other) => Err(Error::invalid(other, Problem::Unknown).into()),
        None => Ok(reason),
    }
}

fn told(erasure: &Erasure) -> Value {
    let records = erasure.affected.iter().map(|affected| {
        json!({
            "entity": affected.entity.name,
            "records": affected.records,
            "deleted": affected.deleted,
            "personal_fields": affected.fields,
        })
    });
    let copies = erasure.copies.iter().map(|found| json!({ "what": found.what.en, "count": found.count }));
    json!({
        "pseudonym": erasure.pseudonym,
        "records": records.collect::<Vec<_>>(),
        "log_entries": erasure.log_entries,
        "copies": copies.collect::<Vec<_>>(),
    })
}
