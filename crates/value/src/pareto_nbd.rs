//! Pareto/NBD: customers may stop at any time, not only after a purchase.
//!
//! Sources: D. C. Schmittlein, D. G. Morrison & R. Colombo (1987), "Counting Your Customers: Who Are They and What Will
//! They Do Next?", *Management Science* 33(1), 1–24; P. S. Fader & B. G. S. Hardie (2005), "A Note on Deriving the
//! Pareto/NBD Model and Related Expressions".
//!
//! Assumptions: while active, a customer buys as a Poisson process with rate λ per week and stops after an
//! exponential time of rate μ; λ ~ gamma(r, α), μ ~ gamma(s, β), independently.
//!
//! Units: α, β, t_x, T and horizons in weeks; r, s have none. E(λ) = r/α purchases a week, E(μ) = s/β.

use serde::{Deserialize, Serialize};

use crate::estimate::Unfit;
use crate::groups::{Groups, Peak, Search};
use crate::history::Observation;
use crate::special::{RisingFactorial, softplus};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParetoNbd {
    pub r: f64,
    pub alpha: f64,
    pub s: f64,
    pub beta: f64,
}

impl ParetoNbd {
    /// P(alive at T | x, t_x, T) = 1 / (1 + Q), see [`Silence`].
    pub fn p_alive(&self, seen: &Observation) -> f64 {
        let n = self.r + f64::from(seen.x);
        let gone = Silence { n, alpha: self.alpha + seen.t_x, s: self.s, beta: self.beta + seen.t_x };
        softplus(-gone.ln_odds(seen.age - seen.t_x).0).1
    }

    /// E[purchases in (T, T+t] | alive at T] up to each of `weeks`: n/(α+T) · ∫₀ᵗ ((β+T)/(β+T+u))ˢ du, n = r + x; eq.
    /// (41) of the note without P(alive), and continuous at s = 1.
    pub fn purchases_if_alive(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        let rate = (self.r + f64::from(seen.x)) / (self.alpha + seen.age);
        let beta = self.beta + seen.age;
        weeks.iter().map(|t| rate * beta * shrink(self.s - 1.0, (t.max(0.0) / beta).ln_1p())).collect()
    }

    /// E[purchases² in (T, T+t] | alive at T]: given λ and the time τ he stays, they are Poisson with mean λ min(τ, t).
    pub fn squared_purchases_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        let n = self.r + f64::from(seen.x);
        let (alpha, beta) = (self.alpha + seen.age, self.beta + seen.age);
        let log = (weeks.max(0.0) / beta).ln_1p();
        let stays = beta * shrink(self.s - 1.0, log);
        // E[min(τ, t)²] = ∫₀ᵗ 2u ((β+T)/(β+T+u))ˢ du.
        let squared = 2.0 * beta * beta * (shrink(self.s - 2.0, log) - shrink(self.s - 1.0, log));
        n / alpha * stays + n * (n + 1.0) / (alpha * alpha) * squared.max(0.0)
    }

    /// P(at least one purchase in (T, T+t] | alive at T) = 1 − E[e^−(λ+μ)t] − E[∫₀ᵗ μ e^−(λ+μ)u du].
    pub fn p_buy_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        let n = self.r + f64::from(seen.x);
        let (alpha, beta, t) = (self.alpha + seen.age, self.beta + seen.age, weeks.max(0.0));
        let quiet = (-n * (t / alpha).ln_1p() - self.s * (t / beta).ln_1p()).exp();
        let gone = Silence { n, alpha, s: self.s, beta }.integral(t);
        (1.0 - quiet - self.s / beta * gone).clamp(0.0, 1.0)
    }
}

/// (1 − e^−cL)/c, L for c = 0.
fn shrink(c: f64, log: f64) -> f64 {
    if (c * log).abs() < 1e-12 { log } else { -(-c * log).exp_m1() / c }
}

/// Someone known to be active now, with λ ~ gamma(n, α) and μ ~ gamma(s, β), from whom nothing is heard for t weeks.
///
/// The note's A₀ is a difference of two ₂F₁, which cancels where t is short; here it is computed as the integral over
/// the time of stopping it comes from,
///
/// I(t) = ∫₀ᵗ (1+u/α)^−n (1+u/β)^−(s+1) du,  Q(t) = s/β · I(t) · (1+t/α)ⁿ (1+t/β)ˢ,
///
/// Q being the odds of having stopped. The integrand falls about like the power law (1+u/c)^−(m+1) that has its value,
/// slope and curvature at u = 0. In y = ln(1+u/c) that is e^−my; in v = (1 − e^−py)/p with p = m/5 it is a polynomial, and
/// 16 points of Gauss–Legendre reach 1e-12 (a test compares with fine subdivision).
#[derive(Clone, Copy, Debug)]
struct Silence {
    n: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

/// Derivatives by n, α, s, β.
type Slope = [f64; 4];

impl Silence {
    fn integral(&self, t: f64) -> f64 {
        self.integrate(t, |_, _, _| {})
    }

    /// I(t), and at each point `also` (weight, u, ln of both growth factors).
    fn integrate(&self, t: f64, mut also: impl FnMut(f64, f64, [f64; 2])) -> f64 {
        let (n, s1) = (self.n, self.s + 1.0);
        let first = n / self.alpha + s1 / self.beta;
        let second = n / (self.alpha * self.alpha) + s1 / (self.beta * self.beta);
        let (c, p) = (first / second, 0.2 * (first * first / second - 1.0));
        let end = shrink(p, (t / c).ln_1p());
        let mut sum = 0.0;
        for (point, weight) in NODES.iter().flat_map(|(d, w)| [(0.5 - d, w), (0.5 + d, w)]) {
            let v = point * end;
            let y = if (p * v).abs() < 1e-12 { v } else { -(-p * v).ln_1p() / p };
            let u = c * y.exp_m1();
            let logs = [(u / self.alpha).ln_1p(), (u / self.beta).ln_1p()];
            let part = weight * end * c * ((p + 1.0) * y - n * logs[0] - s1 * logs[1]).exp();
            sum += part;
            also(part, u, logs);
        }
        sum
    }

    /// ln Q(t) and its derivatives.
    fn ln_odds(&self, t: f64) -> (f64, Slope) {
        if t <= 0.0 {
            return (f64::NEG_INFINITY, [0.0; 4]);
        }
        let mut slope = [0.0; 4];
        let (n, s) = (self.n, self.s);
        let sum = self.integrate(t, |part, u, [by_alpha, by_beta]| {
            let of = [
                -by_alpha,
                n * u / (self.alpha * (self.alpha + u)),
                -by_beta,
                (s + 1.0) * u / (self.beta * (self.beta + u)),
            ];
            for (sum, of) in slope.iter_mut().zip(of) {
                *sum += part * of;
            }
        });
        let logs = [(t / self.alpha).ln_1p(), (t / self.beta).ln_1p()];
        let odds = s.ln() - self.beta.ln() + sum.ln() + n * logs[0] + s * logs[1];
        let outside = [
            logs[0],
            -n * t / (self.alpha * (self.alpha + t)),
            logs[1] + 1.0 / s,
            -s * t / (self.beta * (self.beta + t)) - 1.0 / self.beta,
        ];
        (odds, std::array::from_fn(|i| slope[i] / sum + outside[i]))
    }
}

/// Points (as ± distance from ½) and weights of 16-point Gauss–Legendre on [0, 1].
const NODES: [(f64, f64); 8] = [
    (0.047_506_254_918_818_72, 0.094_725_305_227_534_25),
    (0.140_801_775_389_629_46, 0.091_301_707_522_461_79),
    (0.229_008_388_828_613_68, 0.084_578_259_697_501_27),
    (0.308_938_122_201_321_9, 0.074_797_994_408_288_37),
    (0.377_702_204_177_501_5, 0.062_314_485_627_766_94),
    (0.432_815_601_193_915_9, 0.047_579_255_841_246_39),
    (0.472_287_511_536_616_3, 0.031_126_761_969_323_947),
    (0.494_700_467_495_824_97, 0.013_576_229_705_877_048),
];

/// Coordinates are ln r, ln(r/α), ln s, ln(s/β): all customers alike and nobody stopping are ends of single ones.
const NAMES: [&str; 4] = ["r", "r/alpha", "s", "s/beta"];
const LOWEST: [f64; 4] = [1e-4, 1e-8, 1e-4, 1e-6];
const HIGHEST: [f64; 4] = [1e4, 1e4, 1e3, 1e2];

pub(crate) fn fit(groups: &Groups) -> Result<Peak<4>, Unfit> {
    groups.maximise(&Search {
        names: NAMES,
        lowest: LOWEST,
        highest: HIGHEST,
        loss: &|groups, at| {
            let (value, [r, alpha, s, beta]) = mean_loss(groups, &log_parameters(at));
            (value, [r + alpha, -alpha, s + beta, -beta])
        },
        starts: &|rate| {
            let pairs = [(0.5, 0.6, 0.05), (1.0, 2.0, 0.01), (4.0, 0.5, 0.005)];
            pairs.map(|(r, s, stops)| [r, rate * 1.3, s, stops]).to_vec()
        },
    })
}

/// ln r, ln α, ln s, ln β from the search's coordinates.
pub(crate) fn log_parameters(at: &[f64; 4]) -> [f64; 4] {
    [at[0], at[0] - at[1], at[2], at[2] - at[3]]
}

/// −ln L per customer and its gradient in ln r, ln α, ln s, ln β. Eq. (18) of the note as
///
/// ln L = ln (r)ₓ + r ln α − (r+x) ln(α+T) − s ln(1+T/β) + ln(1 + Q), Q as in [`Silence`] from t_x on.
fn mean_loss(groups: &Groups, log: &[f64; 4]) -> (f64, [f64; 4]) {
    let [r, alpha, s, beta] = log.map(f64::exp);
    let r_x = RisingFactorial::table(r, groups.largest_x);
    let growth: Vec<[f64; 2]> =
        groups.times.iter().map(|t| [(t / alpha).ln_1p(), (t / beta).ln_1p()]).collect();
    let mut value = 0.0;
    let mut slope = [0.0; 4];
    for group in &groups.groups {
        let (i, x, age) = (group.x as usize, f64::from(group.x), group.age as usize);
        let (t, t_x) = (groups.times[age], groups.times[group.last as usize]);
        let n = r + x;
        let (odds, [by_n, by_alpha, by_s, by_beta]) =
            Silence { n, alpha: alpha + t_x, s, beta: beta + t_x }.ln_odds(t - t_x);
        let (gone, share) = softplus(odds);
        let term = r_x.ln[i] - n * growth[age][0] - x * log[1] - s * growth[age][1] + gone;
        let d = [
            r_x.slope[i] - growth[age][0] + share * by_n,
            r / alpha - n / (alpha + t) + share * by_alpha,
            share * by_s - growth[age][1],
            s * t / (beta * (beta + t)) + share * by_beta,
        ];
        value += group.customers * term;
        for (sum, (d, parameter)) in slope.iter_mut().zip(d.into_iter().zip([r, alpha, s, beta])) {
            *sum += group.customers * d * parameter;
        }
    }
    (-value / groups.customers, slope.map(|s| -s / groups.customers))
}

#[cfg(test)]
mod tests;
