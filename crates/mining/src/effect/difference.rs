//! The difference between two arms, of a rate and of money.

use super::{Effect, FEWEST_CUSTOMERS, SIGNIFICANCE, Verdict, quantile, two_sided};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Customers of an arm and those of them who did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub customers: u64,
    pub did: u64,
}

impl Rate {
    pub fn share(self) -> f64 {
        self.did as f64 / self.customers.max(1) as f64
    }

    /// Wilson's score interval (1927).
    pub fn interval(self) -> (f64, f64) {
        self.interval_of(quantile(1.0 - SIGNIFICANCE / 2.0))
    }

    /// The same at another level, by how many standard deviations it reaches to either side.
    pub(crate) fn interval_of(self, z: f64) -> (f64, f64) {
        if self.customers == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (self.customers as f64, self.share());
        let (middle, reach) = (p + z * z / (2.0 * n), z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt());
        let whole = 1.0 + z * z / n;
        (((middle - reach) / whole).max(0.0), ((middle + reach) / whole).min(1.0))
    }
}

/// Difference of rates: interval of Newcombe (1998, method 10) from Wilson's intervals, p of the pooled z-test. The verdict goes
/// by the interval.
pub fn of_rates(treated: Rate, control: Rate) -> Effect {
    let (p1, p0) = (treated.share(), control.share());
    let ((l1, u1), (l0, u0)) = (treated.interval(), control.interval());
    let difference = p1 - p0;
    let lower = difference - ((p1 - l1).powi(2) + (u0 - p0).powi(2)).sqrt();
    let upper = difference + ((u1 - p1).powi(2) + (p0 - l0).powi(2)).sqrt();
    let (n1, n0) = (treated.customers.max(1) as f64, control.customers.max(1) as f64);
    let pooled = (treated.did + control.did) as f64 / (n1 + n0);
    let error = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n0)).sqrt();
    let p_value = if error > 0.0 { two_sided(difference / error) } else { 1.0 };
    let verdict = verdict(treated.customers.min(control.customers), lower, upper);
    let relative = relative(Reach(p1, p1 - l1, u1 - p1), Reach(p0, p0 - l0, u0 - p0));
    Effect { treated: p1, control: p0, difference, lower, upper, p_value, verdict, relative }
}

/// An estimate, and how far its interval reaches down and up.
struct Reach(f64, f64, f64);

/// Interval of treated / control − 1 from the arms' own by the method of variance estimates recovery (Donner & Zou 2012): θ such that the
/// same method's interval of treated − θ·control ends at zero. At θ = 1 that is Newcombe's interval, and with t·√v as reaches Welch's, so
/// that difference and ratio never disagree; with those it is Fieller's (1954).
fn relative(treated: Reach, control: Reach) -> Option<[f64; 2]> {
    let (Reach(p1, down1, up1), Reach(p0, down0, up0)) = (treated, control);
    let root = |a: f64, b: f64| (p1 * b).powi(2) + (p0 * a).powi(2) - (a * b).powi(2);
    let surely = p0 * p0 - down0 * down0;
    let (low, high) = (root(down1, up0), root(up1, down0));
    if p0 <= 0.0 || surely <= 0.0 || low < 0.0 {
        return None;
    }
    let denominator = p1 * p0 + low.sqrt();
    let lower = if denominator > 0.0 { (p1 * p1 - down1 * down1) / denominator } else { 0.0 };
    let upper = (p1 * p0 + high.max(0.0).sqrt()) / surely;
    // Neither buyers nor sales fall below nothing.
    Some([lower.max(0.0) - 1.0, upper - 1.0])
}

/// Amounts of an arm, one a customer, zeros included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Amounts {
    pub customers: u64,
    pub mean: f64,
    /// Sum of squared differences from the mean.
    pub squares: f64,
}

impl Amounts {
    /// In any order: they are summed from the smallest up. Values are finite.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mean = sorted.iter().sum::<f64>() / sorted.len().max(1) as f64;
        let squares = sorted.iter().map(|value| (value - mean).powi(2)).sum();
        Amounts { customers: sorted.len() as u64, mean, squares }
    }

    pub fn deviation(self) -> f64 {
        if self.customers < 2 { 0.0 } else { (self.squares / (self.customers - 1) as f64).sqrt() }
    }

    /// Variance of the mean.
    pub(super) fn uncertainty(self) -> f64 {
        let n = self.customers as f64;
        if self.customers < 2 { 0.0 } else { self.squares / (n - 1.0) / n }
    }
}

/// Difference of means with unequal variances (Welch 1947).
pub fn of_amounts(treated: Amounts, control: Amounts) -> Effect {
    let difference = treated.mean - control.mean;
    let (v1, v0) = (treated.uncertainty(), control.uncertainty());
    let error = (v1 + v0).sqrt();
    let freedom = {
        let part = |v: f64, n: u64| if n > 1 { v * v / (n - 1) as f64 } else { 0.0 };
        let parts = part(v1, treated.customers) + part(v0, control.customers);
        if parts > 0.0 { (v1 + v0).powi(2) / parts } else { 1.0 }
    };
    let (mut lower, mut upper, mut p_value, mut relative_to) = (difference, difference, 1.0, None);
    if let Ok(t) = StudentsT::new(0.0, 1.0, freedom.max(1.0))
        && error > 0.0
    {
        let quantile = t.inverse_cdf(1.0 - SIGNIFICANCE / 2.0);
        let reach = quantile * error;
        let (r1, r0) = (quantile * v1.sqrt(), quantile * v0.sqrt());
        relative_to = relative(Reach(treated.mean, r1, r1), Reach(control.mean, r0, r0));
        (lower, upper) = (difference - reach, difference + reach);
        p_value = (2.0 * t.cdf(-(difference / error).abs())).min(1.0);
    }
    let fewest = if error > 0.0 { treated.customers.min(control.customers) } else { 0 };
    let verdict = verdict(fewest, lower, upper);
    let (treated, control, relative) = (treated.mean, control.mean, relative_to);
    Effect { treated, control, difference, lower, upper, p_value, verdict, relative }
}

fn verdict(fewest: u64, lower: f64, upper: f64) -> Verdict {
    if fewest < FEWEST_CUSTOMERS {
        Verdict::TooFew
    } else if lower > 0.0 {
        Verdict::Raised
    } else if upper < 0.0 {
        Verdict::Lowered
    } else {
        Verdict::NotShown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_is_newcombes() {
        // Newcombe (1998), table II, example (a), method 10: 56/70 against 48/80 is 0.0524 to 0.3339.
        let found = of_rates(Rate { customers: 70, did: 56 }, Rate { customers: 80, did: 48 });
        assert!((found.lower - 0.0524).abs() < 5e-5 && (found.upper - 0.3339).abs() < 5e-5, "{found:?}");
        assert_eq!(found.verdict, Verdict::Raised);
        assert!((found.uplift().expect("uplift") - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_the_ratio_is_where_that_of_the_difference_ends() {
        // Wilson: 0.69183 to 0.87695 of 56/70 and 0.49045 to 0.70038 of 48/80. By bisection of
        // 0.8 − 0.6θ = √(0.10817² + (0.10038θ)²) and 0.6θ − 0.8 = √(0.07695² + (0.10955θ)²): 1.07829 and 1.66292.
        let found = of_rates(Rate { customers: 70, did: 56 }, Rate { customers: 80, did: 48 });
        let [lower, upper] = found.relative.expect("48 bought");
        assert!((lower - 0.078_29).abs() < 5e-5 && (upper - 0.662_92).abs() < 5e-5, "{lower} {upper}");
        let nobody = of_rates(Rate { customers: 70, did: 56 }, Rate { customers: 80, did: 0 });
        assert_eq!(nobody.relative, None);
        let both: Vec<f64> = (0..40).map(f64::from).collect();
        let more: Vec<f64> = both.iter().map(|amount| amount + 10.0).collect();
        // Means 29.5 and 19.5, each with a reach of 1.99085·√(136.667/40) = 3.67993; by bisection of 29.5 − 19.5θ = ±3.67993·√(1 + θ²).
        let [lower, upper] =
            of_amounts(Amounts::of(&more), Amounts::of(&both)).relative.expect("they bought");
        assert!((lower - 0.215_75).abs() < 5e-5 && (upper - 0.921_62).abs() < 5e-5, "{lower} {upper}");
    }

    #[test]
    fn welch_agrees_with_r() {
        // R: t.test(extra ~ group, data = sleep): p 0.07939, interval −3.3654832 to 0.2054832.
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let found = of_amounts(Amounts::of(&first), Amounts::of(&second));
        assert!((found.p_value - 0.079_39).abs() < 5e-6, "{found:?}");
        assert!((found.lower + 3.365_483_2).abs() < 1e-6 && (found.upper - 0.205_483_2).abs() < 1e-6);
        assert_eq!(found.verdict, Verdict::TooFew);
    }

    #[test]
    fn a_small_difference_is_not_claimed() {
        let found = of_rates(Rate { customers: 1_000, did: 105 }, Rate { customers: 1_000, did: 100 });
        assert_eq!(found.verdict, Verdict::NotShown);
        let nobody = of_rates(Rate::default(), Rate::default());
        assert_eq!((nobody.verdict, nobody.p_value, nobody.uplift()), (Verdict::TooFew, 1.0, None));
        let same = of_amounts(Amounts::of(&[5.0; 100]), Amounts::of(&[5.0; 100]));
        assert_eq!((same.verdict, same.difference), (Verdict::TooFew, 0.0));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_difference(n1 in 1_u64..5_000, n0 in 1_u64..5_000, a in 0.0_f64..=1.0, b in 0.0_f64..=1.0) {
            let rate = |n: u64, share: f64| Rate { customers: n, did: (n as f64 * share) as u64 };
            let found = of_rates(rate(n1, a), rate(n0, b));
            prop_assert!(-1.0 - 1e-9 <= found.lower && found.lower <= found.difference + 1e-12);
            prop_assert!(found.difference <= found.upper + 1e-12 && found.upper <= 1.0 + 1e-9);
            prop_assert!((0.0..=1.0).contains(&found.p_value));
            if let Some([lower, upper]) = found.relative {
                let uplift = found.uplift().expect("a control above zero");
                prop_assert!(lower <= uplift + 1e-9 && uplift <= upper + 1e-9);
                for (own, of_difference) in [(lower, found.lower), (upper, found.upper)] {
                    prop_assert!(of_difference.abs() < 1e-6 || own.signum() == of_difference.signum());
                }
            }
            let turned = of_rates(rate(n0, b), rate(n1, a));
            prop_assert!((turned.lower + found.upper).abs() < 1e-9);
        }

        #[test]
        fn the_order_of_amounts_changes_nothing(values in prop::collection::vec(-1e6_f64..1e6, 1..80)) {
            let mut reversed = values.clone();
            reversed.reverse();
            prop_assert_eq!(Amounts::of(&reversed), Amounts::of(&values));
        }
    }
}
