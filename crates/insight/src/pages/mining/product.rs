//! `/analysis/product/{id}`: what goes with a product and who will buy it, with the reasons and how well that was foreseen.

use super::{Words, missing, product_href, products, scope, words};
use crate::{
    mining::{
        propensity::{self, Found},
        recommend,
    },
    pages::{
        figure::{Explain, Figure},
        href,
    },
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Engine;
use meta::Id;
use minijinja::context;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Flash, Session};

/// Customers shown; the list behind holds no more than a filter can name.
const ROWS: usize = 50;

pub async fn page(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let engine = app.engine();
    let product = engine.get(&session.actor, "product", id).await?;
    let kept = propensity::load(engine, id).await?;
    let goes_with = goes_with(&words, engine, &session, id).await?;
    let shown = match kept.as_ref().map(|kept| (&kept.body, kept.as_of)) {
        None => context! { state => "nothing" },
        Some((Err(reason), _)) => context! { state => "missing", missing => missing(&words, *reason) },
        Some((Ok(found), as_of)) => {
            let as_of = words.date(as_of);
            context! {
                state => "found",
                figures => headline(&words, found, &as_of),
                likely => likely(&words, &session, found).await?,
                list_href => list(found),
                tried => tried(&words, found),
                calibration => calibration(&words, found),
                as_of,
            }
        }
    };
    let common = context! {
        name => product.text("name"),
        product_href => format!("/product/{id}"),
        compute_href => product_href(id),
        rules_href => format!("/analysis/baskets?product={id}"),
        goes_with,
        working => waiting(engine, id).await?,
    };
    app.page(&session, "insight/mining_product.html", context! { ..shown, ..common })
        .map(IntoResponse::into_response)
}

/// Asks for the computation.
pub async fn compute(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::whole_company(&session)?;
    app.engine().get(&session.actor, "product", id).await?;
    if !waiting(app.engine(), id).await? {
        propensity::queue(app.engine(), id).await?;
    }
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to(&product_href(id)).into_response()))
}

async fn waiting(engine: &Engine, product: Id) -> Answer<bool> {
    Ok(propensity::in_progress(engine, product).await?)
}

async fn goes_with(words: &Words<'_>, engine: &Engine, session: &Session, id: Id) -> Answer<Vec<Json>> {
    let kept = recommend::load(engine).await?;
    let Some(found) = kept.as_ref().and_then(|kept| kept.body.goes_with.iter().find(|one| one.product == id))
    else {
        return Ok(vec![]);
    };
    let names = products(engine, session, found.near.iter().map(|(product, _, _)| *product)).await?;
    let row = |(product, both, similarity): &(Id, u32, f64)| {
        let share = f64::from(*both) / f64::from(found.customers.max(1));
        Some(json!({
            "name": names.get(product)?, "href": product_href(*product),
            "both": words.count(u64::from(*both)), "share": words.percent(share), "similarity": words.fixed(*similarity, 3),
        }))
    };
    Ok(found.near.iter().filter_map(row).collect())
}

fn headline(words: &Words<'_>, found: &Found, as_of: &str) -> Vec<Figure> {
    let test = &found.backtest;
    let explain = |key: &str| Explain::new(words.t(key, &[]), as_of);
    let best = test.tried.iter().find(|tried| tried.method == test.best).map(|tried| &tried.measures);
    let percent = |share: f64| words.percent(share);
    let expected =
        explain("mining.expected_help").input(words.t("mining.base_rate", &[]), percent(test.rate));
    let method = words.t(&format!("mining.method.{}", test.best.name()), &[]);
    let auc = explain("mining.auc_help")
        .input(words.t("mining.learned_from", &[]), words.count(test.learned_from as u64))
        .input(words.t("mining.tested_on", &[]), words.count(test.tested_on as u64));
    let lift =
        best.map(|best| words.t("mining.times", &[("times", &words.fixed(best.lift_of_best_tenth, 1))]));
    vec![
        Figure::new(
            words.t("mining.buyers", &[]),
            words.count(found.buyers as u64),
            explain("mining.buyers_help"),
        )
        .note(Some(words.t("mining.of_customers", &[("count", &words.count(found.customers as u64))]))),
        Figure::new(words.t("mining.expected", &[]), words.fixed(found.expected, 1), expected),
        Figure::new(
            words.t("mining.auc", &[]),
            best.map(|best| words.fixed(best.auc, 3)).unwrap_or_default(),
            auc,
        )
        .note(Some(method)),
        Figure::new(
            words.t("mining.best_tenth", &[]),
            lift.unwrap_or_default(),
            explain("mining.best_tenth_help"),
        ),
    ]
}

async fn likely(words: &Words<'_>, session: &Session, found: &Found) -> Answer<Vec<Json>> {
    let engine = words.app.engine();
    let shown = &found.likely[..found.likely.len().min(ROWS)];
    let wanted: Vec<(&str, Id)> = shown
        .iter()
        .map(|one| ("account", one.account))
        .chain(shown.iter().filter_map(|one| Some(("product", one.related?))))
        .collect();
    let names: HashMap<Id, String> = engine.titles(&session.actor, &wanted).await?;
    words.app.saw_many(session, "account", shown.len(), &[]);
    let row = |one: &propensity::Likely| {
        let mut reasons: Vec<String> = one
            .reasons
            .iter()
            .map(|(feature, _)| words.t(&format!("mining.reason.{feature}"), &[]))
            .collect();
        if let Some(name) = one.related.and_then(|related| names.get(&related)) {
            reasons.insert(0, words.t("mining.reason.bought", &[("product", name)]));
        }
        Some(json!({
            "name": names.get(&one.account)?, "href": format!("/account/{}", one.account),
            "probability": words.percent(one.probability), "reasons": reasons, "before": one.bought_before,
        }))
    };
    Ok(shown.iter().filter_map(row).collect())
}

/// The likely customers as a list to act on.
fn list(found: &Found) -> String {
    let ids: Vec<String> = found.likely.iter().take(ROWS).map(|one| format!("'{}'", one.account)).collect();
    href::list("account", &format!("id in [{}]", ids.join(", ")))
}

fn tried(words: &Words<'_>, found: &Found) -> Vec<Json> {
    let row = |tried: &mining::propensity::backtest::Tried| {
        json!({
            "name": words.t(&format!("mining.method.{}", tried.method.name()), &[]),
            "auc": words.fixed(tried.measures.auc, 3), "brier": words.fixed(tried.measures.brier, 4),
            "lift": words.fixed(tried.measures.lift_of_best_tenth, 2), "best": tried.method == found.backtest.best,
        })
    };
    found.backtest.tried.iter().map(row).collect()
}

fn calibration(words: &Words<'_>, found: &Found) -> Json {
    let best = found.backtest.tried.iter().find(|tried| tried.method == found.backtest.best);
    let parts = best.map(|tried| tried.measures.calibration.as_slice()).unwrap_or_default();
    let name = |at: usize| words.t("mining.tenth", &[("number", &words.count(at as u64 + 1))]);
    json!({
        "categories": (0..parts.len()).map(name).collect::<Vec<_>>(),
        "series": [
            { "name": words.t("mining.predicted", &[]), "values": parts.iter().map(|part| part.predicted).collect::<Vec<_>>() },
            { "name": words.t("mining.happened", &[]), "values": parts.iter().map(|part| part.happened).collect::<Vec<_>>() },
        ],
        "unit": "percent",
    })
}
