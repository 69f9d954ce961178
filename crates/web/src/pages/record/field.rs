//! One value edited in place.

use super::view::href;
use crate::{
    Answer, Failure,
    pages::{
        Caller, Place,
        cell::{Shown, is_input},
        cell_html::editable_html,
        input,
    },
};
use axum::{
    Form,
    response::{Html, IntoResponse},
};
use engine::{Action, Error, Result};
use meta::{Entity, Field, Id, Problem, Record, Value, Values};
use std::collections::HashMap;

type At = Place<(String, Id, String)>;

/// GET `{record}/field/{name}`: the value as an input.
pub async fn edit(caller: Caller, Place((entity, id, name)): At) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let field = editable(&entity, &name)?;
    let record = caller.engine().get(caller.actor(), &entity.name, id).await?;
    caller.may(&entity, id, Action::Update).await?;
    let typed = input::shown(&caller.reader, field, record.get(&name));
    shown(&caller, 200, &entity, field, &record, typed, None).await
}

/// PATCH `{record}/field/{name}`: the value saved, or the input again with what is wrong.
pub async fn save(
    caller: Caller,
    Place((entity, id, name)): At,
    Form(form): Form<HashMap<String, String>>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let field = editable(&entity, &name)?;
    // A switch that is off is not sent at all.
    let absent = if field.kind == meta::Kind::Bool { "false" } else { "" };
    let typed = form.get(&name).map_or(absent, String::as_str).to_owned();
    let version = form.get("version").and_then(|version| version.parse().ok());
    let outcome = match input::read(&caller.reader, field, &typed) {
        Ok(value) => write(&caller, &entity, id, version, Values::from([(name.clone(), value)])).await,
        Err(problem) => Err(Error::invalid(&name, problem)),
    };
    let read = || caller.engine().get(caller.actor(), &entity.name, id);
    match outcome {
        Ok(()) => {
            let record = read().await?;
            let fields = std::slice::from_ref(field);
            let (engine, actor) = (caller.engine(), caller.actor());
            let found =
                Shown::look_up(engine, actor, &caller.reader, &entity, fields, std::slice::from_ref(&record))
                    .await?;
            let cell = found.cell(field, &record, true);
            let label = field.label.get(caller.reader.lang);
            Ok(Html(editable_html(&caller.reader, &cell, &href(&entity, id), label)).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let error = said(&caller, &entity, field, &problems);
            shown(&caller, 422, &entity, field, &read().await?, typed, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn write(caller: &Caller, entity: &Entity, id: Id, version: Option<i64>, values: Values) -> Result<()> {
    let name = entity.name.clone();
    caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move { tx.update(&name, id, version, values).await.map(drop) })
        })
        .await
}

fn editable<'e>(entity: &'e Entity, name: &str) -> Answer<&'e Field> {
    let field = entity.get(name).filter(|field| is_input(field) && field.kind != meta::Kind::Json);
    field.ok_or_else(|| Failure::Engine(Error::invalid(name, Problem::ReadOnly)))
}

/// A rule may refuse the save because of another field; then that one is named.
fn said(caller: &Caller, entity: &Entity, field: &Field, problems: &[meta::FieldProblem]) -> String {
    let texts = problems.iter().map(|found| {
        let text = input::sentence(&caller.reader, &found.problem);
        match entity.get(&found.field).filter(|other| other.name != field.name) {
            Some(other) => format!("{}: {text}", other.label.get(caller.reader.lang)),
            None => text,
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

async fn shown(
    caller: &Caller,
    status: u16,
    entity: &Entity,
    field: &Field,
    record: &Record,
    typed: String,
    error: Option<String>,
) -> Answer {
    let mut input = input::input(&caller.reader, field, field.name.clone(), typed);
    let (engine, actor) = (caller.engine(), caller.actor());
    let mut titles = Shown::nothing(engine, &caller.reader);
    if let (Some(target), Ok(Value::Id(chosen))) = (field.target(), field.parse_text(&input.value)) {
        titles.add_titles(engine, actor, &[(target, chosen)]).await?;
        input.text = titles.title(chosen).unwrap_or_default().to_owned();
    }
    if field.kind == meta::Kind::Money {
        input.currency = Some(titles.currency(field, record).to_owned());
    }
    input.error = error;
    let context =
        minijinja::context! { field => input, href => href(entity, record.id), version => record.version };
    caller.page_with(status, "cell_edit.html", context)
}
