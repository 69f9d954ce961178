//! The list as CSV, streamed page by page.

use super::view::{chosen_columns, exported, query};
use crate::{
    Answer, App, Session,
    audit::Exporting,
    csv::{self, Format, Rows},
    pages::{Caller, Place, address::Asked, cell::Shown},
};
use axum::extract::Query as Asking;
use engine::{Action, Actor, Engine, Query, Result};
use meta::{Entity, Field, Record};
use std::sync::Arc;

const BATCH: usize = 500;

/// Records of a file, page by page.
pub trait Source: Send + 'static {
    /// The next of them, and whether there are more. `wanted` has the entity, the fields and that it is for a file.
    fn next(
        &mut self,
        engine: &Engine,
        actor: &Actor,
        wanted: Query,
    ) -> impl Future<Output = Result<(Vec<Record>, bool)>> + Send;
}

impl Source for Asked {
    async fn next(&mut self, engine: &Engine, actor: &Actor, wanted: Query) -> Result<(Vec<Record>, bool)> {
        let after = Some(std::mem::take(&mut self.after)).filter(|after| !after.is_empty());
        let (filter, words, sort) = (self.filter.clone(), self.q.clone(), self.sort.clone());
        let wanted = wanted.filter(filter).search(words).sort(sort).after(after).limit(BATCH);
        let page = engine.list(actor, &wanted).await?;
        let more = page.next.is_some();
        self.after = page.next.unwrap_or_default();
        Ok((page.records, more))
    }
}

pub async fn export(caller: Caller, Place(entity): Place<String>, Asking(asked): Asking<Asked>) -> Answer {
    let given = [("filter", asked.filter.clone()), ("q", asked.q.clone()), ("view", asked.view.clone())];
    let given = given.each_ref().map(|(name, value)| (*name, value.as_str()));
    let columns = asked.columns.clone();
    file(caller, (&entity, &columns), vec![], &given, asked).await
}

/// Records of a module's own choice in the columns of their entity's list, and in `more` that `source` fills in; `given` says in the
/// audit which they are.
pub async fn record_file(
    app: App,
    session: Session,
    entity: &str,
    more: Vec<Field>,
    given: &[(&str, &str)],
    source: impl Source,
) -> Answer {
    file(Caller::new(app, session).await?, (entity, ""), more, given, source).await
}

async fn file(
    caller: Caller,
    (entity, columns): (&str, &str),
    more: Vec<Field>,
    given: &[(&str, &str)],
    source: impl Source,
) -> Answer {
    let entity = caller.entity(entity, Action::Export)?;
    let columns = chosen_columns(&entity, columns);
    let given = [given, &[("format", "csv")]].concat();
    let exporting = Exporting::begin(&caller.app, &caller.session, &entity.name, &given);
    let name = entity.name.clone();
    csv::download(List { caller, entity, columns, more, source }, &name, Format::Csv, exporting).await
}

struct List<S> {
    caller: Caller,
    entity: Arc<Entity>,
    columns: Vec<Field>,
    more: Vec<Field>,
    source: S,
}

impl<S> List<S> {
    fn all(&self) -> impl Iterator<Item = &Field> {
        self.columns.iter().chain(&self.more)
    }
}

impl<S: Source> Rows for List<S> {
    fn head(&self) -> String {
        csv::marked_head(self.all().map(|field| field.label.get(self.caller.reader.lang)))
    }

    async fn page(&mut self, text: &mut String) -> Result<(usize, bool)> {
        let (engine, actor, reader) = (self.caller.engine(), self.caller.actor(), &self.caller.reader);
        let wanted = query(&self.entity, &Asked::default(), &self.columns).exporting();
        let (records, more) = self.source.next(engine, actor, wanted).await?;
        let shown = Shown::look_up(engine, actor, reader, &self.entity, &self.columns, &records).await?;
        for record in &records {
            csv::line(text, self.all().map(|field| exported(&shown, reader, field, record)));
        }
        Ok((records.len(), more))
    }
}
