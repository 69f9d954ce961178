//! Which method finds what customers really bought next.
//!
//! The history is cut at a day. Each method learns what is before it and names [`TOP`] products for customers who bought on
//! both sides; what they bought for the first time after the cut is what should have been named. Of a company with more than
//! [`MOST_LEARNED`] customers they learn from so many, evenly spread. Hit rate: share of customers
//! with at least one right; recall: share of what they bought that was named; MAP: mean average precision, which also asks for
//! the right order (of at most [`TOP`]); coverage: share of all products that was named to anybody.

use super::{Method, Recommender, history::History};
use crate::{grouping::evenly, reason::Reason};
use serde::{Deserialize, Serialize};

pub const TOP: usize = 10;
/// Which method is best shows on fewer customers than there may be.
const MOST_LEARNED: usize = 50_000;
/// Customers asked for at most, evenly spread.
const MOST_TESTED: usize = 2_000;
const FEWEST_TESTED: usize = 30;
/// The share of the time that is held out.
const HELD_OUT: f64 = 0.2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// The last day the methods knew.
    pub cut: i32,
    pub customers: usize,
    /// In the order of [`Method::ALL`].
    pub scores: Vec<Score>,
    /// The simplest method that no other beats by more than one standard error of their difference in average precision.
    pub best: Method,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub method: Method,
    pub hit_rate: f64,
    pub recall: f64,
    pub map: f64,
    pub coverage: f64,
}

/// Tries every method on the last fifth of the time.
pub fn run(history: &History) -> Result<Backtest, Reason> {
    let history = &history.spread(MOST_LEARNED);
    let days = history.purchases().iter().map(|purchase| purchase.day);
    let too_few = |have| Reason::TooFewReturning { have, need: FEWEST_TESTED };
    let (first, last) = (days.clone().min().ok_or(too_few(0))?, days.max().ok_or(too_few(0))?);
    let cut = last - ((f64::from(last) - f64::from(first)) * HELD_OUT).round() as i32;
    let known = history.until(cut);
    let returning = returning(history, &known, cut);
    if returning.len() < FEWEST_TESTED {
        return Err(too_few(returning.len()));
    }
    let tested: Vec<u32> = evenly(&returning, MOST_TESTED).map(|customer| customer as u32).collect();
    let tries: Vec<(Score, Vec<f64>)> =
        Method::ALL.iter().map(|method| score(history, &known, *method, &tested, cut)).collect();
    let mut best = 0;
    for at in 1..tries.len() {
        if beats(&tries[at].1, &tries[best].1) {
            best = at;
        }
    }
    let scores: Vec<Score> = tries.iter().map(|(score, _)| *score).collect();
    Ok(Backtest { cut, customers: tested.len(), best: scores[best].method, scores })
}

/// Those of the history it is tried on, by their numbers in it.
pub fn tested(history: &History, test: &Backtest) -> Vec<u32> {
    let all: Vec<usize> = (0..history.customers() as usize).collect();
    let learned: Vec<usize> = evenly(&all, MOST_LEARNED).collect();
    let history = &history.spread(MOST_LEARNED);
    let returning = returning(history, &history.until(test.cut), test.cut);
    evenly(&returning, MOST_TESTED).filter_map(|customer| Some(*learned.get(customer)? as u32)).collect()
}

/// Who bought on both sides of the cut.
fn returning(history: &History, known: &History, cut: i32) -> Vec<usize> {
    (0..known.customers())
        .filter(|customer| !known.of(*customer).is_empty() && after(history, *customer, cut).next().is_some())
        .map(|customer| customer as usize)
        .collect()
}

/// First purchases after the cut.
fn after(history: &History, customer: u32, cut: i32) -> impl Iterator<Item = u32> + '_ {
    let new = history.of(customer).iter().filter(move |purchase| purchase.day > cut);
    new.map(|purchase| purchase.product)
}

fn score(history: &History, known: &History, method: Method, tested: &[u32], cut: i32) -> (Score, Vec<f64>) {
    let recommender = Recommender::learn(known, method);
    let mut named = vec![false; history.products()];
    let (mut hits, mut recall, mut precisions) = (0, 0.0, vec![]);
    for customer in tested {
        let wanted: Vec<u32> = after(history, *customer, cut).collect();
        let (mut right, mut precision) = (0, 0.0);
        for (rank, one) in (1..).zip(recommender.recommend(*customer, &known.owned(*customer), TOP)) {
            named[one.product as usize] = true;
            if wanted.binary_search(&one.product).is_ok() {
                right += 1;
                precision += f64::from(right) / f64::from(rank);
            }
        }
        hits += i32::from(right > 0);
        recall += f64::from(right) / wanted.len() as f64;
        precisions.push(precision / wanted.len().min(TOP) as f64);
    }
    let count = tested.len() as f64;
    let score = Score {
        method,
        hit_rate: f64::from(hits) / count,
        recall: recall / count,
        map: precisions.iter().sum::<f64>() / count,
        coverage: named.iter().filter(|named| **named).count() as f64 / history.products() as f64,
    };
    (score, precisions)
}

/// Whether `a` is better than `b` by more than one standard error of their paired difference.
fn beats(a: &[f64], b: &[f64]) -> bool {
    let (mean, error) = paired(a, b);
    mean > error && mean > 0.0
}

/// Mean of a − b and its standard error.
pub(crate) fn paired(a: &[f64], b: &[f64]) -> (f64, f64) {
    let count = a.len().max(1) as f64;
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let mean = differences.iter().sum::<f64>() / count;
    let square = differences.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>();
    (mean, (square / (count - 1.0).max(1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::{Recommendation, Why, history::Purchase};
    use super::*;
    use proptest::prelude::*;

    /// Two kinds of customers: each buys the products of his kind one after the other, in an order of his own.
    fn two_kinds() -> Vec<Purchase> {
        let mut bought = vec![];
        for customer in 0..200_u32 {
            let kind = customer % 2;
            for step in 0..8_u32 {
                let product = kind * 10 + (step * 3 + customer * 7) % 10;
                bought.push(Purchase { customer, product, day: (step * 10 + customer % 5) as i32 });
            }
        }
        bought
    }

    #[test]
    fn what_like_minded_customers_buy_beats_what_is_popular() {
        let history = History::new(two_kinds());
        let found = run(&history).expect("a back-test");
        let score = |method: Method| {
            found.scores.iter().find(|score| score.method == method).copied().expect("score")
        };
        assert!(score(Method::Neighbours).map > 1.3 * score(Method::Popular).map, "{found:?}");
        assert_ne!(found.best, Method::Popular);
        for score in &found.scores {
            for share in [score.hit_rate, score.recall, score.map, score.coverage] {
                assert!((0.0..=1.0).contains(&share), "{score:?}");
            }
        }
    }

    #[test]
    fn nobody_is_told_what_he_has_and_every_reason_is_his_own() {
        let history = History::new(two_kinds());
        for method in Method::ALL {
            let recommender = Recommender::learn(&history, method);
            for customer in 0..200 {
                let owned = history.owned(customer);
                let told = recommender.recommend(customer, &owned, TOP);
                assert!(told.len() <= TOP && told.iter().all(|one| !owned.contains(&one.product)));
                for one in told {
                    if let Why::BoughtWith { product, both, of } = one.why {
                        assert!(owned.contains(&product) && both <= of && both > 0);
                    }
                }
            }
        }
    }

    const CUSTOMERS: u32 = 80;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn the_order_of_purchases_changes_nothing(
            (given, shuffled) in prop::collection::vec((0..CUSTOMERS, 0_u32..20, 0_i32..100), 800..1_000)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let history = |bought: Vec<(u32, u32, i32)>| {
                History::new(bought.into_iter().map(|(customer, product, day)| Purchase { customer, product, day }))
            };
            let (given, shuffled) = (history(given), history(shuffled));
            let found = run(&given);
            // Of eighty who buy ten times among twenty products, some sixty buy something new in the last fifth.
            prop_assert!(found.is_ok(), "{found:?}");
            prop_assert_eq!(run(&shuffled), found);
            for method in Method::ALL {
                let told = |history: &History| -> Vec<Vec<Recommendation>> {
                    let recommender = Recommender::learn(history, method);
                    (0..CUSTOMERS).map(|customer| recommender.recommend(customer, &history.owned(customer), 5)).collect()
                };
                prop_assert_eq!(told(&shuffled), told(&given));
            }
        }
    }

    #[test]
    fn it_is_tried_on_who_bought_something_new_after_the_cut() {
        let buys = |customer, product, day| Purchase { customer, product, day };
        // Three of four come back for another product on day 90, every fourth for the same one. The last fifth of days 0 to 90 begins after
        // 72.
        let bought = (0..60).flat_map(|customer| {
            let again = u32::from(customer % 4 != 0);
            [buys(customer, 0, 0), buys(customer, again, 90)]
        });
        let history = History::new(bought);
        let found = run(&history).expect("a back-test");
        let wanted: Vec<u32> = (0..60).filter(|customer| customer % 4 != 0).collect();
        assert_eq!((found.cut, found.customers), (72, 45));
        assert_eq!(tested(&history, &found), wanted);
    }

    #[test]
    fn too_few_who_came_back_are_said_so() {
        assert_eq!(
            run(&History::default()).err(),
            Some(Reason::TooFewReturning { have: 0, need: FEWEST_TESTED })
        );
        let once = (0..50).map(|customer| Purchase { customer, product: customer % 3, day: 1 });
        assert_eq!(
            run(&History::new(once)).err(),
            Some(Reason::TooFewReturning { have: 0, need: FEWEST_TESTED })
        );
    }
}
