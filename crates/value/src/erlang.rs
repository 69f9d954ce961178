//! NBD, CNBD-k, MBG/NBD and MBG/CNBD-k: buying more or less regularly, with or without silently stopping.
//!
//! Sources: A. S. C. Ehrenberg (1959), "The Pattern of Consumer Purchases" (NBD); E. P. Batislam, M. Denizel & A.
//! Filiztekin (2007) and D. Hoppe & U. Wagner (2007) (MBG/NBD: one may stop after the first purchase, too); M. Platzer &
//! T. Reutterer (2017), "Incorporating Regularity into Customer Base Analysis" (CNBD-k, MBG/CNBD-k).
//!
//! Assumptions: the time between purchases is Erlang-k, the time of k events of a Poisson process of rate λ per week; λ
//! ~ gamma(r, α). With dropout, a customer stops with probability p ~ beta(a, b) after **each** purchase, the first
//! included. k = 1 is buying at random, the larger k the more regular; without dropout nobody ever stops.
//!
//! Units: α, t_x, T and horizons in weeks; r, a, b, k have none. E(λ)/k = r/(α k) purchases a week.

use serde::{Deserialize, Serialize};

use crate::bg_nbd::fit::{self as bg, beta_geometric_starts};
use crate::counting::{Future, Moment};
use crate::estimate::Unfit;
use crate::groups::{Groups, Peak, Search};
use crate::history::Observation;
use crate::special::{RisingFactorial, softplus};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Erlang {
    /// ≥ 1.
    pub k: u32,
    pub r: f64,
    pub alpha: f64,
    /// `None`: nobody stops.
    pub dropout: Option<Dropout>,
}

/// p ~ beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    pub a: f64,
    pub b: f64,
}

impl Erlang {
    fn n(&self, x: u32) -> f64 {
        self.r + f64::from(self.k) * f64::from(x)
    }

    /// Weights of the events j = 0..k−1 since the last purchase, (n)ⱼ/j! qʲ with q = (T−t_x)/(α+T): what λ is not told
    /// by the purchases themselves. Their sum is S.
    fn phases(&self, seen: &Observation) -> Vec<f64> {
        let (n, q) = (self.n(seen.x), (seen.age - seen.t_x) / (self.alpha + seen.age));
        let mut weight = 1.0;
        let mut phases = vec![weight];
        for j in (1..self.k).map(f64::from) {
            weight *= (n + j - 1.0) / j * q;
            phases.push(weight);
        }
        phases
    }

    /// P(alive at T | x, t_x, T) = 1 / (1 + a/(b+x) ((α+T)/(α+t_x))ⁿ / S), n = r + k x; 1 without dropout.
    ///
    /// For k = 1 eq. (A.7) of Batislam et al. (2007). Below 1 for x = 0 too, unlike BG/NBD.
    pub fn p_alive(&self, seen: &Observation) -> f64 {
        let Some(Dropout { a, b }) = self.dropout else { return 1.0 };
        let idle = ((seen.age - seen.t_x) / (self.alpha + seen.t_x)).ln_1p();
        let phases: f64 = self.phases(seen).iter().sum();
        let against = (a / (b + f64::from(seen.x))).ln() + self.n(seen.x) * idle - phases.ln();
        softplus(-against).1.clamp(0.0, 1.0)
    }

    /// Futures by the number of events since the last purchase, each with its probability.
    fn futures(&self, seen: &Observation, moment: Moment) -> Vec<(f64, Future)> {
        let phases = self.phases(seen);
        let total: f64 = phases.iter().sum();
        let (kept, lost) = match self.dropout {
            // Alive at T: the chance was survived x+1 times.
            Some(Dropout { a, b }) => (b + f64::from(seen.x) + 1.0, a),
            None => (1.0, 0.0),
        };
        let n = self.n(seen.x);
        let beta = self.alpha + seen.age;
        (0..self.k)
            .zip(phases)
            .map(|(phase, weight)| {
                let future =
                    Future { n: n + f64::from(phase), beta, kept, lost, stride: self.k, phase, moment };
                (weight / total, future)
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect()
    }

    fn expect(&self, seen: &Observation, weeks: &[f64], moment: Moment) -> Vec<f64> {
        let mut sums = vec![0.0; weeks.len()];
        for (weight, future) in self.futures(seen, moment) {
            for (sum, part) in sums.iter_mut().zip(future.expect(weeks)) {
                *sum += weight * part;
            }
        }
        sums
    }

    /// E[purchases in (T, T+t] | alive at T] up to each of `weeks`, which ascend; exact, by [`crate::counting`]'s series.
    pub fn purchases_if_alive(&self, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
        if self.k == 1 && self.dropout.is_none() {
            let rate = self.n(seen.x) / (self.alpha + seen.age);
            return weeks.iter().map(|t| rate * t.max(0.0)).collect();
        }
        self.expect(seen, weeks, Moment::Mean)
    }

    /// E[purchases² in (T, T+t] | alive at T].
    pub fn squared_purchases_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        self.expect(seen, &[weeks], Moment::Square)[0]
    }

    /// P(at least one purchase in (T, T+t] | alive at T).
    pub fn p_buy_if_alive(&self, seen: &Observation, weeks: f64) -> f64 {
        let none = self
            .futures(seen, Moment::Mean)
            .into_iter()
            .map(|(weight, future)| weight * future.p_none(weeks));
        (1.0 - none.sum::<f64>()).clamp(0.0, 1.0)
    }
}

/// The part of ln L that k alone decides, (k−1) Σ ln Δt − x ln Γ(k): `log_intervals` is Σ ln of the weeks between
/// successive purchases of all customers, `repeats` their number. Zero for k = 1.
pub(crate) fn constant_of(k: u32, log_intervals: f64, repeats: f64) -> f64 {
    let k = f64::from(k);
    (k - 1.0) * log_intervals - repeats * crate::special::ln_gamma(k)
}

/// Coordinates are ln r and ln(r/α).
pub(crate) fn fit_without_dropout(groups: &Groups, k: u32) -> Result<Peak<2>, Unfit> {
    let events = f64::from(k);
    groups.maximise(&Search {
        names: [bg::NAMES[0], bg::NAMES[1]],
        lowest: [bg::LOWEST[0], bg::LOWEST[1]],
        highest: [bg::HIGHEST[0], bg::HIGHEST[1]],
        loss: &|groups, at| {
            let [r, rate] = *at;
            let (value, [r, alpha, ..]) = mean_loss(groups, k, [r, r - rate], None);
            (value, [r + alpha, -alpha])
        },
        starts: &|rate| [0.25, 1.0, 4.0, 30.0].map(|r| [r, rate * events]).to_vec(),
    })
}

/// Coordinates are ln r, ln(r/α), ln(a+b), ln(a/b), see [`crate::bg_nbd`].
pub(crate) fn fit_with_dropout(groups: &Groups, k: u32) -> Result<Peak<4>, Unfit> {
    let events = f64::from(k);
    groups.maximise(&Search {
        names: bg::NAMES,
        lowest: bg::LOWEST,
        highest: bg::HIGHEST,
        loss: &|groups, at| {
            let [r, alpha, a, b] = bg::log_parameters(at);
            let (value, gradient) = mean_loss(groups, k, [r, alpha], Some([a, b]));
            (value, bg::in_coordinates(at, &gradient))
        },
        starts: &|rate| beta_geometric_starts(rate * events),
    })
}

/// −ln L per customer, without [`constant_of`], and its gradient in ln r, ln α, ln a, ln b. Platzer & Reutterer (2017),
/// eq. (6), arranged as: with n = r + k x, S as in [`Erlang::phases`], D = ln(a/(b+x)) + n ln((α+T)/(α+t_x)) − ln S,
///
/// ln L = ln (r)ₖₓ + r ln α − n ln(α+T) + ln S + ln (b)ₓ₊₁ − ln (a+b)ₓ₊₁ + ln(1 + e^D); without dropout the last three
/// terms are not there.
pub(crate) fn mean_loss(
    groups: &Groups,
    k: u32,
    [ln_r, ln_alpha]: [f64; 2],
    dropout: Option<[f64; 2]>,
) -> (f64, [f64; 4]) {
    let (r, alpha) = (ln_r.exp(), ln_alpha.exp());
    let (a, b) = dropout.map_or((0.0, 1.0), |[a, b]| (a.exp(), b.exp()));
    let r_kx = RisingFactorial::table(r, groups.largest_x.saturating_mul(k));
    let up_to = if dropout.is_some() { groups.largest_x.saturating_add(1) } else { 0 };
    let (b_x, ab_x) = (RisingFactorial::table(b, up_to), RisingFactorial::table(a + b, up_to));
    let growth: Vec<f64> = groups.times.iter().map(|t| (t / alpha).ln_1p()).collect();
    let inverse: Vec<f64> = groups.times.iter().map(|t| 1.0 / (alpha + t)).collect();
    let mut value = 0.0;
    let mut slope = [0.0; 4];
    for group in &groups.groups {
        let (last, age, x) = (group.last as usize, group.age as usize, f64::from(group.x));
        let events = (k * group.x) as usize;
        let n = r + f64::from(k) * x;
        let q = (groups.times[age] - groups.times[last]) * inverse[age];
        let phases = Phases::of(k, n, q);
        let mut term = r_kx.ln[events] - n * growth[age] - (n - r) * ln_alpha + phases.ln_sum;
        let mut d_r = r_kx.slope[events] - growth[age] + phases.by_n;
        let mut d_alpha = r / alpha - (n + phases.mean) * inverse[age];
        let (mut d_a, mut d_b) = (0.0, 0.0);
        if let Some([ln_a, _]) = dropout {
            let i = group.x as usize + 1;
            let idle = growth[age] - growth[last];
            let (gone, share) = softplus(ln_a - (b + x).ln() + n * idle - phases.ln_sum);
            term += b_x.ln[i] - ab_x.ln[i] + gone;
            d_r += share * (idle - phases.by_n);
            d_alpha += share * (n * (inverse[age] - inverse[last]) + phases.mean * inverse[age]);
            d_a = share / a - ab_x.slope[i];
            d_b = b_x.slope[i] - ab_x.slope[i] - share / (b + x);
        }
        value += group.customers * term;
        for (sum, part) in slope.iter_mut().zip([d_r * r, d_alpha * alpha, d_a * a, d_b * b]) {
            *sum += group.customers * part;
        }
    }
    (-value / groups.customers, slope.map(|s| -s / groups.customers))
}

/// S = Σⱼ (n)ⱼ/j! qʲ as a logarithm, d ln S/dn, and the mean of j by these weights.
struct Phases {
    ln_sum: f64,
    by_n: f64,
    mean: f64,
}

impl Phases {
    fn of(k: u32, n: f64, q: f64) -> Self {
        if k == 1 {
            return Self { ln_sum: 0.0, by_n: 0.0, mean: 0.0 };
        }
        let (mut weight, mut inverse) = (1.0, 0.0);
        let (mut sum, mut by_n, mut mean) = (1.0, 0.0, 0.0);
        for j in (1..k).map(f64::from) {
            weight *= (n + j - 1.0) / j * q;
            inverse += 1.0 / (n + j - 1.0);
            sum += weight;
            by_n += weight * inverse;
            mean += weight * j;
        }
        Self { ln_sum: sum.ln(), by_n: by_n / sum, mean: mean / sum }
    }
}

#[cfg(test)]
mod tests;
