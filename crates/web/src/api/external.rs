//! Records addressed by their number in another system, so that it never needs to know our ids.

use super::{
    entity,
    idempotency::{Key, Outcome, once},
    input::{self, Input, NO_NUMBER, is_number},
    output, version, write,
};
use crate::{Answer, App, Session};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
};
use engine::{Error, Tx};
use meta::Entity;

pub async fn get(
    State(app): State<App>,
    session: Session,
    Path((name, source, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let id = app.engine().by_external_id(&entity.name, &source, &number).await?;
    let id = id.ok_or_else(|| Error::NotFound(format!("{name} {source} {number}")))?;
    let record = app.engine().get(&session.actor, &entity.name, id).await?;
    app.saw(&session, &entity.name, id);
    let body = output::whole(app.engine(), &session.actor, &entity, &record).await?;
    Ok(version::answer(&headers, StatusCode::OK, &body))
}

/// Creates the record, or changes the given fields of the one that has the number; a deleted one comes back.
pub async fn put(
    State(app): State<App>,
    session: Session,
    Path((name, source, number)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    if !entity.external_ids {
        return Err(Error::NotFound(format!("{name} has no external ids")).into());
    }
    check(&source, &number)?;
    let key = Key::read(&headers, &session, &Method::PUT, &body)?;
    let by_header = version::if_match(&headers)?;
    let mut problems = vec![];
    let given = input::read(app.engine().registry(), &entity, &input::object(&body)?, "", &mut problems);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems).into());
    }
    let version = by_header.or(given.version);
    let mut attempts = 1..=write::ATTEMPTS_LIMIT;
    let outcome = loop {
        let (entity, source, number, given) = (entity.clone(), source.clone(), number.clone(), given.clone());
        let done = once(app.engine(), &session, key.clone(), move |tx| {
            Box::pin(async move { upsert(tx, &entity, source, number, version, given).await })
        })
        .await;
        match done {
            Ok(outcome) => break outcome,
            // Another writer made or changed the record in the meantime (PostgreSQL): now it is there to be changed.
            Err(error) if version.is_none() && met_another(&error) && attempts.next().is_some() => {}
            Err(error) => return Err(write::precondition(error, by_header.is_some())),
        }
    };
    Ok(write::respond(&name, outcome))
}

/// As `external_ids` of a body would have to be.
fn check(source: &str, number: &str) -> engine::Result<()> {
    for (name, text) in [("source", source), ("number", number)] {
        if text.trim() != text || !is_number(text) {
            return Err(Error::invalid(name, NO_NUMBER));
        }
    }
    Ok(())
}

fn met_another(error: &Error) -> bool {
    match error {
        Error::Conflict { .. } => true,
        Error::Invalid(problems) => problems.iter().any(|found| found.field.starts_with("external_ids.")),
        _ => false,
    }
}

async fn upsert(
    tx: &mut Tx,
    entity: &Entity,
    source: String,
    number: String,
    version: Option<i64>,
    mut given: Input,
) -> engine::Result<Outcome> {
    let known = tx.external_ids(&entity.name, &source, std::slice::from_ref(&number)).await?;
    let (id, status) = match known.get(&number) {
        Some(id) => {
            let found = tx.get_many(&entity.name, &[*id]).await?;
            if found.iter().any(|record| record.deleted_at.is_some()) {
                tx.restore(&entity.name, *id).await?;
            }
            input::update(tx, entity, *id, version, "", given).await?;
            (*id, StatusCode::OK)
        }
        None => {
            let numbers = given.external_ids.entry(source).or_default();
            if !numbers.contains(&number) {
                numbers.push(number);
            }
            let ids = input::create_many(tx, entity, vec![(String::new(), given)]).await?;
            let id = ids.first().copied();
            (id.ok_or_else(|| Error::Internal("nothing was created".into()))?, StatusCode::CREATED)
        }
    };
    tx.settle().await?;
    Ok(Outcome::new(status, output::whole_in(tx, entity, id).await?))
}
