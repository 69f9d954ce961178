//! The pages of data mining, under `/analysis`. They show what the job kept; whoever may see the company's figures sees them.

mod basket_orders;
mod baskets;
mod both;
mod experiment;
mod forecast;
mod forecast_said;
mod group_moves;
mod group_tastes;
mod groups;
mod likely;
mod panel;
mod periods;
mod plan;
mod product;
mod purchasing;
mod sides;
mod status;
mod tested;
mod uplift;
mod why;

pub(crate) use groups::names as group_names;
pub(crate) use sides::Side;

use super::{scope, words::Words};
use crate::mining::recommend;
use axum::{
    Router,
    routing::{get, post},
};
use engine::Engine;
use meta::{Id, label};
use mining::{reason::Reason, recommend::neighbours::MOST_PRODUCTS};
use std::collections::HashMap;
use web::{Answer, App, NavItem, RecordPanel, Session, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/mining_groups.html", include_str!("groups.html")),
            ("insight/mining_baskets.html", include_str!("baskets.html")),
            ("insight/mining_basket_orders.html", include_str!("basket_orders.html")),
            ("insight/mining_product.html", include_str!("product.html")),
            ("insight/mining_likely.html", include_str!("likely.html")),
            ("insight/mining_likely_table.html", include_str!("likely_table.html")),
            ("insight/mining_why.html", include_str!("why.html")),
            ("insight/mining_forecast.html", include_str!("forecast.html")),
            ("insight/mining_purchasing.html", include_str!("purchasing.html")),
            ("insight/mining_panel.html", include_str!("panel.html")),
            ("insight/mining_experiment.html", include_str!("experiment.html")),
            ("insight/mining_side.html", include_str!("side.html")),
            ("insight/mining_uplift.html", include_str!("uplift.html")),
            ("insight/mining_status.html", include_str!("status.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![
            NavItem {
                label: label("Customer groups", "客户分群"),
                href: "/analysis/groups",
                icon: "users-group",
                administrators_only: false,
                is_for: scope::sees_the_company,
            },
            NavItem {
                label: label("Bought together", "关联购买"),
                href: "/analysis/baskets",
                icon: "basket",
                administrators_only: false,
                is_for: scope::sees_the_company,
            },
            NavItem {
                label: label("Forecast", "销售预测"),
                href: "/analysis/forecast",
                icon: "trending-up",
                administrators_only: false,
                is_for: scope::sees_the_company,
            },
        ],
        record_panels: vec![
            RecordPanel { entity: "account", render: panel::render },
            RecordPanel { entity: "experiment", render: experiment::render },
        ],
        ..WebModule::new("insight", routes)
    }
}

fn routes() -> Router<App> {
    Router::new()
        .route("/analysis/groups", get(groups::page).post(groups::save))
        .route("/analysis/groups/name", post(groups::rename))
        .route("/analysis/groups/customers", get(group_moves::customers))
        .route(baskets::PATH, get(baskets::page))
        .route(basket_orders::PATH, get(basket_orders::page))
        .route("/analysis/baskets/tested", get(tested::page))
        .route("/analysis/groups/tastes", get(group_tastes::customers))
        .route("/analysis/product/{id}", get(product::page).post(product::compute))
        .route("/analysis/product/{id}/with/{other}", get(both::customers))
        .route("/analysis/product/{id}/bought", get(both::buyers))
        .route("/analysis/product/{id}/customers", get(likely::page))
        .route("/analysis/product/{id}/customers/export", get(likely::export))
        .route("/analysis/product/{id}/customers/{account}", get(why::page))
        .route("/analysis/forecast", get(forecast::page))
        .route("/analysis/purchasing", get(purchasing::page))
        .route("/analysis/purchasing.csv", get(purchasing::export))
        .route("/analysis/experiment/{id}", post(experiment::compute))
        .route("/analysis/experiment/{id}/sides/{side}", get(sides::page))
        .route("/analysis/experiment/{id}/sides/{side}/export", get(sides::export))
        .route("/analysis/experiment/{id}/use", post(uplift::begin_use))
        .route("/analysis/refresh", post(status::begin))
        .route("/analysis/status", get(status::show))
}

async fn words<'a>(app: &'a App, session: &Session) -> Answer<Words<'a>> {
    let currency = app.engine().company_currency().await?;
    Ok(Words { app, lang: session.lang, format: session.format(), currency })
}

/// Why there is no result, and what it takes.
fn missing(words: &Words<'_>, reason: Reason) -> String {
    let (have, need) = reason.numbers().unwrap_or_default();
    let (have, need) = (words.count(have as u64), words.count(need as u64));
    words.t(&format!("mining.missing.{}", reason.key()), &[("have", &have), ("need", &need)])
}

/// Names of products as the reader may see them.
async fn products(
    engine: &Engine,
    session: &Session,
    ids: impl IntoIterator<Item = Id>,
) -> Answer<HashMap<Id, String>> {
    let wanted: Vec<(&str, Id)> = ids.into_iter().map(|id| ("product", id)).collect();
    Ok(engine.titles(&session.actor, &wanted).await?)
}

/// Who is not counted where it says who bought one product and another; `None` where everybody is.
fn left_out(words: &Words<'_>, found: &recommend::Found) -> Option<String> {
    let numbers =
        [("count", words.count(found.left_out.into())), ("most", words.count(MOST_PRODUCTS as u64))];
    let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
    (found.left_out > 0).then(|| words.t("mining.left_out", &numbers))
}

fn product_href(product: Id) -> String {
    format!("/analysis/product/{product}")
}

/// A cell of a file: a text that begins like a formula would be one in a spreadsheet.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}
