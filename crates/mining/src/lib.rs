//! Pure computations of data mining, without I/O and knowing nothing of ours: [`grouping`] of customers, [`baskets`] and
//! association rules, [`recommend`]ations, [`propensity`] to buy, [`forecast`]s of sales and demand, the [`effect`] of
//! campaigns.
//!
//! Three promises hold for all of it. **Deterministic**: chance comes from fixed seeds, and rows are put into an order of
//! their own before anything is computed, so that a permutation of the input changes nothing. **Proven on the data
//! themselves**: where there are several methods, each is tried on a held-out past, the errors are part of the result, and a
//! simpler method is replaced only by one that is measurably better. **No invention**: too few or unusable data give a
//! [`reason::Reason`], never a NaN.

pub mod baskets;
pub mod effect;
pub mod forecast;
pub mod grouping;
pub mod propensity;
pub mod reason;
pub mod recommend;
mod standard;
