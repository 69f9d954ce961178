//! Shares of a number of cases with their uncertainty.

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

/// `hits` of `cases`, with the score interval of Wilson (1927), *JASA* 22, which stays within 0 and 1 and holds for few cases, too.
/// `None` without cases.
pub fn share(hits: u64, cases: u64) -> Option<Estimate> {
    if cases == 0 {
        return None;
    }
    let (n, p) = (cases as f64, hits.min(cases) as f64 / cases as f64);
    let z2 = Z_95 * Z_95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Estimate { at: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0), cases })
}

/// The same from whole numbers' count, sum and sum of squares, exact whatever their order; `unit` is one of what is meant in what was
/// summed (1,000 for thousandths).
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

/// Mean of `values` with the normal interval of its standard error s/√n; `None` with fewer than two, whose spread is unknown.
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    // Sums of decimals depend on their order, which says nothing here.
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let at = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - at).powi(2)).sum::<f64>() / (n - 1.0);
    let half = Z_95 * (variance / n).sqrt();
    Some(Estimate { at, low: at - half, high: at + half, cases: values.len() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_intervals() {
        // Wilson's interval for 15 of 20: 0.531 … 0.888 (Newcombe 1998).
        let found = share(15, 20).expect("cases");
        assert!((found.low - 0.5313).abs() < 1e-3 && (found.high - 0.8881).abs() < 1e-3, "{found:?}");
        let none = share(0, 10).expect("cases");
        assert!(none.low.abs() < 1e-12 && (none.high - 0.2775).abs() < 1e-3, "{none:?}");
        assert_eq!(share(0, 0), None);
        let found = mean(&[1.0, 2.0, 3.0]).expect("three");
        assert!((found.high - 2.0 - 1.96 / 3.0_f64.sqrt()).abs() < 1e-3);
        assert_eq!(mean(&[1.0]), None);
        // 1.0, 2.0, 3.0 in thousandths.
        let summed = mean_of_sums(3, 6_000, 14_000_000, 1_000.0).expect("three");
        assert!((summed.high - found.high).abs() < 1e-12 && (summed.at - 2.0).abs() < 1e-12, "{summed:?}");
        assert_eq!(mean_of_sums(1, 7, 49, 1.0), None);
    }

    proptest! {
        #[test]
        fn a_share_lies_within_its_interval(hits in 0_u64..500, more in 0_u64..500) {
            if let Some(found) = share(hits, hits + more) {
                prop_assert!(0.0 <= found.low && found.low <= found.at + 1e-12);
                prop_assert!(found.at <= found.high + 1e-12 && found.high <= 1.0);
            }
        }
    }
}
