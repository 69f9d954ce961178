//! What a customer may buy next, on his own page: what is recommended to him, and what he is likely to buy, with the reasons.

use super::{Words, both, left_out, likely, product_href, products, tested, why, words};
use crate::{
    mining::{
        lines,
        propensity::{self, HORIZON_DAYS},
        recommend,
    },
    pages::{
        figure::{Explain, Finding, Input},
        href as lists, scope,
    },
    settings::{date_of, day_number},
};
use engine::BoxFuture;
use meta::{Id, NaiveDate, Record};
use minijinja::{Value, context};
use serde_json::{Value as Json, json};
use web::{Answer, App, Session};

/// Products told of, the likeliest.
const LIKELY: usize = 5;

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        panel(&app, &session, &record).await
    })
}

async fn panel(app: &App, session: &Session, record: &Record) -> Answer<Option<String>> {
    let words = words(app, session).await?;
    let recommended = recommended(&words, session, record.id).await?;
    let likely = likely_products(&words, session, record).await?;
    if recommended.is_none() && likely.is_none() {
        return Ok(None);
    }
    let recommended = recommended.unwrap_or_else(|| context! { rows => Vec::<Json>::new() });
    app.render(session, "insight/mining_panel.html", context! { likely, ..recommended }).map(Some)
}

/// The page of a product for who sees all figures, its record for others.
pub(super) fn href(session: &Session, product: Id) -> String {
    if scope::sees_the_company(&session.actor) {
        product_href(product)
    } else {
        format!("/product/{product}")
    }
}

async fn recommended(words: &Words<'_>, session: &Session, account: Id) -> Answer<Option<Value>> {
    let engine = words.app.engine();
    let rows = recommend::of(engine, account).await?;
    let kept = recommend::load(engine).await?;
    let Some(kept) = kept.filter(|_| !rows.is_empty()) else { return Ok(None) };
    let ids: Vec<Id> = rows.iter().flat_map(|row| [Some(row.product), row.bought_with]).flatten().collect();
    let names = products(engine, session, ids).await?;
    // A product that is gone, or that the reader may not see.
    let another = words.t("mining.another_of_his", &[]);
    let left_out = left_out(words, &kept.body).filter(|_| rows.iter().any(|row| row.bought_with.is_some()));
    let opens = scope::sees_the_company(&session.actor);
    let row = |row: &recommend::Recommended| {
        let (both, of) = (words.count(row.both.unsigned_abs()), words.count(row.of.unsigned_abs()));
        let with = row.bought_with.map(|with| names.get(&with).unwrap_or(&another));
        let why = match with {
            Some(with) => words.t("mining.bought_with", &[("product", with), ("both", &both), ("of", &of)]),
            None => words.t("mining.bought_by_many", &[("both", &both), ("of", &of)]),
        };
        // The lists are of everybody's customers.
        let ways = if opens { ways(words, row, with, kept.as_of) } else { vec![] };
        Some(json!({
            "name": names.get(&row.product)?, "href": href(session, row.product), "why": why, "ways": ways,
        }))
    };
    let rows: Vec<Json> = rows.iter().filter_map(row).collect();
    let method = words.t(&format!("mining.method.{}", kept.body.method.name()), &[]);
    let best = kept.body.backtest.as_ref().ok().and_then(|test| {
        let score = test.scores.iter().find(|score| score.method == test.best)?;
        let customers = test.customers as u64;
        let hits = words.share_between((score.hit_rate * customers as f64).round() as u64, customers);
        let customers = words.count(customers);
        let text = words.t("mining.panel_test", &[("hits", &hits), ("customers", &customers)]);
        let explain = Explain::new(words.meaning("mining.panel_test_help", &[]), words.date(kept.as_of))
            .input(words.t("mining.tested_on", &[]), customers)
            .input(words.t("mining.learned_until", &[]), words.date(date_of(test.cut)));
        // Others may not open it.
        let explain = match opens {
            true => explain.source(tested::PATH.to_owned(), words.t("mining.tested_on", &[])),
            false => explain,
        };
        Some(Finding { text, explain })
    });
    Ok(Some(context! { rows, method, best, left_out, as_of => words.date(kept.as_of) }))
}

/// The customers behind both numbers of a reason.
fn ways(
    words: &Words<'_>,
    row: &recommend::Recommended,
    name: Option<&String>,
    as_of: NaiveDate,
) -> Vec<Json> {
    let name = name.map(String::as_str).unwrap_or_default();
    let way = |key: &str, count: i64, href: String| {
        let count = words.count(count.unsigned_abs());
        json!({ "label": words.t(key, &[("product", name), ("count", &count)]), "href": href })
    };
    match row.bought_with {
        Some(with) => vec![
            way("mining.way_both", row.both, both::address(with, row.product)),
            way("mining.way_of", row.of, both::address_of_one(with, false)),
        ],
        None => {
            let bought = format!("last_order_on > '{}'", lines::before(as_of));
            vec![
                way("mining.way_bought", row.both, both::address_of_one(row.product, true)),
                way("mining.way_all", row.of, lists::sorted("account", &bought, "-last_order_on")),
            ]
        }
    }
}

/// `None` where none is told of him: he has not bought anything lately, or nothing was computed.
async fn likely_products(words: &Words<'_>, session: &Session, record: &Record) -> Answer<Option<Value>> {
    let engine = words.app.engine();
    let (told, many) = propensity::likely::of_customer(engine, record.id, LIKELY).await?;
    let asked = Input { label: words.t("mining.products_asked", &[]), value: words.count(many as u64) };
    let Some(as_of) = told.iter().map(|(_, kept, _)| kept.as_of).max() else { return Ok(None) };
    let names = products(engine, session, told.iter().map(|(product, _, _)| *product)).await?;
    let all: Vec<_> = told.iter().map(|(_, _, likely)| likely.clone()).collect();
    let related = likely::related(words, session, &all).await?;
    let seen = session.actor.view(engine.registry().entity("account")?);
    let rows = told.iter().filter_map(|(product, kept, likely)| {
        let found = kept.body.as_ref().ok()?;
        let times = likely.probability * found.customers as f64 / found.expected;
        let until = date_of(day_number(kept.as_of) + HORIZON_DAYS);
        Some(json!({
            "name": names.get(product)?, "href": href(session, *product), "before": likely.bought_before,
            "probability": words.percent(likely.probability), "until": words.date(until),
            "times": words.t("mining.times", &[("times", &words.fixed(times, 1))]),
            "why_href": why::href(*product, record.id),
            "reasons": likely::reasons(words, seen, record, kept.as_of, likely, &related),
        }))
    });
    let rows: Vec<Json> = rows.collect();
    Ok((!rows.is_empty()).then(|| context! { rows, sample => [asked], as_of => words.date(as_of) }))
}
