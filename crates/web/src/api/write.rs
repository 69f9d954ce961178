//! Single writes: create, change, replace, delete, restore.

use super::{
    entity,
    idempotency::{Key, Outcome, once},
    input, output, version,
};
use crate::{Answer, App, Failure, Session};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::Error;
use meta::Id;
use serde_json::json;

/// How often a write that met another is tried again.
pub const ATTEMPTS_LIMIT: usize = 10;

/// The answer of a write: the record, its tag, and where a new one lies.
pub fn respond(name: &str, outcome: Outcome) -> Response {
    let location = (outcome.status == StatusCode::CREATED)
        .then(|| outcome.body["id"].as_str().map(|id| format!("/api/v1/{name}/{id}")))
        .flatten();
    let mut response = match outcome.body.get("version") {
        Some(_) => version::answer(&HeaderMap::new(), outcome.status, &outcome.body),
        None if outcome.body.is_null() => outcome.status.into_response(),
        None => (outcome.status, axum::Json(outcome.body)).into_response(),
    };
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if outcome.replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// A version named by `If-Match` that is not current is 412; one named in the body is 409.
pub fn precondition(error: Error, by_header: bool) -> Failure {
    match error {
        Error::Conflict { current } if by_header => Failure::Precondition { current },
        other => other.into(),
    }
}

pub async fn create(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::POST, &body)?;
    let mut problems = vec![];
    let given = input::read(app.engine().registry(), &entity, &input::object(&body)?, "", &mut problems);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems).into());
    }
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            let ids = input::create_many(tx, &entity, vec![(String::new(), given)]).await?;
            let id = ids.first().copied().ok_or_else(|| Error::Internal("nothing was created".into()))?;
            tx.settle().await?;
            Ok(Outcome::new(StatusCode::CREATED, output::whole_in(tx, &entity, id).await?))
        })
    })
    .await?;
    Ok(respond(&name, outcome))
}

pub async fn patch(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    change(app, session, name, id, headers, body, Method::PATCH).await
}

pub async fn put(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    change(app, session, name, id, headers, body, Method::PUT).await
}

async fn change(
    app: App,
    session: Session,
    name: String,
    id: Id,
    headers: HeaderMap,
    body: Bytes,
    method: Method,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &method, &body)?;
    let by_header = version::if_match(&headers)?;
    let mut problems = vec![];
    let mut given = input::read(app.engine().registry(), &entity, &input::object(&body)?, "", &mut problems);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems).into());
    }
    if method == Method::PUT {
        input::fill_up(&entity, &mut given.values);
    }
    let version = by_header.or(given.version);
    let mut attempts = 1..=ATTEMPTS_LIMIT;
    let outcome = loop {
        let (entity, given) = (entity.clone(), given.clone());
        let done = once(app.engine(), &session, key.clone(), move |tx| {
            Box::pin(async move {
                input::update(tx, &entity, id, version, "", given).await?;
                tx.settle().await?;
                Ok(Outcome::new(StatusCode::OK, output::whole_in(tx, &entity, id).await?))
            })
        })
        .await;
        match done {
            Ok(outcome) => break outcome,
            // Two writers of one record at once (PostgreSQL), neither of whom minds the other.
            Err(Error::Conflict { .. }) if version.is_none() && attempts.next().is_some() => {}
            Err(error) => return Err(precondition(error, by_header.is_some())),
        }
    };
    Ok(respond(&name, outcome))
}

pub async fn delete(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::DELETE, &[])?;
    let by_header = version::if_match(&headers)?;
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            tx.delete(&entity.name, id, by_header).await?;
            Ok(Outcome::new(StatusCode::NO_CONTENT, json!(null)))
        })
    })
    .await
    .map_err(|error| precondition(error, by_header.is_some()))?;
    Ok(respond(&name, outcome))
}

pub async fn restore(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let key = Key::read(&headers, &session, &Method::POST, &[])?;
    let outcome = once(app.engine(), &session, key, move |tx| {
        Box::pin(async move {
            tx.restore(&entity.name, id).await?;
            tx.settle().await?;
            Ok(Outcome::new(StatusCode::OK, output::whole_in(tx, &entity, id).await?))
        })
    })
    .await?;
    Ok(respond(&name, outcome))
}
