//! The pages of customer value: the overview, the panel on an account's page, the settings of figures.

pub(crate) mod customer_table;
mod data;
pub(crate) mod explain;
pub(crate) mod figure;
pub(crate) mod href;
mod model_card;
mod overview;
mod panel;
mod refit_status;
mod rules;
pub(crate) mod scope;
pub(crate) mod words;

use axum::{
    Router,
    routing::{get, post},
};
use meta::label;
use web::{App, NavItem, RecordPanel, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/overview.html", include_str!("overview.html")),
            ("insight/value_panel.html", include_str!("value_panel.html")),
            ("insight/refit_status.html", include_str!("refit_status.html")),
            ("insight/rules.html", include_str!("rules.html")),
            ("insight/customer_table.html", include_str!("customer_table.html")),
        ],
        messages: include_str!("../messages.toml"),
        nav: vec![NavItem {
            label: label("Value overview", "价值总览"),
            href: "/value",
            icon: "chart-pie",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        record_panels: vec![RecordPanel { entity: "account", render: panel::render }],
        ..WebModule::new("insight", routes)
    }
}

fn routes() -> Router<App> {
    Router::new()
        .route("/value", get(overview::page))
        .route("/value/refit", get(refit_status::show).post(refit_status::begin))
        .route("/value/as-of", post(refit_status::set_as_of))
        .route("/value/rules", get(rules::page).post(rules::save))
        .route("/value/models.json", get(data::models))
        .route("/value/pareto.json", get(data::pareto))
        .route("/value/customers.json", get(data::customers))
}
