//! The purchases expected of a customer who is alive, as a series with positive terms only.
//!
//! With β = α+T, n = r+x, z = t/(β+t): if nobody ever stopped, the number of purchases K in t weeks would be negative
//! binomial, P(K=k) = (1−z)ⁿ (n)ₖ zᵏ/k!. The j-th of them happens only if none of the j−1 before ended the relation,
//! which has probability E[(1−p)^(j−1)] = (b+x)₍ⱼ₋₁₎/(a+b+x)₍ⱼ₋₁₎. Hence
//!
//! E[purchases in (T, T+t] | alive at T] = Σₖ P(K=k) Sₖ, Sₖ = Σ₍ⱼ<ₖ₎ (b+x)ⱼ/(a+b+x)ⱼ,
//!
//! which equals eq. (10)'s (a+b+x−1)/(a−1) [1 − (1−z)ⁿ ₂F₁(n, b+x; a+b+x−1; z)] term by term, but has no singularity
//! at a = 1. Relative error about 1e-14.
//!
//! Sₖ and (n+k)/(k+1), the quotient of successive weights without z, are the same for all horizons: k is the outer
//! loop, and the inner one over the horizons is plain arithmetic on slices, which the compiler turns into vectors.

use super::BgNbd;
use crate::history::Observation;

/// Below this logarithm the series cannot start (e⁻⁷⁰⁸ is the smallest double).
const SMALLEST_START: f64 = -650.0;

/// E[purchases in (T, T+t] | alive at T] for each t of `weeks`, which ascend.
pub fn purchases(model: &BgNbd, seen: &Observation, weeks: &[f64]) -> Vec<f64> {
    debug_assert!(weeks.is_sorted(), "horizons must ascend");
    let x = f64::from(seen.x);
    let future = Future { n: model.r + x, beta: model.alpha + seen.age, kept: model.b + x, lost: model.a };
    let start = |t: f64| -future.n * (t.max(0.0) / future.beta).ln_1p();
    // A longer horizon starts lower.
    let usual = weeks.partition_point(|t| start(*t) >= SMALLEST_START);
    let mut lanes = Lanes {
        z: weeks[..usual].iter().map(|t| t.max(0.0) / (future.beta + t.max(0.0))).collect(),
        weight: weeks[..usual].iter().map(|t| start(*t).exp()).collect(),
        sum: vec![0.0; usual],
    };
    future.add_up(&mut lanes);
    let heavy = weeks[usual..].iter().map(|t| future.purchases_of_heavy_buyer(*t));
    lanes.sum.into_iter().chain(heavy).collect()
}

/// One entry per horizon.
struct Lanes {
    z: Vec<f64>,
    /// P(K=k).
    weight: Vec<f64>,
    sum: Vec<f64>,
}

/// What the series needs of model and customer.
struct Future {
    n: f64,
    beta: f64,
    kept: f64,
    lost: f64,
}

impl Future {
    fn add_up(&self, lanes: &mut Lanes) {
        // The horizons before this one are done: the shorter, the sooner.
        let mut first = 0;
        let mut purchases = 0.0;
        let mut survival = 1.0;
        let mut k = 0.0;
        while first < lanes.z.len() {
            let growth = (self.n + k) / (k + 1.0);
            purchases += survival;
            survival *= (self.kept + k) / (self.kept + self.lost + k);
            k += 1.0;
            let open = lanes.z[first..].iter().zip(&mut lanes.weight[first..]).zip(&mut lanes.sum[first..]);
            for ((z, weight), sum) in open {
                *weight *= z * growth;
                *sum += *weight * purchases;
            }
            // Past the hump all later quotients of terms lie below this one (Sₖ₊₁/Sₖ ≤ (k+1)/k).
            while first < lanes.z.len() {
                let z = lanes.z[first];
                let later = z.max(z * growth) * (1.0 + 1.0 / k);
                let term = lanes.weight[first] * purchases;
                if later >= 1.0 || term > 1e-16 * lanes.sum[first] * (1.0 - later) {
                    break;
                }
                first += 1;
            }
        }
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
mod tests {
    use super::*;

    const PAPER: BgNbd = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

    #[test]
    fn heavy_buyers_series_continues_the_ordinary_one() {
        for (x, age) in [(5, 30.0), (60, 30.0), (200, 100.0)] {
            for t in [0.5, 4.0, 52.0] {
                let seen = Observation { x, t_x: age * 0.9, age };
                let n = f64::from(x);
                let future =
                    Future { n: PAPER.r + n, beta: PAPER.alpha + age, kept: PAPER.b + n, lost: PAPER.a };
                let (one, other) = (purchases(&PAPER, &seen, &[t])[0], future.purchases_of_heavy_buyer(t));
                assert!((one - other).abs() < 1e-11 * one, "x {x} t {t}: {one} {other}");
            }
        }
    }

    #[test]
    fn horizons_together_are_the_horizons_one_by_one() {
        let weeks: Vec<f64> = (0..=520).map(|half| f64::from(half) / 2.0).collect();
        // The last one crosses into the heavy buyers' formula on the way.
        for (x, age) in [(0, 0.0), (0, 300.0), (3, 1.0), (40, 80.0), (900, 100.0)] {
            let seen = Observation { x, t_x: 0.0, age };
            let together = purchases(&PAPER, &seen, &weeks);
            for (t, found) in weeks.iter().zip(together) {
                let alone = purchases(&PAPER, &seen, &[*t])[0];
                assert!((found - alone).abs() <= 1e-14 * alone, "x {x} t {t}: {found} {alone}");
            }
        }
    }
}
