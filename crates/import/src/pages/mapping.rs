//! The columns and what they mean, the first rows as they would become, options, a count of what would be made.

use super::words;
use crate::{
    Counted, FileProblem, Kind, Layout, Options, inspect, job,
    preview::{Preview, preview},
    run::read_run,
};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use meta::{Id, Record, Values};
use minijinja::{Value, context};
use std::{collections::BTreeMap, sync::Arc};
use web::{Answer, App, Session};

type Given = BTreeMap<String, String>;

pub async fn page(
    app: &App,
    session: &Session,
    run: &Record,
    status: u16,
    problem: Option<String>,
) -> Answer {
    let (kind, mut options, path) = read_run(run).map_err(words::failure)?;
    let engine = app.engine();
    let looked = match inspect(engine, kind, &path, &mut options).await {
        Ok(layout) => {
            let layout = Arc::new(layout);
            preview(engine, layout.clone(), &path, &options).await.map(|preview| (layout, preview))
        }
        Err(problem) => Err(problem),
    };
    let (columns, shown, missing, problem) = match &looked {
        Ok((layout, preview)) => {
            let missing = missing(app, session, layout);
            (
                columns(app, session, layout, preview),
                preview_rows(app, session, layout, preview),
                missing,
                problem,
            )
        }
        Err(wrong) => (vec![], Value::from(()), vec![], Some(wrong.message(session.lang))),
    };
    let currency = options.currency.clone().unwrap_or(engine.company_currency().await?);
    let dates = match options.day_first {
        Some(true) => "day_first",
        Some(false) => "month_first",
        None => "auto",
    };
    let unsure = looked.as_ref().is_ok_and(|(layout, _)| {
        layout
            .targets
            .iter()
            .zip(&layout.styles)
            .any(|(target, style)| target.is_some() && style.date_order_unsure)
    });
    let ready = problem.is_none() && missing.is_empty();
    let context = context! {
        run => context! { href => format!("/import/{}", run.id), file => run.text("file_name") },
        kinds => Kind::ALL.map(|one| context! {
            value => one.name(), label => one.label().get(session.lang), chosen => one == kind,
        }),
        columns, preview => shown, missing, problem, ready, dates, unsure,
        source => options.source, currency,
        counting => run.text("job").parse::<Id>().is_ok(),
    };
    app.page_with(status, session, "import/mapping.html", context)
}

fn target_label(app: &App, session: &Session, layout: &Layout, target: &str) -> String {
    if let Some(own) = layout.own.iter().find(|own| own.key == target) {
        return own.label.get(session.lang).to_owned();
    }
    app.t(session.lang, &format!("import.target.{target}"), &[])
}

fn missing(app: &App, session: &Session, layout: &Layout) -> Vec<String> {
    let or = app.t(session.lang, "import.or", &[]);
    let groups = layout.missing().into_iter();
    groups
        .map(|group| {
            let names: Vec<String> =
                group.iter().map(|key| target_label(app, session, layout, key)).collect();
            names.join(&or)
        })
        .collect()
}

fn columns(app: &App, session: &Session, layout: &Layout, preview: &Preview) -> Vec<Value> {
    let keys = layout.kind.targets().iter().map(|target| target.key);
    let keys = keys.chain(layout.own.iter().map(|own| own.key));
    let targets: Vec<(&str, String)> =
        keys.map(|key| (key, target_label(app, session, layout, key))).collect();
    let mut columns = vec![];
    for (index, header) in layout.headers.iter().enumerate() {
        let chosen = layout.targets.get(index).copied().flatten();
        let choices: Vec<Value> = targets
            .iter()
            .map(|(key, label)| context! { value => key, label, chosen => chosen == Some(*key) })
            .collect();
        columns.push(context! {
            index, header, choices,
            left_out => chosen.is_none(),
            samples => preview.samples.get(index).map(|samples| samples.join(" · ")),
        });
    }
    columns
}

fn preview_rows(app: &App, session: &Session, layout: &Layout, preview: &Preview) -> Value {
    let heads: Vec<String> =
        preview.columns.iter().map(|column| target_label(app, session, layout, column)).collect();
    let rows: Vec<Value> = preview
        .rows
        .iter()
        .map(|row| {
            let problem = row.problem.as_ref().map(|problem| {
                format!("{}: {}", problem.column, problem.reason.get(session.lang))
            });
            let cells: Vec<Value> = row
                .values
                .iter()
                .map(|value| context! { text => words::value(session, value), number => value.as_decimal().is_some() })
                .collect();
            context! { number => row.number, cells, problem, is_return => row.is_return }
        })
        .collect();
    context! { heads, rows }
}

/// The form: every change of it is kept; `action` says what is wanted besides.
pub async fn save(
    State(app): State<App>,
    session: Session,
    Path(run): Path<Id>,
    Form(given): Form<Given>,
) -> Answer<Response> {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    let here = format!("/import/{run}");
    if record.text("state") != "mapping" {
        return Ok(Redirect::to(&here).into_response());
    }
    let (kind, options, path) = read_run(&record).map_err(words::failure)?;
    let wanted = given.get("kind").and_then(|kind| Kind::parse(kind)).unwrap_or(kind);
    let mut options = chosen(options, &given, wanted == kind);
    let looked = inspect(app.engine(), wanted, &path, &mut options.clone()).await;
    if wanted == kind
        && let Ok(layout) = &looked
    {
        options.mapping = mapping(layout, &given);
    }
    keep(&app, &session, run, wanted, &options).await?;
    let action = given.get("action").map(String::as_str).unwrap_or_default();
    if action == "preview" {
        return Ok(Redirect::to(&here).into_response());
    }
    let checked = inspect(app.engine(), wanted, &path, &mut options.clone()).await;
    if let Err(problem) = checked.and_then(|layout| layout.check()) {
        return refused(&app, &session, run, &problem).await;
    }
    if let Err(problem) = crate::currency::settle(app.engine(), &options, true).await {
        return refused(&app, &session, run, &problem).await;
    }
    match action {
        "count" => job::start_count(app.engine(), &session.actor, run).await?,
        _ => job::start(app.engine(), &session.actor, run).await?,
    }
    Ok(Redirect::to(&here).into_response())
}

async fn refused(app: &App, session: &Session, run: Id, problem: &FileProblem) -> Answer<Response> {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    let answer = page(app, session, &record, 422, Some(problem.message(session.lang))).await?;
    Ok(answer.into_response())
}

fn chosen(mut options: Options, given: &Given, same_kind: bool) -> Options {
    let text = |key: &str| given.get(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(source) = text("source") {
        options.source = source.chars().take(100).collect();
    }
    options.currency = text("currency");
    options.day_first = match given.get("dates").map(String::as_str) {
        Some("day_first") => Some(true),
        Some("month_first") => Some(false),
        _ => None,
    };
    if !same_kind {
        options.mapping.clear();
    }
    options
}

/// What the user chose for each column; of two columns with the same meaning the later choice counts.
fn mapping(layout: &Layout, given: &Given) -> BTreeMap<String, String> {
    let mut mapping: BTreeMap<String, String> = BTreeMap::new();
    let before = |index: usize| layout.targets.get(index).copied().flatten().unwrap_or_default();
    for (index, header) in layout.headers.iter().enumerate() {
        let Some(target) = given.get(&format!("column-{index}")) else { continue };
        let changed = target != before(index);
        if !target.is_empty() {
            let other = mapping.iter().find(|(_, known)| *known == target).map(|(other, _)| other.clone());
            match other {
                Some(_) if !changed => {
                    mapping.insert(header.clone(), String::new());
                    continue;
                }
                Some(other) => drop(mapping.insert(other, String::new())),
                None => {}
            }
        }
        mapping.insert(header.clone(), target.clone());
    }
    mapping
}

async fn keep(app: &App, session: &Session, run: Id, kind: Kind, options: &Options) -> Answer<()> {
    let mapping = serde_json::to_value(options).map_err(engine::Error::from)?;
    let source = options.source.clone();
    app.engine()
        .write(&session.actor, move |tx| {
            Box::pin(async move {
                tx.trust();
                let values = Values::from([
                    ("mapping".to_owned(), mapping.into()),
                    ("source".to_owned(), source.into()),
                    ("kind".to_owned(), kind.name().into()),
                    // A count of other columns says nothing any more.
                    ("job".to_owned(), meta::Value::Null),
                ]);
                tx.update("import_run", run, None, values).await
            })
        })
        .await?;
    Ok(())
}

/// What the count has found so far.
pub async fn count(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    let counted: Counted = match record.text("job").parse::<Id>() {
        Ok(job) => serde_json::from_value(app.engine().job(job).await?.progress).unwrap_or_default(),
        Err(_) => Counted { done: true, ..Counted::default() },
    };
    let zh = session.lang == meta::Lang::Zh;
    let problems: Vec<Value> = counted
        .problems
        .iter()
        .map(|(row, column, en, zh_text)| context! { row, column, reason => if zh { zh_text } else { en } })
        .collect();
    let context = context! {
        run => context! { href => format!("/import/{run}") },
        done => counted.done,
        refused => counted.refused.map(|(en, zh_text)| if zh { zh_text } else { en }),
        progress => words::progress(&counted.progress, session.lang),
        made => words::made(&app, &counted.progress, session.lang, None),
        problems,
    };
    app.page(&session, "import/count.html", context)
}
