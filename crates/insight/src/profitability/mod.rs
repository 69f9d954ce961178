//! Profitability per customer: who earns, who costs more than he brings, and why.

mod figures;
pub mod future;
pub mod known;
mod page;
pub(crate) mod panel;
mod report;

pub use figures::{cause_name, fields, values};
pub use future::ProfitShare;
pub use report::{CURVE_POINTS, REPORT, Report, Sum};

use crate::pages::scope;
use axum::{Router, routing::get};
use meta::label;
use web::{NavItem, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[("insight/profitability.html", include_str!("profitability.html"))],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Profitability", "客户盈利"),
            href: "/value/profitability",
            icon: "coins",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        ..WebModule::new("insight", || Router::new().route("/value/profitability", get(page::page)))
    }
}
