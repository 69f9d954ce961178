//! Figures that are independent in the two periods, with their intervals: what differs between them, counts of single events, and the
//! median of waiting times.

use super::chance::{Compared, Told, apart, grown};
use std::collections::HashMap;
use value::proportion::{Clusters, Z_95, share};

/// Of two figures that are independent of each other, from their own intervals: Newcombe (1998, *Statistics in Medicine* 17, method 10)
/// for shares, and for any others (Zou & Donner 2008, *Statistics in Medicine* 27).
pub fn difference([before, after]: [Option<Told>; 2]) -> Option<Told> {
    Some(apart(before?, after?, 0.0))
}

/// Numbers of single events that are independent of each other (Poisson): each with its score interval; their ratio from the share that
/// the later ones have of all, as they would be told apart by the toss of a coin without a change (Przyborowski & Wilenski 1940, *Biometrika* 31).
pub fn events(key: &str, [before, after]: [u64; 2]) -> Compared {
    let own = |number: u64| {
        let (n, z2) = (number as f64, Z_95 * Z_95);
        let (middle, reach) = (n + z2 / 2.0, Z_95 * (n + z2 / 4.0).sqrt());
        Told::new(n, Some([(middle - reach).max(0.0), middle + reach]))
    };
    let change = grown(before as f64, after as f64).map(|at| {
        let later = share(after, before + after);
        Told::new(at, later.map(|later| [later.low, later.high].map(|share| share / (1.0 - share) - 1.0)))
    });
    Compared::new(key, [own(before), own(after)].map(Some), change)
}

/// The median of whole numbers told by customers, each as many as he likes. Its interval is that of the share of numbers below the median
/// among all of a customer's (Woodruff 1952, *JASA* 47), with one number each about the ranks n/2 ± 0.98 √n; none with fewer than about five
/// customers.
pub fn median(mut told: Vec<(i32, i64)>) -> Option<Told> {
    told.sort_unstable_by_key(|(customer, number)| (*number, *customer));
    let n = told.len();
    let (lower, upper) = (told.get(n.checked_sub(1)? / 2)?.1, told.get(n / 2)?.1);
    let twice = lower + upper;
    let mut customers: HashMap<i32, (i64, i64)> = HashMap::new();
    for (customer, number) in &told {
        let (numbers, below) = customers.entry(*customer).or_default();
        *numbers += 1;
        *below += match (2 * number).cmp(&twice) {
            std::cmp::Ordering::Less => 2,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 0,
        };
    }
    let range = Clusters::of(customers.into_values()).mean(2.0).and_then(|below| {
        let first = (0.5 - (below.high - below.at)) * n as f64;
        // As many numbers are left out above as below.
        let left_out = (first > 0.0).then(|| first.ceil() as usize - 1)?;
        let (low, high) = (told.get(left_out)?.1, told.get(n - 1 - left_out)?.1);
        Some([low as f64, high as f64])
    });
    Some(Told::new(twice as f64 / 2.0, range))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<Told>, at: f64, [low, high]: [f64; 2]) {
        let found = found.expect("known");
        let range = found.range.expect("an interval");
        assert!((found.at - at).abs() < 5e-4, "{found:?}");
        assert!((range[0] - low).abs() < 5e-4 && (range[1] - high).abs() < 5e-4, "{found:?}");
    }

    #[test]
    fn the_difference_of_shares_is_newcombes() {
        // Newcombe (1998), table II, example (a), method 10: 56/70 against 48/80 is 0.0524 to 0.3339.
        let shares = [share(48, 80), share(56, 70)].map(|found| found.map(Told::from));
        near(difference(shares), 0.2, [0.0524, 0.3339]);
        assert_eq!(difference([shares[0], None]), None);
        // statpsych (Bonett), ci.cor2.gen(.4, .35, .47, .2, .1, .32): 0.07 to 0.3220656.
        let told = |at, low, high| Told { at, range: Some([low, high]) };
        near(difference([Some(told(0.2, 0.1, 0.32)), Some(told(0.4, 0.35, 0.47))]), 0.2, [0.07, 0.322_065_6]);
    }

    #[test]
    fn events_are_told_apart_by_their_share_of_all() {
        // Wilson of 30 of 40: 0.59806 and 0.85813. Score interval of 10: 11.9207 ± 1.96 √10.9604.
        let found = events("x", [10, 30]);
        near(found.before, 10.0, [5.432, 18.409_5]);
        near(found.change, 2.0, [0.487_9, 5.048_6]);
        assert!(found.change.is_some_and(|change| change.is_clear()));
        assert!(events("x", [3, 5]).change.is_some_and(|change| !change.is_clear()));
        assert_eq!(events("x", [0, 5]).change, None);
    }

    #[test]
    fn a_median_lies_between_the_ranks_of_the_binomial() {
        // 25 numbers, one each: below the median 12.5 of 25, ± 1.96 √(24.5/24 · … ) about 0.2; the 8th and the 18th.
        let single = median((1..=25).map(|at| (at, i64::from(at) * 10)).collect()).expect("some");
        assert_eq!((single.at, single.range), (130.0, Some([80.0, 180.0])));
        // Five of each customer that are alike say no more than one of each.
        let many = (1..=25).flat_map(|at| (0..5).map(move |_| (at, i64::from(at) * 10))).collect();
        assert_eq!(median(many).expect("some").range, Some([80.0, 180.0]));
        assert_eq!(median(vec![(1, 3), (2, 6)]), Some(Told { at: 4.5, range: None }));
        assert_eq!(median((0..50).map(|at| (1, at)).collect()).expect("some").range, None);
        assert_eq!(median(vec![]), None);
    }
}
