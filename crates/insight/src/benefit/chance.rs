//! How far chance alone could move a figure, and its change from one period to the other, with 95 % confidence.
//!
//! Every record is counted; the question is what the same way of working would have brought with other customers of the same kind.
//! What one customer (or salesperson) brings hangs together, in both periods, and different ones are independent. A figure θ of sums
//! over them has the variance k/(k−1) · Σ (∂θ · vᵢ)², vᵢ what the i-th brought (Woodruff 1971, *JASA* 66; Cochran 1977, *Sampling
//! Techniques*, ch. 6), with the t-distribution of k − 1, k those of the period with fewer. How many there are is chance, too, so
//! that a sum has Σ vᵢ² (compound Poisson). As the sums of both periods are of the same customers, the variance of the change knows
//! who was there in both. Amounts, counts and what is never negative are told on the logarithmic scale, where the interval is symmetric: θ·e^±r with r
//! by the variance of ln θ (delta method). No such interval reaches below zero, and as few customers bring much of a sum it reaches further
//! up than down, as it should; one cut off at zero would only hide that it reaches too little upwards. It has no interval where θ is zero, as no
//! spread tells how far that is from little. Amounts, counts and what is counted for each change by a factor, shares by a difference: of those
//! that are never negative from both own intervals and the correlation ρ of both figures, [l, u] = d ∓ √(a² + b² − 2ρab), a and b how far
//! the own ones reach to the side in question (Newcombe 1998, *Statistics in Medicine* 17, of paired shares; Zou 2007, *Psychological
//! Methods* 12), which stays within what both intervals allow.
//!
//! What is independent in the two periods: [`super::independent`].

use mining::effect::FEWEST_CUSTOMERS;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use value::proportion::Estimate;

/// A variance that is a smaller part of the terms it is the sum of is what rounding left of zero.
const ROUNDING: f64 = 1e-12;

/// A number and the interval it lies in; none where too few cases tell it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub at: f64,
    pub range: Option<[f64; 2]>,
}

impl Told {
    pub fn new(at: f64, range: Option<[f64; 2]>) -> Self {
        Told { at, range: range.filter(|range| range.iter().all(|end| end.is_finite())) }
    }

    /// Whether no change lies outside of its interval.
    pub fn is_clear(&self) -> bool {
        self.range.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

impl From<Estimate> for Told {
    fn from(found: Estimate) -> Self {
        Told::new(found.at, Some([found.low, found.high]))
    }
}

/// A figure in both periods; what is not known is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub key: String,
    pub before: Option<Told>,
    pub after: Option<Told>,
    /// After against before.
    pub change: Option<Told>,
}

impl Compared {
    pub fn new(key: &str, [before, after]: [Option<Told>; 2], change: Option<Told>) -> Self {
        Compared { key: key.to_owned(), before, after, change }
    }
}

/// What a figure is of the numbers added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of the upper numbers; it changes by a factor.
    Sum,
    /// Upper by lower numbers, never below zero; it changes by a factor.
    Rate,
    /// Upper by lower numbers, never below zero; it changes by a difference.
    Part,
    /// Upper by lower numbers, which may be below zero; it changes by a difference.
    Share,
}

/// Of each customer (or salesperson) an upper and a lower number in either period: their sums and those of their products, exact
/// in whatever order they come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Who had something in the period.
    pub cases: [u64; 2],
    /// Upper and lower before, upper and lower after.
    sums: [i128; 4],
    products: [[i128; 4]; 4],
}

/// A figure of one period, and by how much it moves with each of the four sums: on the logarithmic scale unless it is a share that may be
/// below zero.
struct Side {
    at: f64,
    slope: Option<[f64; 4]>,
}

impl Sums {
    pub fn add(&mut self, upper: [i64; 2], lower: [i64; 2]) {
        for (cases, numbers) in self.cases.iter_mut().zip(upper.iter().zip(&lower)) {
            *cases += u64::from(numbers != (&0, &0));
        }
        let numbers = [upper[0], lower[0], upper[1], lower[1]].map(i128::from);
        for (at, one) in numbers.iter().enumerate() {
            self.sums[at] = self.sums[at].saturating_add(*one);
            for (product, other) in self.products[at].iter_mut().zip(&numbers) {
                *product = product.saturating_add(one * other);
            }
        }
    }

    /// `fewest` who must be there in a period before an interval is told.
    pub fn compare(&self, key: &str, of: Of, fewest: u64) -> Compared {
        let sides = [0, 1].map(|period| self.side(period, of));
        let own = |period: usize| {
            let side = sides[period].as_ref()?;
            let reach = side.slope.and_then(|slope| self.reach(&slope, self.cases[period], fewest));
            Some(Told::new(side.at, reach.map(|reach| around(side.at, reach, of))))
        };
        let change = || {
            let (before, after) = (sides[0].as_ref()?, sides[1].as_ref()?);
            let cases = Ord::min(self.cases[0], self.cases[1]);
            let reach = before.slope.zip(after.slope).and_then(|(before, after)| {
                self.reach(&std::array::from_fn(|at| after[at] - before[at]), cases, fewest)
            });
            if of == Of::Share {
                let at = after.at - before.at;
                return Some(Told::new(at, reach.map(|reach| around(at, reach, of))));
            }
            if of == Of::Part {
                let correlation = before.slope.zip(after.slope).map(|both| self.correlation(both));
                return Some(apart(own(0)?, own(1)?, correlation.unwrap_or_default()));
            }
            let at = grown(before.at, after.at)?;
            Some(Told::new(at, reach.map(|reach| around(at + 1.0, reach, of).map(|factor| factor - 1.0))))
        };
        Compared::new(key, [own(0), own(1)], change())
    }

    fn side(&self, period: usize, of: Of) -> Option<Side> {
        let at = 2 * period;
        let [upper, lower] = [self.sums[at], self.sums[at + 1]].map(|sum| sum as f64);
        let mut slope = [0.0; 4];
        if of == Of::Sum {
            slope[at] = 1.0 / upper;
            return Some(Side { at: upper, slope: (upper > 0.0).then_some(slope) });
        }
        if lower <= 0.0 {
            return None;
        }
        let figure = upper / lower;
        let one = if of == Of::Share { 1.0 } else { figure };
        slope[at] = 1.0 / lower / one;
        slope[at + 1] = -figure / lower / one;
        Some(Side { at: figure, slope: (one > 0.0).then_some(slope) })
    }

    /// How far to either side of what moves so with the sums its interval reaches.
    fn reach(&self, slope: &[f64; 4], cases: u64, fewest: u64) -> Option<f64> {
        if cases < Ord::max(fewest, 2) {
            return None;
        }
        let variance = self.covariance(slope, slope);
        if variance <= 0.0 {
            // Of few who are all alike nothing is known of others.
            return (cases >= FEWEST_CUSTOMERS).then_some(0.0);
        }
        let others = (cases - 1) as f64;
        let quantile = StudentsT::new(0.0, 1.0, others).ok()?.inverse_cdf(0.975);
        Some(quantile * (variance * cases as f64 / others).sqrt())
    }

    /// Σ (∂θ · vᵢ)(∂η · vᵢ) over all, of what moves so with the sums.
    fn covariance(&self, one: &[f64; 4], other: &[f64; 4]) -> f64 {
        let (mut sum, mut size) = (0.0_f64, 0.0_f64);
        for (one, products) in one.iter().zip(&self.products) {
            for (other, product) in other.iter().zip(products) {
                let term = one * other * *product as f64;
                sum += term;
                size += term.abs();
            }
        }
        if sum.abs() <= size * ROUNDING { 0.0 } else { sum }
    }

    /// Of the figures of both periods; 0 of what does not vary.
    fn correlation(&self, (before, after): ([f64; 4], [f64; 4])) -> f64 {
        let variances = [before, after].map(|slope| self.covariance(&slope, &slope));
        if variances.iter().any(|variance| *variance <= 0.0) {
            return 0.0;
        }
        let spread = variances[0].sqrt() * variances[1].sqrt();
        (self.covariance(&before, &after) / spread).clamp(-1.0, 1.0)
    }
}

fn around(at: f64, reach: f64, of: Of) -> [f64; 2] {
    match of {
        Of::Share => [at - reach, at + reach],
        Of::Sum | Of::Rate | Of::Part => [at * (-reach).exp(), at * reach.exp()],
    }
}

/// After against before, as a share of before; `None` without anything before.
pub(super) fn grown(before: f64, after: f64) -> Option<f64> {
    (before.abs() > f64::EPSILON).then(|| (after - before) / before.abs())
}

/// The difference of two figures so correlated, from their own intervals.
pub(super) fn apart(before: Told, after: Told, correlation: f64) -> Told {
    let at = after.at - before.at;
    let reach =
        |one: f64, other: f64| (one * one + other * other - 2.0 * correlation * one * other).max(0.0).sqrt();
    let range = before.range.zip(after.range).map(|([low0, high0], [low1, high1])| {
        [at - reach(after.at - low1, high0 - before.at), at + reach(high1 - after.at, before.at - low0)]
    });
    Told::new(at, range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sums(all: &[([i64; 2], [i64; 2])]) -> Sums {
        let mut sums = Sums::default();
        all.iter().for_each(|(upper, lower)| sums.add(*upper, *lower));
        sums
    }

    fn near(found: Option<Told>, at: f64, range: [f64; 2]) {
        let found = found.expect("known");
        let [low, high] = found.range.expect("an interval");
        assert!((found.at - at).abs() < 5e-4, "{found:?}");
        assert!((low - range[0]).abs() < 5e-4 && (high - range[1]).abs() < 5e-4, "{found:?}");
    }

    #[test]
    fn a_mean_of_few_has_the_interval_of_t() {
        // 10, 12, 14 and 11, 13, 18 of the same three: 12 and 14. Residuals by mean and number, (−2, 0, 2)/36 and (−3, −1, 4)/42; variances
        // 3/2 · 8/36² and 3/2 · 26/42², of the change 3/2 · Σ (r₁ − r₀)², r₁ − r₀ = −1/63, −1/42, 5/126. t with 2 is 4.30265.
        let found =
            sums(&[([10, 11], [1, 1]), ([12, 13], [1, 1]), ([14, 18], [1, 1])]).compare("x", Of::Rate, 2);
        let reach = |variance: f64| 4.302_653 * variance.sqrt();
        let (before, after) = (reach(1.5 * 8.0 / 1_296.0), reach(1.5 * 26.0 / 1_764.0));
        near(found.before, 12.0, [12.0 * (-before).exp(), 12.0 * before.exp()]);
        near(found.after, 14.0, [14.0 * (-after).exp(), 14.0 * after.exp()]);
        let squares = (1.0_f64 / 63.0).powi(2) + (1.0_f64 / 42.0).powi(2) + (5.0_f64 / 126.0).powi(2);
        let change = reach(1.5 * squares);
        near(
            found.change,
            1.0 / 6.0,
            [14.0 / 12.0 * (-change).exp() - 1.0, 14.0 / 12.0 * change.exp() - 1.0],
        );
    }

    #[test]
    fn who_was_there_in_both_periods_makes_the_change_surer() {
        // Very different customers who all buy a tenth more, give or take a little.
        let amount = |customer: i64| 1_000 * (customer % 9 + 1).pow(2);
        let pairs: Vec<_> = (0..60)
            .map(|customer| {
                ([amount(customer), amount(customer) * (108 + 4 * (customer / 9 % 2)) / 100], [0, 0])
            })
            .collect();
        let same = sums(&pairs).compare("x", Of::Sum, 30).change.expect("known");
        assert!(
            same.is_clear() && same.range.is_some_and(|[low, high]| low > 0.05 && high < 0.15),
            "{same:?}"
        );
        let others: Vec<_> = pairs
            .iter()
            .flat_map(|([before, after], _)| [([*before, 0], [0, 0]), ([0, *after], [0, 0])])
            .collect();
        let apart = sums(&others).compare("x", Of::Sum, 30).change.expect("known");
        assert!(!apart.is_clear() && (apart.at - same.at).abs() < 1e-12, "{apart:?}");
    }

    #[test]
    fn counts_of_others_are_about_poisson() {
        // ln 2 ± t₇₉ √(80/79 · 0 + …): variance 80/79 · (1/80 + 1/160), t₇₉ = 1.99045.
        let before = vec![([1, 0], [0, 0]); 80];
        let after = vec![([0, 1], [0, 0]); 160];
        let found = sums(&[before, after].concat()).compare("x", Of::Sum, 30);
        let reach = 1.990_450 * (80.0 / 79.0 * (1.0 / 80.0 + 1.0 / 160.0_f64)).sqrt();
        near(found.change, 1.0, [2.0 * (-reach).exp() - 1.0, 2.0 * reach.exp() - 1.0]);
    }

    #[test]
    fn a_share_changes_by_a_difference() {
        // Of 40 customers half return a tenth, half nothing; afterwards all nothing: 5 % and 0 %. Σ (y − 0.05 x)² = 40 · 5², X = 4,000.
        let all: Vec<_> = (0..40).map(|customer| ([10 * (customer % 2), 0], [100, 100])).collect();
        let found = sums(&all).compare("x", Of::Share, 30);
        let reach = 2.022_691 * (40.0 / 39.0 * 1_000.0 / 16e6_f64).sqrt();
        near(found.before, 0.05, [0.05 - reach, 0.05 + reach]);
        near(found.change, -0.05, [-0.05 - reach, -0.05 + reach]);
        assert_eq!(found.after, Some(Told { at: 0.0, range: Some([0.0, 0.0]) }));
    }

    #[test]
    fn what_is_never_negative_has_no_interval_below_zero() {
        // Of 40 customers half come to 10 and half to nothing; afterwards half to 6 and a quarter to 4: 5 and 4 each. Variances of the
        // logarithms Σ (y − 5)² / 200² = 0.025 and Σ (y − 4)² / 160² = 0.009375, their covariance 400 / (200 · 160) = 0.0125: ρ = 0.816497.
        let after = |customer: i64| 6 * (customer % 2) + if customer % 4 == 0 { 4 } else { 0 };
        let all: Vec<_> = (0..40).map(|customer| ([10 * (customer % 2), after(customer)], [1, 1])).collect();
        let found = sums(&all).compare("x", Of::Part, 30);
        let reach = |variance: f64| 2.022_691 * (40.0 / 39.0 * variance).sqrt();
        let (before, after) = (reach(0.025), reach(0.009_375));
        near(found.before, 5.0, [5.0 * (-before).exp(), 5.0 * before.exp()]);
        near(found.after, 4.0, [4.0 * (-after).exp(), 4.0 * after.exp()]);
        near(found.change, -1.0, [-2.388_511, -0.162_514]);
        assert!(found.change.is_some_and(|change| change.is_clear()));
        // All of it of one of 40: 1 ± 2.0227 would reach below nothing.
        let one: Vec<_> = (0..40).map(|customer| ([if customer == 0 { 40 } else { 0 }, 0], [1, 1])).collect();
        let found = sums(&one).compare("x", Of::Part, 30);
        near(found.before, 1.0, [0.132_299, 7.558_638]);
        // Of what there is none no spread tells how far that is from little.
        assert_eq!(found.after, Some(Told { at: 0.0, range: None }));
        assert_eq!(found.change, Some(Told { at: -1.0, range: None }));
    }

    #[test]
    fn too_few_or_all_alike_have_the_figure_alone() {
        let alike = [([1_000, 3_000], [1, 1]); 2];
        let found = sums(&alike).compare("x", Of::Rate, 2);
        assert_eq!(found.change, Some(Told { at: 2.0, range: None }));
        let few =
            sums(&[([10, 11], [1, 1]), ([12, 13], [1, 1]), ([14, 18], [1, 1])]).compare("x", Of::Share, 30);
        assert_eq!(few.before, Some(Told { at: 12.0, range: None }));
        let nothing = Sums::default().compare("x", Of::Sum, 30);
        assert_eq!((nothing.before.map(|told| told.at), nothing.change), (Some(0.0), None));
        assert_eq!(Sums::default().compare("x", Of::Share, 30), Compared::new("x", [None, None], None));
        // More was given back than sold: the change stands, without an interval.
        let back: Vec<_> = (0..40).map(|_| ([10, -5], [0, 0])).collect();
        assert_eq!(sums(&back).compare("x", Of::Sum, 30).change, Some(Told { at: -1.5, range: None }));
    }

    const AMOUNTS: std::ops::Range<i64> = -1_000_000_000_000_000..1_000_000_000_000_000;

    proptest! {
        #[test]
        fn whatever_is_added_the_order_changes_nothing_and_nothing_is_no_number(
            (given, shuffled) in prop::collection::vec((prop::array::uniform2(AMOUNTS), prop::array::uniform2(AMOUNTS)), 0..80)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            for of in [Of::Sum, Of::Rate, Of::Part, Of::Share] {
                let found = sums(&given).compare("x", of, 2);
                for told in [found.before, found.after, found.change].into_iter().flatten() {
                    prop_assert!(told.at.is_finite(), "{:?}", found);
                    // What is told on the logarithmic scale has an interval only where it is above zero.
                    prop_assert!(told.range.is_none_or(|[low, high]| low <= told.at + told.at.abs() * 1e-9 && told.at <= high + told.at.abs() * 1e-9));
                }
                for told in [found.before, found.after].into_iter().flatten().filter(|_| of != Of::Share) {
                    prop_assert!(told.range.is_none_or(|[low, _]| low >= 0.0), "{:?}", found);
                }
                if let (Of::Part, Some([Some([low0, high0]), Some([low1, high1]), Some([low, high])])) = (
                    of,
                    found.before.zip(found.after).zip(found.change).map(|((before, after), change)| {
                        [before, after, change].map(|told| told.range)
                    }),
                ) {
                    let near = (high0 + high1) * 1e-9;
                    prop_assert!(low1 - high0 <= low + near && high <= high1 - low0 + near, "{:?}", found);
                }
                prop_assert_eq!(found, sums(&shuffled).compare("x", of, 2));
            }
        }
    }
}
