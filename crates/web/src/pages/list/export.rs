//! The list as CSV, streamed page by page.

use super::view::{chosen_columns, exported, query};
use crate::{
    Answer,
    audit::Exporting,
    paged::{self, Pages, csv_line},
    pages::{Caller, Place, address::Asked, cell::Shown},
};
use axum::{
    extract::Query as Asking,
    http::header,
    response::{IntoResponse, Response},
};
use engine::{Action, Result};
use meta::{Entity, Field};
use std::sync::Arc;

const BATCH: usize = 500;

pub async fn export(caller: Caller, Place(entity): Place<String>, Asking(asked): Asking<Asked>) -> Answer {
    let entity = caller.entity(&entity, Action::Export)?;
    let columns = chosen_columns(&entity, &asked.columns);
    let name = format!("attachment; filename=\"{}.csv\"", entity.name);
    let given =
        [("filter", asked.filter.as_str()), ("q", &asked.q), ("view", &asked.view), ("format", "csv")];
    let exporting = Exporting::begin(&caller.app, &caller.session, &entity.name, &given);
    let export = Export { caller, entity, columns, asked, exporting, head: true, done: false };
    let body = paged::body(export).await?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Response::new(body)).into_response())
}

struct Export {
    caller: Caller,
    entity: Arc<Entity>,
    columns: Vec<Field>,
    asked: Asked,
    exporting: Exporting,
    head: bool,
    done: bool,
}

impl Pages for Export {
    async fn next(&mut self) -> Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let (engine, actor, reader) = (self.caller.engine(), self.caller.actor(), &self.caller.reader);
        let mut text = String::new();
        if std::mem::take(&mut self.head) {
            // Spreadsheets take CSV for the machine's old encoding unless it begins with this mark.
            text.push('\u{feff}');
            csv_line(&mut text, self.columns.iter().map(|field| field.label.get(reader.lang).to_owned()));
        }
        let page = engine
            .list(actor, &query(&self.entity, &self.asked, &self.columns).limit(BATCH).exporting())
            .await?;
        let shown = Shown::look_up(engine, actor, reader, &self.entity, &self.columns, &page.records).await?;
        for record in &page.records {
            csv_line(&mut text, self.columns.iter().map(|field| exported(&shown, reader, field, record)));
        }
        self.done = page.next.is_none();
        self.exporting.add(page.records.len(), self.done);
        self.asked.after = page.next.unwrap_or_default();
        Ok(Some(text))
    }
}
