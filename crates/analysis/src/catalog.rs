//! `/analysis/catalog`: every table, column and measure with its meaning, how fresh and how good the files are.

use crate::explore::View;
use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use minijinja::context;
use serde::Serialize;
use serde_json::json;
use warehouse::{Catalog, CatalogTable};
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Table {
    name: String,
    label: String,
    definition: String,
    rows: String,
    size: String,
    /// Nothing for what has no files.
    written_at: Option<String>,
    /// Made by the program, without files.
    computed: bool,
    columns: Vec<Column>,
}

#[derive(Serialize)]
struct Column {
    name: String,
    label: String,
    definition: String,
    kind: &'static str,
    origin: String,
}

#[derive(Serialize)]
struct Measure {
    name: &'static str,
    label: String,
    definition: String,
    formula: String,
    dimensions: usize,
}

#[derive(Serialize)]
struct Check {
    table: String,
    label: String,
    found: String,
    good: bool,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    let engine = app.engine();
    let catalog = warehouse::catalog(engine, &session.actor).await?;
    let status = warehouse::status(engine).await?;
    let administrator = session.actor.is_administrator();
    let format = session.format();
    let failure = status.failure.filter(|_| administrator).map(|failure| failure.error);
    let page = context! {
        refreshed_at => catalog.refreshed_at.map(|at| format.instant(at)),
        behind => status.newest_change.saturating_sub(status.position).max(0),
        running => warehouse::in_progress(engine).await?,
        failure,
        can_refresh => administrator,
        tables => tables(&session, &catalog),
        measures => measures(&session, &catalog),
        checks => checks(&session, &catalog),
    };
    Ok(app.page(&session, "warehouse/catalog.html", page)?.into_response())
}

fn tables(session: &Session, catalog: &Catalog) -> Vec<Table> {
    let (lang, format) = (session.lang, session.format());
    let one = |table: &CatalogTable| Table {
        name: table.name.clone(),
        label: table.label.get(lang).to_owned(),
        definition: table.definition.get(lang).to_owned(),
        rows: format.number(table.rows.into()),
        size: format.number(table.bytes.div_ceil(1024).into()),
        written_at: table.refreshed_at.map(|at| format.instant(at)),
        computed: table.rows > 0 && table.files == 0,
        columns: table
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                label: column.label.get(lang).to_owned(),
                definition: column
                    .definition
                    .as_ref()
                    .map(|text| text.get(lang).to_owned())
                    .unwrap_or_default(),
                kind: column.kind,
                origin: column.origin.clone().unwrap_or_default(),
            })
            .collect(),
    };
    catalog.tables.iter().map(one).collect()
}

fn measures(session: &Session, catalog: &Catalog) -> Vec<Measure> {
    let one = |measure: &warehouse::CatalogMeasure| Measure {
        name: measure.name,
        label: measure.label.get(session.lang).to_owned(),
        definition: measure.definition.get(session.lang).to_owned(),
        formula: measure.formula.clone(),
        dimensions: measure.dimensions.len(),
    };
    catalog.measures.iter().map(one).collect()
}

fn checks(session: &Session, catalog: &Catalog) -> Vec<Check> {
    let name = |table: &str| {
        catalog.tables.iter().find(|known| known.name == table).map(|known| known.label.get(session.lang))
    };
    let one = |check: &warehouse::Quality| Check {
        table: name(&check.table).unwrap_or(&check.table).to_owned(),
        label: check.label.get(session.lang).to_owned(),
        found: check.found.clone(),
        good: check.good,
    };
    catalog.checks.iter().map(one).collect()
}

pub async fn json(State(app): State<App>, session: Session) -> Answer<Response> {
    Ok(Json(warehouse::catalog(app.engine(), &session.actor).await?).into_response())
}

/// Queues a refresh unless one is on its way.
pub async fn refresh(
    State(app): State<App>,
    session: Session,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer<Response> {
    if !session.actor.is_administrator() {
        return Err(Error::Forbidden("warehouse".into()).into());
    }
    if !warehouse::in_progress(app.engine()).await? {
        let queue = app.engine().write(&session.actor, |tx| {
            Box::pin(async move { tx.enqueue(warehouse::JOB, json!({})).await.map(drop) })
        });
        queue.await?;
    }
    let from_explorer = pairs.iter().any(|(name, value)| name == "back" && value == "explore");
    let back = if from_explorer { View::read(&pairs).0.href() } else { "/analysis/catalog".to_owned() };
    Ok(Redirect::to(&back).into_response())
}
