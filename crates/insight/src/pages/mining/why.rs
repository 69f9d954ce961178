//! `/analysis/product/{id}/customers/{account}`: why a customer has the probability of buying a product that he has, above the average or
//! below it, with all that speaks for it and all that speaks against it.

use super::{
    Words, likely, panel,
    product::{candidate, tested},
    product_href, products, scope, words,
};
use crate::{
    mining::propensity::{
        self, Found,
        explained::{self, Explained, Speaks, Why},
    },
    pages::figure::{Explain, Figure, Input},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use meta::{Entity, Id, NaiveDate, Record};
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use value::proportion::Z_95;
use web::{Answer, App, Session};

/// Less than this moves no probability by a part in two thousand.
const NOTHING: f64 = 0.002;
/// Products named that go with it.
const NAMED: usize = 5;

pub(super) fn href(product: Id, account: Id) -> String {
    format!("{}/{account}", likely::address(product, None))
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Path((id, account)): Path<(Id, Id)>,
) -> Answer<Response> {
    let engine = app.engine();
    let sees_everybody = scope::every_record(&session, engine.registry()).is_ok();
    // Who is told on a customer's own page what he may buy is told why, too.
    if !scope::of_customer(&session.actor) {
        scope::every_record(&session, engine.registry())?;
    }
    let product = engine.get(&session.actor, "product", id).await?;
    let record = engine.get(&session.actor, "account", account).await?;
    let kept = propensity::load(engine, id).await?;
    let Some((found, day)) = kept.as_ref().and_then(|kept| Some((kept.body.as_ref().ok()?, kept.as_of)))
    else {
        // It says why there is none.
        return Ok(Redirect::to(&panel::href(&session, id)).into_response());
    };
    let words = words(&app, &session).await?;
    let why = explained::of(engine, id, found, day, account).await?;
    app.saw(&session, "account", account);
    let as_of = words.date(day);
    let archive = engine.registry().entity("account")?;
    let table = match &why {
        Why::Told(explained) => {
            let names = products(engine, &session, explained.related.iter().copied()).await?;
            let seen = session.actor.view(archive);
            Some(table(&words, seen, &record, day, explained, &names))
        }
        _ => None,
    };
    let (state, told) = match &why {
        Why::Told(explained) if explained.holds() => ("told", Some(explained.told)),
        Why::Told(explained) => ("changed", Some(explained.told)),
        Why::Untold => ("untold", None),
        Why::NotKept(told) => ("not_kept", Some(*told)),
        Why::Gone(told) => ("gone", Some(*told)),
    };
    let customer = record.text(&archive.title);
    let (back, back_label) = match sees_everybody {
        true => (likely::address(id, None), words.t("mining.everybody", &[])),
        false => (format!("/account/{account}"), customer.to_owned()),
    };
    let now = match &why {
        Why::Told(explained) if !explained.holds() => Some(explained.now),
        _ => None,
    };
    // Others may not open what the methods were tried on.
    let source = match sees_everybody {
        true => (tried(id), words.t("mining.tried_title", &[])),
        false => (format!("/account/{account}"), words.t("mining.customer", &[])),
    };
    let context = context! {
        name => product.text("name"),
        customer,
        customer_href => format!("/account/{account}"),
        back,
        back_label,
        state,
        like => found.like.is_some(),
        figures => told.map(|told| figures(&words, found, &as_of, (told, now), &source)),
        table,
        sample => sample(&words, found),
        as_of,
        source => context! { href => &source.0, label => &source.1 },
    };
    app.page(&session, "insight/mining_why.html", context).map(IntoResponse::into_response)
}

fn tried(product: Id) -> String {
    format!("{}#tried", product_href(product))
}

/// What every number of the page rests on.
fn sample(words: &Words<'_>, found: &Found) -> Vec<Input> {
    let method = Input { label: words.t("mining.method", &[]), value: candidate(words, found.backtest.best) };
    [method].into_iter().chain(tested(words, found)).collect()
}

/// What he was told, beside it what it would be now where that is something else, and the average of all.
fn figures(
    words: &Words<'_>,
    found: &Found,
    as_of: &str,
    (told, now): (f64, Option<f64>),
    (href, label): &(String, String),
) -> Vec<Figure> {
    let explain = |key: &str| {
        let explain = Explain::new(words.meaning(key, &[]), as_of).inputs(sample(words, found));
        explain.source(href.clone(), label.clone())
    };
    let customers = found.customers.max(1) as f64;
    let mean = found.expected / customers;
    let error = words.percent(Z_95 * found.expected_error / customers);
    let average = words.t("mining.plus_minus", &[("number", &words.percent(mean)), ("error", &error)]);
    let times = words.t("mining.times", &[("times", &words.fixed(told / mean, 1))]);
    let counted =
        Input { label: words.t("mining.told_customers", &[]), value: words.count(found.customers as u64) };
    let mut figures = vec![Figure::new(
        words.t("mining.probability", &[]),
        words.percent(told),
        explain("mining.probability.is"),
    )];
    figures.extend(now.map(|now| {
        Figure::new(words.t("mining.why_now", &[]), words.percent(now), explain("mining.why_now.is"))
    }));
    figures.push(Figure::new(
        words.t("mining.against_average", &[]),
        times,
        explain("mining.against_average.is").inputs([counted.clone()]),
    ));
    figures.push(Figure::new(
        words.t("mining.why_average", &[]),
        average,
        explain("mining.why_average.is").inputs([counted]),
    ));
    figures
}

#[derive(Serialize)]
struct Table {
    rows: Vec<Row>,
    /// The strongest of them, for the lengths of the bars.
    most: f64,
    /// The average customer, and all together: only where no reason is left out, or what is left out could be worked out.
    base: Option<Sum>,
    all: Option<Sum>,
    /// Whether reasons are left out that the reader may not see.
    left_out: bool,
}

#[derive(Serialize)]
struct Sum {
    adds: String,
    probability: String,
}

#[derive(Serialize)]
struct Row {
    reason: String,
    /// Key of what it does.
    speaks: &'static str,
    tone: &'static str,
    size: f64,
    adds: String,
    odds: String,
}

fn table(
    words: &Words<'_>,
    seen: &Entity,
    record: &Record,
    day: NaiveDate,
    explained: &Explained,
    names: &HashMap<Id, String>,
) -> Table {
    let told: Vec<(String, f64)> = explained
        .reasons
        .iter()
        .filter_map(|one| Some((reason(words, seen, record, day, one, explained, names)?, one.adds)))
        .collect();
    let left_out = told.len() < explained.reasons.len();
    // Rounded more, it says little of what is left out.
    let (decimals, scale) = if left_out { (1, 10.0) } else { (3, 1_000.0) };
    let row = |(reason, adds): (String, f64)| {
        let adds = (adds * scale).round() / scale;
        let (speaks, tone) = match adds {
            adds if adds >= NOTHING => ("for", "good"),
            adds if adds <= -NOTHING => ("against", "bad"),
            _ => ("neither", ""),
        };
        let odds = words.fixed(adds.exp(), if adds < -2.0 { 3 } else { 2 });
        Row {
            reason,
            speaks,
            tone,
            size: adds.abs(),
            adds: signed(words, adds, decimals),
            odds: words.t("mining.times", &[("times", &odds)]),
        }
    };
    let rows: Vec<Row> = told.into_iter().map(row).collect();
    let sum = |log_odds: f64| Sum {
        adds: signed(words, log_odds, decimals),
        probability: words.percent(1.0 / (1.0 + (-log_odds).exp())),
    };
    let all = explained.base + explained.reasons.iter().map(|one| one.adds).sum::<f64>();
    Table {
        most: rows.iter().map(|row| row.size).fold(0.0, f64::max),
        rows,
        base: (!left_out).then(|| sum(explained.base)),
        all: (!left_out).then(|| sum(all)),
        left_out,
    }
}

fn signed(words: &Words<'_>, number: f64, decimals: u32) -> String {
    let sign = if number < 0.0 { "−" } else { "+" };
    format!("{sign}{}", words.fixed(number.abs(), decimals))
}

/// A reason with what stands in the archive, or what he did; `None` if the reader may not see that field.
fn reason(
    words: &Words<'_>,
    seen: &Entity,
    record: &Record,
    day: NaiveDate,
    one: &Speaks,
    explained: &Explained,
    names: &HashMap<Id, String>,
) -> Option<String> {
    let label = likely::in_words(words, seen, record, day, &one.key)?;
    let Some(did) = one.did else { return Some(label) };
    let count = words.count(did.round().max(0.0) as u64);
    let value = match one.key.as_str() {
        "recency_days" | "tenure_days" => words.t("mining.why_days", &[("count", &count)]),
        "sales" => words.units(did.round()),
        "bought_before" => words.t(if did > 0.5 { "mining.reason.yes" } else { "mining.reason.no" }, &[]),
        "affinity" => {
            let bought = explained.related.iter().filter_map(|product| names.get(product));
            let bought: Vec<&str> = bought.take(NAMED).map(String::as_str).collect();
            match bought.is_empty() {
                true => words.fixed(did, 2),
                false => bought.join(&words.t("mining.comma", &[])),
            }
        }
        _ => count,
    };
    Some(words.t("mining.reason.field", &[("field", &label), ("value", &value)]))
}
