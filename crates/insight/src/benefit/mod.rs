//! The benefit of working with customers systematically (G14): the same figures for a base period, before, and for the latest period of
//! the same length, each with how far chance alone could move it and its change, and with what is not known said.

mod brought;
mod chance;
mod independent;
mod measure;
mod page;
mod periods;
pub(crate) mod retention;
mod waiting;

pub use chance::{Compared, Told};
pub use measure::{Measured, REPORT, Report, compute};

use crate::pages::scope;
use axum::{Router, routing::get};
use meta::label;
use web::{NavItem, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[("insight/benefit.html", include_str!("benefit.html"))],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Before and after", "前后对比"),
            href: "/value/benefit",
            icon: "trending-up",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        ..WebModule::new("insight", || {
            Router::new()
                .route("/value/benefit", get(page::page).post(page::save))
                .route("/value/benefit/retention", get(retention::page))
        })
    }
}
