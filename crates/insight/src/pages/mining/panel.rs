//! What a customer may buy next, on his own page.

use super::{product_href, products, words};
use crate::{mining::recommend, pages::scope};
use engine::BoxFuture;
use meta::{Id, Record};
use minijinja::context;
use serde_json::{Value as Json, json};
use web::{Answer, App, Session};

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        panel(&app, &session, &record).await
    })
}

async fn panel(app: &App, session: &Session, record: &Record) -> Answer<Option<String>> {
    let engine = app.engine();
    let rows = recommend::of(engine, record.id).await?;
    let kept = recommend::load(engine).await?;
    let Some(kept) = kept.filter(|_| !rows.is_empty()) else { return Ok(None) };
    let words = words(app, session).await?;
    let ids: Vec<Id> = rows.iter().flat_map(|row| [Some(row.product), row.bought_with]).flatten().collect();
    let names = products(engine, session, ids).await?;
    let whole = scope::sees_the_company(&session.actor);
    let row = |row: &recommend::Recommended| {
        let (both, of) = (words.count(row.both.unsigned_abs()), words.count(row.of.unsigned_abs()));
        let with = row.bought_with.and_then(|with| names.get(&with));
        let why = match with {
            Some(product) => {
                words.t("mining.bought_with", &[("product", product), ("both", &both), ("of", &of)])
            }
            None => words.t("mining.bought_by_many", &[("both", &both), ("of", &of)]),
        };
        let href = if whole { product_href(row.product) } else { format!("/product/{}", row.product) };
        Some(json!({ "name": names.get(&row.product)?, "href": href, "why": why }))
    };
    let rows: Vec<Json> = rows.iter().filter_map(row).collect();
    let method = words.t(&format!("mining.method.{}", kept.body.method.name()), &[]);
    let best = kept.body.backtest.as_ref().ok().and_then(|test| {
        let score = test.scores.iter().find(|score| score.method == test.best)?;
        Some(words.t(
            "mining.panel_test",
            &[("hits", &words.percent(score.hit_rate)), ("customers", &words.count(test.customers as u64))],
        ))
    });
    let context = context! { rows, method, best, as_of => words.date(kept.as_of) };
    app.render(session, "insight/mining_panel.html", context).map(Some)
}
