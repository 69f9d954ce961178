//! Customers under contract: whose end is recorded and need not be guessed. How long they stay, who leaves sooner, what is to be
//! expected of those who are still there. A contract is what two date fields of the account say ([`Definition`]).

mod compute;
mod definition;
mod hazard;
mod hazard_shown;
mod page;
pub(crate) mod panel;
mod shown;
mod term;

pub use compute::{REPORT, Report, compute};
pub use definition::Definition;

use crate::pages::scope;
use axum::{
    Router,
    routing::{get, post},
};
use meta::label;
use web::{NavItem, WebModule};

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/contracts.html", include_str!("contracts.html")),
            ("insight/contract_panel.html", include_str!("contract_panel.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Contracts", "合同客户"),
            href: "/value/contracts",
            icon: "file-text",
            administrators_only: false,
            is_for: scope::sees_the_company,
        }],
        ..WebModule::new("insight", || {
            Router::new()
                .route("/value/contracts", get(page::page))
                .route("/value/contracts/definition", post(page::save))
        })
    }
}
