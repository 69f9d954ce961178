//! Data mining over a company's orders: a background job computes groups, rules, recommendations and forecasts with crate
//! `mining` and keeps them; the pages, the customers' panels and the command line show what is kept.
//!
//! [`lines`] reads the orders once for all of it, [`refresh`] is the job, [`kept`] the one place results are written and read.

pub mod accounts;
pub mod baskets;
pub mod counted;
pub mod earlier;
pub mod experiment;
pub mod forecast;
pub mod group_names;
pub mod group_tastes;
pub mod groups;
pub mod kept;
pub mod lines;
pub mod propensity;
pub mod recommend;
pub mod refresh;
pub mod report;
pub mod traits;

use engine::Module;

/// What the engine needs to know of it.
pub fn extend(module: Module) -> Module {
    let tables = [
        kept::table(),
        groups::LISTS.table(),
        recommend::table(),
        propensity::told::table(),
        propensity::explained::table(),
        experiment::members::table(),
    ];
    let module = module
        .entity(experiment::entity())
        .before_save(experiment::ENTITY, experiment::keep_as_drawn)
        .before_commit(experiment::ENTITY, experiment::members::check)
        .extend("account", vec![groups::field()])
        .number_names("account", groups::FIELD, group_names::by_number)
        .extend("account", experiment::uplift::scores::fields())
        .job(refresh::JOB, refresh::run)
        .job(propensity::JOB, propensity::run)
        .job(experiment::JOB, experiment::result::run)
        .job(experiment::plan::JOB, experiment::plan::run)
        .start(refresh::start);
    tables.into_iter().fold(module, Module::table)
}
