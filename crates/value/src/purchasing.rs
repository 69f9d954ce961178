//! The family of purchase models behind one face: fitted, asked and compared alike.
//!
//! | family | buying | stopping | parameters |
//! |---|---|---|---|
//! | NBD | at random | never | r, α |
//! | CNBD-k | regular (Erlang-k) | never | k, r, α |
//! | BG/NBD | at random | after a repeat purchase | r, α, a, b |
//! | MBG/NBD | at random | after any purchase | r, α, a, b |
//! | Pareto/NBD | at random | at any time | r, α, s, β |
//! | MBG/CNBD-k | regular (Erlang-k) | after any purchase | k, r, α, a, b |
//!
//! Their likelihoods are densities of the same data, the times of all purchases, and may be compared.

use serde::{Deserialize, Serialize};

use crate::bg_nbd::{self, BgNbd};
use crate::counting::Moment;
use crate::erlang::{Dropout, Erlang};
use crate::estimate::Covariance;
use crate::history::Observation;
use crate::pareto_nbd::{self, ParetoNbd};

pub use fit::{Customers, Parameter, PurchaseFit};

mod fit;

/// In order of simplicity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Family {
    Nbd,
    Cnbd { k: u32 },
    BgNbd,
    MbgNbd,
    ParetoNbd,
    MbgCnbd { k: u32 },
}

impl Family {
    /// Of any number of customers; k is chosen by the likelihood where data are there.
    pub const RANDOM: [Self; 4] = [Self::Nbd, Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// Parameters estimated, k among them.
    pub fn parameters(&self) -> u32 {
        match self {
            Self::Nbd => 2,
            Self::Cnbd { .. } => 3,
            Self::BgNbd | Self::MbgNbd | Self::ParetoNbd => 4,
            Self::MbgCnbd { .. } => 5,
        }
    }

    pub fn has_dropout(&self) -> bool {
        !matches!(self, Self::Nbd | Self::Cnbd { .. })
    }

    /// 1 for buying at random.
    pub fn k(&self) -> u32 {
        match self {
            Self::Cnbd { k } | Self::MbgCnbd { k } => *k,
            _ => 1,
        }
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nbd => f.write_str("NBD"),
            Self::Cnbd { k } => write!(f, "CNBD-{k}"),
            Self::BgNbd => f.write_str("BG/NBD"),
            Self::MbgNbd => f.write_str("MBG/NBD"),
            Self::ParetoNbd => f.write_str("Pareto/NBD"),
            Self::MbgCnbd { k } => write!(f, "MBG/CNBD-{k}"),
        }
    }
}

/// A model with its parameters. Times in weeks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchasing {
    BgNbd(BgNbd),
    ParetoNbd(ParetoNbd),
    Erlang(Erlang),
}

impl From<BgNbd> for Purchasing {
    fn from(model: BgNbd) -> Self {
        Self::BgNbd(model)
    }
}

impl Purchasing {
    /// P(alive at T | x, t_x, T); always 1 where nobody stops, and for x = 0 with BG/NBD.
    pub fn p_alive(&self, seen: &Observation) -> f64 {
        match self {
            Self::BgNbd(model) => model.p_alive(seen),
            Self::ParetoNbd(model) => model.p_alive(seen),
            Self::Erlang(model) => model.p_alive(seen),
        }
    }

    /// E[purchases in (T, T+t] | alive at T] up to each of `weeks`, which ascend.
    pub fn purchases_if_alive(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        match self {
            Self::BgNbd(model) => model.purchases_if_alive(seen, weeks),
            Self::ParetoNbd(model) => model.purchases_if_alive(seen, weeks),
            Self::Erlang(model) => model.purchases_if_alive(seen, weeks),
        }
    }

    /// E[purchases² in (T, T+t] | alive at T].
    pub fn squared_purchases_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        match self {
            Self::BgNbd(model) => model.future(seen, Moment::Square).expect(&[weeks])[0],
            Self::ParetoNbd(model) => model.squared_purchases_if_alive(seen, weeks),
            Self::Erlang(model) => model.squared_purchases_if_alive(seen, weeks),
        }
    }

    /// P(at least one purchase in (T, T+t] | alive at T).
    pub fn p_buy_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        match self {
            Self::BgNbd(model) => model.p_buy_if_alive(seen, weeks),
            Self::ParetoNbd(model) => model.p_buy_if_alive(seen, weeks),
            Self::Erlang(model) => model.p_buy_if_alive(seen, weeks),
        }
    }

    /// E[purchases in (T, T+t] | x, t_x, T].
    pub fn expected_purchases(&self, seen: &Observation, weeks: f64) -> f64 {
        self.p_alive(seen) * self.purchases_if_alive(seen, &[weeks])[0]
    }

    /// P(no purchase in (T, T+t] | x, t_x, T): the churn score. It counts those who are gone and those who are not but
    /// buy too seldom, and says of a one-time buyer what P(alive) of BG/NBD cannot.
    pub fn p_no_purchase(&self, seen: &Observation, weeks: f64) -> f64 {
        1.0 - self.p_alive(seen) * self.p_buy_if_alive(seen, weeks)
    }

    /// Whether the future of someone alive depends on x and T alone, and not on t_x.
    pub fn forgets_last_purchase(&self) -> bool {
        !matches!(self, Self::Erlang(Erlang { k, .. }) if *k > 1)
    }

    /// The logarithms its [`Covariance`] is of.
    fn coordinates(&self) -> Vec<f64> {
        let beta =
            |r: f64, alpha: f64, a: f64, b: f64| vec![r.ln(), (r / alpha).ln(), (a + b).ln(), (a / b).ln()];
        match *self {
            Self::BgNbd(BgNbd { r, alpha, a, b }) => beta(r, alpha, a, b),
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => {
                vec![r.ln(), (r / alpha).ln(), s.ln(), (s / beta).ln()]
            }
            Self::Erlang(Erlang { r, alpha, dropout: Some(Dropout { a, b }), .. }) => beta(r, alpha, a, b),
            Self::Erlang(Erlang { r, alpha, dropout: None, .. }) => vec![r.ln(), (r / alpha).ln()],
        }
    }

    /// The same model at other coordinates.
    fn at(&self, coordinates: &[f64]) -> Self {
        match (self, coordinates) {
            (Self::ParetoNbd(_), [r, rate, s, stops]) => {
                let [r, alpha, s, beta] = pareto_nbd::log_parameters(&[*r, *rate, *s, *stops]).map(f64::exp);
                Self::ParetoNbd(ParetoNbd { r, alpha, s, beta })
            }
            (_, [r, rate, sum, ratio]) => {
                let [r, alpha, a, b] = bg_nbd::fit::log_parameters(&[*r, *rate, *sum, *ratio]).map(f64::exp);
                match self {
                    Self::Erlang(Erlang { k, .. }) => {
                        Self::Erlang(Erlang { k: *k, r, alpha, dropout: Some(Dropout { a, b }) })
                    }
                    _ => Self::BgNbd(BgNbd { r, alpha, a, b }),
                }
            }
            (Self::Erlang(Erlang { k, .. }), [r, rate]) => {
                Self::Erlang(Erlang { k: *k, r: r.exp(), alpha: (r - rate).exp(), dropout: None })
            }
            _ => *self,
        }
    }
}

/// A model moved a little along each of its coordinates: what a figure's derivatives are taken from.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    pairs: Vec<[Purchasing; 2]>,
}

/// Step of the coordinates, in logarithm.
const STEP: f64 = 1e-4;

impl Neighbours {
    pub fn of(model: &Purchasing, covariance: &Covariance) -> Self {
        let at = model.coordinates();
        let usable = covariance.len() == at.len();
        let moved = |i: usize, step: f64| {
            let mut at = at.clone();
            at[i] += step;
            model.at(&at)
        };
        let pairs = (0..at.len()).filter(|_| usable).map(|i| [moved(i, STEP), moved(i, -STEP)]);
        Self { pairs: pairs.collect() }
    }

    /// Derivatives of a figure by the coordinates, from central differences.
    pub fn slope(&self, figure: impl Fn(&Purchasing) -> f64) -> Vec<f64> {
        self.pairs.iter().map(|[above, below]| (figure(above) - figure(below)) / (2.0 * STEP)).collect()
    }
}

#[cfg(test)]
mod tests;
