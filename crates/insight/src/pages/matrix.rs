//! `/value/matrix`: value today against potential, now and as it stood a year ago, with what became of it in money.

use super::{explain::missing, href, in_force::method_name, words::Words};
use crate::{
    past::{
        self, Past,
        matrix::{Matrix, QUADRANTS, Quadrant},
    },
    settings::date_of,
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::Actor;
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::money;
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Line {
    name: String,
    colour: &'static str,
    customers: String,
    before: String,
    forecast: String,
    after: String,
    /// After over before.
    kept: String,
    came_back: String,
    href: Option<String>,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let known = past::newest(engine).await?;
    let under_way = past::is_under_way(engine).await?;
    let context = match known.as_deref() {
        None => context! { missing => words.t("value.past.none_yet", &[]) },
        Some((_, past)) => shown(&words, past),
    };
    app.page(&session, "insight/matrix.html", context! { under_way, ..context })
        .map(IntoResponse::into_response)
}

/// Has the past computed anew.
pub async fn begin(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    app.engine().write(&Actor::system(), |tx| Box::pin(async move { past::queue(tx).await })).await?;
    Ok(Redirect::to("/value/matrix").into_response())
}

fn shown(words: &Words<'_>, past: &Past) -> minijinja::Value {
    let common = context! { as_of => words.date(past.as_of), made_at => words.format.instant(past.made_at), customers => words.count(past.customers) };
    let Some(matrix) = past.matrix.fitted() else {
        let reason = past.matrix.missing().map(|reason| missing(words, reason)).unwrap_or_default();
        return context! { missing => words.t("value.past.impossible", &[("reason", &reason)]), ..common };
    };
    let lines = |quadrants: &[Quadrant; 4], now: bool| -> Vec<Line> {
        QUADRANTS.iter().zip(quadrants).map(|(name, quadrant)| line(words, name, quadrant, now)).collect()
    };
    context! {
        missing => (),
        model => method_name(words, matrix.method),
        then_on => words.date(date_of(matrix.then_day)),
        now_on => words.date(date_of(matrix.now_day)),
        now => lines(&matrix.now, true),
        then => lines(&matrix.then, false),
        new_customers => words.count(matrix.new_customers),
        new_money => words.amount(matrix.new_money),
        bars => after(words, matrix),
        moves => moves(words, matrix),
        ..common
    }
}

fn line(words: &Words<'_>, name: &str, quadrant: &Quadrant, now: bool) -> Line {
    let (label, colour) = words.choice("value_quadrant", name);
    let share =
        |part: f64, whole: f64| if whole > 0.0 { words.percent(part / whole) } else { "–".to_owned() };
    let amount = |amount: Option<i64>| amount.map_or("–".to_owned(), |amount| words.amount(amount));
    Line {
        name: label,
        colour,
        customers: words.count(quadrant.customers),
        before: words.amount(quadrant.before),
        forecast: words.amount(quadrant.forecast),
        after: amount(quadrant.after),
        kept: quadrant.after.map_or("–".to_owned(), |after| share(after as f64, quadrant.before as f64)),
        came_back: share(quadrant.came_back as f64, quadrant.customers as f64),
        href: now.then(|| {
            href::sorted("account", &format!("orders > 0 && value_quadrant == '{name}'"), "-sales_52w")
        }),
    }
}

/// Before, forecast and after of each quadrant of a year ago.
fn after(words: &Words<'_>, matrix: &Matrix) -> Json {
    let names: Vec<String> = QUADRANTS.iter().map(|name| words.choice("value_quadrant", name).0).collect();
    let series = |key: &str, of: fn(&Quadrant) -> i64| {
        let values: Vec<f64> = matrix.then.iter().map(|quadrant| money::to_units(of(quadrant))).collect();
        json!({ "name": words.t(key, &[]), "values": values })
    };
    let all = |of: fn(&Quadrant) -> i64| matrix.then.iter().map(of).map(money::to_units).sum::<f64>();
    let (core, total) = (money::to_units(matrix.then[0].after.unwrap_or(0)), all(|q| q.after.unwrap_or(0)));
    let share = if total > 0.0 { core / total } else { 0.0 };
    json!({
        "title": words.t("value.matrix.after_title", &[("share", &words.whole_percent(share))]),
        "data": {
            "unit": "money",
            "currency": words.currency,
            "categories": names,
            "series": [
                series("value.matrix.before", |q| q.before),
                series("value.matrix.forecast", |q| q.forecast),
                series("value.matrix.after", |q| q.after.unwrap_or(0)),
            ],
        },
    })
}

fn moves(words: &Words<'_>, matrix: &Matrix) -> Json {
    let names: Vec<String> = QUADRANTS.iter().map(|name| words.choice("value_quadrant", name).0).collect();
    let n = QUADRANTS.len();
    let mut cells = vec![];
    for (from, row) in matrix.moves.iter().enumerate() {
        let left: u64 = row.iter().sum();
        for (to, count) in row.iter().enumerate() {
            let share = if left > 0 { words.percent(*count as f64 / left as f64) } else { "–".to_owned() };
            // Rows are drawn from below.
            cells.push(json!({ "x": to, "y": n - 1 - from, "value": count, "text": format!("{} · {share}", words.count(*count)) }));
        }
    }
    let stayed: u64 = (0..n).map(|i| matrix.moves[i][i]).sum();
    let all: u64 = matrix.moves.iter().flatten().sum();
    let share = stayed as f64 / all.max(1) as f64;
    json!({
        "title": words.t("value.matrix.moves_title", &[("share", &words.whole_percent(share))]),
        "data": {
            "columns": names, "rows": names.iter().rev().collect::<Vec<_>>(), "cells": cells,
            "x_label": words.t("value.matrix.now", &[]), "y_label": words.t("value.matrix.then", &[]),
        },
    })
}
