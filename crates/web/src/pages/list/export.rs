//! The list as CSV, streamed page by page.

use super::view::{chosen_columns, exported, query};
use crate::{
    Answer,
    audit::Exporting,
    csv::{self, Format, Rows},
    pages::{Caller, Place, address::Asked, cell::Shown},
};
use axum::extract::Query as Asking;
use engine::{Action, Result};
use meta::{Entity, Field};
use std::sync::Arc;

const BATCH: usize = 500;

pub async fn export(caller: Caller, Place(entity): Place<String>, Asking(asked): Asking<Asked>) -> Answer {
    let entity = caller.entity(&entity, Action::Export)?;
    let columns = chosen_columns(&entity, &asked.columns);
    let given =
        [("filter", asked.filter.as_str()), ("q", &asked.q), ("view", &asked.view), ("format", "csv")];
    let exporting = Exporting::begin(&caller.app, &caller.session, &entity.name, &given);
    let name = entity.name.clone();
    csv::download(List { caller, entity, columns, asked }, &name, Format::Csv, exporting).await
}

struct List {
    caller: Caller,
    entity: Arc<Entity>,
    columns: Vec<Field>,
    asked: Asked,
}

impl Rows for List {
    fn head(&self) -> String {
        csv::marked_head(self.columns.iter().map(|field| field.label.get(self.caller.reader.lang)))
    }

    async fn page(&mut self, text: &mut String) -> Result<(usize, bool)> {
        let (engine, actor, reader) = (self.caller.engine(), self.caller.actor(), &self.caller.reader);
        let page = engine
            .list(actor, &query(&self.entity, &self.asked, &self.columns).limit(BATCH).exporting())
            .await?;
        let shown = Shown::look_up(engine, actor, reader, &self.entity, &self.columns, &page.records).await?;
        for record in &page.records {
            csv::line(text, self.columns.iter().map(|field| exported(&shown, reader, field, record)));
        }
        let more = page.next.is_some();
        self.asked.after = page.next.unwrap_or_default();
        Ok((page.records.len(), more))
    }
}
