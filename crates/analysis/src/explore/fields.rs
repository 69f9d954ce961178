//! The fields a filter of the question may name, for the filter builder of the browser.

use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use meta::Kind;
use serde_json::json;
use warehouse::semantic::{self, FilterField};
use web::{Answer, App, Session};

pub fn href(measures: &[String]) -> String {
    let names: Vec<String> = measures.iter().map(|name| format!("m={}", web::encode(name))).collect();
    format!("{}/fields?{}", super::PATH, names.join("&"))
}

pub async fn fields(
    State(app): State<App>,
    session: Session,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer<Response> {
    let model = semantic::askable(app.engine(), &session.actor)?;
    let measures: Vec<String> =
        pairs.into_iter().filter(|(name, _)| name == "m").map(|(_, value)| value).collect();
    let fields = semantic::filter_fields(app.engine(), &session.actor, &model, &measures)?;
    let known = |known: &FilterField| {
        let field = &known.field;
        let choices = field.choices().iter();
        let choices =
            choices.map(|choice| json!({ "value": choice.value, "label": choice.label.get(session.lang) }));
        json!({
            "name": known.path,
            "label": known.label.get(session.lang),
            "kind": field.kind.name(),
            "choices": matches!(field.kind, Kind::Choice(_)).then(|| choices.collect::<Vec<_>>()),
            "lookup": field.target().map(|target| format!("/lookup/{target}")),
            "bulk": false,
        })
    };
    Ok(Json(json!({ "fields": fields.iter().map(known).collect::<Vec<_>>() })).into_response())
}
