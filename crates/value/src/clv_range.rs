//! How far one customer's value may miss: an interval that holds what he will really bring with probability 80 %.
//!
//! Two uncertainties go in. **Process**: whether, how often and for how much he buys, with the model as it is. The number
//! N of purchases has the model's P(N = 0), E N, E N²; the amounts are Gamma-Gamma's: with n purchases and his rate ν the sum S is
//! gamma(p n, ν), ν | data ~ gamma(q + p x, v + x m̄). So S = G / ν, where G = S ν does not depend on ν and has E G = p E N,
//! E G² = p E N + p² E N². **Parameters**: the relative variance of E S by the delta method from both fits' covariances, which widens G.
//!
//! Approximation: given at least one purchase G is taken as a gamma with these two moments. Then S is a ratio of two independent
//! gammas, whose quantiles are those of E. Paulson (1942), *An approximate normalization of the analysis of variance distribution*:
//! with each gamma's cube root normal (E. B. Wilson & M. M. Hilferty 1931, mean 1 − c, variance c, c = 1/(9 shape)),
//! t = (S E ν / E G)^⅓ solves (1 − c₂) t − (1 − c₁) = z √(c₂ t² + c₁). It needs no variance of S, which is infinite for a customer seen
//! but a few times where amounts differ much (q + p x ≤ 2). A lognormal has too thin a lower end for customers who may stop soon.
//! `tests/coverage.rs` draws customers and counts how many end inside.

use crate::gamma_gamma::GammaGamma;

/// Share of the outcomes on each side of the interval.
const TAIL: f64 = 0.1;
/// A step of Halley's method as short as this leaves (2z² + 1)/12 of its third power: less than 1e-10 for every z it comes to.
const CLOSE: f64 = 1e-4;

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

/// What is known of the amounts of a customer with x repeat purchases of m̄ on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    p: f64,
    /// Of ν.
    shape: f64,
    rate: f64,
    /// Variance of ln E M from the uncertainty of p, q, v.
    parameters: f64,
}

impl Amount {
    /// `None` where the expected amount itself is infinite (q + p x ≤ 1).
    pub fn of(model: &GammaGamma, x: u32, mean: f64, parameters: f64) -> Option<Self> {
        let x = f64::from(x);
        let (shape, rate) = (model.q + model.p * x, model.v + x * mean);
        (shape > 1.0 && rate > 0.0).then_some(Self { p: model.p, shape, rate, parameters })
    }
}

/// The interval of the undiscounted sum, times `worth`, which turns it into value (discount, margin share).
pub fn range(outcome: &Outcome, amount: &Amount, worth: f64) -> Option<Range> {
    let Outcome { p_none, mean: n, square, parameters } = *outcome;
    let some = 1.0 - p_none;
    if n == 0.0 || some <= 0.0 {
        return Some(Range { low: 0.0, high: 0.0 });
    }
    // Moments given at least one purchase.
    let (n, square) = (n / some, square / some);
    let variance = 1.0 / (amount.p * n) + square / (n * n) - 1.0 + parameters + amount.parameters;
    let (c1, c2) = (variance.max(0.0) / 9.0, 1.0 / (9.0 * amount.shape));
    let typical = amount.p * n * amount.rate / amount.shape;
    let quantile = |share: f64| {
        if share <= p_none {
            return 0.0;
        }
        let z = normal_quantile((share - p_none) / some);
        typical * cube_root_of_ratio(z, c1, c2).powi(3) * worth
    };
    let found = Range { low: quantile(TAIL), high: quantile(1.0 - TAIL) };
    (found.low.is_finite() && found.high.is_finite()).then_some(found)
}

/// The variance of the same sum, with the parameters as they are: Var S = E G² E ν⁻² − (E G E ν⁻¹)². `None` where it is infinite, of a
/// customer seen but a few times where amounts differ much.
pub fn variance(outcome: &Outcome, amount: &Amount, worth: f64) -> Option<f64> {
    let Amount { p, shape, rate, .. } = *amount;
    if shape <= 2.0 {
        return None;
    }
    let mean = p * outcome.mean * rate / (shape - 1.0);
    let square = (p * outcome.mean + p * p * outcome.square) * rate * rate / ((shape - 1.0) * (shape - 2.0));
    Some((square - mean * mean).max(0.0) * worth * worth)
}

/// t ≥ 0 of Paulson's equation, for z at most that of 1 − `TAIL`, with which the leading coefficient is positive if c₂ < 1/9.
fn cube_root_of_ratio(z: f64, c1: f64, c2: f64) -> f64 {
    let (one, other) = (1.0 - c1, 1.0 - c2);
    let (leading, half, last) = (other * other - z * z * c2, one * other, one * one - z * z * c1);
    let root = (half * half - leading * last).max(0.0).sqrt();
    let found = if z > 0.0 {
        (half + root) / leading
    } else if last <= 0.0 || one <= 0.0 {
        0.0
    } else {
        last / (half + root)
    };
    found.max(0.0)
}

/// z with Φ(z) = `share`, 0 < share < 1, by Halley's method (φ′(z) = −z φ(z)) from the logistic approximation z ≈ ln(s/(1−s))/1.702.
pub fn normal_quantile(share: f64) -> f64 {
    let share = share.clamp(1e-300, 1.0 - 1e-16);
    let mut z = ((share / (1.0 - share)).ln() / 1.702).clamp(-8.0, 8.0);
    for _ in 0..60 {
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let newton = (0.5 * libm::erfc(-z / std::f64::consts::SQRT_2) - share) / density.max(1e-300);
        let step = newton / (1.0 + 0.5 * z * newton).max(0.5);
        z -= step.clamp(-1.0, 1.0);
        if step.abs() < CLOSE {
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
    fn the_variance_is_that_of_amounts_and_purchases() {
        // ν ~ gamma(4, 30): E ν⁻¹ = 10, E ν⁻² = 150. One purchase for sure, p = 2: E G = 2, E G² = 2 + 4; 6 · 150 − 20².
        let amount = Amount { p: 2.0, shape: 4.0, rate: 30.0, parameters: 0.0 };
        let once = Outcome { p_none: 0.0, mean: 1.0, square: 1.0, parameters: 0.5 };
        assert!((variance(&once, &amount, 1.0).expect("finite") - 500.0).abs() < 1e-9);
        // One in two buys it, worth half: E G² = 3, and (450 − 10²) / 4.
        let perhaps = Outcome { p_none: 0.5, mean: 0.5, square: 0.5, parameters: 0.0 };
        assert!((variance(&perhaps, &amount, 0.5).expect("finite") - 87.5).abs() < 1e-9);
        assert_eq!(variance(&once, &Amount { shape: 2.0, ..amount }, 1.0), None);
    }

    /// Medians and tenths of F(4, 6) in the tables: 0.9419 and 0.2493, 3.1808 (Fisher & Yates).
    #[test]
    fn the_ratio_of_two_gammas_has_the_quantiles_of_f() {
        let cube = |z: f64| cube_root_of_ratio(z, 1.0 / 18.0, 1.0 / 27.0).powi(3);
        let tenth = normal_quantile(0.9);
        for (z, table) in [(0.0, 0.9419), (-tenth, 0.2493), (tenth, 3.1808)] {
            assert!((cube(z) / table - 1.0).abs() < 0.02, "{z}: {} {table}", cube(z));
        }
    }

    #[test]
    fn a_single_purchase_has_an_interval_even_where_its_variance_is_infinite() {
        let model = GammaGamma { q: 1.8, ..GG };
        let amount = Amount::of(&model, 0, 0.0, 0.0).expect("finite mean");
        let outcome = Outcome { p_none: 0.3, mean: 2.0, square: 8.0, parameters: 0.0 };
        let found = range(&outcome, &amount, 1.0).expect("finite");
        assert!(found.low == 0.0 && found.high.is_finite(), "{found:?}");
        assert!(found.high > 2.0 * model.expected_spend(0, 0.0).expect("finite"), "{found:?}");
        assert_eq!(Amount::of(&GammaGamma { q: 0.9, ..GG }, 0, 0.0, 0.0), None);
    }
}
