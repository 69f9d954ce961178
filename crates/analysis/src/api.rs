//! What programs ask: the data catalog, and questions of measures and dimensions.

use crate::explore::note;
use axum::{Json, body::Bytes, extract::State, response::IntoResponse};
use meta::Lang;
use serde_json::{Value, json};
use warehouse::semantic::{self, Level, Named, Question};
use web::{
    Answer, App, Failure, Session,
    api::{Operation, OperationsFn},
};

pub async fn ask(State(app): State<App>, session: Session, body: Bytes) -> Answer {
    let question: Question = serde_json::from_slice(&body).map_err(|error| {
        Failure::bad_request(
            format!("The body is no question: {error}. See /api/docs."),
            format!("请求体不是有效的问题：{error}。格式见 /api/docs。"),
        )
    })?;
    let answer = semantic::ask(app.engine(), &session.actor, &question).await?;
    note(&app, &session, &question, &answer);
    Ok(Json(answer).into_response())
}

pub const OPERATIONS: OperationsFn = |lang| {
    let pick = |en: &str, zh: &str| match lang {
        Lang::En => en.to_owned(),
        Lang::Zh => zh.to_owned(),
    };
    let object = || Some(json!({ "type": "object" }));
    let catalog = Operation::new("analysis", "data_catalog", pick("The data catalog", "数据目录"))
        .describe(pick(
            "Every table, column, measure, dimension and figure the caller may see: definition, unit, origin, rows, age and checks of its quality. Of a measure: the rows of its facts, when the oldest of them was written, which of their checks found something, and the names of the dimensions it can be cut by. Of a figure: the tables its inputs name, their rows, and which of their checks found something.",
            "调用者可见的全部数据表、列、度量、维度和指标：定义、单位、来源、行数、更新时间和质量检查。每个度量另有：所取数据表的行数、其中最早的写入时间、未通过的检查，以及可用维度的名称。每个指标另有：其数据来源所含的数据表、这些表的行数和未通过的检查。",
        ))
        .answers(200, pick("The catalog", "数据目录"), Some(catalog_schema()))
        .fails(&[(403, "forbidden")]);
    let example = json!({ "measures": ["net_sales"], "cuts": [{ "dimension": "day", "level": "month" }] });
    let question = Operation::new("analysis", "question", pick("Ask the warehouse", "向数据仓库提问"))
        .describe(pick(
            "Measures by dimensions, of the caller's records. The catalog names measures and dimensions. A token that may only read may ask. What needs more time or memory than a question may take is refused with 413.",
            "按维度汇总度量，只含调用者可见的数据。度量和维度名称见数据目录。只读令牌也可提问；所需时间或内存超出限额时返回 413。",
        ))
        .body(schema(), example)
        .answers(200, pick("The answer", "回答"), object())
        .fails(&[(403, "forbidden"), (404, "not_found"), (413, "too_large"), (422, "invalid")]);
    vec![("/api/v1/analysis/catalog", "get", catalog), ("/api/v1/analysis/question", "post", question)]
};

/// Of the lists of the catalog, and of what a question is made of.
fn catalog_schema() -> Value {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": text() });
    let words = || json!({ "type": "object", "properties": { "en": text(), "zh": text() } });
    let moment = || json!({ "type": ["string", "null"], "format": "date-time" });
    let list = |properties: Value| json!({ "type": "array", "items": { "type": "object", "properties": properties } });
    let measures = list(json!({
        "name": text(), "label": words(), "definition": words(), "unit": text(), "formula": text(), "facts": texts(),
        "rows": { "type": "integer" }, "refreshed_at": moment(), "failed_checks": texts(), "dimensions": texts(),
    }));
    let dimensions = list(json!({
        "name": text(), "label": words(), "definition": words(), "levels": texts(), "facts": texts(),
    }));
    let figures = list(json!({
        "name": text(), "label": words(), "definition": words(), "certainty": words(), "unit": text(), "inputs": text(),
        "origin": words(), "page": words(), "href": text(), "as_of": { "type": ["string", "null"], "format": "date" },
        "refreshed_at": moment(), "tables": texts(), "rows": { "type": "integer" }, "failed_checks": texts(),
    }));
    let others = || list(json!({}));
    json!({ "type": "object", "properties": {
        "refreshed_at": moment(), "measures": measures, "dimensions": dimensions,
        "tables": others(), "checks": others(), "figures": figures,
    } })
}

/// Of [`Question`].
fn schema() -> Value {
    let text = || json!({ "type": "string" });
    let level = || json!({ "type": ["string", "null"], "enum": names(&Level::ALL).chain([Value::Null]).collect::<Vec<_>>() });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let day = || json!({ "type": "string", "format": "date" });
    let period = json!({ "oneOf": [
        { "type": "null" },
        object(json!({ "named": { "enum": names(&Named::ALL).collect::<Vec<_>>() } }), &["named"]),
        object(json!({ "from": day(), "to": day() }), &["from", "to"]),
    ] });
    let cut = object(json!({ "dimension": text(), "level": level() }), &["dimension"]);
    let member = object(
        json!({ "dimension": text(), "level": level(), "value": { "type": ["string", "number", "boolean", "null"] } }),
        &["dimension", "value"],
    );
    let mut sort = object(json!({ "by": text(), "descending": { "type": "boolean" } }), &["by"]);
    sort["type"] = json!(["object", "null"]);
    object(
        json!({
            "measures": { "type": "array", "minItems": 1, "items": text() },
            "cuts": { "type": "array", "items": cut },
            "filter": text(),
            "period": period,
            "compare": { "enum": ["previous", "last_year", null] },
            "share": { "type": "boolean" },
            "running": { "type": "boolean" },
            "top": { "type": ["integer", "null"], "minimum": 1, "maximum": 1000 },
            "sort": sort,
            "within": { "type": "array", "items": member },
        }),
        &["measures"],
    )
}

fn names<T: serde::Serialize>(all: &[T]) -> impl Iterator<Item = Value> {
    all.iter().filter_map(|one| serde_json::to_value(one).ok())
}
