//! The list of any entity.

mod board;
mod bulk;
mod export;
mod filter;
mod put;
mod tools;
pub mod view;
mod views;

pub use export::{Source, record_file};

use super::{Caller, Place, address::Asked};
use crate::{Answer, App, figure::Definition};
use axum::{
    Router,
    extract::Query as Asking,
    routing::{get, post},
};
use engine::Action;
use meta::{Entity, Field};
use minijinja::context;
use serde::Serialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/{entity}", get(list))
        .route("/{entity}/board", get(board::board))
        .route("/{entity}/{id}/column", post(put::put))
        .route("/{entity}/fields", get(filter::fields))
        .route("/{entity}/export", get(export::export))
        .route("/{entity}/bulk/update", post(bulk::update))
        .route("/{entity}/bulk/delete", post(bulk::delete))
        .route("/{entity}/bulk/field/{name}", get(bulk::field))
        .route("/views", post(views::save))
        .route("/views/{id}", post(views::change))
        .route("/views/{id}/delete", post(views::delete))
        .route("/views/{id}/restore", post(views::restore))
}

async fn list(
    caller: Caller,
    Place(entity): Place<String>,
    Asking(asked): Asking<Asked>,
    Asking(before): Asking<view::Before>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    if caller.session.htmx && !asked.after.is_empty() {
        let rows = view::rows(engine, actor, reader, &entity, &asked, &before).await?;
        saw(&caller, &entity, &asked, rows.rows.len());
        return caller.page("list_rows.html", rows);
    }
    let list = view::list(engine, actor, reader, &entity, &asked, &before).await?;
    saw(&caller, &entity, &asked, list.table.rows.len());
    let explained = explained(&caller, &view::chosen_columns(&entity, &list.tools.query.columns)).await?;
    caller.page("list.html", context! { explained, ..minijinja::Value::from_serialize(list) })
}

/// What the figures among the columns mean.
#[derive(Serialize)]
struct Explained {
    figures: Vec<Definition>,
    /// Empty while nothing is computed.
    as_of: String,
}

/// `None` where no column is a figure.
async fn explained(caller: &Caller, columns: &[Field]) -> Answer<Option<Explained>> {
    let (app, lang) = (&caller.app, caller.reader.lang);
    let figures = columns.iter().filter(|column| column.sure.is_some());
    let figures = figures.map(|column| {
        let definition = column.help.as_ref().map(|help| help.get(lang).to_owned()).unwrap_or_default();
        let certainty = app.certainty_of(lang, column);
        Definition { label: column.label.get(lang).to_owned(), definition, certainty }
    });
    let figures: Vec<Definition> = figures.collect();
    if figures.is_empty() {
        return Ok(None);
    }
    let day = app.figures_day().await?;
    let as_of = day.map(|day| caller.reader.format().date(day)).unwrap_or_default();
    Ok(Some(Explained { figures, as_of }))
}

/// Notes how many records were shown.
fn saw(caller: &Caller, entity: &Entity, asked: &Asked, count: usize) {
    let given = [("filter", asked.filter.as_str()), ("q", &asked.q), ("view", &asked.view)];
    caller.app.saw_many(&caller.session, &entity.name, count, &given);
}
