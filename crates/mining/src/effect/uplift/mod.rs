//! Who responds to being reached: the effect for each customer, learned from an experiment with a control group, and offered
//! only where it is proven that customers respond differently.
//!
//! **Learned.** From the doubly robust score of each customer ([`scores`]) two methods learn the effect given what was known of
//! him before: penalised least squares ([`linear`]) and boosted trees ([`trees`]), the DR-learner of Kennedy (2023), kin to the
//! X-learner (Künzel et al. 2019) and the transformed outcome (Athey & Imbens 2016).
//!
//! **Proven.** Customers lie in [`validation::FOLDS`] folds; each is told by what was learned from the folds before it, and what is told is held
//! against the scores of those customers (Wager 2024, "Sequential validation of treatment heterogeneity"). Without
//! differences each fold's [`qini`] coefficient has expectation zero whatever came before, so that the sum over folds is a
//! martingale and its z value standard normal: the chance of claiming a difference that is not there is at most [`SIGNIFICANCE`],
//! one half of it for each of the two methods (Bonferroni). Folds that learn from each other crosswise would claim it more often.
//!
//! **Told with measure.** A proven effect is drawn towards the average by the slope of what happened on what was told
//! ([`calibration`]; the best linear predictor of Chernozhukov, Demirer, Duflo & Fernández-Val 2018).
//!
//! Shares are 0 to 1, money is in units of the company currency, both per customer.

pub mod calibration;
pub mod fifths;
mod linear;
mod model;
pub mod policy;
pub mod qini;
mod scores;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
pub mod traits;
mod trees;
pub mod validation;

use super::{SIGNIFICANCE, power::POWER, quantile};
use crate::{
    propensity::mixed,
    reason::{Reason, all_finite},
};
use fifths::Fifth;
pub use model::Model;
use policy::Policy;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use traits::Trait;
use validation::Judged;

/// Customers each side must have: as many as it takes for [`super::FEWEST_CUSTOMERS`] of it in each fifth of those who are judged.
pub const FEWEST_IN_ARM: usize =
    5 * super::FEWEST_CUSTOMERS as usize * validation::FOLDS / validation::JUDGED;
/// Customers of each side who must have bought, and, where it is only counted whether they did, who must not.
pub const FEWEST_EVENTS: usize = 30;
/// The variance of a rank spread evenly from 0 to 1 is 1/12.
const TWELFTH: f64 = 12.0;

/// A customer of the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Any number that lasts: it decides the customer's fold.
    pub key: u64,
    /// What was known before the experiment began.
    pub features: Vec<f64>,
    pub treated: bool,
    /// What is measured: 1 or 0, or an amount.
    pub outcome: f64,
    /// What he bought for.
    pub sales: f64,
}

/// From the simplest to the most involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Linear,
    Boosting,
}

impl Method {
    pub const ALL: [Method; 2] = [Method::Linear, Method::Boosting];

    pub fn name(self) -> &'static str {
        match self {
            Method::Linear => "linear",
            Method::Boosting => "boosting",
        }
    }
}

/// A number with its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub error: f64,
}

impl Estimate {
    /// Of the mean of independent values.
    pub fn of_mean(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = if values.len() > 1 { (squares / (count - 1.0) / count).sqrt() } else { 0.0 };
        Estimate { value: mean, error }
    }

    /// The interval of 1 − [`SIGNIFICANCE`].
    pub fn interval(self) -> (f64, f64) {
        let reach = quantile(1.0 - SIGNIFICANCE / 2.0) * self.error;
        (self.value - reach, self.value + reach)
    }

    /// Chance of so much or more where there is nothing.
    pub fn p_value(self) -> f64 {
        if self.error > 0.0 { super::upper_tail(self.value / self.error) } else { 1.0 }
    }
}

/// How a method did on customers it had not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub method: Method,
    pub qini: Estimate,
    /// One-sided.
    pub p_value: f64,
    pub proven: bool,
    /// Slope of what happened on what was told: 1 is right, less is exaggerated.
    pub slope: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub treated: usize,
    pub control: usize,
    /// Customers told by what was learned from others.
    pub judged: usize,
    pub tried: Vec<Tried>,
    /// The smallest difference between the fifth that responds best and the one that responds worst which so many customers
    /// would show with a chance of [`POWER`].
    pub smallest_spread: f64,
    /// `None` where no difference between customers is proven.
    pub proven: Option<Proven>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    pub method: Method,
    /// Of reaching everybody, over those who are judged.
    pub average: Estimate,
    pub curve: Vec<qini::Point>,
    /// From the fifth that is told to respond best to the one that responds worst.
    pub fifths: Vec<Fifth>,
    /// In the order of their weight.
    pub traits: Vec<Trait>,
    pub policy: Policy,
}

/// What is measured, and what reaching a customer costs and brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Whether outcomes are 1 and 0.
    pub counted: bool,
    /// Money for one more of the outcome: for one customer more who buys, or for one unit of sales.
    pub value: f64,
    /// Money for one unit of sales.
    pub margin: f64,
    /// Of reaching one customer.
    pub cost: f64,
}

impl Terms {
    /// The effect that pays for itself.
    pub fn break_even(&self) -> f64 {
        if self.cost <= 0.0 {
            0.0
        } else if self.value > 0.0 {
            self.cost / self.value
        } else {
            f64::MAX
        }
    }
}

/// What is learned: the model, and who is in which fifth, only where it is proven.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    pub found: Found,
    pub model: Option<Model>,
    /// Keys of those judged with their places in [`Proven::fifths`], in order of the keys.
    pub places: Vec<(u64, usize)>,
}

/// Learns, proves, and, where it is proven, returns the model too.
///
/// # Errors
/// As [`learn_placed`].
pub fn learn(subjects: &[Subject], terms: Terms) -> Result<(Found, Option<Model>), Reason> {
    learn_placed(subjects, terms).map(|Learned { found, model, .. }| (found, model))
}

/// The same, and says who is in which fifth.
///
/// # Errors
/// [`Reason::TooFewCustomers`] and [`Reason::TooFewEvents`] of the smaller side, [`Reason::Ragged`], [`Reason::NotFinite`], and
/// [`Reason::NoVariation`] where no method tells customers apart.
pub fn learn_placed(subjects: &[Subject], terms: Terms) -> Result<Learned, Reason> {
    let subjects = prepared(subjects, terms.counted)?;
    let treated = subjects.iter().filter(|one| one.treated).count();
    let judged = validation::run(&subjects)?;
    let tried: Vec<Tried> = judged.iter().map(|(method, judged)| tried(*method, judged)).collect();
    let everyone = judged.first().map(|(_, judged)| judged.as_slice()).unwrap_or_default();
    let squares: f64 = everyone.iter().map(|one| one.surplus * one.surplus).sum();
    // Of the coefficient, if no two customers are told the same.
    let error = (squares / TWELFTH).sqrt() / everyone.len().max(1) as f64;
    let seen = quantile(1.0 - level()) + quantile(POWER);
    let mut found = Found {
        treated,
        control: subjects.len() - treated,
        judged: everyone.len(),
        // An effect that falls evenly by D over the ranks has the coefficient D/12, and fifths that lie 4/5·D apart.
        smallest_spread: 0.8 * TWELFTH * seen * error,
        tried,
        proven: None,
    };
    let Some(at) = best(&found.tried, &judged) else {
        return Ok(Learned { found, model: None, places: vec![] });
    };
    let (method, judged) = &judged[at];
    let model = Model::learn(&subjects, *method, found.tried[at].slope.value)?;
    let told = model.spread(judged);
    found.proven = Some(Proven {
        method: *method,
        average: Estimate::of_mean(&judged.iter().map(|one| one.score).collect::<Vec<_>>()),
        curve: qini::curve(judged),
        fifths: fifths::of(&subjects, judged, &told, terms.counted),
        traits: traits::of(&model, &subjects)?,
        policy: policy::of(judged, &told, &terms),
    });
    let key = |one: &Judged| subjects[one.at].key;
    let mut places: Vec<(u64, usize)> = judged.iter().map(key).zip(fifths::places(judged)).collect();
    places.sort_unstable();
    Ok(Learned { found, model: Some(model), places })
}

/// Of each method's test.
fn level() -> f64 {
    SIGNIFICANCE / Method::ALL.len() as f64
}

fn tried(method: Method, judged: &[Judged]) -> Tried {
    let qini = qini::coefficient(judged);
    let p_value = qini.p_value();
    Tried { method, qini, p_value, proven: p_value < level(), slope: calibration::slope(judged) }
}

/// The simplest that is proven, unless a more involved one tells the scores better by more than a standard error.
fn best(tried: &[Tried], judged: &[(Method, Vec<Judged>)]) -> Option<usize> {
    let squares = |at: usize| {
        let slope = model::drawn_in(tried[at].slope.value);
        judged[at].1.iter().map(|one| (one.surplus - slope * one.told).powi(2)).collect::<Vec<_>>()
    };
    let mut proven = (0..tried.len()).filter(|at| tried[*at].proven);
    let first = proven.next()?;
    Some(proven.fold(first, |best, other| {
        let gains: Vec<f64> = squares(best).iter().zip(squares(other)).map(|(a, b)| a - b).collect();
        let gain = Estimate::of_mean(&gains);
        if gain.value > gain.error { other } else { best }
    }))
}

/// In an order of their own, and good enough to learn from.
fn prepared(subjects: &[Subject], counted: bool) -> Result<Vec<&Subject>, Reason> {
    let width = subjects.first().map_or(0, |one| one.features.len());
    if subjects.iter().any(|one| one.features.len() != width) {
        return Err(Reason::Ragged);
    }
    all_finite(subjects.iter().flat_map(|one| one.features.iter().chain([&one.outcome, &one.sales])))?;
    let arm = |treated: bool| subjects.iter().filter(move |one| one.treated == treated);
    let have = arm(true).count().min(arm(false).count());
    if have < FEWEST_IN_ARM {
        return Err(Reason::TooFewCustomers { have, need: FEWEST_IN_ARM });
    }
    let events = |treated: bool| {
        let did = arm(treated).filter(|one| one.outcome > 0.0).count();
        if counted { did.min(arm(treated).count() - did) } else { did }
    };
    let have = events(true).min(events(false));
    if have < FEWEST_EVENTS {
        return Err(Reason::TooFewEvents { have, need: FEWEST_EVENTS });
    }
    let mut sorted: Vec<&Subject> = subjects.iter().collect();
    sorted.sort_by(|a, b| {
        let same = Ordering::Equal;
        (mixed(a.key), a.treated)
            .cmp(&(mixed(b.key), b.treated))
            .then(a.outcome.total_cmp(&b.outcome))
            .then(a.sales.total_cmp(&b.sales))
            .then_with(|| {
                let features = a.features.iter().zip(&b.features).map(|(a, b)| a.total_cmp(b));
                features.fold(same, Ordering::then)
            })
    });
    Ok(sorted)
}
