//! `/analysis/sql`: analysts write a SELECT and read or take along its answer, within their rights and limits of time, memory and rows.

use crate::{export, words::Words};
use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use engine::Error;
use meta::{Decimal, Unsaid, Value};
use minijinja::context;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use warehouse::Limits;
use web::{Answer, App, Session};

/// Rows shown; more can be taken along.
const SHOWN: usize = 500;
/// Rows of an exported file. The page asks for as many, to say whether there will be one.
const EXPORTED: usize = 100_000;

/// Letters of a line of the statement in a workbook.
const CELL: usize = 30_000;

/// What a newcomer may begin with: a question over time, one that joins, and which columns there are.
pub const EXAMPLES: [(&str, &str); 3] = [
    (
        "analysis.sql_by_month",
        "SELECT CAST(date_trunc('month', \"day\") AS DATE) AS month, sum(net) AS sales, count(DISTINCT \"order\") AS orders
FROM sales
GROUP BY 1
ORDER BY 1 DESC",
    ),
    (
        "analysis.sql_by_city",
        "SELECT account.city, count(DISTINCT sales.account_key) AS customers, sum(sales.net) AS sales
FROM sales LEFT JOIN account ON account.\"key\" = sales.account_key
GROUP BY 1
ORDER BY 3 DESC
LIMIT 20",
    ),
    (
        "analysis.sql_columns",
        "SELECT table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema = 'public'
ORDER BY 1, ordinal_position",
    ),
];

#[derive(Deserialize)]
pub struct Given {
    #[serde(default)]
    sql: String,
    #[serde(default)]
    format: String,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    number: bool,
}

pub async fn page(State(app): State<App>, session: Session, Query(given): Query<Given>) -> Answer<Response> {
    show(&app, &session, 200, &given.sql, None, None)
}

fn show(
    app: &App,
    session: &Session,
    status: u16,
    sql: &str,
    answer: Option<minijinja::Value>,
    error: Option<String>,
) -> Answer<Response> {
    let examples: &[(&str, &str)] = if sql.is_empty() { &EXAMPLES } else { &[] };
    app.page_with(status, session, "warehouse/sql.html", context! { sql, answer, error, examples })
}

pub async fn ask(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer<Response> {
    let began = Instant::now();
    let limits = Limits { rows: EXPORTED, ..Limits::PAGE };
    let answer = match warehouse::query(app.engine(), &session.actor, &given.sql, limits).await {
        Ok(answer) => answer,
        Err(error) => {
            let text = words(&session, &error).ok_or(error)?;
            return show(&app, &session, 422, &given.sql, None, Some(text));
        }
    };
    let milliseconds = began.elapsed().as_millis().to_string();
    let mut rows = vec![];
    for row in answer.values().take(SHOWN) {
        let cell = |value: Value| Cell { number: is_number(&value), text: export::text(&value) };
        rows.push(row?.into_iter().map(cell).collect::<Vec<_>>());
    }
    // Whose records an answer was made of is in the audit.
    for entity in &answer.entities {
        app.saw_many(&session, entity, rows.len(), &[("sql", &given.sql)]);
    }
    let refused = match answer.more {
        // Of what he may not export there are no rows in the file: perhaps it has few enough.
        true if session.actor.limits().is_some() => taken_along(&app, &session, &given.sql).await.err(),
        more => export_allowed(&app, &session, &answer.entities).and_then(|()| export::whole(more)).err(),
    };
    let format = session.format();
    let shown = context! {
        columns => answer.columns(),
        is_part => rows.len() < answer.rows(),
        rows,
        total => format.number(Decimal::from(answer.rows())),
        more => answer.more,
        as_of => format.instant(answer.refreshed_at),
        refused => refused.map(|error| error.message(session.lang)),
        milliseconds,
    };
    show(&app, &session, 200, &given.sql, Some(shown), None)
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Decimal(_))
        || matches!(value, Value::Json(json) if json.is_number())
}

/// What the asker can put right, in his words.
fn words(session: &Session, error: &Error) -> Option<String> {
    match error {
        Error::Invalid(problems) => {
            let messages: Vec<String> =
                problems.iter().map(|problem| problem.problem.message(session.lang)).collect();
            Some(messages.join(" "))
        }
        Error::Limit(text) => Some(text.get(session.lang).to_owned()),
        Error::Unavailable(_) | Error::NotReady(_) => Some(error.message(session.lang)),
        _ => None,
    }
}

/// Nobody can tell what a SELECT takes along: its file holds only records its reader may export, and sums over them. Without any it would
/// be empty, or zero. `kinds` are those it names, on the page as in the file, so that the page knows whether there will be one.
fn export_allowed(app: &App, session: &Session, kinds: &[String]) -> engine::Result<()> {
    let mut refused = Ok(());
    for kind in kinds {
        let open = app.engine().entity(kind)?.unsaid == Unsaid::Reading;
        match app.engine().may_take_along(&session.actor, kind) {
            // Products beside orders make no file of orders.
            Ok(()) if open => {}
            Ok(()) => return Ok(()),
            Err(error) => refused = Err(error),
        }
    }
    refused
}

/// What a file is made of, or why there is none.
async fn taken_along(app: &App, session: &Session, sql: &str) -> engine::Result<warehouse::Answer> {
    let limits = Limits { rows: EXPORTED, exporting: true, ..Limits::PAGE };
    let answer = warehouse::query(app.engine(), &session.actor, sql, limits).await?;
    export_allowed(app, session, &answer.entities)?;
    export::whole(answer.more)?;
    Ok(answer)
}

pub async fn export(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer<Response> {
    let answer = taken_along(&app, &session, &given.sql).await?;
    let columns: Vec<String> = answer.columns().into_iter().map(str::to_owned).collect();
    let rows = answer.values().collect::<engine::Result<Vec<_>>>()?;
    let words = Words::of(&app, &session).await?;
    let as_of = (words.t("explore.as_of", &[]), words.format.instant(answer.refreshed_at));
    // A line each: a cell of a workbook takes no more than 32,767 letters.
    let lines = given.sql.lines().map(|line| ("SQL".to_owned(), line.chars().take(CELL).collect()));
    let about = [as_of].into_iter().chain(lines).collect();
    let page = export::Page { columns, rows, about, ..export::Page::default() };
    let file = export::file(&given.format, page, &words)?;
    for entity in &answer.entities {
        app.took_along(&session, entity, answer.rows(), &[("sql", &given.sql), ("format", &given.format)]);
    }
    Ok(file)
}
