//! Records side by side: which one stays, and whose value each field keeps.

use crate::{
    Answer, Flash,
    pages::{
        Caller, Place,
        cell::{Shown, is_input},
        entity_view::EntityView,
        input::sentence,
        record::view,
    },
};
use axum::{
    Form,
    extract::RawQuery,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Error, LOSERS_LIMIT, Merging};
use meta::{Entity, Field, Id, Lang, Record, Values};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Column {
    id: Id,
    title: String,
    href: String,
    version: i64,
    created: String,
    stays: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    label: String,
    choices: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    id: Id,
    text: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Candidate {
    id: Id,
    title: String,
    about: String,
    href: String,
}

fn ids<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Id> {
    let mut found = vec![];
    for id in given.filter(|(name, _)| *name == "with").filter_map(|(_, id)| id.trim().parse().ok()) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found.truncate(LOSERS_LIMIT);
    found
}

pub async fn show(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = query.unwrap_or_default();
    let with = ids(query.split('&').filter_map(|pair| pair.split_once('=')));
    page(&caller, 200, &entity, id, &with, None).await
}

async fn page(
    caller: &Caller,
    status: u16,
    entity: &str,
    id: Id,
    with: &[Id],
    error: Option<String>,
) -> Answer {
    let entity = caller.entity(entity, Action::Merge)?;
    caller.may(&entity, id, Action::Merge).await?;
    let records = records(caller, &entity, id, with).await?;
    let own = view::href(&entity, id);
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let fields: Vec<Field> = entity.fields.values().filter(|field| comparable(field)).cloned().collect();
    let shown = Shown::look_up(engine, actor, reader, &entity, &fields, &records).await?;
    let columns: Vec<Column> = records
        .iter()
        .map(|record| Column {
            id: record.id,
            title: view::title(&entity, record, &shown),
            href: view::href(&entity, record.id),
            version: record.version,
            created: reader.ago(record.created_at),
            stays: record.id == id,
        })
        .collect();
    let differing = fields.iter().filter(|field| differs(field, &records));
    let rows: Vec<Row> = differing.map(|field| row(reader.lang, field, &records, &shown)).collect();
    let candidates = if records.len() == 1 { candidates(caller, &entity, id).await? } else { vec![] };
    for record in &records {
        caller.app.saw(&caller.session, &entity.name, record.id);
    }
    let context = minijinja::context! {
        entity => EntityView::new(reader, &entity),
        record => minijinja::context! { title => columns.first().map(|column| column.title.clone()), href => own, id },
        href => format!("{own}/merge"),
        lookup => format!("/lookup/{}", entity.name),
        columns, rows, candidates, error,
    };
    caller.page_with(status, "merge.html", context)
}

/// What is kept back in part cannot be compared; what is left out here the merge fills by itself.
fn comparable(field: &Field) -> bool {
    is_input(field) && !field.masked
}

fn differs(field: &Field, records: &[Record]) -> bool {
    records.iter().any(|record| record.get(&field.name) != records[0].get(&field.name))
}

fn row(lang: Lang, field: &Field, records: &[Record], shown: &Shown<'_>) -> Row {
    let filled = records.iter().find(|record| !record.get(&field.name).is_null()).map(|record| record.id);
    let choices = records
        .iter()
        .map(|record| Choice {
            id: record.id,
            text: shown.cell(field, record, false).text,
            chosen: Some(record.id) == filled,
        })
        .collect();
    Row { name: field.name.clone(), label: field.label.get(lang).to_owned(), choices }
}

/// The record of the address first.
async fn records(caller: &Caller, entity: &Entity, id: Id, with: &[Id]) -> Answer<Vec<Record>> {
    let mut wanted = vec![id];
    wanted.extend(with.iter().copied().filter(|other| *other != id));
    let found = caller.engine().get_many(caller.actor(), &entity.name, &wanted).await?;
    let mut records = vec![];
    for id in wanted {
        let record = found.iter().find(|record| record.id == id && record.deleted_at.is_none());
        let missing = || Error::NotFound(format!("{} {id}", entity.label.get(caller.reader.lang)));
        records.push(record.cloned().ok_or_else(missing)?);
    }
    Ok(records)
}

async fn candidates(caller: &Caller, entity: &Arc<Entity>, id: Id) -> Answer<Vec<Candidate>> {
    const SHOWN: usize = 10;
    let found = caller.engine().duplicates_of(caller.actor(), &entity.name, id).await?;
    let lang = caller.reader.lang;
    let comma = if lang == Lang::Zh { "、" } else { ", " };
    let candidate = |duplicate: engine::Duplicate| Candidate {
        id: duplicate.record.id,
        title: duplicate.record.text(&entity.title).to_owned(),
        about: duplicate
            .alike
            .iter()
            .map(|alike| alike.label().get(lang).to_owned())
            .collect::<Vec<_>>()
            .join(comma),
        href: super::href(&view::href(entity, id), &[duplicate.record.id]),
    };
    Ok(found.into_iter().take(SHOWN).map(candidate).collect())
}

pub async fn merge(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    Form(given): Form<Vec<(String, String)>>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Merge)?;
    let mut all = vec![id];
    all.extend(
        ids(given.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .into_iter()
            .filter(|other| *other != id),
    );
    let value = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
    let winner: Id =
        value("winner").and_then(|winner| winner.parse().ok()).filter(|id| all.contains(id)).unwrap_or(id);
    let records = records(&caller, &entity, id, &all[1..]).await?;
    let mut values = Values::new();
    for field in entity.fields.values().filter(|field| comparable(field) && differs(field, &records)) {
        let chosen: Option<Id> = value(&format!("field.{}", field.name)).and_then(|id| id.parse().ok());
        if let Some(record) = chosen.and_then(|id| records.iter().find(|record| record.id == id)) {
            values.insert(field.name.clone(), record.get(&field.name).clone());
        }
    }
    let merging = Merging {
        entity: entity.name.clone(),
        winner,
        losers: all.iter().copied().filter(|id| *id != winner).collect(),
        version: value(&format!("version.{winner}")).and_then(|version| version.parse().ok()),
        values,
    };
    let done = caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.merge(merging).await }))
        .await;
    match done {
        Ok(merged) => {
            let own = view::href(&entity, winner);
            let text = match caller.reader.lang {
                Lang::En => format!("Merged; {} references moved.", merged.moved),
                Lang::Zh => format!("已合并，转移了 {} 处引用。", merged.moved),
            };
            let undo = format!("{own}/merge/{}/undo", merged.merge);
            Ok(Flash::success(text).undo(undo).on(Redirect::to(&own).into_response()))
        }
        Err(Error::Invalid(problems)) => {
            let said = problems.first().map(|found| {
                let field = entity.get(&found.field).map(|field| field.label.get(caller.reader.lang));
                let text = sentence(&caller.reader, &found.problem);
                field.map_or(text.clone(), |field| format!("{field}: {text}"))
            });
            page(&caller, 422, &entity.name, id, &all[1..], said).await
        }
        Err(error) => Err(error.into()),
    }
}
