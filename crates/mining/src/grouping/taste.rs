//! What a group likes: categories of which a larger share of its customers bought than of all customers, beyond chance.
//!
//! The **lift** is the one share by the other. A group is a part of all, so that these two are not independent: compared is the group with
//! the customers outside of it. With shares p₁ of the group and p₀ of the others, each within Wilson's interval (1927), that of their
//! ratio R is by the method of variance estimates recovery (Donner & Zou 2012). If a share w of all customers is in the group, the lift is
//! R / (wR + 1 − w), which rises with R: the ends of R's interval are those of the lift's, and one leaves out 1 when the other does.
//! The normal interval of log R (Katz, Baptista, Azen & Pike 1978) knows no chance in a group of which everybody bought: tried with it,
//! nearly every company with a small group and a category that nearly everybody buys showed a taste where there was none.
//!
//! Every category is compared in every group, and the highest are told: the level is 95 % for all these intervals together
//! (Bonferroni), or chance alone would make a taste of one in forty.

use crate::effect::{SIGNIFICANCE, difference::Rate, quantile};
use serde::{Deserialize, Serialize};

/// Customers who bought of a category for it to be compared, and those of a group for it to be told.
pub const FEWEST_BUYERS: usize = 10;
/// Categories told of a group.
const MOST: usize = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taste {
    /// Customers of the group who bought of it.
    pub buyers: usize,
    /// Of the group's customers.
    pub share: f64,
    /// Of all customers.
    pub share_of_all: f64,
    /// Share of the group / share of all.
    pub lift: f64,
    /// Above 1.
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tastes {
    /// Categories with enough buyers.
    pub compared: usize,
    /// Of each group the number of each category it likes, the highest lift first.
    pub of: Vec<Vec<(usize, Taste)>>,
}

/// `sizes` are the customers of each group, `bought` of each group those who bought of each category.
pub fn tastes(sizes: &[usize], bought: &[Vec<usize>]) -> Tastes {
    let all: usize = sizes.iter().sum();
    let categories = bought.first().map_or(0, Vec::len);
    let buyers = |category: usize| bought.iter().map(|of_group| of_group[category]).sum::<usize>();
    // By what everybody bought, not by who did: whether it is compared says nothing about the groups.
    let compared: Vec<(usize, usize)> = (0..categories)
        .map(|category| (category, buyers(category)))
        .filter(|(_, buyers)| *buyers >= FEWEST_BUYERS)
        .collect();
    let z = quantile(1.0 - SIGNIFICANCE / 2.0 / (compared.len() * sizes.len()).max(1) as f64);
    let of = sizes.iter().zip(bought).map(|(size, of_group)| {
        let taste = |(category, buyers): &(usize, usize)| {
            Some((*category, of_one((of_group[*category], *size), (*buyers, all), z)?))
        };
        let mut liked: Vec<(usize, Taste)> = compared.iter().filter_map(taste).collect();
        liked.sort_by(|(_, a), (_, b)| b.lift.total_cmp(&a.lift).then(b.buyers.cmp(&a.buyers)));
        liked.truncate(MOST);
        liked
    });
    Tastes { compared: compared.len(), of: of.collect() }
}

/// Of those who bought in the group and its customers, and the same of all; `None` if it may be chance.
fn of_one((buyers, size): (usize, usize), (all_buyers, all): (usize, usize), z: f64) -> Option<Taste> {
    if buyers < FEWEST_BUYERS || size == all {
        return None;
    }
    let rate = |did: usize, customers: usize| Rate { customers: customers as u64, did: did as u64 };
    let (group, others) = (rate(buyers, size), rate(all_buyers - buyers, all - size));
    let part = size as f64 / all as f64;
    let lift = |ratio: f64| ratio / (part * ratio + 1.0 - part);
    let (low, high) = ratio(group, others, z);
    let (share, share_of_all) = (group.share(), rate(all_buyers, all).share());
    let taste = Taste {
        buyers,
        share,
        share_of_all,
        lift: share / share_of_all,
        low: lift(low),
        // That all its buyers are in the group.
        high: high.map_or(1.0 / part, lift),
    };
    (taste.low > 1.0).then_some(taste)
}

/// Ends of the interval of one share by the other; without the upper one where there may be none in the other.
fn ratio(group: Rate, others: Rate, z: f64) -> (f64, Option<f64>) {
    let (p1, p0) = (group.share(), others.share());
    let ((l1, u1), (l0, u0)) = (group.interval_of(z), others.interval_of(z));
    let root = |a: f64, b: f64| ((p1 * p0).powi(2) - a * b).max(0.0).sqrt();
    // p² − (p − l)² and so on.
    let (a, b) = (l1 * (2.0 * p1 - l1), u0 * (2.0 * p0 - u0));
    let low = a / (p1 * p0 + root(a, b));
    let (a, b) = (u1 * (2.0 * p1 - u1), l0 * (2.0 * p0 - l0));
    (low, (others.did > 0).then(|| (p1 * p0 + root(a, b)) / b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-6
    }

    #[test]
    fn a_taste_is_what_was_counted_with_the_interval_of_its_sources() {
        // Of sixty thirty bought the first, of the forty others five; nobody else the second; all alike the third, hardly anybody the last.
        let found = tastes(&[60, 40], &[vec![30, 30, 24, 9], vec![5, 0, 16, 0]]);
        assert_eq!(found.compared, 3);
        let [(1, nobody_else), (0, first)] = &found.of[0][..] else { panic!("{found:?}") };
        assert_eq!((first.buyers, first.share, first.share_of_all), (30, 0.5, 0.35));
        assert!(close(first.lift, 0.5 / 0.35) && close(nobody_else.lift, 100.0 / 60.0), "{found:?}");
        assert!(found.of[1].is_empty(), "{found:?}");
        // Two comparisons, z = 2.241402727604946. By bisection where Newcombe's interval of p₁ − θp₀ ends at zero: θ is the end of R.
        let found = tastes(&[60, 40], &[vec![30], vec![5]]);
        let [(0, first)] = &found.of[0][..] else { panic!("{found:?}") };
        assert!(close(first.low, 1.183478045420513) && close(first.high, 1.5672533916267752), "{first:?}");
        // Where none of the others bought, the upper end is that everybody who buys is in the group.
        let found = tastes(&[60, 40], &[vec![30], vec![0]]);
        let [(0, first)] = &found.of[0][..] else { panic!("{found:?}") };
        assert!(close(first.low, 1.443150914395742) && close(first.high, 100.0 / 60.0), "{first:?}");
    }

    #[test]
    fn what_all_groups_buy_alike_is_no_taste() {
        let none = |sizes: &[usize], bought: &[Vec<usize>]| {
            let found = tastes(sizes, bought);
            assert!(found.of.iter().all(Vec::is_empty), "{found:?}");
            found.compared
        };
        assert_eq!(none(&[60, 40], &[vec![30, 60], vec![20, 40]]), 2);
        // Everybody of a small group, of a category that nearly everybody buys.
        assert_eq!(none(&[12, 370], &[vec![12], vec![350]]), 1);
        assert_eq!(none(&[60, 40], &[vec![], vec![]]), 0);
        // Nobody is outside of the only group.
        assert_eq!(none(&[60], &[vec![30]]), 1);
    }

    /// Of companies whose groups only chance tells apart, hardly any shows a taste, however many categories there are.
    #[test]
    fn chance_makes_tastes_in_hardly_any_company() {
        const SIZES: [usize; 3] = [100, 60, 40];
        let mut state = 7_u64;
        let mut chance = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut found = 0;
        for _ in 0..400 {
            let mut bought = |size: &usize| -> Vec<usize> {
                let likely = |category: usize| [0.02, 0.1, 0.4, 0.8, 0.95][category % 5];
                (0..20).map(|category| (0..*size).filter(|_| chance() < likely(category)).count()).collect()
            };
            let bought: Vec<Vec<usize>> = SIZES.iter().map(&mut bought).collect();
            found += usize::from(tastes(&SIZES, &bought).of.iter().any(|of_group| !of_group.is_empty()));
        }
        assert!(found <= 20, "{found} of 400");
    }

    proptest! {
        #[test]
        fn intervals_hold_the_lift_and_orders_change_nothing(
            groups in prop::collection::vec((1_usize..400, prop::collection::vec(0.0_f64..=1.0, 5)), 2..6),
        ) {
            let sizes: Vec<usize> = groups.iter().map(|(size, _)| *size).collect();
            let bought: Vec<Vec<usize>> = groups
                .iter()
                .map(|(size, shares)| shares.iter().map(|share| (share * *size as f64).round() as usize).collect())
                .collect();
            let found = tastes(&sizes, &bought);
            for (group, liked) in found.of.iter().enumerate() {
                prop_assert!(liked.len() <= MOST);
                prop_assert!(liked.windows(2).all(|two| two[0].1.lift >= two[1].1.lift));
                for (category, taste) in liked {
                    prop_assert_eq!(taste.buyers, bought[group][*category]);
                    prop_assert!(taste.buyers >= FEWEST_BUYERS && taste.low > 1.0 && taste.high.is_finite());
                    prop_assert!(taste.low <= taste.lift + 1e-9 && taste.lift <= taste.high + 1e-9, "{:?}", taste);
                }
            }
            let reversed = tastes(
                &sizes.iter().rev().copied().collect::<Vec<_>>(),
                &bought.iter().rev().cloned().collect::<Vec<_>>(),
            );
            prop_assert_eq!(reversed.of.into_iter().rev().collect::<Vec<_>>(), found.of);
        }
    }
}
