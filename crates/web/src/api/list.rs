//! Pages of records.

use super::{
    entity,
    output::{Numbers, Shown, places},
};
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use axum_extra::extract::Query as Read;
use engine::{Engine, Error, Query};
use meta::{Entity, FieldProblem, Problem, Record, label};
use serde::Serialize;
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

/// Whether anything of its records can be found by words.
pub fn is_searched(entity: &Entity) -> bool {
    entity.fields.values().any(|field| field.searched)
}

/// Which records an address asks for, and which of their fields.
pub struct Asked {
    pub query: Query,
    pub fields: Vec<String>,
    pub numbers: bool,
}

impl Asked {
    pub fn read(entity: &Entity, parameters: &Parameters) -> engine::Result<Asked> {
        let text = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
        let names = parameters.get("fields").map(|names| names.split(','));
        let fields: Vec<String> = names.into_iter().flatten().map(|name| name.trim().to_owned()).collect();
        let empty =
            [("sort", parameters.get("sort") == Some("")), ("fields", fields.iter().any(String::is_empty))];
        if let Some((name, _)) = empty.into_iter().find(|(_, is_empty)| *is_empty) {
            let (en, zh) = ("is empty: name a field, or leave it out", "为空，请填写字段名或去掉该参数");
            return Err(Error::rule(name, en, zh));
        }
        let mut query = Query::new(&entity.name).filter(text("filter")).sort(text("sort")).search(text("q"));
        if !query.search.trim().is_empty() && !is_searched(entity) {
            return Err(Error::rule(
                "q",
                format!("{} have no words to search: use filter", entity.plural.en),
                format!("{}没有可搜索的内容，请使用 filter", entity.label.zh),
            ));
        }
        query.after = parameters.get("after").map(str::to_owned);
        query.deleted = parameters.flag("deleted")?;
        query.fields = fields.iter().filter(|name| *name != "external_ids").cloned().collect();
        let numbers =
            entity.external_ids && (fields.is_empty() || fields.iter().any(|name| name == "external_ids"));
        Ok(Asked { query, fields, numbers })
    }

    /// Which records, for the audit.
    pub fn given(&self) -> [(&'static str, &str); 3] {
        let deleted = if self.query.deleted { "true" } else { "" };
        [("filter", &self.query.filter), ("q", &self.query.search), ("deleted", deleted)]
    }

    /// The numbers in other systems of these records, if they are wanted.
    pub async fn numbers_of(&self, engine: &Engine, records: &[Record]) -> engine::Result<Option<Numbers>> {
        if !self.numbers {
            return Ok(None);
        }
        let ids: Vec<_> = records.iter().map(|record| record.id).collect();
        engine.external_ids_of(&ids).await.map(Some)
    }
}

#[derive(Serialize)]
struct Page<'p> {
    data: Vec<Shown<'p>>,
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<serde_json::Value>,
}

pub async fn list(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let parameters = Parameters::read(query.as_deref(), &PARAMETERS)?;
    let mut asked = Asked::read(&entity, &parameters)?;
    asked.query.limit = parameters.limit()?;
    let engine = app.engine();
    let page = engine.list(&session.actor, &asked.query).await?;
    app.saw_many(&session, &name, page.records.len(), &asked.given());
    let numbers = asked.numbers_of(engine, &page.records).await?;
    let (numbers, fields, places) = (numbers.as_ref(), &asked.fields, places(&entity, &page.records));
    let shown = |record| Shown { entity: &entity, record, numbers, fields, places: &places };
    let count = match parameters.flag("count")? {
        true => {
            let count = engine.count(&session.actor, &asked.query, COUNT_CAP).await?;
            Some(json!({ "number": count.number, "capped": count.capped }))
        }
        false => None,
    };
    let body = Page { data: page.records.iter().map(shown).collect(), next: page.next, count };
    Ok(Json(body).into_response())
}
