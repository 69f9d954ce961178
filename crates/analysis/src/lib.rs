//! Pages that ask the warehouse: its catalog, SQL for analysts, and the API of both.

mod catalog;
mod export;
mod questions;
mod sql;

use axum::{
    Router,
    routing::{get, post},
};
use meta::label;
use web::{App, NavItem, WebModule};

/// Joins the navigation of the engine's module `warehouse`.
pub fn web_module() -> WebModule {
    let item = |en: &str, zh: &str, href: &'static str, icon: &'static str| NavItem {
        label: label(en, zh),
        href,
        icon,
        administrators_only: false,
        is_for: |_| true,
    };
    WebModule {
        templates: &[
            ("warehouse/catalog.html", include_str!("catalog.html")),
            ("warehouse/sql.html", include_str!("sql.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![
            item("Data catalog", "数据目录", "/analysis/catalog", "database"),
            item("SQL", "SQL 查询", "/analysis/sql", "table"),
        ],
        ..WebModule::new("warehouse", routes)
    }
}

fn routes() -> Router<App> {
    Router::new()
        .route("/analysis/catalog", get(catalog::page))
        .route("/analysis/catalog.json", get(catalog::json))
        .route("/analysis/catalog/refresh", post(catalog::refresh))
        .route("/analysis/sql", get(sql::page).post(sql::ask))
        .route("/analysis/sql/export", post(sql::export))
        .route("/analysis/question.json", post(questions::ask))
}
