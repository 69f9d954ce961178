//! A whole list as a stream: NDJSON for programs, CSV for spreadsheets. Filters and rights are those of the list.

use super::{
    SYSTEM, entity,
    list::{Asked, Parameters},
    output::{Numbers, Shown, places},
};
use crate::{
    Answer, App, Failure, Session,
    audit::Exporting,
    csv::{self, Format, Rows},
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, header},
};
use engine::{Actor, Engine, Result};
use meta::{Entity, Problem, Record, Value};
use serde_json::Value as Json;
use std::sync::Arc;

pub const PARAMETERS: [&str; 6] = ["format", "filter", "sort", "fields", "q", "deleted"];
/// Records read at once.
const PAGE_SIZE: usize = 1_000;

/// `format` decides, else `Accept`, else it is NDJSON.
fn format(parameters: &Parameters, headers: &HeaderMap) -> Answer<Format> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match parameters.get("format") {
        Some("csv") => Ok(Format::Csv),
        Some("ndjson") => Ok(Format::Ndjson),
        Some(given) => {
            let allowed = ["csv", "ndjson"].map(str::to_owned).to_vec();
            let problem = Problem::NotAChoice { given: given.to_owned(), allowed };
            Err(Failure::Engine(engine::Error::invalid("format", problem)))
        }
        None if accept.contains("text/csv") => Ok(Format::Csv),
        None => Ok(Format::Ndjson),
    }
}

pub async fn export(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let parameters = Parameters::read(query.as_deref(), &PARAMETERS)?;
    let format = format(&parameters, &headers)?;
    let mut asked = Asked::read(&entity, &parameters)?;
    asked.query.limit = PAGE_SIZE;
    asked.query.exporting = true;
    let columns = columns(&entity, &asked);
    let given = [&asked.given()[..], &[("format", format.extension())]].concat();
    let exporting = Exporting::begin(&app, &session, &entity.name, &given);
    let rows = Records { engine: app.engine().clone(), actor: session.actor, entity, asked, format, columns };
    csv::download(rows, &name, format, exporting).await
}

/// The columns of CSV, in the order in which a record is answered.
fn columns(entity: &Entity, asked: &Asked) -> Vec<String> {
    let system = SYSTEM.iter().map(|name| (*name).to_owned());
    let wanted = |name: &String| {
        ["id", "version"].contains(&name.as_str()) || asked.fields.is_empty() || asked.fields.contains(name)
    };
    let mut columns: Vec<String> = system.chain(entity.fields.keys().cloned()).filter(wanted).collect();
    if asked.numbers {
        columns.push("external_ids".to_owned());
    }
    columns
}

struct Records {
    engine: Engine,
    actor: Actor,
    entity: Arc<Entity>,
    asked: Asked,
    format: Format,
    columns: Vec<String>,
}

impl Rows for Records {
    fn head(&self) -> String {
        let mut text = String::new();
        if self.format == Format::Csv {
            csv::line(&mut text, self.columns.iter());
        }
        text
    }

    async fn page(&mut self, text: &mut String) -> Result<(usize, bool)> {
        let page = self.engine.list(&self.actor, &self.asked.query).await?;
        let numbers = self.asked.numbers_of(&self.engine, &page.records).await?;
        let places = places(&self.entity, &page.records);
        for record in &page.records {
            self.add(text, record, numbers.as_ref(), &places)?;
        }
        self.asked.query.after = page.next;
        Ok((page.records.len(), self.asked.query.after.is_some()))
    }
}

impl Records {
    fn add(
        &self,
        text: &mut String,
        record: &Record,
        numbers: Option<&Numbers>,
        places: &[Option<usize>],
    ) -> Result<()> {
        let shown = Shown { entity: &self.entity, record, numbers, fields: &self.asked.fields, places };
        match self.format {
            Format::Ndjson => {
                text.push_str(&serde_json::to_string(&shown)?);
                text.push('\n');
            }
            Format::Csv => csv::line(text, self.columns.iter().map(|column| cell(&shown, column))),
        }
        Ok(())
    }
}

/// The same words as in JSON; empty is empty, and what has parts is JSON.
fn cell(shown: &Shown<'_>, column: &str) -> String {
    let record = shown.record;
    let value = match column {
        "id" => return record.id.to_string(),
        "version" => return record.version.to_string(),
        "created_at" => Value::Instant(record.created_at),
        "updated_at" => Value::Instant(record.updated_at),
        "created_by" => record.created_by.into(),
        "deleted_at" => record.deleted_at.into(),
        "external_ids" if shown.entity.external_ids => return shown.external_ids().to_string(),
        field => return written(record.get(field).to_json()),
    };
    written(value.to_json())
}

fn written(value: Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text,
        other => other.to_string(),
    }
}
