//! Shares of a number of cases with their uncertainty.

use crate::special::ln_gamma;
use serde::{Deserialize, Serialize};

/// Of the standard normal distribution, 95 % lie within ± this.
pub const Z_95: f64 = 1.959_963_984_5;

/// A share or a mean and the interval it lies in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub at: f64,
    pub low: f64,
    pub high: f64,
    pub cases: u64,
}

impl Estimate {
    /// Of numbers that are never below `least` nor above `most`: neither is their mean, wherever a normal interval would reach.
    pub fn within(self, least: f64, most: f64) -> Self {
        Estimate { low: self.low.max(least), high: self.high.min(most), ..self }
    }
}

/// `hits` of `cases`, with the score interval of Wilson (1927), *JASA* 22, which stays within 0 and 1 and holds for few cases, too.
/// `None` without cases.
pub fn share(hits: u64, cases: u64) -> Option<Estimate> {
    if cases == 0 {
        return None;
    }
    let p = hits.min(cases) as f64 / cases as f64;
    let (low, high) = wilson(p, cases as f64);
    Some(Estimate { at: p, low, high, cases })
}

/// Probability that of `cases` independent ones at least `hits` happen, each with probability 0 < `p` < 1: Σ C(n, i) pⁱ (1 − p)ⁿ⁻ⁱ from
/// i = `hits` on, each term from the one before, until they no longer count.
pub fn at_least(hits: u64, cases: u64, p: f64) -> f64 {
    if hits > cases {
        return 0.0;
    }
    let (k, n) = (hits as f64, cases as f64);
    let choose = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let mut term = (choose + k * p.ln() + (n - k) * (1.0 - p).ln()).exp();
    let mut sum = term;
    for i in hits..cases {
        term *= (n - i as f64) / (i as f64 + 1.0) * p / (1.0 - p);
        sum += term;
        // Terms fall from the expected number on.
        if i as f64 > n * p && term < sum * 1e-12 {
            break;
        }
    }
    sum.min(1.0)
}

/// The interval of a share p of n cases, which need not be whole.
fn wilson(p: f64, n: f64) -> (f64, f64) {
    let z2 = Z_95 * Z_95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// Mean of whole numbers with the normal interval of its standard error s/√n, from their count, sum and sum of squares, exact whatever
/// their order; `unit` is one of what is meant in what was summed (1,000 for thousandths). `None` with fewer than two, whose spread is
/// unknown.
pub fn mean_of_sums(cases: u64, sum: i64, squares: i64, unit: f64) -> Option<Estimate> {
    if cases < 2 {
        return None;
    }
    let (n, sum_wide) = (i128::from(cases), i128::from(sum));
    let at = sum as f64 / cases as f64 / unit;
    // n Σx² − (Σx)² in whole numbers: nothing is lost where both are nearly the same.
    let spread = (n * i128::from(squares) - sum_wide * sum_wide).max(0) as f64;
    let variance = spread / (cases as f64 * (cases - 1) as f64) / (unit * unit);
    let half = Z_95 * (variance / cases as f64).sqrt();
    Some(Estimate { at, low: at - half, high: at + half, cases })
}

/// Whole numbers told by several respondents, each as many as he likes: sums over the respondents, exact in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    pub respondents: u64,
    /// Numbers n of a respondent and their sum s: Σ n, Σ s, Σ n², Σ s², Σ n·s.
    pub cases: i64,
    pub sum: i64,
    pub cases_squared: i64,
    pub sums_squared: i64,
    pub products: i64,
}

impl Clusters {
    /// Those who told no number do not count.
    pub fn of(respondents: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut found = Self::default();
        for (cases, sum) in respondents.into_iter().filter(|(cases, _)| *cases > 0) {
            found.respondents += 1;
            found.cases += cases;
            found.sum += sum;
            found.cases_squared += cases * cases;
            found.sums_squared += sum * sum;
            found.products += cases * sum;
        }
        found
    }

    /// Mean of all numbers. What one respondent says hangs together, so that it is respondents who are independent: the variance is
    /// that of the ratio of their sums, k/(k−1) · Σ (s − m n)² / (Σ n)² (Cochran 1977, *Sampling Techniques*, ch. 6 and 9A), with one
    /// number each that of [`mean_of_sums`]. Its cases are the respondents; `None` with fewer than two, whose spread is unknown.
    pub fn mean(&self, unit: f64) -> Option<Estimate> {
        if self.respondents < 2 || self.cases <= 0 {
            return None;
        }
        let [n, s] = [self.cases, self.sum].map(i128::from);
        // n² Σ (s − m n)², in whole numbers: nothing is lost where all say nearly the same.
        let squared = |number: i64, times: i128| i128::from(number).checked_mul(times);
        let spread = squared(self.sums_squared, n * n)?
            .checked_sub(squared(self.products, 2 * n * s)?)?
            .checked_add(squared(self.cases_squared, s * s)?)?;
        let (k, cases) = (self.respondents as f64, self.cases as f64);
        let variance = k / (k - 1.0) * spread.max(0) as f64 / cases.powi(4) / (unit * unit);
        let (at, half) = (self.sum as f64 / cases / unit, Z_95 * variance.sqrt());
        Some(Estimate { at, low: at - half, high: at + half, cases: self.respondents })
    }

    /// The share of numbers that are 1, where each is 1 or 0: Wilson's interval of as many independent cases as are known of it by the
    /// variance of [`Self::mean`], p(1 − p) over that, at most all of them (Korn & Graubard 1998, *Survey Methodology* 24; Dean &
    /// Pagano 2015, *J. Surv. Stat. Methodol.* 3). Where all are 1, or none, no variance tells how far they hang together: then each
    /// respondent is one case.
    pub fn share(&self) -> Option<Estimate> {
        let Estimate { at: p, high, cases, .. } = self.mean(1.0)?;
        let (spread, variance) = (p * (1.0 - p), ((high - p) / Z_95).powi(2));
        let most = self.cases as f64;
        let independent = match () {
            () if spread <= 0.0 => cases as f64,
            () if variance * most <= spread => most,
            () => spread / variance,
        };
        let (low, high) = wilson(p, independent);
        Some(Estimate { at: p, low, high, cases })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_tails() {
        // Of eight at 0.2: 256 · 0.2⁵ … by hand; of ten tosses all heads; nothing is always reached.
        for (hits, cases, p, known) in [
            (5, 8, 0.2, 0.010_406_4),
            (6, 8, 0.2, 0.001_231_36),
            (10, 10, 0.5, 0.000_976_562_5),
            (0, 7, 0.3, 1.0),
            (8, 7, 0.3, 0.0),
        ] {
            let found = at_least(hits, cases, p);
            assert!((found - known).abs() < 1e-9, "{hits} of {cases}: {found}");
        }
        assert!((at_least(5_000, 10_000, 0.5) - 0.503_989).abs() < 1e-5);
    }

    #[test]
    fn known_intervals() {
        // Wilson's interval for 15 of 20: 0.531 … 0.888 (Newcombe 1998).
        let found = share(15, 20).expect("cases");
        assert!((found.low - 0.5313).abs() < 1e-3 && (found.high - 0.8881).abs() < 1e-3, "{found:?}");
        let none = share(0, 10).expect("cases");
        assert!(none.low.abs() < 1e-12 && (none.high - 0.2775).abs() < 1e-3, "{none:?}");
        assert_eq!(share(0, 0), None);
        // 1, 2, 3 in thousandths: s/√n = 1/√3.
        let summed = mean_of_sums(3, 6_000, 14_000_000, 1_000.0).expect("three");
        assert!((summed.high - 2.0 - Z_95 / 3.0_f64.sqrt()).abs() < 1e-12 && (summed.at - 2.0).abs() < 1e-12);
        assert_eq!(mean_of_sums(1, 7, 49, 1.0), None);
        // 0 and 100: 50 ± 98, and no mean of such numbers lies outside of them.
        let wide = mean_of_sums(2, 100, 10_000, 1.0).expect("two");
        assert!(wide.low < 0.0 && wide.high > 100.0, "{wide:?}");
        assert_eq!(wide.within(0.0, 100.0), Estimate { at: 50.0, low: 0.0, high: 100.0, cases: 2 });
    }

    #[test]
    fn what_one_respondent_says_often_is_one_voice() {
        // Three respondents of one number each: the plain mean.
        let single = Clusters::of([(1, 1_000), (1, 2_000), (1, 3_000)]).mean(1_000.0).expect("three");
        let plain = mean_of_sums(3, 6_000, 14_000_000, 1_000.0).expect("three");
        assert!((single.low - plain.low).abs() < 1e-12 && single.cases == 3, "{single:?} {plain:?}");
        // Each says it seven times: the same mean, and no more known of it.
        let sevenfold = Clusters::of([(7, 7_000), (7, 14_000), (7, 21_000)]).mean(1_000.0).expect("three");
        assert!((sevenfold.low - plain.low).abs() < 1e-12, "{sevenfold:?}");
        // By hand: two with 1 and 3 numbers, sums 1 and 6, m = 7/4; 2/1 · ((1 − 7/4)² + (6 − 21/4)²) / 16 = 9/64.
        let uneven = Clusters::of([(1, 1), (0, 0), (3, 6)]).mean(1.0).expect("two");
        assert!((uneven.at - 1.75).abs() < 1e-12 && (uneven.high - 1.75 - Z_95 * 0.375).abs() < 1e-12);
        assert_eq!(Clusters::of([(9, 40)]).mean(1.0), None);
    }

    #[test]
    fn a_share_of_what_hangs_together_is_of_fewer_cases() {
        let near = |found: Estimate, wanted: Estimate| {
            (found.at - wanted.at).abs() < 1e-12
                && (found.low - wanted.low).abs() < 1e-9
                && (found.high - wanted.high).abs() < 1e-9
        };
        // Of one case each, 15 of 20: the variance is p(1 − p)/(n − 1), so that it is as of 19.
        let single = Clusters::of((0..20).map(|at| (1, i64::from(at < 15)))).share().expect("twenty");
        let (low, high) = wilson(0.75, 19.0);
        assert!(near(single, Estimate { at: 0.75, low, high, cases: 20 }), "{single:?}");
        // Ten times the same of each: no more is known.
        let tenfold = Clusters::of((0..20).map(|at| (10, 10 * i64::from(at < 15)))).share().expect("twenty");
        assert!(near(tenfold, single), "{tenfold:?}");
        // Each with as many ones as noughts says what 40 independent cases would, not more.
        let even = Clusters::of((0..20).map(|_| (2, 1))).share().expect("twenty");
        assert!(near(even, share(20, 40).expect("cases")), "{even:?}");
        // All of them: twenty customers, not two hundred cases.
        let all = Clusters::of((0..20).map(|_| (10, 10))).share().expect("twenty");
        assert!(near(all, share(20, 20).expect("cases")) && all.low < 0.9, "{all:?}");
        assert_eq!(Clusters::of([(9, 4)]).share(), None);
    }

    proptest! {
        #[test]
        fn a_share_lies_within_its_interval(hits in 0_u64..500, more in 0_u64..500) {
            if let Some(found) = share(hits, hits + more) {
                prop_assert!(0.0 <= found.low && found.low <= found.at + 1e-12);
                prop_assert!(found.at <= found.high + 1e-12 && found.high <= 1.0);
            }
        }

        #[test]
        fn a_share_of_clusters_lies_within_its_interval(of in proptest::collection::vec((1_i64..30, 0_i64..30), 0..40)) {
            let found = Clusters::of(of.into_iter().map(|(cases, hits)| (cases, hits.min(cases)))).share();
            if let Some(found) = found {
                prop_assert!(0.0 <= found.low && found.low <= found.at + 1e-12);
                prop_assert!(found.at <= found.high + 1e-12 && found.high <= 1.0);
            }
        }
    }
}
