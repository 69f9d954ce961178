//! sBG: the shifted-beta-geometric model of renewals.
//!
//! Source: P. S. Fader & B. G. S. Hardie (2007), "How to Project Customer Retention", *Journal of Interactive Marketing*
//! 21(1), 76–90. Assumptions: at each renewal a customer leaves with a probability θ of his own, θ ~ beta(a, b). So those
//! who stay are ever more loyal, and retention rises with tenure though nobody changes.
//!
//! P(leaves at the t-th renewal) = a (b)₍ₜ₋₁₎/(a+b)ₜ (eq. 5), S(t) = (b)ₜ/(a+b)ₜ (eq. 6), retention r(t) = (b+t−1)/(a+b+t−1)
//! (eq. 8). Unit of time: one contract period.

use serde::{Deserialize, Serialize};

use crate::clv_range::normal_quantile;
use crate::estimate::{self, Covariance, Edge, Unfit, delta_error, storable};
use crate::optimize::{self, Limits};
use crate::special::RisingFactorial;

/// So many customers who saw `renewals` renewals: the last of them ended the contract, or all were renewed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tenure {
    pub renewals: u32,
    pub ended: bool,
    pub customers: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sbg {
    pub a: f64,
    pub b: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SbgFit {
    #[serde(flatten)]
    pub parameters: Sbg,
    /// Of a and b; `None` at an edge.
    pub standard_errors: [Option<f64>; 2],
    /// Of ln(a+b) and ln(a/b).
    pub covariance: Covariance,
    pub log_likelihood: f64,
    pub boundary: Vec<Edge>,
    pub customers: u64,
    pub ended: u64,
}

impl SbgFit {
    /// 95 % interval of a figure of the model, from the uncertainty of a and b (delta method, symmetric: where the figure has
    /// bounds the caller keeps to them); `None` where the data do not pin down both.
    pub fn interval(&self, figure: impl Fn(&Sbg) -> f64) -> Option<[f64; 2]> {
        if !self.boundary.is_empty() {
            return None;
        }
        let Sbg { a, b } = self.parameters;
        let at = [(a + b).ln(), (a / b).ln()];
        let moved = |i: usize, step: f64| {
            let mut at = at;
            at[i] += step;
            let (a, b) = parameters(&at);
            figure(&Sbg { a, b })
        };
        let slope = [0, 1].map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP));
        let half = normal_quantile(0.975) * delta_error(&self.covariance, &slope)?;
        let found = figure(&self.parameters);
        Some([found - half, found + half])
    }
}

impl Sbg {
    /// Share of a new customer's like who are still there after `renewals` renewals.
    pub fn survival(&self, renewals: u32) -> f64 {
        (0..renewals).map(|t| self.retention(t + 1)).product()
    }

    /// P(renews the `renewal`-th time | renewed all before), counted from 1.
    pub fn retention(&self, renewal: u32) -> f64 {
        let before = f64::from(renewal.max(1)) - 1.0;
        (self.b + before) / (self.a + self.b + before)
    }

    /// Discounted expected periods paid from now on by someone who has renewed `renewals` times, the one now beginning
    /// included: Σ S(n+t)/S(n) (1+d)⁻ᵗ over at most `periods` periods. `discount` is that of a period, > −1.
    pub fn discounted_periods(&self, renewals: u32, discount: f64, periods: u32) -> f64 {
        let (mut staying, mut sum) = (1.0, 0.0);
        for t in 0..periods {
            sum += staying;
            staying *= self.retention(renewals.saturating_add(t).saturating_add(1)) / (1.0 + discount);
        }
        sum
    }
}

/// Of the coordinates, in logarithm, for derivatives.
const STEP: f64 = 1e-4;
/// Coordinates of the search are logarithms of these.
const NAMES: [&str; 2] = ["a+b", "a/b"];
const LOWEST: [f64; 2] = [1e-4, 1e-6];
const HIGHEST: [f64; 2] = [1e5, 1e6];
/// Renewals beyond this are no contract.
const MOST_RENEWALS: u32 = 100_000;

/// # Errors
/// [`Unfit`] without customers, without an end among them, with nothing but first renewals, or if no maximum is found.
pub fn fit(tenures: &[Tenure]) -> Result<SbgFit, Unfit> {
    let mut seen: Vec<Tenure> = tenures
        .iter()
        .copied()
        .filter(|t| t.customers > 0 && (1..=MOST_RENEWALS).contains(&t.renewals))
        .collect();
    seen.sort_unstable();
    let customers: u64 = seen.iter().map(|t| t.customers).sum();
    let ended: u64 = seen.iter().filter(|t| t.ended).map(|t| t.customers).sum();
    let longest = seen.iter().map(|t| t.renewals).max().ok_or(Unfit::TooFewCustomers)?;
    if ended == 0 || ended == customers && longest == 1 {
        return Err(Unfit::NobodyLeft);
    }
    if longest < 2 {
        return Err(Unfit::TooShort);
    }
    let n = customers as f64;
    let mut objective = |at: &[f64; 2]| {
        let (value, slope) = log_likelihood(&seen, longest, at);
        (-value / n, slope.map(|s| -s / n))
    };
    let limits: Limits<2> = std::array::from_fn(|i| (LOWEST[i].ln(), HIGHEST[i].ln()));
    let starts = [[2.0, 0.5], [5.0, 0.1], [1.0, 1.0], [50.0, 0.2]].map(|start| start.map(f64::ln));
    let best = optimize::minimize_from(&mut objective, &starts, &limits).ok_or(Unfit::NotConverged)?;
    let precision = estimate::precision(&mut objective, &best.at, &limits, NAMES, n);
    let (a, b) = parameters(&best.at);
    let share = a / (a + b);
    Ok(SbgFit {
        parameters: Sbg { a: storable(a), b: storable(b) },
        standard_errors: [
            precision.standard_error([a, a * (1.0 - share)]),
            precision.standard_error([b, -b * share]),
        ],
        covariance: precision.stored(),
        log_likelihood: storable(-best.value * n),
        boundary: precision.edges,
        customers,
        ended,
    })
}

fn parameters(at: &[f64; 2]) -> (f64, f64) {
    let (sum, ratio) = (at[0].exp(), at[1].exp());
    (sum * ratio / (1.0 + ratio), sum / (1.0 + ratio))
}

/// Eq. (B1) with its gradient by ln(a+b) and ln(a/b).
fn log_likelihood(seen: &[Tenure], longest: u32, at: &[f64; 2]) -> (f64, [f64; 2]) {
    let (a, b) = parameters(at);
    let (of_b, of_sum) = (RisingFactorial::table(b, longest), RisingFactorial::table(a + b, longest));
    let (mut value, mut by_a, mut by_b) = (0.0, 0.0, 0.0);
    for tenure in seen {
        let (t, n) = (tenure.renewals as usize, tenure.customers as f64);
        let stayed = t - usize::from(tenure.ended);
        let left = f64::from(u8::from(tenure.ended));
        value += n * (left * a.ln() + of_b.ln[stayed] - of_sum.ln[t]);
        by_a += n * (left / a - of_sum.slope[t]);
        by_b += n * (of_b.slope[stayed] - of_sum.slope[t]);
    }
    let share = a / (a + b);
    let (by_a, by_b) = (by_a * a, by_b * b);
    (value, [by_a + by_b, (1.0 - share) * by_a - share * by_b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A cohort of which so many are left after each renewal.
    fn cohort(left: &[u64]) -> Vec<Tenure> {
        let mut tenures: Vec<Tenure> = left
            .windows(2)
            .zip(1..)
            .map(|(pair, renewals)| Tenure { renewals, ended: true, customers: pair[0] - pair[1] })
            .collect();
        let last = left.len() as u32 - 1;
        tenures.push(Tenure { renewals: last, ended: false, customers: left[last as usize] });
        tenures
    }

    #[test]
    fn the_papers_tables_are_reproduced() {
        // Table 1, the first seven renewals of 1,000 customers; estimates of section "An Illustrative Example".
        let high_end = [1000, 869, 743, 653, 593, 551, 517, 491];
        let regular = [1000, 631, 468, 382, 326, 289, 262, 241];
        for (left, a, b) in [(high_end, 0.668, 3.806), (regular, 0.704, 1.182)] {
            let found = fit(&cohort(&left)).expect("fitted");
            assert!(
                (found.parameters.a - a).abs() < 6e-4 && (found.parameters.b - b).abs() < 6e-4,
                "{found:?}"
            );
            assert!(found.standard_errors.iter().all(Option::is_some) && found.boundary.is_empty());
        }
        let model = fit(&cohort(&high_end)).expect("fitted").parameters;
        assert!((model.survival(1) - 0.851).abs() < 1e-3 && (model.retention(1) - 0.851).abs() < 1e-3);
    }

    #[test]
    fn intervals_narrow_with_the_number_of_customers() {
        let left = [1000, 869, 743, 653, 593, 551, 517, 491];
        let of = |times: u64| fit(&cohort(&left.map(|n| n * times))).expect("fitted");
        let width = |times: u64| {
            let [low, high] = of(times).interval(|model| model.survival(12)).expect("inside");
            assert!((low..high).contains(&of(times).parameters.survival(12)));
            high - low
        };
        // Nine times the customers, a third of the width.
        assert!((width(1) / width(9) - 3.0).abs() < 0.01, "{} {}", width(1), width(9));
        // The interval of the first retention is about that of a share of 1,000: ±2.1 points.
        let [low, high] = of(1).interval(|model| model.retention(1)).expect("inside");
        assert!((0.015..0.05).contains(&(high - low)), "{low} {high}");
    }

    #[test]
    fn gradient_agrees_with_finite_differences() {
        let seen = cohort(&[100, 60, 50, 45]);
        for at in [[1.0, -0.3], [4.0, 2.0], [-2.0, -4.0]] {
            let slope = log_likelihood(&seen, 3, &at).1;
            for i in 0..2 {
                let (mut above, mut below) = (at, at);
                above[i] += 1e-5;
                below[i] -= 1e-5;
                let found = (log_likelihood(&seen, 3, &above).0 - log_likelihood(&seen, 3, &below).0) / 2e-5;
                assert!((found - slope[i]).abs() < 1e-5, "{found} {}", slope[i]);
            }
        }
    }

    #[test]
    fn the_longer_somebody_stayed_the_longer_he_will() {
        let model = Sbg { a: 0.668, b: 3.806 };
        assert!(model.discounted_periods(0, 0.1, 500) < model.discounted_periods(4, 0.1, 500));
        // Undiscounted and for one period it is the period itself; for two, one more if he renews.
        assert_eq!(model.discounted_periods(3, 0.0, 1), 1.0);
        assert!((model.discounted_periods(0, 0.0, 2) - 1.0 - model.retention(1)).abs() < 1e-15);
    }

    #[test]
    fn without_ends_there_is_nothing_to_learn() {
        assert_eq!(fit(&[]), Err(Unfit::TooFewCustomers));
        assert_eq!(fit(&[Tenure { renewals: 3, ended: false, customers: 50 }]), Err(Unfit::NobodyLeft));
        let first = [true, false].map(|ended| Tenure { renewals: 1, ended, customers: 50 });
        assert_eq!(fit(&first), Err(Unfit::TooShort));
    }

    #[test]
    fn customers_who_are_all_alike_are_told_as_a_boundary() {
        // A constant 20 % leave.
        let found = fit(&cohort(&[100_000, 80_000, 64_000, 51_200, 40_960])).expect("fitted");
        assert!(!found.boundary.is_empty(), "{found:?}");
        assert!((found.parameters.retention(1) - 0.8).abs() < 1e-3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_order_of_tenures_changes_nothing(
            (given, shuffled) in prop::collection::vec((1_u32..9, any::<bool>(), 1_u64..400), 2..20)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |seen: Vec<(u32, bool, u64)>| {
                let tenure = |(renewals, ended, customers)| Tenure { renewals, ended, customers };
                fit(&seen.into_iter().map(tenure).collect::<Vec<Tenure>>())
            };
            prop_assert_eq!(of(given), of(shuffled));
        }
    }
}
