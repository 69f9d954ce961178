//! The whale curve: cumulative profit of the customers, the most profitable first. It rises while customers earn, is level
//! where they break even, and falls back to the company's total where they lose; the height of the hump above the end is
//! what the losing customers take.
//!
//! Source: Kaplan & Narayanan (2001), "Measuring and Managing Customer Profitability", *Journal of Cost Management* 15(5).

use serde::{Deserialize, Serialize};

use crate::money;

/// The best `customers` (share of all) together bring `profit`, in currency units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub customers: f64,
    pub profit: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Whale {
    pub customers: u64,
    /// Customers with a profit above, below zero.
    pub winners: u64,
    pub losers: u64,
    /// Ten-thousandths: of the winners (the peak of the curve), of the losers (≤ 0), of all.
    pub gained: i64,
    pub lost: i64,
    pub total: i64,
    /// Profit of the best 20 % of customers, ten-thousandths; between two customers the curve is read linearly.
    pub best_fifth: i64,
    /// From (0, 0) to (1, total) at about `points` + 1 places and at the peak.
    pub curve: Vec<Point>,
}

impl Whale {
    /// `profits`: one per customer, ten-thousandths, in any order; `points` ≥ 1 pieces of the curve.
    pub fn of(profits: &[i64], points: usize) -> Self {
        let mut best: Vec<i64> = profits.to_vec();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let n = best.len();
        let mut running = Vec::with_capacity(n + 1);
        running.push(0_i128);
        for profit in &best {
            running.push(running[running.len() - 1] + i128::from(*profit));
        }
        let winners = best.partition_point(|profit| *profit > 0);
        let losers = n - best.partition_point(|profit| *profit >= 0);
        Self {
            customers: n as u64,
            winners: winners as u64,
            losers: losers as u64,
            gained: saturate(running[winners]),
            lost: saturate(running[n] - running[n - losers]),
            total: saturate(running[n]),
            best_fifth: saturate(fifth(&running)),
            curve: if n == 0 { vec![] } else { curve(&running, points.max(1), winners) },
        }
    }

    /// Profit of the best fifth as a share of the total; `None` unless the total is positive.
    pub fn best_fifth_share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.best_fifth as f64 / self.total as f64)
    }

    /// The hump: profit at the peak over the total; `None` unless the total is positive.
    pub fn peak_share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.gained as f64 / self.total as f64)
    }
}

fn saturate(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN })
}

/// Sum of the first n/5 customers: whole ones, and the part of the next in fifths.
fn fifth(running: &[i128]) -> i128 {
    let n = running.len() - 1;
    let (whole, rest) = (n / 5, (n % 5) as i128);
    let next = running.get(whole + 1).map_or(0, |next| next - running[whole]);
    running[whole] + next * rest / 5
}

fn curve(running: &[i128], points: usize, peak: usize) -> Vec<Point> {
    let n = running.len() - 1;
    let mut places: Vec<usize> = (0..=points).map(|i| (i * n + points / 2) / points).collect();
    places.push(peak);
    places.sort_unstable();
    places.dedup();
    let point = |at: usize| Point {
        customers: at as f64 / n as f64,
        profit: running[at] as f64 / money::SCALE as f64,
    };
    places.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_case() {
        let found = Whale::of(&[-40_000, 100_000, 0, 50_000, -10_000], 5);
        assert_eq!((found.customers, found.winners, found.losers), (5, 2, 2));
        assert_eq!((found.gained, found.lost, found.total), (150_000, -50_000, 100_000));
        assert_eq!((found.best_fifth_share(), found.peak_share()), (Some(1.0), Some(1.5)));
        let heights: Vec<f64> = found.curve.iter().map(|point| point.profit).collect();
        assert_eq!(heights, [0.0, 10.0, 15.0, 15.0, 14.0, 10.0]);
    }

    #[test]
    fn without_customers_or_profit_there_are_no_shares() {
        assert_eq!(Whale::of(&[], 10), Whale::default());
        let losing = Whale::of(&[-5, -5], 10);
        assert_eq!((losing.winners, losing.lost, losing.peak_share()), (0, -10, None));
    }

    proptest! {
        #[test]
        fn the_curve_ends_at_the_total_and_never_stands_above_its_peak(
            profits in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 1..80), points in 0_usize..30,
        ) {
            let found = Whale::of(&profits, points);
            prop_assert_eq!(found.total, profits.iter().sum::<i64>());
            prop_assert_eq!(found.total, found.gained + found.lost);
            let end = found.curve[found.curve.len() - 1];
            prop_assert_eq!((end.customers, end.profit), (1.0, found.total as f64 / 10_000.0));
            let peak = found.gained as f64 / 10_000.0;
            prop_assert!(found.curve.iter().all(|point| point.profit <= peak));
            let mut turned = profits.clone();
            turned.reverse();
            prop_assert_eq!(Whale::of(&turned, points), found);
        }
    }
}
