//! The seven P of customer analysis: profiling, persistency, profitability, performance, prospecting, product, promotion. Each says
//! what was found, shows it, and leads to the list to act on.

mod body;
mod cells;
mod cohorts;
mod customers;
mod cuts;
mod fallen;
mod filter;
mod named;
mod page;
mod pages;
mod profits;
mod read;
mod retention;
mod said;
mod sales;
mod store;

pub use cuts::{REPORT, compute};
pub use store::tables;

use crate::pages::scope;
use axum::{Router, routing::get};
use meta::label;
use web::{NavItem, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/seven_p.html", include_str!("seven_p.html")),
            ("insight/seven_p_drawn.html", include_str!("drawn.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Seven P", "7P 看板"),
            href: "/value/seven-p",
            icon: "chart-bar",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        ..WebModule::new("insight", || {
            Router::new()
                .route("/value/seven-p", get(page::first))
                .route("/value/seven-p/{part}", get(page::page))
                .route("/value/seven-p/promotion/drawn", get(pages::drawn::page))
        })
    }
}
