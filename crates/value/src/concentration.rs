//! How sales concentrate on few customers: Pareto curve, share of the best 20 %, Gini coefficient, how many make 80 %.
//!
//! Customers are ordered from the largest amount down. **Amounts below zero** count as zero in every share, so that shares stay
//! between 0 and 1 and the curve rises. With no positive amount there are no shares (`None`), never 0/0.

use serde::{Deserialize, Serialize};

/// A point of the Pareto curve: the best `customers` (share of all) have this share of the amount.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub customers: f64,
    pub amount: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concentration {
    pub customers: u64,
    /// Sum of the positive amounts, ten-thousandths.
    pub total: i64,
    /// Share of the best 20 % of customers; between two customers the curve is read linearly.
    pub top20_share: Option<f64>,
    /// Gini coefficient Σ (2i−n−1) yᵢ / (n Σ y), y ascending, i = 1..n: 0 if all are equal, (n−1)/n if one has all.
    pub gini: Option<f64>,
    /// The smallest number of customers who together make at least 80 % of the total.
    pub customers_for_80: Option<u64>,
    /// The curve from (0, 0) to (1, 1) at about `points` + 1 places; empty without a positive amount.
    pub curve: Vec<Point>,
}

impl Concentration {
    /// `amounts`: one per customer, ten-thousandths, in any order; `points` ≥ 1 pieces of the curve.
    pub fn of(amounts: &[i64], points: usize) -> Self {
        let mut best: Vec<i64> = amounts.to_vec();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let mut running = Vec::with_capacity(best.len() + 1);
        running.push(0_i128);
        for amount in &best {
            running.push(running[running.len() - 1] + i128::from((*amount).max(0)));
        }
        let total = running[best.len()];
        let any = (total > 0).then_some(());
        Self {
            customers: best.len() as u64,
            total: i64::try_from(total).unwrap_or(i64::MAX),
            top20_share: any.map(|()| share(&running, best.len() as f64 * 0.2)),
            gini: any.map(|()| gini(&best, total)),
            customers_for_80: any.map(|()| running.partition_point(|sum| sum * 5 < total * 4) as u64),
            curve: any.map_or(Vec::new(), |()| curve(&running, points.max(1))),
        }
    }
}

/// Share of the first `count` customers, read linearly between whole numbers.
fn share(running: &[i128], count: f64) -> f64 {
    let last = running.len() - 1;
    let whole = (count.floor() as usize).min(last);
    let next = (whole + 1).min(last);
    let (low, high) = (running[whole] as f64, running[next] as f64);
    (low + (count - whole as f64) * (high - low)) / running[last] as f64
}

fn gini(best: &[i64], total: i128) -> f64 {
    let n = best.len() as i128;
    // Descending order: the k-th best (from 0) is the (n−k)-th smallest.
    let weighted: i128 =
        best.iter().zip(0_i128..).map(|(y, k)| (n - 2 * k - 1) * i128::from((*y).max(0))).sum();
    weighted as f64 / (n as f64 * total as f64)
}

fn curve(running: &[i128], points: usize) -> Vec<Point> {
    let n = running.len() - 1;
    let total = running[n] as f64;
    let mut places: Vec<usize> = (0..=points).map(|i| (i * n + points / 2) / points).collect();
    places.dedup();
    let point = |k: usize| Point { customers: k as f64 / n as f64, amount: running[k] as f64 / total };
    places.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_case() {
        let found = Concentration::of(&[10, 0, 50, 20, 20], 5);
        assert_eq!((found.customers, found.total, found.customers_for_80), (5, 100, Some(3)));
        assert_eq!(found.top20_share, Some(0.5));
        // Σ (2i−n−1) y over 0, 10, 20, 20, 50 is −20 + 0 + 40 + 200 = 220, over 5·100.
        assert_eq!(found.gini, Some(0.44));
        assert_eq!(found.curve.len(), 6);
        assert_eq!(found.curve[1], Point { customers: 0.2, amount: 0.5 });
    }

    #[test]
    fn exactly_80_percent_is_enough() {
        assert_eq!(Concentration::of(&[8, 2], 2).customers_for_80, Some(1));
        assert_eq!(Concentration::of(&[79, 21], 2).customers_for_80, Some(2));
    }

    #[test]
    fn without_positive_amounts_there_are_no_shares() {
        for amounts in [&[][..], &[0, 0], &[-5, 0]] {
            let found = Concentration::of(amounts, 10);
            assert_eq!((found.top20_share, found.gini, found.customers_for_80), (None, None, None));
            assert!(found.curve.is_empty());
        }
    }

    #[test]
    fn negative_amounts_count_as_zero() {
        let found = Concentration::of(&[-30, 100, -1], 3);
        assert_eq!((found.customers, found.total), (3, 100));
        assert_eq!(found.gini, Some(2.0 / 3.0));
        assert_eq!(found.customers_for_80, Some(1));
    }

    proptest! {
        #[test]
        fn shares_stay_in_range_and_the_curve_rises(amounts in prop::collection::vec(any::<i64>(), 0..50), points in 0_usize..30) {
            let found = Concentration::of(&amounts, points);
            if let (Some(top), Some(gini), Some(count)) = (found.top20_share, found.gini, found.customers_for_80) {
                prop_assert!((0.2 - 1e-9..=1.0 + 1e-9).contains(&top), "{}", top);
                prop_assert!((-1e-12..1.0).contains(&gini));
                prop_assert!(1 <= count && count <= found.customers);
                prop_assert_eq!(found.curve[0], Point { customers: 0.0, amount: 0.0 });
                prop_assert_eq!(found.curve[found.curve.len() - 1], Point { customers: 1.0, amount: 1.0 });
                // Best first: the curve rises and bends downwards.
                for pair in found.curve.windows(2) {
                    prop_assert!(pair[0].customers < pair[1].customers && pair[0].amount <= pair[1].amount);
                    prop_assert!(pair[0].amount >= pair[0].customers - 1e-9);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_of_customers_changes_nothing(
            (given, shuffled) in prop::collection::vec(any::<i64>(), 0..60)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
            points in 0_usize..30,
        ) {
            prop_assert_eq!(Concentration::of(&given, points), Concentration::of(&shuffled, points));
        }
    }
}
