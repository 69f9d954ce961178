//! BG/NBD: how often customers buy and when they silently stop.
//!
//! Source: P. S. Fader, B. G. S. Hardie & K. L. Lee (2005), "'Counting Your Customers' the Easy Way: An
//! Alternative to the Pareto/NBD Model", *Marketing Science* 24(2), 275–284; equation numbers below are theirs.
//!
//! Assumptions: while active, a customer buys as a Poisson process with rate λ per week; after each purchase he
//! stops for good with probability p; λ ~ gamma(r, α) and p ~ beta(a, b) across customers, independently.
//!
//! Units: α, t_x, T and horizons in weeks; r, a, b have none. E(λ) = r/α purchases a week, E(p) = a/(a+b).
//!
//! A property of this model to keep in mind: dropping out needs a purchase, so a customer without a repeat
//! purchase (x = 0) is alive with probability 1 however long ago his only purchase was.

pub(crate) mod fit;

use serde::{Deserialize, Serialize};

use crate::counting::{Future, Moment};
use crate::estimate::{Covariance, Edge};
use crate::history::Observation;
use crate::special::softplus;

pub use fit::fit;

/// The four parameters, all positive and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// Parameters estimated from data, and how far to trust them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BgNbdFit {
    #[serde(flatten)]
    pub parameters: BgNbd,
    /// Standard errors of r, α, a, b; `None` for a parameter at an edge.
    pub standard_errors: BgNbdErrors,
    pub log_likelihood: f64,
    /// Of ln r, ln(r/α), ln(a+b), ln(a/b).
    #[serde(default)]
    pub covariance: Covariance,
    /// Parameters the data do not pin down; empty for a proper interior maximum.
    pub boundary: Vec<Edge>,
    pub customers: u64,
    pub repeat_customers: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BgNbdErrors {
    pub r: Option<f64>,
    pub alpha: Option<f64>,
    pub a: Option<f64>,
    pub b: Option<f64>,
}

impl BgNbd {
    /// P(alive at T | x, t_x, T) = 1 / (1 + δ(x>0) a/(b+x−1) ((α+T)/(α+t_x))^(r+x)); always 1 for x = 0.
    ///
    /// Fader, Hardie & Lee (2008), "Computing P(alive) Using the BG/NBD Model", note 21, eq. (7).
    pub fn p_alive(&self, seen: &Observation) -> f64 {
        if seen.x == 0 {
            return 1.0;
        }
        let x = f64::from(seen.x);
        let idle = ((seen.age - seen.t_x) / (self.alpha + seen.t_x)).ln_1p();
        let odds_against = self.a.ln() - (self.b + x - 1.0).ln() + (self.r + x) * idle;
        softplus(-odds_against).1.clamp(0.0, 1.0)
    }

    /// E[Y(t) | x, t_x, T], eq. (10): purchases expected in (T, T+t], `weeks` = t ≥ 0.
    pub fn expected_purchases(&self, seen: &Observation, weeks: f64) -> f64 {
        self.p_alive(seen) * self.purchases_if_alive(seen, &[weeks])[0]
    }

    /// [`Self::expected_purchases`] up to each of `weeks`, which ascend, of a customer alive at T: he counts only
    /// through x and T. The work is shared between the horizons.
    pub fn purchases_if_alive(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        self.future(seen, Moment::Mean).expect(weeks)
    }

    pub(crate) fn future(&self, seen: &Observation, moment: Moment) -> Future {
        let x = f64::from(seen.x);
        Future {
            n: self.r + x,
            beta: self.alpha + seen.age,
            kept: self.b + x,
            lost: self.a,
            stride: 1,
            phase: 0,
            moment,
        }
    }

    /// E[X(t)], eq. (9): purchases expected of a random new customer within `weeks` of his first one.
    pub fn expected_of_new_customer(&self, weeks: f64) -> f64 {
        self.purchases_if_alive(&Observation { x: 0, t_x: 0.0, age: 0.0 }, &[weeks])[0]
    }

    /// P(at least one purchase in (T, T+t] | x, t_x, T) = P(alive) · (1 − ((α+T)/(α+T+t))^(r+x)), closed form:
    /// one can drop out only after a purchase, so an active customer's next purchase comes after Exp(λ), and λ of
    /// an active customer is gamma(r+x, α+T).
    pub fn p_buy_within(&self, seen: &Observation, weeks: f64) -> f64 {
        self.p_alive(seen) * self.p_buy_if_alive(seen, weeks)
    }

    /// The second factor of [`Self::p_buy_within`]; like [`Self::purchases_if_alive`] it knows only x and T.
    pub fn p_buy_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        let quiet = (self.r + f64::from(seen.x)) * (weeks.max(0.0) / (self.alpha + seen.age)).ln_1p();
        -(-quiet).exp_m1()
    }

    /// Weeks until the customer has bought again with probability `chance`; `None` if he never reaches it,
    /// because P(alive) ≤ chance. The inverse of [`Self::p_buy_within`].
    pub fn weeks_until(&self, seen: &Observation, chance: f64) -> Option<f64> {
        let share = chance / self.p_alive(seen);
        if !(0.0..1.0).contains(&share) {
            return None;
        }
        let growth = -(-share).ln_1p() / (self.r + f64::from(seen.x));
        Some((self.alpha + seen.age) * growth.exp_m1()).filter(|weeks| weeks.is_finite())
    }
}

#[cfg(test)]
mod tests;
