//! `/value/matrix`: value today against potential, now and as it stood a year ago, with what became of it in money.

use super::{
    explain::missing,
    figure::{Explain, Finding, Input},
    href,
    in_force::method_name,
    matrix_customers::address,
    overview, simpler,
    words::Words,
};
use crate::{
    benefit::Told,
    past::{
        self, Past,
        lists::List,
        matrix::{Matrix, QUADRANTS},
        quadrant::Quadrant,
    },
    profitability::known::ENOUGH_KNOWN,
    settings::{Settings, ValueBy, date_of, day_number},
    store::{self, StoredModel},
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::Actor;
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::{money, proportion::share};
use web::{Answer, App, Session};

/// A sum over fewer customers is not nearly normal, and has no interval.
const FEW: u64 = 10;
/// Of current value.
const YEAR_DAYS: i32 = 52 * 7;

#[derive(Serialize)]
struct Line {
    name: String,
    colour: &'static str,
    customers: String,
    before: String,
    forecast: String,
    /// Its interval, or why it has none; nothing without customers.
    forecast_range: Option<String>,
    after: String,
    /// After over before, with its interval.
    kept: String,
    kept_range: Option<String>,
    came_back: String,
    came_back_range: Option<String>,
    href: Option<String>,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let known = past::newest(engine).await?;
    let under_way = past::is_under_way(engine).await?;
    let settings = Settings::load(engine).await?;
    let stored = store::newest_model(engine).await?;
    let too_few = stored.as_ref().and_then(|model| too_few(&words, &settings, model));
    let is_told = known.as_deref().is_some_and(|past| past.matrix.fitted().is_some());
    let simpler = if is_told { None } else { simpler::ranked_by_value(&words, &session).await? };
    let context = match known.as_deref() {
        None => context! { missing => words.t("value.past.none_yet", &[]) },
        Some(past) => shown(&words, past),
    };
    app.page(&session, "insight/matrix.html", context! { under_way, too_few, simpler, ..context })
        .map(IntoResponse::into_response)
}

/// Has the past computed anew.
pub async fn begin(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    app.engine().write(&Actor::system(), |tx| Box::pin(async move { past::queue(tx).await })).await?;
    Ok(Redirect::to("/value/matrix").into_response())
}

/// Why value is not measured by the profit that was chosen.
fn too_few(words: &Words<'_>, settings: &Settings, model: &StoredModel) -> Option<Finding> {
    let classes = &model.fitted.classes;
    let is_of_now = model.fitted.settings == settings.mark();
    if !is_of_now || (settings.measured_by, classes.by) != (ValueBy::Profit, ValueBy::Sales) {
        return None;
    }
    let [known, buyers] = [classes.profits.known, classes.profits.buyers].map(|count| words.count(count));
    let share = words.whole_percent(ENOUGH_KNOWN);
    let text = words.t("value.matrix.too_few", &[("known", &known), ("buyers", &buyers), ("share", &share)]);
    let since = date_of(day_number(model.as_of) - YEAR_DAYS);
    let list = href::sorted("account", &format!("last_order_on > '{since}'"), "-sales_52w");
    let explain = Explain::new(words.meaning("value.matrix.too_few_help", &[]), words.date(model.as_of))
        .input(words.t("value.matrix.bought", &[]), &*buyers)
        .input(words.t("value.matrix.known", &[]), known)
        .source(list, words.t("value.matrix.bought", &[]));
    Some(Finding { text, explain })
}

fn shown(words: &Words<'_>, past: &Past) -> minijinja::Value {
    let common_customers = words.count(past.customers);
    let common = context! { as_of => words.date(past.as_of), made_at => words.format.instant(past.made_at), customers => words.count(past.customers) };
    let Some(matrix) = past.matrix.fitted() else {
        let reason = past.matrix.missing().map(|reason| missing(words, reason)).unwrap_or_default();
        return context! { missing => words.t("value.past.impossible", &[("reason", &reason)]), ..common };
    };
    let lines = |quadrants: &[Quadrant; 4], href: &dyn Fn(usize) -> String| -> Vec<Line> {
        let line = |(at, quadrant)| line(words, (QUADRANTS[at], matrix.by), quadrant, href(at));
        quadrants.iter().enumerate().map(line).collect()
    };
    let standing: u64 = matrix.now.iter().map(|quadrant| quadrant.customers).sum();
    let left_out = |key: &str, count: u64| {
        let is_said = matrix.by == ValueBy::Profit && count > 0;
        is_said.then(|| words.t(key, &[("count", &words.count(count))]))
    };
    let by = words.t(&format!("value.by.{}", matrix.by.name()), &[]);
    context! {
        missing => (),
        by => words.t("value.matrix.by", &[("by", &by)]),
        not_placed => left_out("value.matrix.not_placed", past.customers.saturating_sub(standing)),
        unknown => left_out("value.matrix.unknown", matrix.unknown),
        model => method_name(words, matrix.method),
        then_on => words.date(date_of(matrix.then_day)),
        now_on => words.date(date_of(matrix.now_day)),
        now => lines(&matrix.now, &|at| address(List::Stands(at))),
        then => lines(&matrix.then, &|at| address(List::Stood(at))),
        inputs => vec![
            Input { label: words.t("value.matrix.then_on", &[]), value: words.date(date_of(matrix.then_day)) },
            Input { label: words.t("value.matrix.now_on", &[]), value: words.date(date_of(matrix.now_day)) },
            Input { label: words.t("value.measured_by", &[]), value: by },
            Input { label: words.t("value.matrix.model", &[]), value: method_name(words, matrix.method) },
            Input { label: words.t("value.customers", &[]), value: common_customers },
        ],
        source => json!({ "href": address(List::Stands(0)), "label": words.t("value.matrix.source", &[]) }),
        then_source => json!({
            "href": address(List::Stood(0)),
            "label": words.t("value.matrix.then_source", &[("then", &words.date(date_of(matrix.then_day)))]),
        }),
        new_href => (matrix.new_customers > 0).then(|| address(List::New)),
        new_customers => words.count(matrix.new_customers),
        new_money => words.amount(matrix.new_money),
        bars => after(words, matrix),
        moves => moves(words, matrix),
        ..common
    }
}

/// How far what is forecast of a quadrant may be off.
fn forecast_range(by: ValueBy, quadrant: &Quadrant) -> Option<[f64; 2]> {
    if quadrant.customers < FEW {
        return None;
    }
    // What is left of sales may be a loss.
    let least = if by == ValueBy::Sales { 0.0 } else { f64::NEG_INFINITY };
    overview::interval((Some(money::to_units(quadrant.forecast)), least), quadrant.variance)
}

/// The same in words, or why there is none.
fn told_range(words: &Words<'_>, by: ValueBy, quadrant: &Quadrant) -> String {
    let shown = |units| words.amount(money::from_units(units));
    match forecast_range(by, quadrant) {
        Some(range) => overview::told(words, range, shown),
        None if quadrant.customers < FEW => words.t("value.matrix.too_few_for_range", &[]),
        None => words.t("value.matrix.no_range", &[]),
    }
}

fn line(words: &Words<'_>, (name, by): (&str, ValueBy), quadrant: &Quadrant, href: String) -> Line {
    let (label, colour) = words.choice("value_quadrant", name);
    let (kept, came_back) =
        (quadrant.kept(by), share(quadrant.came_back, quadrant.customers).map(Told::from));
    let shown = |found: Option<Told>| found.map_or("–".to_owned(), |found| words.percent(found.at));
    let range = |found: Option<Told>| {
        let [low, high] = found?.range?.map(|end| words.whole_percent(end));
        Some(format!("{low} – {high}"))
    };
    let amount = |amount: Option<i64>| amount.map_or("–".to_owned(), |amount| words.amount(amount));
    Line {
        name: label,
        colour,
        customers: words.count(quadrant.customers),
        before: words.amount(quadrant.before),
        forecast: words.amount(quadrant.forecast),
        forecast_range: (quadrant.customers > 0).then(|| told_range(words, by, quadrant)),
        after: amount(quadrant.after),
        kept: shown(kept),
        kept_range: range(kept),
        came_back: shown(came_back),
        came_back_range: range(came_back),
        href: (quadrant.customers > 0).then_some(href),
    }
}

/// Before, forecast and after of each quadrant of a year ago.
fn after(words: &Words<'_>, matrix: &Matrix) -> Json {
    let names: Vec<String> = QUADRANTS.iter().map(|name| words.choice("value_quadrant", name).0).collect();
    let series = |key: &str, of: fn(&Quadrant) -> i64| {
        let value = |(at, quadrant): (usize, &Quadrant)| {
            let href = (quadrant.customers > 0).then(|| address(List::Stood(at)));
            json!({ "value": money::to_units(of(quadrant)), "href": href })
        };
        let values: Vec<Json> = matrix.then.iter().enumerate().map(value).collect();
        json!({ "name": words.t(key, &[]), "values": values })
    };
    let mut forecast = series("value.matrix.forecast", |q| q.forecast);
    forecast["intervals"] = json!(matrix.then.each_ref().map(|quadrant| forecast_range(matrix.by, quadrant)));
    let all = |of: fn(&Quadrant) -> i64| matrix.then.iter().map(of).map(money::to_units).sum::<f64>();
    let (core, total) = (money::to_units(matrix.then[0].after.unwrap_or(0)), all(|q| q.after.unwrap_or(0)));
    let share = if total > 0.0 { core / total } else { 0.0 };
    json!({
        "title": words.t("value.matrix.after_title", &[("share", &words.whole_percent(share))]),
        "data": {
            "unit": "money",
            "currency": words.currency,
            "interval_label": words.t("value.matrix.interval", &[]),
            "categories": names,
            "series": [
                series("value.matrix.before", |q| q.before),
                forecast,
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
            let share = words.share_between(*count, left);
            // Rows are drawn from below.
            cells.push(json!({
                "x": to, "y": n - 1 - from, "value": count, "text": format!("{} · {share}", words.count(*count)),
                "href": (*count > 0).then(|| address(List::Moved(from, to))),
            }));
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
