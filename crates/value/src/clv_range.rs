//! How far one customer's value may miss: an interval that holds what he will really bring with probability 80 %.
//!
//! Two uncertainties go in. **Process**: whether, how often and for how much he buys, with the model as it is. The number
//! N of purchases has the model's P(N = 0), E N, E N²; the amounts are Gamma-Gamma's, so that with n purchases his sum has
//! E S = p E N · E[1/ν] and E S² = E[pN (pN + 1)] · E[1/ν²], ν | data ~ gamma(q + p x, v + x m̄). **Parameters**: the
//! relative variance of E S by the delta method from both fits' covariances, which widens E S².
//!
//! Approximation: given at least one purchase the sum is taken as a gamma with these two moments, its quantiles by E. B.
//! Wilson & M. M. Hilferty (1931), mean (1 − c + z √c)³ with c = (variance/mean²)/9; those of the whole, a lump at 0 and
//! the gamma, are then closed. A lognormal has too thin a lower end for customers who may stop soon. `tests/coverage.rs` draws customers and counts how many end inside.

use crate::gamma_gamma::GammaGamma;

/// Share of the outcomes on each side of the interval.
const TAIL: f64 = 0.1;
/// z with Φ(z) = share is found to this.
const EXACT: f64 = 1e-9;

/// Currency units, like the value itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
}

/// What is known of the purchases to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub p_none: f64,
    pub mean: f64,
    pub square: f64,
    /// Variance of ln E N from the uncertainty of the purchase model's parameters.
    pub parameters: f64,
}

/// Moments of the amount per purchase of a customer with x repeat purchases of m̄ on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    p: f64,
    /// E[1/ν] and E[1/ν²].
    inverse: f64,
    inverse_square: f64,
    /// Variance of ln E M from the uncertainty of p, q, v.
    pub parameters: f64,
}

impl Amount {
    /// `None` where the variance is infinite (q + p x ≤ 2): amounts differ so much that no interval means anything.
    pub fn of(model: &GammaGamma, x: u32, mean: f64, parameters: f64) -> Option<Self> {
        let x = f64::from(x);
        let (shape, rate) = (model.q + model.p * x, model.v + x * mean);
        let inverse = rate / (shape - 1.0);
        let inverse_square = inverse * rate / (shape - 2.0);
        let known = shape > 2.0 && rate > 0.0 && inverse_square.is_finite();
        known.then_some(Self { p: model.p, inverse, inverse_square, parameters })
    }
}

/// The interval of the undiscounted sum, times `worth`, which turns it into value (discount, margin share).
pub fn range(outcome: &Outcome, amount: &Amount, worth: f64) -> Option<Range> {
    let Outcome { p_none, mean: n, square, parameters } = *outcome;
    let mean = amount.p * n * amount.inverse;
    let process = (amount.p * n + amount.p * amount.p * square) * amount.inverse_square;
    let second = process + mean * mean * (parameters + amount.parameters);
    let some = 1.0 - p_none;
    if n == 0.0 || some <= 0.0 {
        return Some(Range { low: 0.0, high: 0.0 });
    }
    if !(mean > 0.0 && second.is_finite()) {
        return None;
    }
    // Moments given at least one purchase.
    let (mean, second) = (mean / some, second / some);
    let narrow = (second / (mean * mean) - 1.0).max(0.0) / 9.0;
    let quantile = |share: f64| {
        if share <= p_none {
            return 0.0;
        }
        let root = 1.0 - narrow + normal_quantile((share - p_none) / some) * narrow.sqrt();
        mean * root.max(0.0).powi(3) * worth
    };
    let found = Range { low: quantile(TAIL), high: quantile(1.0 - TAIL) };
    (found.low.is_finite() && found.high.is_finite()).then_some(found)
}

/// z with Φ(z) = `share`, 0 < share < 1, by Newton's method from the logistic approximation z ≈ ln(s/(1−s))/1.702.
pub fn normal_quantile(share: f64) -> f64 {
    let share = share.clamp(1e-300, 1.0 - 1e-16);
    let mut z = ((share / (1.0 - share)).ln() / 1.702).clamp(-8.0, 8.0);
    for _ in 0..60 {
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let step = (0.5 * libm::erfc(-z / std::f64::consts::SQRT_2) - share) / density.max(1e-300);
        z -= step.clamp(-1.0, 1.0);
        if step.abs() < EXACT {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    const GG: GammaGamma = GammaGamma { p: 6.25, q: 3.74, v: 15.44 };

    #[test]
    fn normal_quantiles_are_the_tables() {
        for (share, z) in
            [(0.5, 0.0), (0.9, 1.281_551_565_5), (0.975, 1.959_963_984_5), (0.001, -3.090_232_306_2)]
        {
            assert!((normal_quantile(share) - z).abs() < 1e-9, "{share}");
        }
    }

    #[test]
    fn who_will_hardly_buy_has_nothing_at_the_low_end() {
        let amount = Amount::of(&GG, 2, 30.0, 0.0).expect("finite");
        let rare = Outcome { p_none: 0.95, mean: 0.06, square: 0.08, parameters: 0.0 };
        assert_eq!(range(&rare, &amount, 1.0), Some(Range { low: 0.0, high: 0.0 }));
        // So rare that the chance is lost to rounding.
        let never = Outcome { p_none: 1.0, mean: 1e-20, square: 1e-20, parameters: 0.0 };
        assert_eq!(range(&never, &amount, 1.0), Some(Range { low: 0.0, high: 0.0 }));
        let often = Outcome { p_none: 0.0, mean: 50.0, square: 2_600.0, parameters: 0.0 };
        let found = range(&often, &amount, 1.0).expect("finite");
        let expected = 50.0 * GG.expected_spend(2, 30.0).expect("finite");
        assert!(0.0 < found.low && found.low < expected && expected < found.high, "{found:?} {expected}");
    }

    #[test]
    fn uncertain_parameters_widen_the_interval() {
        let amount = Amount::of(&GG, 2, 30.0, 0.0).expect("finite");
        let known = Outcome { p_none: 0.0, mean: 20.0, square: 450.0, parameters: 0.0 };
        let vague = Outcome { parameters: 0.2, ..known };
        let (known, vague) =
            (range(&known, &amount, 1.0).expect("known"), range(&vague, &amount, 1.0).expect("vague"));
        assert!(vague.low < known.low && known.high < vague.high);
    }

    #[test]
    fn amounts_without_variance_have_no_interval() {
        assert_eq!(Amount::of(&GammaGamma { q: 1.8, ..GG }, 0, 0.0, 0.0), None);
    }
}
