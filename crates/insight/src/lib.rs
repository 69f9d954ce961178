//! The analytical module: what each customer is worth. Figures per account, kept live by a reader of the change log
//! and fitted anew in the background; the mathematics is crate `value`.
//!
//! [`statistics`] reads a customer's history, [`scoring`] makes figures of it with the last fit, [`store`] is the one
//! way they are written, [`live`] follows the log, [`refit`] fits and scores everybody; `pages` shows it.

pub mod adoption;
pub mod after_fit;
mod agreement;
pub mod alarm;
pub mod behaviour;
pub mod benefit;
pub mod class_history;
pub mod classes;
pub mod contract;
pub mod cost_rate;
mod customer_lists;
pub mod cycle;
mod facts;
pub mod fields;
pub mod holidays;
pub mod kept;
mod listed;
pub mod live;
pub mod mining;
pub mod moves;
pub mod order_days;
pub mod overview;
mod paged;
mod pages;
pub mod past;
mod privacy;
pub mod profitability;
pub mod refit;
pub mod report;
mod runs;
pub mod satisfaction;
pub mod scoring;
mod served;
pub mod settings;
pub mod seven_p;
mod sold;
pub mod statistics;
pub mod store;
pub mod trial;
pub mod weekday;

use engine::Module;

pub use pages::web_module;
use web::WebModule;

/// The pages, in the order of the navigation.
pub fn web_modules() -> Vec<WebModule> {
    vec![
        web_module(),
        pages::mining_web_module(),
        seven_p::web_module(),
        profitability::web_module(),
        satisfaction::web_module(),
        cycle::web_module(),
        contract::web_module(),
        alarm::web_module(),
        benefit::web_module(),
    ]
}

/// Customers ranked by what they brought, with what to expect of them.
const ACCOUNT_LIST: [&str; 9] =
    ["name", "relation", "importance", "stage", "net_sales", "clv_52w", "last_order_on", "city", "owner"];

pub fn module() -> Module {
    let tables = [store::tables(), kept::tables(), cycle::tables(), seven_p::tables()].concat();
    let module = Module::new("insight")
        .labels("Customer value", "客户价值")
        .entity(satisfaction::entity())
        .entity(cost_rate::entity())
        .entity(alarm::entity())
        .before_save(cost_rate::ENTITY, cost_rate::check)
        .before_save(satisfaction::ENTITY, satisfaction::check)
        .extend("account", fields::account_figures())
        .list("account", &ACCOUNT_LIST, "-net_sales")
        .job(refit::JOB, refit::run)
        .job(past::JOB, past::run)
        .table(past::table())
        .table(past::lists::KEPT.table())
        .table(benefit::retention::KEPT.table())
        .table(class_history::table())
        .copies(privacy::copies)
        .job(after_fit::JOB, after_fit::run)
        .start(live::start)
        .check(agreement::check);
    mining::extend(tables.into_iter().fold(module, Module::table))
}
