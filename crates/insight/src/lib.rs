//! The analytical module: what each customer is worth. Figures per account, kept live by a reader of the change log
//! and fitted anew in the background; the mathematics is crate `value`.
//!
//! [`statistics`] reads a customer's history, [`scoring`] makes figures of it with the last fit, [`store`] is the one
//! way they are written, [`live`] follows the log, [`refit`] fits and scores everybody; `pages` shows it.

mod agreement;
pub mod behaviour;
pub mod classes;
pub mod fields;
pub mod live;
pub mod mining;
pub mod overview;
mod pages;
pub mod past;
pub mod refit;
pub mod report;
pub mod scoring;
pub mod settings;
pub mod statistics;
pub mod store;
pub mod trial;

use engine::Module;

pub use pages::{mining_web_module, web_module};

/// Customers ranked by what they brought, with what to expect of them.
const ACCOUNT_LIST: [&str; 9] =
    ["name", "relation", "importance", "stage", "net_sales", "clv_52w", "last_order_on", "city", "owner"];

pub fn module() -> Module {
    let tables = store::tables();
    let module = Module::new("insight")
        .labels("Customer value", "客户价值")
        .extend("account", fields::account_figures())
        .list("account", &ACCOUNT_LIST, "-net_sales")
        .job(refit::JOB, refit::run)
        .job(past::JOB, past::run)
        .table(past::table())
        .start(live::start)
        .check(agreement::check);
    mining::extend(tables.into_iter().fold(module, Module::table))
}
