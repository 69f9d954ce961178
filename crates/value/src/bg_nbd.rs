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

mod fit;

use serde::{Deserialize, Serialize};

use crate::estimate::Edge;
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

/// Below this logarithm the series of [`BgNbd::purchases_if_alive`] cannot start (e⁻⁷⁰⁸ is the smallest double).
const SMALLEST_START: f64 = -650.0;

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

    /// [`Self::expected_purchases`] up to each of `weeks`, sharing the work between them.
    pub fn expected_purchases_by(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        let alive = self.p_alive(seen);
        self.purchases_if_alive(seen, weeks).into_iter().map(|n| alive * n).collect()
    }

    /// E[X(t)], eq. (9): purchases expected of a random new customer within `weeks` of his first one.
    pub fn expected_of_new_customer(&self, weeks: f64) -> f64 {
        self.purchases_if_alive(&Observation { x: 0, t_x: 0.0, age: 0.0 }, &[weeks])[0]
    }

    /// P(at least one purchase in (T, T+t] | x, t_x, T) = P(alive) · (1 − ((α+T)/(α+T+t))^(r+x)), closed form:
    /// one can drop out only after a purchase, so an active customer's next purchase comes after Exp(λ), and λ of
    /// an active customer is gamma(r+x, α+T).
    pub fn p_buy_within(&self, seen: &Observation, weeks: f64) -> f64 {
        let quiet = (self.r + f64::from(seen.x)) * (weeks.max(0.0) / (self.alpha + seen.age)).ln_1p();
        self.p_alive(seen) * -(-quiet).exp_m1()
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

    /// E[purchases in (T, T+t] | alive at T] for each t.
    ///
    /// With β = α+T, n = r+x, z = t/(β+t): if nobody ever stopped, the number of purchases K in t weeks would be
    /// negative binomial, P(K=k) = (1−z)ⁿ (n)ₖ zᵏ/k!. The j-th of them happens only if none of the j−1 before
    /// ended the relation, which has probability E[(1−p)^(j−1)] = (b+x)₍ⱼ₋₁₎/(a+b+x)₍ⱼ₋₁₎. Hence
    ///
    /// E = Σₖ P(K=k) Sₖ, Sₖ = Σ₍ⱼ<ₖ₎ (b+x)ⱼ/(a+b+x)ⱼ,
    ///
    /// which equals the paper's (a+b+x−1)/(a−1) [1 − (1−z)ⁿ ₂F₁(n, b+x; a+b+x−1; z)] term by term, but has
    /// positive terms only and no singularity at a = 1. Relative error about 1e-14.
    fn purchases_if_alive(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        let mut future = Future::new(self, seen);
        weeks.iter().map(|t| future.purchases(*t)).collect()
    }
}

/// The parts of the series that do not depend on the horizon, extended as far as a horizon needs them.
struct Future {
    n: f64,
    beta: f64,
    kept: f64,
    lost: f64,
    /// (n+k)/(k+1), the quotient of successive weights without z.
    growth: Vec<f64>,
    /// Sₖ.
    purchases: Vec<f64>,
    /// (b+x)ₖ/(a+b+x)ₖ, the last one computed.
    survival: f64,
}

impl Future {
    fn new(model: &BgNbd, seen: &Observation) -> Self {
        let x = f64::from(seen.x);
        Self {
            n: model.r + x,
            beta: model.alpha + seen.age,
            kept: model.b + x,
            lost: model.a,
            growth: Vec::new(),
            purchases: vec![0.0],
            survival: 1.0,
        }
    }

    fn purchases(&mut self, weeks: f64) -> f64 {
        if weeks.is_nan() || weeks <= 0.0 {
            return 0.0;
        }
        let z = weeks / (self.beta + weeks);
        let start = -self.n * (weeks / self.beta).ln_1p();
        if start < SMALLEST_START {
            return self.purchases_of_heavy_buyer(weeks);
        }
        let mut weight = start.exp();
        let mut sum = 0.0;
        let mut k = 0;
        loop {
            if k == self.growth.len() {
                self.extend();
            }
            let quotient = z * self.growth[k];
            weight *= quotient;
            k += 1;
            let term = weight * self.purchases[k];
            sum += term;
            // Past the hump all later quotients of terms lie below this one (Sₖ₊₁/Sₖ ≤ (k+1)/k).
            let later = z.max(quotient) * (1.0 + 1.0 / k as f64);
            if later < 1.0 && term < 1e-16 * sum * (1.0 - later) {
                return sum;
            }
        }
    }

    fn extend(&mut self) {
        let k = self.growth.len() as f64;
        self.growth.push((self.n + k) / (k + 1.0));
        let last = self.purchases[self.purchases.len() - 1];
        self.purchases.push(last + self.survival);
        self.survival *= (self.kept + k) / (self.kept + self.lost + k);
    }

    /// The same expectation where (1−z)ⁿ underflows (n in the hundreds), after Euler's transform of the paper's
    /// ₂F₁: with c = a+b+x−1, ε = a−1, L = ln(1−z) and G = Σₖ≥₁ (c−n)ₖ (1+ε)₍ₖ₋₁₎ zᵏ / ((c)ₖ k!),
    /// E = −c [ (e^(εL) − 1)/ε + e^(εL) G ].
    fn purchases_of_heavy_buyer(&self, weeks: f64) -> f64 {
        let c = self.kept + self.lost - 1.0;
        let epsilon = self.lost - 1.0;
        let z = weeks / (self.beta + weeks);
        let log = -(weeks / self.beta).ln_1p();
        let mut term = (c - self.n) / c * z;
        let mut sum = term;
        let mut k = 1.0;
        while term.abs() > 1e-17 * sum.abs() * (1.0 - z) && k < 1e6 {
            term *= (c - self.n + k) * (epsilon + k) / ((c + k) * (k + 1.0)) * z;
            sum += term;
            k += 1.0;
        }
        let power = if epsilon.abs() < 1e-12 { log } else { (epsilon * log).exp_m1() / epsilon };
        (-c * (power + (epsilon * log).exp() * sum)).max(0.0)
    }
}

#[cfg(test)]
mod tests;
