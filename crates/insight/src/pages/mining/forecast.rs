//! `/analysis/forecast`: sales of the next thirteen weeks, of the whole or of a part, with an interval and the errors made before.

use super::{Words, missing, products, scope, status, words};
use crate::{
    mining::forecast::{self, Found, HORIZON, Part},
    pages::{
        figure::{Explain, Figure},
        href,
    },
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use meta::Id;
use minijinja::context;
use mining::forecast::{Forecast, LEVEL};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

/// Known weeks drawn.
const DRAWN: usize = 104;
const DIMENSIONS: [&str; 3] = ["region", "category", "product"];
/// The key of all parts that have no line of their own.
const REST: &str = "rest";

#[derive(Deserialize)]
pub struct Asked {
    /// `region`, `category` or `product`; the whole company without it.
    by: Option<String>,
    /// A part of it.
    key: Option<String>,
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let kept = forecast::load(app.engine()).await?;
    let mining = status::status(&words).await?;
    // Whatever was sold is of a region, if only of the rest; a history too short says so.
    let Some(kept) = kept.filter(|kept| !kept.body.regions.is_empty()) else {
        let context = context! { mining, state => "nothing" };
        return app.page(&session, "insight/mining_forecast.html", context).map(IntoResponse::into_response);
    };
    let found = &kept.body;
    let names = names(&words, &session, found).await?;
    let by = asked.by.as_deref().filter(|by| DIMENSIONS.contains(by));
    let parts = by.map_or(&[][..], |by| of(found, by));
    let chosen = asked.key.as_deref().filter(|key| !key.is_empty());
    let part = chosen.and_then(|key| parts.iter().find(|part| address(part) == key)).unwrap_or(&found.total);
    let title = if std::ptr::eq(part, &found.total) {
        words.t("mining.whole", &[])
    } else {
        label(&words, &names, part)
    };
    let as_of = words.date(kept.as_of);
    let shown = match &part.forecast {
        Err(reason) => context! { missing => missing(&words, *reason), simple => simple(&words, part) },
        Ok(told) => context! {
            missing => None::<String>,
            figures => headline(&words, part, told, &as_of),
            chart => chart(&words, part, told),
            tried => tried(&words, told),
            tested => words.t("mining.backtest_forecast", &[("origins", &words.count(told.backtest.origins as u64)), ("weeks", &words.count(HORIZON as u64))]),
        },
    };
    let options: Vec<Json> = parts
        .iter()
        .map(|part| json!({ "key": address(part), "name": label(&words, &names, part) }))
        .collect();
    let context = context! {
        mining,
        state => "found",
        as_of,
        title,
        dimensions => DIMENSIONS.iter().map(|name| json!({ "name": name, "label": words.t(&format!("mining.by.{name}"), &[]), "href": format!("/analysis/forecast?by={name}") })).collect::<Vec<_>>(),
        by,
        options,
        chosen,
        table => by.map(|by| table(&words, found, &names, by)),
        ..shown
    };
    app.page(&session, "insight/mining_forecast.html", context).map(IntoResponse::into_response)
}

fn of<'a>(found: &'a Found, by: &str) -> &'a [Part] {
    match by {
        "region" => &found.regions,
        "category" => &found.categories,
        _ => &found.products,
    }
}

fn address(part: &Part) -> &str {
    part.key.as_deref().unwrap_or(REST)
}

/// Names of the categories and products.
async fn names(words: &Words<'_>, session: &Session, found: &Found) -> Answer<HashMap<Id, String>> {
    let engine = words.app.engine();
    let ids =
        |parts: &[Part]| parts.iter().filter_map(|part| part.key.as_ref()?.parse().ok()).collect::<Vec<Id>>();
    let mut names = products(engine, session, ids(&found.products)).await?;
    let categories: Vec<(&str, Id)> =
        ids(&found.categories).into_iter().map(|id| ("product_category", id)).collect();
    names.extend(engine.titles(&session.actor, &categories).await?);
    Ok(names)
}

fn label(words: &Words<'_>, names: &HashMap<Id, String>, part: &Part) -> String {
    let Some(key) = &part.key else { return words.t("mining.rest", &[]) };
    let named = key.parse().ok().and_then(|id: Id| names.get(&id).cloned());
    named.unwrap_or_else(|| key.clone())
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn last(part: &Part, weeks: usize) -> &[f64] {
    let values = &part.history.values;
    &values[values.len().saturating_sub(weeks)..]
}

fn headline(words: &Words<'_>, part: &Part, told: &Forecast, as_of: &str) -> Vec<Figure> {
    let explain = |key: &str| Explain::new(words.t(key, &[]), as_of);
    let (expected, before) = (sum(&told.points), sum(last(part, HORIZON)));
    let reach = told.backtest.deviation_of_sum(HORIZON) * 1.2816;
    let interval = words.t(
        "mining.interval",
        &[
            ("level", &words.whole_percent(LEVEL)),
            ("lower", &words.units(f64::max(expected - reach, 0.0))),
            ("upper", &words.units(expected + reach)),
        ],
    );
    let change = (before > 0.0).then(|| {
        let change = expected / before - 1.0;
        words.t(
            "mining.against_before",
            &[("change", &words.percent(change)), ("before", &words.units(before))],
        )
    });
    let orders = href::list("order", "net_base > 0");
    let best = told.backtest.of_best();
    let mut figures = vec![
        Figure::new(
            words.t("mining.next_weeks", &[]),
            words.units(expected),
            explain("mining.next_weeks_help").source(orders, words.t("mining.orders", &[])),
        )
        .note(Some(interval)),
        Figure::new(
            words.t("mining.last_weeks", &[]),
            words.units(before),
            explain("mining.last_weeks_help"),
        )
        .note(change),
    ];
    if let Some(best) = best {
        let wape = best.wape.map(|wape| words.percent(wape)).unwrap_or_default();
        let mase = best.mase.map(|mase| words.t("mining.mase_is", &[("mase", &words.fixed(mase, 2))]));
        figures.push(
            Figure::new(
                words.t("mining.wape", &[]),
                wape,
                explain("mining.wape_help").formula("Σ|e| / Σ|y|"),
            )
            .note(mase),
        );
    }
    figures
}

fn chart(words: &Words<'_>, part: &Part, told: &Forecast) -> Json {
    let known = last(part, DRAWN);
    let first = part.history.start + (part.history.values.len() - known.len()) as i32;
    let all = known.len() + told.points.len();
    let day = |at: usize| words.date(forecast::monday(first + at as i32));
    let round = |value: f64| (value * 100.0).round() / 100.0;
    // The dashed line begins where the known one ends.
    let told_at = |at: usize, value: &dyn Fn(usize) -> f64| {
        if at >= known.len() {
            Some(round(value(at - known.len())))
        } else if at + 1 == known.len() {
            known.last().map(|last| round(*last))
        } else {
            None
        }
    };
    let series = |value: &dyn Fn(usize) -> f64| (0..all).map(|at| told_at(at, value)).collect::<Vec<_>>();
    json!({
        "categories": (0..all).map(day).collect::<Vec<_>>(),
        "known": (0..all).map(|at| known.get(at).map(|value| round(*value))).collect::<Vec<_>>(),
        "forecast": series(&|step| told.points[step]),
        "lower": series(&|step| told.interval(step).0),
        "upper": series(&|step| told.interval(step).1),
        "known_label": words.t("mining.known", &[]), "forecast_label": words.t("mining.forecast", &[]),
        "interval_label": words.t("mining.interval_label", &[("level", &words.whole_percent(LEVEL))]),
        "unit": "money", "currency": words.currency,
    })
}

fn tried(words: &Words<'_>, told: &Forecast) -> Vec<Json> {
    let row = |tried: &mining::forecast::backtest::Tried| {
        json!({
            "name": words.t(&format!("mining.method.{}", tried.method.name()), &[]),
            "mase": tried.mase.map(|mase| words.fixed(mase, 2)), "smape": words.percent(tried.smape),
            "wape": tried.wape.map(|wape| words.percent(wape)), "best": tried.method == told.method,
        })
    };
    told.backtest.tried.iter().map(row).collect()
}

/// Where there is too little for a forecast: what was sold on average.
fn simple(words: &Words<'_>, part: &Part) -> Option<String> {
    let values = &part.history.values;
    (!values.is_empty()).then(|| {
        let mean = words.units(sum(values) / values.len() as f64);
        words.t("mining.simple_mean", &[("mean", &mean), ("weeks", &words.count(values.len() as u64))])
    })
}

/// All parts of a dimension, whose forecasts sum to the whole.
fn table(words: &Words<'_>, found: &Found, names: &HashMap<Id, String>, by: &str) -> Json {
    let row = |part: &Part, name: String, href: Option<String>| {
        let told = part.forecast.as_ref().ok();
        json!({
            "name": name, "href": href,
            "before": words.units(sum(last(part, HORIZON))),
            "expected": told.map(|told| words.units(sum(&told.points))),
            "wape": told.and_then(|told| told.backtest.of_best()?.wape).map(|wape| words.percent(wape)),
            "method": told.map(|told| words.t(&format!("mining.method.{}", told.method.name()), &[])),
        })
    };
    let href = |part: &Part| format!("/analysis/forecast?by={by}&key={}", web::encode(address(part)));
    let rows: Vec<Json> =
        of(found, by).iter().map(|part| row(part, label(words, names, part), Some(href(part)))).collect();
    let total = row(&found.total, words.t("mining.whole", &[]), None);
    json!({ "label": words.t(&format!("mining.by.{by}"), &[]), "rows": rows, "total": total })
}
