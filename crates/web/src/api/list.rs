//! Pages of records.

use super::{entity, output};
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use axum_extra::extract::Query as Read;
use engine::{Error, Query};
use meta::{FieldProblem, Problem, label};
use serde_json::json;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAXIMUM: usize = 1_000;
/// Counting stops here.
pub const COUNT_CAP: u64 = 10_000;
pub const PARAMETERS: [&str; 8] = ["filter", "sort", "after", "limit", "fields", "q", "count", "deleted"];

/// The query of an address; a name nobody knows is refused, because it would be a filter that does not filter.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn read(query: Option<&str>, known: &[&str]) -> engine::Result<Parameters> {
        let address = format!("/?{}", query.unwrap_or_default());
        let uri = address.parse().map_err(|_| unreadable())?;
        let Read(pairs) = Read::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| unreadable())?;
        let unknown = pairs.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        let problems: Vec<FieldProblem> = unknown
            .map(|(name, _)| {
                let names = known.join(", ");
                let text = label(
                    format!("is not a parameter of this address: use {names}"),
                    format!("不是此地址的参数，可用：{names}"),
                );
                FieldProblem::new(name, Problem::Rule(text))
            })
            .collect();
        if problems.is_empty() { Ok(Parameters(pairs)) } else { Err(Error::Invalid(problems)) }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn limit(&self) -> engine::Result<usize> {
        let Some(text) = self.get("limit") else { return Ok(LIMIT_DEFAULT) };
        match text.parse() {
            Ok(limit) if (1..=LIMIT_MAXIMUM).contains(&limit) => Ok(limit),
            _ => Err(Error::rule(
                "limit",
                format!("must be a whole number from 1 to {LIMIT_MAXIMUM}"),
                format!("应为 1 到 {LIMIT_MAXIMUM} 的整数"),
            )),
        }
    }

    pub fn flag(&self, name: &str) -> engine::Result<bool> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(given) => Err(Error::invalid(name, Problem::NotABoolean { given: given.to_owned() })),
        }
    }
}

fn unreadable() -> Error {
    Error::rule(
        "query",
        "the query of the address cannot be read: encode it",
        "地址中的查询参数无法解析，请先编码",
    )
}

pub async fn list(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &name)?;
    let parameters = Parameters::read(query.as_deref(), &PARAMETERS)?;
    let text = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
    let fields: Vec<String> =
        text("fields").split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut query = Query::new(&entity.name)
        .filter(text("filter"))
        .sort(text("sort"))
        .search(text("q"))
        .limit(parameters.limit()?)
        .after(parameters.get("after").map(str::to_owned));
    query.deleted = parameters.flag("deleted")?;
    query.fields = fields.iter().filter(|name| *name != "external_ids").cloned().collect();
    let page = app.engine().list(&session.actor, &query).await?;
    let numbers =
        if entity.external_ids && (fields.is_empty() || fields.iter().any(|name| name == "external_ids")) {
            let ids: Vec<_> = page.records.iter().map(|record| record.id).collect();
            Some(app.engine().external_ids_of(&ids).await?)
        } else {
            None
        };
    let data: Vec<_> = page
        .records
        .iter()
        .map(|record| output::record(&entity, record, numbers.as_ref(), &fields))
        .collect();
    let mut body = json!({ "data": data, "next": page.next });
    if parameters.flag("count")? {
        let count = app.engine().count(&session.actor, &query, COUNT_CAP).await?;
        body["count"] = json!({ "number": count.number, "capped": count.capped });
    }
    Ok(Json(body).into_response())
}
