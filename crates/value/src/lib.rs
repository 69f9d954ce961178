//! Pure mathematics of customer value: no I/O, nothing of ours.
//!
//! Money is an `i64` in ten-thousandths of the currency unit ([`money`]), days are counted since 1970-01-01,
//! the models' time is in weeks = days / 7, and purchases of one day are one purchase ([`history`]).
//! [`model::Model`] is the front door: fit all customers, then score one at a time, or many with
//! [`scoring::Scoring`].

pub mod bg_nbd;
pub mod change;
pub mod clv;
pub mod concentration;
pub mod estimate;
pub mod gamma_gamma;
pub mod history;
pub mod intervals;
pub mod life_cycle;
pub mod margin;
pub mod model;
pub mod money;
pub mod optimize;
pub mod proportion;
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
