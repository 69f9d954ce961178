//! Asking the warehouse: the explorer, saved questions, dashboards and what is mailed of them; its catalog, SQL for analysts, and the
//! API of both.

mod api;
mod catalog;
mod dashboard;
mod explore;
mod export;
mod kept;
mod places;
mod question;
mod said;
mod schedule;
mod sql;
mod words;

pub use sql::EXAMPLES as SQL_EXAMPLES;

pub use schedule::send_due;

use axum::{
    Router,
    routing::{get, post},
};
use engine::Module;
use meta::label;
use web::{App, NavItem, WebModule};

/// What people keep of their questions.
pub fn module() -> Module {
    Module::new("analysis")
        .labels("Analysis", "分析")
        .entity(question::entity())
        .entity(dashboard::entity())
        .entity(schedule::entity())
        .before_save(question::ENTITY, question::check)
        .before_save(dashboard::ENTITY, dashboard::check)
        .before_save(schedule::ENTITY, schedule::check)
}

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
            ("analysis/files.html", include_str!("files.html")),
            ("analysis/explore.html", include_str!("explore/explore.html")),
            ("analysis/builder.html", include_str!("explore/builder.html")),
            ("analysis/answer.html", include_str!("explore/answer.html")),
            ("analysis/sheet.html", include_str!("explore/sheet.html")),
            ("analysis/cell.html", include_str!("explore/cell.html")),
            ("analysis/cell_page.html", include_str!("explore/cell_page.html")),
            ("analysis/rows.html", include_str!("explore/rows.html")),
            ("analysis/questions.html", include_str!("question/questions.html")),
            ("analysis/keep.html", include_str!("question/keep.html")),
            ("analysis/dashboards.html", include_str!("dashboard/dashboards.html")),
            ("analysis/dashboard.html", include_str!("dashboard/dashboard.html")),
            ("analysis/tile.html", include_str!("dashboard/tile.html")),
            ("analysis/filters.html", include_str!("explore/filters.html")),
            ("analysis/schedules.html", include_str!("schedule/schedules.html")),
            ("analysis/schedule_form.html", include_str!("schedule/schedule_form.html")),
            ("analysis/report.txt", include_str!("schedule/report.txt")),
            ("analysis/report.html", include_str!("schedule/report.html")),
        ],
        messages: include_str!("messages.toml"),
        operations: Some(api::OPERATIONS),
        nav: vec![
            item("Explore", "自助分析", explore::PATH, "chart-dots"),
            item("Saved questions", "已存分析", question::PATH, "bookmark"),
            item("Dashboards", "仪表板", dashboard::PATH, "layout-dashboard"),
            item("Data catalog", "数据目录", "/analysis/catalog", "database"),
            item("SQL", "SQL 查询", "/analysis/sql", "table"),
        ],
        starts: vec![schedule::start],
        ..WebModule::new("warehouse", routes)
    }
}

fn routes() -> Router<App> {
    explore::routes()
        .merge(question::routes())
        .merge(dashboard::routes())
        .merge(schedule::routes())
        .route("/analysis/catalog", get(catalog::page))
        .route("/api/v1/analysis/catalog", get(catalog::json))
        .route("/analysis/catalog/refresh", post(catalog::refresh))
        .route("/analysis/sql", get(sql::page).post(sql::ask))
        .route("/analysis/sql/export", post(sql::export))
        .route("/api/v1/analysis/question", post(api::ask))
}
