//! `/analysis/explore/rows`: the rows of a fact behind a figure, one by one, with links to their records.

use super::{builder::Ground, cell::of_address, page::Pairs};
use crate::{
    export,
    words::{NONE, Words},
};
use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use meta::Value;
use minijinja::context;
use serde::Serialize;
use warehouse::{
    Limits,
    semantic::{self, RowColumn, RowKind, Rows},
};
use web::{Answer, App, Session, figure::Definition};

const SHOWN: usize = 300;
/// Rows of a file.
const EXPORTED: usize = 100_000;

#[derive(Serialize)]
struct Cell {
    text: String,
    href: Option<String>,
    number: bool,
}

fn fact(pairs: &Pairs) -> &str {
    pairs.iter().find(|(name, _)| name == "fact").map(|(_, fact)| fact.as_str()).unwrap_or_default()
}

async fn ask(words: &Words<'_>, session: &Session, pairs: &Pairs, limits: Limits) -> engine::Result<Rows> {
    let (_, _, question) = of_address(pairs)?;
    semantic::rows(words.app.engine(), &session.actor, &question, fact(pairs), limits).await
}

pub async fn page(State(app): State<App>, session: Session, Query(pairs): Query<Pairs>) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let (view, at, question) = of_address(&pairs)?;
    let found = ask(&words, &session, &pairs, Limits { rows: SHOWN, ..Limits::PAGE }).await?;
    let asked = serde_json::json!(question).to_string();
    for entity in &found.answer.entities {
        app.saw_many(&session, entity, found.rows.len(), &[("question", &asked)]);
    }
    let rows: Vec<Vec<Cell>> = found.rows.iter().map(|row| cells(&words, &found.columns, row)).collect();
    let term = |column: &RowColumn| Definition {
        label: words.say(&column.label),
        definition: words.say(&column.definition),
        certainty: words.t(&format!("sure.{}", column.sure.unwrap_or("recorded")), &[]),
    };
    let ground = Ground::new(&words, &session.actor, &model);
    let members = ground.members(&[view.question.within.clone(), at].concat()).await?;
    let kept: Vec<&(String, String)> =
        pairs.iter().filter(|(name, _)| !["do", "format", "csrf"].contains(&name.as_str())).collect();
    let taken = match found.total > EXPORTED && session.actor.limits().is_some() {
        // Of what he may not export there are no rows in the file: perhaps it has few enough.
        true => {
            ask(&words, &session, &pairs, Limits { rows: 1, exporting: true, ..Limits::PAGE }).await?.total
        }
        false => found.total,
    };
    let refused = export_allowed(&app, &session, &found).and_then(|()| fits(taken));
    let context = context! {
        columns => found.columns.iter().map(|column| words.say(&column.label)).collect::<Vec<_>>(),
        terms => found.columns.iter().filter(|column| is_number(column)).map(term).collect::<Vec<_>>(),
        shown => words.count(rows.len()),
        is_part => rows.len() < found.total,
        rows,
        total => words.count(found.total),
        most => words.count(EXPORTED),
        too_many => taken > EXPORTED,
        fact => words.t(&format!("explore.fact_{}", fact(&pairs)), &[]),
        members => members.join(" · "),
        as_of => words.format.instant(found.answer.refreshed_at),
        back_href => view.href(),
        refused => refused.err().map(|error| error.message(session.lang)),
        pairs => kept,
    };
    app.page_with(200, &session, "analysis/rows.html", context)
}

fn cells(words: &Words<'_>, columns: &[RowColumn], row: &[(Value, Option<meta::Id>)]) -> Vec<Cell> {
    let one = |(column, (value, id)): (&RowColumn, &(Value, Option<meta::Id>))| {
        let href = match (&column.kind, id) {
            (RowKind::Record { entity }, Some(id)) => Some(format!("/{entity}/{id}")),
            _ => None,
        };
        Cell { text: text(words, column, value), href, number: is_number(column) }
    };
    columns.iter().zip(row).map(one).collect()
}

fn is_number(column: &RowColumn) -> bool {
    matches!(column.kind, RowKind::Money | RowKind::Share | RowKind::Number)
}

fn text(words: &Words<'_>, column: &RowColumn, value: &Value) -> String {
    match (&column.kind, value) {
        (_, Value::Null) => NONE.to_owned(),
        (RowKind::Choice(choices), value) => {
            let stored = export::text(value);
            choices
                .iter()
                .find(|choice| choice.value == stored)
                .map_or(stored, |choice| words.say(&choice.label))
        }
        (RowKind::Money, value) => words.figure(value.as_decimal(), "money"),
        (RowKind::Share, value) => words.figure(value.as_decimal(), "share"),
        (RowKind::Number, value) => words.figure(value.as_decimal(), "quantity"),
        (_, value) => export::text(value),
    }
}

/// Rows are records, and name others.
fn export_allowed(app: &App, session: &Session, found: &Rows) -> engine::Result<()> {
    let kinds = &found.answer.entities;
    kinds.iter().try_for_each(|kind| app.engine().may_take_along(&session.actor, kind))
}

/// Whether a file may have as many rows.
fn fits(rows: usize) -> engine::Result<()> {
    export::whole(rows > EXPORTED)
}

pub async fn export(State(app): State<App>, session: Session, Form(pairs): Form<Pairs>) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let limits = Limits { rows: EXPORTED, exporting: true, ..Limits::PAGE };
    let found = ask(&words, &session, &pairs, limits).await?;
    export_allowed(&app, &session, &found)?;
    fits(found.total)?;
    let format =
        pairs.iter().find(|(name, _)| name == "format").map(|(_, format)| format.clone()).unwrap_or_default();
    let columns: Vec<String> = found.columns.iter().map(|column| words.say(&column.label)).collect();
    let value = |(column, (value, _)): (&RowColumn, &(Value, Option<meta::Id>))| match column.kind {
        RowKind::Choice(_) if !value.is_null() => Value::from(text(&words, column, value).as_str()),
        _ => value.clone(),
    };
    let rows: Vec<Vec<Value>> =
        found.rows.iter().map(|row| found.columns.iter().zip(row).map(value).collect()).collect();
    let (view, at, question) = of_address(&pairs)?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let ground = Ground::new(&words, &session.actor, &model);
    let members = ground.members(&[view.question.within.clone(), at].concat()).await?;
    let said = |key: &str, text: String| (!text.is_empty()).then(|| (words.t(key, &[]), text));
    let of = [
        Some((words.t(&format!("explore.fact_{}", fact(&pairs)), &[]), words.count(rows.len()))),
        said("explore.within", members.join(" · ")),
        said("explore.condition", view.question.filter.clone()),
        said("explore.as_of", words.format.instant(found.answer.refreshed_at)),
    ];
    let meaning = |column: &RowColumn| (words.say(&column.label), words.say(&column.definition));
    let about = of.into_iter().flatten().chain(found.columns.iter().map(meaning)).collect();
    let count = rows.len();
    let page = export::Page { columns, rows, about, ..export::Page::default() };
    let file = export::file(&format, page, &words)?;
    let asked = serde_json::json!(question).to_string();
    for entity in &found.answer.entities {
        app.took_along(&session, entity, count, &[("question", &asked), ("format", &format)]);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_all_rows_or_there_is_none() {
        assert!(fits(EXPORTED).is_ok());
        let refused = fits(EXPORTED + 1).unwrap_err();
        let said = [meta::Lang::En, meta::Lang::Zh].map(|lang| refused.message(lang));
        assert!(
            said[0].contains("more rows than a file may have") && said[1].contains("超过文件上限"),
            "{said:?}"
        );
    }
}
