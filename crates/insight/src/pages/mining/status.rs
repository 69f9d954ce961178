//! Is mining under way? Begin it, watch it.

use super::{Words, scope, words};
use crate::mining::refresh;
use axum::{
    Form,
    extract::{Query, State},
    http::HeaderValue,
    response::{IntoResponse, Redirect, Response},
};
use engine::Actor;
use minijinja::context;
use serde::{Deserialize, Serialize};
use web::{Answer, App, Flash, Session};

/// Pages with the button, to return to.
const PAGES: [&str; 4] = ["groups", "baskets", "forecast", "purchasing"];

#[derive(Serialize)]
pub struct Status {
    running: bool,
    text: String,
    percent: u64,
    /// When what the page shows was computed; a later run makes it load again.
    seen: i64,
}

#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    seen: i64,
}

pub async fn status(words: &Words<'_>) -> Answer<Status> {
    let engine = words.app.engine();
    let last = refresh::last(engine).await?;
    let seen = last.map_or(0, |last| last.computed_at.timestamp());
    let Some(job) = engine.job_under_way(refresh::JOB).await? else {
        return Ok(Status { running: false, text: String::new(), percent: 0, seen });
    };
    let progress = engine.job(job).await?.progress;
    let number = |name: &str| progress[name].as_u64().unwrap_or(0);
    let step = progress["step"].as_str().unwrap_or("queued");
    let text = words.t(&format!("mining.step.{step}"), &[]);
    let percent = (number("done") * 100).checked_div(number("total")).unwrap_or(0);
    Ok(Status { running: true, text, percent, seen })
}

pub async fn show(State(app): State<App>, session: Session, Query(seen): Query<Seen>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let status = status(&words(&app, &session).await?).await?;
    let changed = !status.running && status.seen != seen.seen;
    let page = app.page(&session, "insight/mining_status.html", context! { mining => status })?;
    let mut response = page.into_response();
    if changed {
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}

#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    page: String,
}

pub async fn begin(State(app): State<App>, session: Session, Form(from): Form<From>) -> Answer<Response> {
    scope::whole_company(&session)?;
    app.engine().write(&Actor::system(), |tx| Box::pin(refresh::queue(tx))).await?;
    let text = app.t(session.lang, "mining.queued", &[]);
    let page = PAGES.iter().find(|page| **page == from.page).unwrap_or(&PAGES[0]);
    Ok(Flash::success(text).on(Redirect::to(&format!("/analysis/{page}")).into_response()))
}
