//! One record, what happened to it and around it.

use super::{entity, list::Parameters, output, version};
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use engine::Error;
use meta::{DateTime, Id, Utc};
use serde_json::json;

pub async fn get(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    headers: HeaderMap,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let record = match app.engine().get(&session.actor, &name, id).await {
        // Old links lead on to what the record was merged into.
        Err(error @ Error::NotFound(_)) => match app.engine().merged_into(&name, id).await? {
            Some(winner) => {
                app.engine().get(&session.actor, &name, winner).await?;
                return Ok(Redirect::temporary(&format!("/api/v1/{name}/{winner}")).into_response());
            }
            None => return Err(error.into()),
        },
        found => found?,
    };
    app.saw(&session, &name, id);
    let body = output::whole(app.engine(), &session.actor, &entity, &record).await?;
    Ok(version::answer(&headers, StatusCode::OK, &body))
}

pub async fn timeline(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let parameters = Parameters::read(query.as_deref(), &["before", "limit"])?;
    let limit = parameters.limit()?;
    let before = parameters.get("before").map(|text| text.parse::<DateTime<Utc>>()).transpose();
    let before = before.map_err(|_| {
        let given = parameters.get("before").unwrap_or_default().to_owned();
        Error::invalid("before", meta::Problem::NotAnInstant { given })
    })?;
    app.engine().get(&session.actor, &entity.name, id).await?;
    app.saw(&session, &name, id);
    let items = app.engine().timeline(&session.actor, &entity.name, id, before, limit, |_| vec![]).await?;
    let next = items.last().filter(|_| items.len() == limit).map(|item| item.at);
    let mut data = vec![];
    for item in &items {
        let of = session.actor.view(app.engine().entity(&item.record.entity)?);
        let record =
            output::Shown { entity: of, record: &item.record, numbers: None, fields: &[], places: &[] };
        data.push(json!({ "at": item.at, "entity": of.name, "record": record }));
    }
    Ok(Json(json!({ "data": data, "next": next })).into_response())
}

pub async fn history(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let limit = Parameters::read(query.as_deref(), &["limit"])?.limit()?;
    // The history of what was deleted may be read too, but only by who may see the record.
    let records = app.engine().get_many(&session.actor, &entity.name, &[id]).await?;
    let record = records.first().ok_or_else(|| Error::NotFound(format!("{name} {id}")))?;
    app.saw(&session, &name, id);
    let entries = app.engine().history(&session.actor, &entity.name, id, limit as u64).await?;
    let data: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({
                "seq": entry.seq,
                "at": entry.at,
                "user": entry.user,
                "import_run": entry.run,
                "kind": entry.kind.name(),
                "changes": entry.changes,
            })
        })
        .collect();
    let created = json!({ "at": record.created_at, "user": record.created_by });
    Ok(Json(json!({ "data": data, "created": created })).into_response())
}
