//! The pages of the explorer: the builder at once, the answer when it is there.

use super::{
    answer::{self, Shown},
    builder::{Builder, Ground},
    change, explained, sheet,
    table::{self, Purpose},
    view::View,
};
use crate::{
    export, question,
    said::{Said, said},
    words::Words,
};
use axum::{
    Form,
    extract::{Query, State},
    http::HeaderValue,
    response::{IntoResponse, Redirect, Response},
};
use minijinja::context;
use serde::Serialize;
use serde_json::json;
use warehouse::semantic::{self, Model};
use web::{Answer, App, Session};

pub type Pairs = Vec<(String, String)>;

/// What is on the address, and what is wrong with it.
pub fn read(words: &Words<'_>, pairs: &Pairs) -> (View, Vec<Said>) {
    let (view, found) = View::read(pairs);
    (view, found.iter().flat_map(|(_, error)| said(words, error).unwrap_or_default()).collect())
}

pub async fn page(State(app): State<App>, session: Session, Query(pairs): Query<Pairs>) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let (mut view, mut problems) = read(&words, &pairs);
    let step = pairs.iter().find(|(name, value)| name == "do" && !value.is_empty());
    if let Some((_, step)) = step {
        match change::apply(&mut view, step, &model) {
            Ok(()) if problems.is_empty() && !session.htmx => {
                return Ok(Redirect::to(&view.href()).into_response());
            }
            Ok(()) => {}
            Err(error) => problems.extend(said(&words, &error).ok_or(error)?),
        }
    }
    let status = if problems.is_empty() { 200 } else { 422 };
    let ground = Ground::new(&words, &session.actor, &model);
    let builder = ground.builder(&view, problems).await?;
    if session.htmx {
        let context = context! { builder, asks => true };
        let mut response = app.page_with(status, &session, "analysis/builder.html", context)?;
        if let Ok(href) = HeaderValue::from_str(&view.href()) {
            response.headers_mut().insert("hx-push-url", href);
        }
        return Ok(response);
    }
    whole(&app, &session, status, &view, builder, None, &model).await
}

async fn whole(
    app: &App,
    session: &Session,
    status: u16,
    view: &View,
    builder: Builder,
    shown: Option<Shown>,
    model: &Model,
) -> Answer<Response> {
    let context = context! {
        builder,
        asks => shown.is_none(),
        shown,
        keep => keep(app, session, view).await?,
        suggestions => if view.question.measures.is_empty() { suggestions(model) } else { vec![] },
    };
    app.page_with(status, session, "analysis/explore.html", context)
}

/// Questions to begin with: the key of their words, and their address.
fn suggestions(model: &Model) -> Vec<(&'static str, String)> {
    let all = [
        ("explore.try_months", "m=net_sales&r=day:month&period=last12_months&compare=last_year"),
        ("explore.try_regions", "m=net_sales&m=margin_rate&r=account.province&top=10&share=1"),
        ("explore.try_products", "m=sales&m=quantity&r=product&top=10&period=last12_months"),
        ("explore.try_channels", "m=sales&r=channel&c=day:quarter&period=last12_months&chart=heat"),
    ];
    let fits = |(_, query): &(&str, &str)| {
        let names = query.split('&').filter_map(|part| part.strip_prefix("m="));
        names.clone().count() > 0 && names.into_iter().all(|name| model.measure(name).is_ok())
    };
    all.into_iter().filter(fits).map(|(key, query)| (key, format!("{}?{query}", super::PATH))).collect()
}

pub async fn answer(
    State(app): State<App>,
    session: Session,
    Query(pairs): Query<Pairs>,
) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let (view, problems) = read(&words, &pairs);
    let shown = answer::shown(&words, &session, &view, &model).await?;
    let status = shown.status();
    if session.htmx {
        let suggestions = if view.question.measures.is_empty() { suggestions(&model) } else { vec![] };
        let keep = keep(&app, &session, &view).await?;
        return app.page_with(
            status,
            &session,
            "analysis/answer.html",
            context! { shown, suggestions, keep },
        );
    }
    let ground = Ground::new(&words, &session.actor, &model);
    let builder = ground.builder(&view, problems).await?;
    whole(&app, &session, status, &view, builder, Some(shown), &model).await
}

/// How a question can be kept.
#[derive(Serialize)]
struct Keep {
    /// Of the saved question it was opened from.
    name: String,
    own: bool,
    teams: Vec<(String, String)>,
}

async fn keep(app: &App, session: &Session, view: &View) -> engine::Result<Keep> {
    let known = match view.saved {
        Some(id) => app.engine().get_many(&session.actor, question::ENTITY, &[id]).await?.into_iter().next(),
        None => None,
    };
    Ok(Keep {
        name: known.as_ref().map(|record| record.text("name").to_owned()).unwrap_or_default(),
        own: known.is_some_and(|record| question::is_own(&session.actor, &record)),
        teams: question::teams(app.engine(), &session.actor).await?,
    })
}

/// The whole answer as a file.
pub async fn export(State(app): State<App>, session: Session, Form(pairs): Form<Pairs>) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let (view, found) = View::read(&pairs);
    if let Some((_, error)) = found.into_iter().next() {
        return Err(error.into());
    }
    let format = pairs.iter().find(|(name, _)| name == "format").map(|(_, format)| format.as_str());
    let table = table::table(app.engine(), &session.actor, &view, &model, Purpose::TakeAlong).await?;
    export::whole(table.answer.more || table.more_groups)?;
    let (columns, rows) = sheet::matrix(&view, &table, &words);
    let ground = Ground::new(&words, &session.actor, &model);
    let within = ground.members(&view.question.within).await?;
    let (count, about) = (rows.len(), explained::about(&words, &view, &table, &within));
    let page = export::Page { columns, rows, about, ..export::Page::default() };
    let file = export::file(format.unwrap_or_default(), page, &words)?;
    let question = json!(view.question).to_string();
    for entity in &table.answer.entities {
        let given = [("question", question.as_str()), ("format", format.unwrap_or_default())];
        app.took_along(&session, entity, count, &given);
    }
    Ok(file)
}
