//! The page of one import, whatever its state, and its progress while it runs.

use super::{mapping, result, words};
use crate::{job, run::read_progress};
use axum::{
    extract::{Path, State},
    http::HeaderValue,
    response::{IntoResponse, Redirect, Response},
};
use meta::{Id, Record};
use minijinja::context;
use web::{Answer, App, Session};

pub fn is_going(run: &Record) -> bool {
    ["queued", "running", "reverting"].contains(&run.text("state"))
}

pub async fn page(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer {
    job::settle(app.engine(), run).await?;
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    if record.text("state") == "mapping" {
        return mapping::page(&app, &session, &record, 200, None).await;
    }
    if is_going(&record) {
        let context = context! { run => shown(&record, &session) };
        return app.page(&session, "import/going.html", context);
    }
    result::page(&app, &session, &record)
}

fn shown(run: &Record, session: &Session) -> minijinja::Value {
    context! {
        href => format!("/import/{}", run.id),
        file => run.text("file_name"),
        state => run.text("state"),
        reverting => run.text("state") == "reverting",
        progress => words::progress(&read_progress(run), session.lang),
    }
}

/// Asked every second; once the import is over, the whole page loads again.
pub async fn part(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer<Response> {
    job::settle(app.engine(), run).await?;
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    let context = context! { run => shown(&record, &session) };
    let mut response = app.page(&session, "import/going_part.html", context)?.into_response();
    if !is_going(&record) {
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub async fn cancel(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer<Response> {
    app.engine().get(&session.actor, "import_run", run).await?;
    job::cancel(app.engine(), run).await?;
    Ok(Redirect::to(&format!("/import/{run}")).into_response())
}
