//! Purchase cycles: per customer, and per customer and product, how regularly he buys and when the next purchase is expected.

mod compute;
mod everybody;
mod list;
mod page;
mod read;
mod store;

pub use compute::{Due, REPORT, Report, compute};
pub use store::tables;

use crate::pages::scope;
use axum::{Router, routing::get};
use meta::label;
use web::{NavItem, RecordPanel, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/cycles.html", include_str!("cycles.html")),
            ("insight/cycle_list.html", include_str!("cycle_list.html")),
            ("insight/cycle_rows.html", include_str!("cycle_rows.html")),
            ("insight/cycle_panel.html", include_str!("cycle_panel.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Purchase cycles", "购买周期"),
            href: "/value/cycles",
            icon: "refresh",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        record_panels: vec![RecordPanel { entity: "account", render: page::panel }],
        ..WebModule::new("insight", || {
            Router::new().route(list::PATH, get(page::page)).route("/value/cycles/list", get(list::page))
        })
    }
}
