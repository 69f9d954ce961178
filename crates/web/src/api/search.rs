//! Search over every entity: words, pinyin, parts of names, numbers, telephone numbers.

use super::list::Parameters;
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::{RawQuery, State},
    response::IntoResponse,
};
use engine::Error;
use meta::Problem;
use serde_json::json;

pub async fn search(State(app): State<App>, session: Session, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::read(query.as_deref(), &["q", "entity", "limit"])?;
    let text = parameters.get("q").unwrap_or_default().trim();
    if text.is_empty() {
        return Err(Error::invalid("q", Problem::Required).into());
    }
    let entity = parameters.get("entity");
    if let Some(name) = entity {
        super::entity(&app, &session, name)?;
    }
    let hits = app.engine().search(&session.actor, text, entity, parameters.limit()?).await?;
    app.saw_many(&session, entity.unwrap_or("search"), hits.len(), &[("q", text)]);
    let data: Vec<_> =
        hits.iter().map(|hit| json!({ "entity": hit.entity, "id": hit.id, "title": hit.title })).collect();
    Ok(Json(json!({ "data": data })).into_response())
}
