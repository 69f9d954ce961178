//! Pure mathematics of customer value: no I/O, nothing of ours.
//!
//! Money is an `i64` in ten-thousandths of the currency unit ([`money`]), days are counted since 1970-01-01,
//! the models' time is in weeks = days / 7, and purchases of one day are one purchase ([`history`]).
//! [`model::Model`] is the front door: fit all customers, then score one at a time, or many with
//! [`scoring::Scoring`].

pub mod backtest;
pub mod bg_nbd;
pub mod by_key;
pub mod change;
pub mod clv;
pub mod clv_range;
pub mod concentration;
pub mod contractual;
mod counting;
pub mod erlang;
pub mod estimate;
pub mod gamma_gamma;
mod groups;
pub mod history;
pub mod intervals;
pub mod life_cycle;
mod linear;
pub mod logistic;
pub mod markov;
pub mod model;
pub mod money;
pub mod optimize;
pub mod parameter_errors;
pub mod pareto_nbd;
pub mod proportion;
pub mod purchasing;
pub mod rfm;
pub mod rhythm;
pub mod satisfaction;
pub mod scoring;
pub mod service_cost;
pub mod special;
pub mod whale;

/// So that the unit tests can draw the customers of `tests/generated`, which names the crate from outside.
#[cfg(test)]
extern crate self as value;
#[cfg(test)]
#[path = "../tests/generated/mod.rs"]
mod generated;
