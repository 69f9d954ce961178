//! The pages of customer value: the overview, the panel on an account's page, the settings of figures.

mod backtest;
pub(crate) mod behind;
pub(crate) mod customer_table;
mod data;
pub(crate) mod explain;
mod forecasts;
pub(crate) mod href;
mod in_force;
mod life_cycle;
mod matrix;
mod matrix_customers;
mod mining;
mod model_card;
mod order_days;
mod overview;
pub(crate) mod panel;
mod refit_status;
mod rules;
pub(crate) mod scope;
pub(crate) mod setting;
pub(crate) mod simpler;
pub(crate) mod words;

pub(crate) use mining::{Side, group_names, web_module as mining_web_module};
pub(crate) use web::figure;

use crate::store::newest_model;
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
            ("insight/profit_panel.html", include_str!("../profitability/profit_panel.html")),
            ("insight/satisfaction_panel.html", include_str!("../satisfaction/satisfaction_panel.html")),
            ("insight/refit_status.html", include_str!("refit_status.html")),
            ("insight/rules.html", include_str!("rules.html")),
            ("insight/backtest.html", include_str!("backtest.html")),
            ("insight/sources.html", include_str!("sources.html")),
            ("insight/matrix.html", include_str!("matrix.html")),
            ("insight/life_cycle.html", include_str!("life_cycle/life_cycle.html")),
            ("insight/life_drivers.html", include_str!("life_cycle/life_drivers.html")),
            ("insight/behind.html", include_str!("behind.html")),
            ("insight/simpler.html", include_str!("simpler.html")),
            ("insight/customer_table.html", include_str!("customer_table.html")),
            ("insight/first_and_next.html", include_str!("first_and_next.html")),
        ],
        messages: include_str!("../messages.toml"),
        operations: Some(data::OPERATIONS),
        nav: vec![
            nav("Value overview", "价值总览", "/value", "chart-pie"),
            nav("Value matrix", "价值矩阵", "/value/matrix", "category"),
            nav("Life cycle", "生命周期", "/value/life-cycle", "history"),
            nav("Back-test", "预测回测", "/value/backtest", "chart-line"),
        ],
        record_panels: vec![RecordPanel { entity: "account", render: panel::render }],
        figures: Some(crate::listed::figures),
        figures_day: Some(|engine| {
            Box::pin(async move { Ok(newest_model(&engine).await?.map(|model| model.as_of)) })
        }),
        ..WebModule::new("insight", routes)
    }
}

fn nav(en: &str, zh: &str, href: &'static str, icon: &'static str) -> NavItem {
    NavItem { label: label(en, zh), href, icon, administrators_only: false, is_for: scope::sees_the_company }
}

fn routes() -> Router<App> {
    Router::new()
        .route("/value", get(overview::page))
        .route("/value/refit", get(refit_status::show).post(refit_status::begin))
        .route("/value/as-of", post(refit_status::set_as_of))
        .route("/value/rules", get(rules::page).post(rules::save))
        .route("/value/backtest", get(backtest::page))
        .route("/value/matrix", get(matrix::page).post(matrix::begin))
        .route("/value/matrix/customers", get(matrix_customers::page))
        .route("/value/life-cycle", get(life_cycle::page))
        .route("/value/life-cycle/drivers", get(life_cycle::drivers))
        .route("/value/life-cycle/customers", get(life_cycle::customers))
        .merge(data::routes())
}
