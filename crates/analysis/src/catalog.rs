//! `/analysis/catalog`: every table, column, measure and dimension with its meaning, how fresh and how good the files are.

use crate::explore::View;
use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use meta::Lang;
use minijinja::context;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use warehouse::{Catalog, CatalogTable, semantic::Level};
use web::{Answer, App, ListedFigure, Session};

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
    unit: String,
    formula: String,
    dimensions: usize,
    rows: String,
    /// Nothing while one of its facts has no files.
    written_at: Option<String>,
    /// Checks of its facts that found something.
    failed: usize,
}

#[derive(Serialize)]
struct Dimension {
    name: String,
    label: String,
    definition: String,
    levels: String,
    /// The tables that have it.
    of: String,
}

#[derive(Serialize)]
struct Check {
    table: String,
    label: String,
    cases: String,
    found: String,
    good: bool,
    looked_at: String,
    /// The rows that are not as they should be, as SQL.
    rows_href: Option<String>,
}

/// Figures of one page.
#[derive(Serialize)]
struct Shown {
    label: String,
    href: &'static str,
    origin: String,
    refreshed: String,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    label: String,
    definition: String,
    certainty: String,
    unit: String,
    inputs: &'static str,
    /// Nothing where it is made of no table.
    rows: Option<String>,
    /// Checks of its tables that found something.
    failed: usize,
    checked: bool,
}

/// A figure and the tables its inputs name, as far as the reader may see them.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    figure: ListedFigure,
    tables: Vec<String>,
    /// Of all its tables.
    rows: u64,
    /// The checks of its tables that found something, as `sales.future_day`.
    failed_checks: Vec<String>,
}

impl Listed {
    fn of(figure: ListedFigure, catalog: &Catalog) -> Listed {
        // A column without a table before it is of the one named last.
        let named: BTreeSet<&str> =
            figure.inputs.split(", ").filter_map(|input| input.split('.').next()).collect();
        let is_named = |table: &str| named.contains(table);
        let tables: Vec<&CatalogTable> =
            catalog.tables.iter().filter(|table| is_named(&table.name)).collect();
        let failed = catalog.checks.iter().filter(|check| !check.good && is_named(&check.table));
        Listed {
            rows: tables.iter().map(|table| table.rows).sum(),
            failed_checks: failed.map(|check| format!("{}.{}", check.table, check.name)).collect(),
            tables: tables.iter().map(|table| table.name.clone()).collect(),
            figure,
        }
    }
}

/// The catalog with the figures that pages compute.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    warehouse: Catalog,
    figures: Vec<Listed>,
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
        measures => measures(&app, &session, &catalog),
        dimensions => dimensions(&session, &catalog),
        wrong => checks(&session, &catalog, false),
        right => checks(&session, &catalog, true),
        shown => shown(&app, &session, &catalog, app.listed_figures(&session).await?),
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
                definition: column.definition.get(lang).to_owned(),
                kind: column.kind,
                origin: column.origin.clone(),
            })
            .collect(),
    };
    catalog.tables.iter().map(one).collect()
}

fn measures(app: &App, session: &Session, catalog: &Catalog) -> Vec<Measure> {
    let format = session.format();
    let one = |measure: &warehouse::CatalogMeasure| Measure {
        name: measure.name,
        label: measure.label.get(session.lang).to_owned(),
        definition: measure.definition.get(session.lang).to_owned(),
        unit: unit(app, session, measure.unit),
        formula: measure.formula.clone(),
        dimensions: measure.dimensions.len(),
        rows: format.number(measure.rows.into()),
        written_at: measure.refreshed_at.map(|at| format.instant(at)),
        failed: measure.failed_checks.len(),
    };
    catalog.measures.iter().map(one).collect()
}

fn dimensions(session: &Session, catalog: &Catalog) -> Vec<Dimension> {
    let lang = session.lang;
    let list = |words: Vec<String>| words.join(if lang == Lang::Zh { "、" } else { ", " });
    let level = |name: &&str| Level::ALL.into_iter().find(|level| level.name() == *name);
    let one = |dimension: &warehouse::CatalogDimension| Dimension {
        name: dimension.name.clone(),
        label: dimension.label.get(lang).to_owned(),
        definition: dimension.definition.get(lang).to_owned(),
        levels: list(
            dimension
                .levels
                .iter()
                .filter_map(level)
                .map(|level| level.label().get(lang).to_owned())
                .collect(),
        ),
        of: list(dimension.facts.iter().map(|fact| table_name(session, catalog, fact)).collect()),
    };
    catalog.dimensions.iter().map(one).collect()
}

fn table_name(session: &Session, catalog: &Catalog, name: &str) -> String {
    let known = catalog.tables.iter().find(|known| known.name == name);
    known.map_or(name, |known| known.label.get(session.lang)).to_owned()
}

/// Those that found everything as it should be, or the others.
fn checks(session: &Session, catalog: &Catalog, good: bool) -> Vec<Check> {
    let format = session.format();
    let one = |check: &warehouse::Quality| Check {
        table: table_name(session, catalog, &check.table),
        label: check.label.get(session.lang).to_owned(),
        cases: check.cases.map(|cases| format.number(cases.into())).unwrap_or_default(),
        found: check.found.clone(),
        good: check.good,
        looked_at: check.looked_at.map(|at| format.instant(at)).unwrap_or_default(),
        rows_href: check
            .rows_sql
            .as_ref()
            .filter(|_| !check.good)
            .map(|sql| format!("/analysis/sql?sql={}", web::encode(sql))),
    };
    catalog.checks.iter().filter(|check| check.good == good).map(one).collect()
}

fn unit(app: &App, session: &Session, unit: &str) -> String {
    app.t(session.lang, &format!("analysis.unit.{unit}"), &[])
}

/// Page by page, in their order.
fn shown(app: &App, session: &Session, catalog: &Catalog, figures: Vec<ListedFigure>) -> Vec<Shown> {
    let (lang, format) = (session.lang, session.format());
    let mut pages: Vec<Shown> = vec![];
    for figure in figures {
        let Listed { figure, tables, rows, failed_checks } = Listed::of(figure, catalog);
        let label = figure.page.get(lang).to_owned();
        let one = Figure {
            rows: (!tables.is_empty()).then(|| format.number(rows.into())),
            failed: failed_checks.len(),
            checked: !tables.is_empty() && catalog.refreshed_at.is_some(),
            label: figure.label.get(lang).to_owned(),
            definition: figure.definition.get(lang).to_owned(),
            certainty: figure.certainty.get(lang).to_owned(),
            unit: unit(app, session, figure.unit),
            inputs: figure.inputs,
            name: figure.name,
        };
        match pages.iter_mut().find(|page| page.label == label) {
            Some(page) => page.figures.push(one),
            None => {
                let refreshed = match (figure.as_of, figure.refreshed_at) {
                    (Some(as_of), Some(at)) => {
                        let (as_of, at) = (format.date(as_of), format.instant(at));
                        app.t(lang, "analysis.figures_as_of", &[("as_of", &as_of), ("at", &at)])
                    }
                    _ => app.t(lang, "analysis.figures_never", &[]),
                };
                let origin = figure.origin.get(lang).to_owned();
                pages.push(Shown { label, href: figure.href, origin, refreshed, figures: vec![one] });
            }
        }
    }
    pages
}

pub async fn json(State(app): State<App>, session: Session) -> Answer<Response> {
    let warehouse = warehouse::catalog(app.engine(), &session.actor).await?;
    let figures = app.listed_figures(&session).await?;
    let figures = figures.into_iter().map(|figure| Listed::of(figure, &warehouse)).collect();
    Ok(Json(Whole { warehouse, figures }).into_response())
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
