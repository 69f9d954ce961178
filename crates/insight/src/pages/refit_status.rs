//! The refit from the browser: begin one, watch it, hold the figures at another day.

use super::words::Words;
use crate::{after_fit, past, refit, settings, store};
use axum::{
    Form,
    extract::{Query, State},
    http::HeaderValue,
    response::{IntoResponse, Redirect, Response},
};
use engine::{Actor, Error};
use meta::NaiveDate;
use minijinja::context;
use serde::{Deserialize, Serialize};
use web::{Answer, App, Flash, Session};

/// What is computed one after the other, and what is said where it failed.
const COMPUTED: [(&str, &str); 3] = [
    (refit::JOB, "value.refit.failed"),
    (after_fit::JOB, "value.after_fit.failed"),
    (past::JOB, "value.past.failed"),
];

#[derive(Serialize)]
pub struct Status {
    running: bool,
    text: String,
    /// `None` while the total is not known.
    percent: Option<u64>,
    /// The fit the page shows; when another is in force, the page loads itself again.
    model: i64,
    /// What failed last, and that pages show what was computed before.
    failed: Vec<String>,
}

#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    model: i64,
}

#[derive(Deserialize)]
pub struct AsOf {
    #[serde(default)]
    as_of: String,
}

pub async fn status(words: &Words<'_>, session: &Session, model: Option<i64>) -> Answer<Status> {
    let engine = words.app.engine();
    let model = model.unwrap_or(0);
    let Some(job) = engine.job_under_way(refit::JOB).await? else {
        let failed = failed(words, session).await?;
        return Ok(Status { running: false, text: String::new(), percent: None, model, failed });
    };
    let progress = engine.job(job).await?.progress;
    let number = |name: &str| progress[name].as_u64().unwrap_or(0);
    let step = match progress["step"].as_str() {
        Some("read") => "value.refit.read",
        Some("fit") => "value.refit.fit",
        Some(_) => "value.refit.score",
        None => "value.refit.queued",
    };
    let (done, total) = (number("done"), number("total"));
    let text = words.t(step, &[("done", &words.count(done)), ("total", &words.count(total))]);
    Ok(Status { running: true, text, percent: (done * 100).checked_div(total), model, failed: vec![] })
}

async fn failed(words: &Words<'_>, session: &Session) -> Answer<Vec<String>> {
    let engine = words.app.engine();
    let fitted_at = store::newest_model(engine).await?.map(|model| model.fitted_at);
    let mut failed = vec![];
    for (job, message) in COMPUTED {
        let Some(failure) = engine.failure(job).await? else { continue };
        let message = match fitted_at {
            None if job == refit::JOB => "value.refit.failed_first",
            // Fitted since, from the command line, which leaves no job.
            Some(since) if job == refit::JOB && failure.at.is_some_and(|at| at < since) => continue,
            _ => message,
        };
        let at = failure.at.map(|at| words.format.instant(at)).unwrap_or_default();
        // It may name folders and servers.
        let cause = match session.actor.is_administrator() {
            true => words.t("value.failed.cause", &[("error", &failure.error)]),
            false => words.t("value.failed.ask", &[]),
        };
        failed.push(words.t(message, &[("at", &at), ("cause", &cause)]));
    }
    Ok(failed)
}

pub async fn show(State(app): State<App>, session: Session, Query(seen): Query<Seen>) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let newest = store::newest_id(app.engine()).await?.unwrap_or(0);
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency: String::new() };
    let refit = status(&words, &session, Some(seen.model)).await?;
    let ended = !refit.running && newest != seen.model;
    let page = app.page(&session, "insight/refit_status.html", context! { refit })?;
    let mut response = page.into_response();
    if ended {
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Queues a refit; one at most waits.
pub async fn begin(State(app): State<App>, session: Session, Form(seen): Form<Seen>) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    queue(&app).await?;
    if !session.htmx {
        return Ok(Redirect::to("/value").into_response());
    }
    show(State(app), session, Query(seen)).await
}

pub async fn queue(app: &App) -> Answer<()> {
    let queued =
        app.engine().write(&Actor::system(), |tx| Box::pin(async move { refit::queue(tx).await })).await;
    queued.map(drop).map_err(Into::into)
}

/// Holds the figures at a day, or lets them follow today again.
pub async fn set_as_of(State(app): State<App>, session: Session, Form(form): Form<AsOf>) -> Answer<Response> {
    super::setting::for_administrators(&session, ("the as-of date", "统计日"))?;
    let given = form.as_of.trim();
    let as_of = match given.parse::<NaiveDate>() {
        Ok(day) => Some(day),
        Err(_) if given.is_empty() => None,
        Err(_) => {
            return Err(Error::rule(
                "as_of",
                format!("“{given}” is not a date: write it like 2026-11-21, or leave it empty for today"),
                format!("“{given}”不是日期，请写成 2026-11-21 这样，留空表示今天"),
            )
            .into());
        }
    };
    app.engine().write(&session.actor, move |tx| Box::pin(settings::set_as_of(tx, as_of))).await?;
    queue(&app).await?;
    let text = app.t(session.lang, "value.as_of_set", &[]);
    Ok(Flash::success(text).on(Redirect::to("/value").into_response()))
}
