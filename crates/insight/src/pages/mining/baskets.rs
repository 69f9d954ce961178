//! `/analysis/baskets`: what is bought together, and what goes with a product.

use super::{Words, basket_orders, missing, product_href, products, scope, status, tested, words};
use crate::{
    mining::{
        baskets::{self, Found, Together},
        counted::MostBought,
        lines, recommend,
    },
    pages::{
        figure::{Explain, Figure, Input},
        href::{self, Days},
    },
    settings::Settings,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use meta::Id;
use minijinja::context;
use mining::{baskets::rules::Rule, recommend::backtest::Backtest};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

pub(super) const PATH: &str = "/analysis/baskets";
/// Rules on a page.
const ROWS: usize = 100;
/// Products offered to choose from.
const OFFERED: usize = 300;

#[derive(Deserialize)]
pub struct Asked {
    /// Only rules with this product.
    product: Option<String>,
    /// The rule after which the page begins, counted from 0 in the order they are kept.
    after: Option<usize>,
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let engine = app.engine();
    let product: Option<Id> = asked.product.and_then(|product| product.parse().ok());
    let address = |after: Option<usize>| {
        let of = product.map(|product| format!("product={product}"));
        let parts = [of, after.map(|after| format!("after={after}"))];
        format!("{PATH}?{}#rules", parts.into_iter().flatten().collect::<Vec<_>>().join("&"))
    };
    let told = recommend::load(engine).await?;
    let kept = baskets::load(engine).await?;
    let offered: Vec<Id> = told
        .iter()
        .flat_map(|kept| kept.body.goes_with.iter().take(OFFERED).map(|product| product.product))
        .collect();
    let named = kept
        .iter()
        .filter_map(|kept| kept.body.as_ref().ok())
        .flat_map(|found| found.products.iter().copied());
    let names = products(engine, &session, named.chain(offered.iter().copied()).chain(product)).await?;
    let common = context! {
        mining => status::status(&words).await?,
        offered => offered.iter().filter_map(|id| Some(json!({ "id": id, "name": names.get(id)? }))).collect::<Vec<_>>(),
        product => product.map(|id| json!({ "id": id, "name": names.get(&id), "href": product_href(id) })),
        told_as_of => told.as_ref().map(|kept| words.date(kept.as_of)),
        backtest => told.as_ref().and_then(|kept| kept.body.backtest.as_ref().ok()).map(|test| tried(&words, test)),
        backtest_missing => told.as_ref().and_then(|kept| kept.body.backtest.as_ref().err()).map(|reason| missing(&words, *reason)),
    };
    let shown = match kept.as_ref().map(|kept| (&kept.body, kept.as_of, kept.computed_at)) {
        None => context! { state => "nothing" },
        Some((Err(reason), ..)) => {
            let none = Vec::<Json>::new();
            let most_bought = most_bought(&words, &session).await?;
            context! {
                state => "missing", missing => missing(&words, *reason), most_bought,
                together => &none, rules => &none,
            }
        }
        Some((Ok(found), as_of, computed_at)) => {
            let settings = Settings::load(engine).await?;
            let orders = Days { settings: &settings, after: lines::before(as_of), until: as_of }.orders("");
            let as_of = words.date(as_of);
            // There may be fewer rules by now.
            let after = asked.after.filter(|after| *after < found.rules.len());
            let (rules, next) = rules(&words, found, &names, product, after);
            let baskets = words.count(u64::from(found.baskets));
            context! {
                state => "found",
                sample => [Input { label: words.t("mining.baskets", &[]), value: baskets }],
                orders => context! { href => orders.clone(), label => words.t("mining.orders", &[]) },
                figures => headline(&words, found, &as_of, orders),
                together => if product.is_none() && after.is_none() { together(&words, found, &names) } else { vec![] },
                rules,
                first_href => after.is_some().then(|| address(None)),
                next_href => next.map(|next| address(Some(next))),
                as_of,
                computed_at => words.format.instant(computed_at),
            }
        }
    };
    app.page(&session, "insight/mining_baskets.html", context! { ..shown, ..common })
        .map(IntoResponse::into_response)
}

fn headline(words: &Words<'_>, found: &Found, as_of: &str, orders: String) -> Vec<Figure> {
    let explain = |key: &str| Explain::new(words.meaning(key, &[]), as_of);
    let count = |number: usize| words.count(number as u64);
    let here = || "#rules".to_owned();
    let mixed = words.t("mining.mixed", &[("count", &count(found.mixed))]);
    let least = words.t("mining.least_support", &[("count", &count(found.support as usize))]);
    let dropped = words
        .t("mining.dropped", &[("chance", &count(found.by_chance)), ("redundant", &count(found.redundant))]);
    vec![
        Figure::new(
            words.t("mining.baskets", &[]),
            count(found.baskets as usize),
            explain("mining.baskets_help").source(orders, words.t("mining.orders", &[])),
        )
        .note(Some(mixed)),
        Figure::new(
            words.t("mining.sets", &[]),
            count(found.sets),
            explain("mining.sets_help").source("#together".to_owned(), words.t("mining.sets_title", &[])),
        )
        .note(Some(least)),
        Figure::new(
            words.t("mining.rules", &[]),
            count(found.rules.len()),
            explain("mining.rules_help")
                .formula("lift = P(A∪B) / (P(A) · P(B))")
                .source(here(), words.t("mining.rules", &[])),
        )
        .note(Some(dropped)),
    ]
}

/// The simpler figure, where there are too few orders for rules.
async fn most_bought(words: &Words<'_>, session: &Session) -> Answer<Option<Json>> {
    let engine = words.app.engine();
    let Some(kept) = MostBought::load(engine).await? else { return Ok(None) };
    let settings = Settings::load(engine).await?;
    let days = Days { settings: &settings, after: lines::before(kept.as_of), until: kept.as_of };
    let found = &kept.body;
    let names = products(engine, session, found.products.iter().map(|(product, _)| *product)).await?;
    let row = |(product, orders): &(Id, u32)| {
        Some(json!({
            "name": names.get(product)?, "href": product_href(*product), "orders": words.count(u64::from(*orders)),
            "orders_href": days.order_lines(&href::and("product", &product.to_string())),
        }))
    };
    Ok(Some(json!({
        "as_of": words.date(kept.as_of),
        "rows": found.products.iter().filter_map(row).collect::<Vec<_>>(),
        "inputs": [Input { label: words.t("mining.baskets", &[]), value: words.count(u64::from(found.orders)) }],
        "source": { "href": days.orders(""), "label": words.t("mining.orders", &[]) },
    })))
}

/// The sets that are in most orders.
fn together(words: &Words<'_>, found: &Found, names: &HashMap<Id, String>) -> Vec<Json> {
    let row = |set: &Together| {
        let ids: Vec<Id> =
            set.products.iter().map(|at| found.products.get(*at as usize).copied()).collect::<Option<_>>()?;
        let products: Option<Vec<Json>> =
            ids.iter().map(|id| Some(json!({ "name": names.get(id)?, "href": product_href(*id) }))).collect();
        Some(json!({
            "products": products?, "orders": words.count(u64::from(set.orders)), "orders_href": basket_orders::address(&ids),
            "support": words.share_between(u64::from(set.orders), u64::from(found.baskets)),
        }))
    };
    found.together.iter().filter_map(row).collect()
}

/// Some of the rules, the strongest first, those with `product` only if there is one; and the one after which there are more.
fn rules(
    words: &Words<'_>,
    found: &Found,
    names: &HashMap<Id, String>,
    product: Option<Id>,
    after: Option<usize>,
) -> (Vec<Json>, Option<usize>) {
    let named = |number: &u32| {
        let id = found.products.get(*number as usize)?;
        Some(json!({ "name": names.get(id)?, "href": product_href(*id) }))
    };
    let wanted = product.map(|product| found.products.binary_search(&product).ok().map(|at| at as u32));
    let products = |rule: &Rule| -> Option<Vec<Id>> {
        let numbers = rule.if_bought.iter().chain([&rule.then]);
        numbers.map(|number| found.products.get(*number as usize).copied()).collect()
    };
    let mut shown: Vec<(usize, Json)> = found
        .rules
        .iter()
        .enumerate()
        .skip(after.map_or(0, |after| after.saturating_add(1)))
        .filter(|(_, rule)| match wanted {
            None => true,
            Some(wanted) => {
                wanted.is_some_and(|wanted| rule.then == wanted || rule.if_bought.contains(&wanted))
            }
        })
        .filter_map(|(at, rule)| {
            let if_bought: Vec<Json> = rule.if_bought.iter().filter_map(named).collect();
            let told = json!({
                "if_bought": if_bought, "then": named(&rule.then)?,
                "both": words.count(u64::from(rule.both)), "orders_href": basket_orders::address(&products(rule)?),
                "support": words.percent(rule.support()),
                "confidence": words.share_between(u64::from(rule.both), u64::from(rule.if_count)),
                "lift": words.fixed(rule.lift(), 2), "leverage": words.percent(rule.leverage()),
            });
            Some((at, told))
        })
        .take(ROWS + 1)
        .collect();
    let more = shown.len() > ROWS;
    shown.truncate(ROWS);
    let next = shown.last().filter(|_| more).map(|(at, _)| *at);
    (shown.into_iter().map(|(_, rule)| rule).collect(), next)
}

fn tried(words: &Words<'_>, test: &Backtest) -> Json {
    let hits = |rate: f64| (rate * test.customers as f64).round() as u64;
    let row = |score: &mining::recommend::backtest::Score| {
        json!({
            "name": words.t(&format!("mining.method.{}", score.method.name()), &[]),
            "hit_rate": words.share_between(hits(score.hit_rate), test.customers as u64), "recall": words.percent(score.recall),
            "map": words.fixed(score.map, 3), "coverage": words.percent(score.coverage), "best": score.method == test.best,
        })
    };
    let cut = words.date(crate::settings::date_of(test.cut));
    let customers = words.count(test.customers as u64);
    let label = words.t("mining.tested_customers", &[("count", &customers)]);
    json!({
        "text": words.t("mining.backtest_recommend", &[("customers", &customers), ("cut", &cut)]),
        "sample": [
            Input { label: words.t("mining.tested_on", &[]), value: customers },
            Input { label: words.t("mining.learned_until", &[]), value: cut },
        ],
        "source": { "href": tested::PATH, "label": label },
        "rows": test.scores.iter().map(row).collect::<Vec<_>>(),
    })
}
