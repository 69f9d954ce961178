//! Association rules: who buys `if_bought` buys `then`, and how much more often than anybody.
//!
//! With n baskets, of which count(X) hold all of X: support = count(X∪y)/n, confidence = count(X∪y)/count(X), lift =
//! confidence / (count(y)/n), leverage = support − count(X)/n · count(y)/n (Agrawal & Srikant 1994; Piatetsky-Shapiro 1991).
//!
//! Two kinds of rules are dropped. **Chance**: the one-sided exact test of Fisher (as many baskets together or more, if X and
//! y were independent) must stay below 5 % divided by the number of rules tried (Bonferroni). **Redundancy**: a rule that is
//! no more confident than one with fewer products in front of the same `then` says nothing new (Bayardo, Agrawal & Gunopulos
//! 1999, minimum improvement).

use super::{Frequent, ItemSet};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;
use std::collections::HashMap;

const SIGNIFICANCE: f64 = 0.05;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// One to three products, in rising order.
    pub if_bought: Vec<u32>,
    pub then: u32,
    /// Baskets with all of them, with `if_bought`, with `then`, and all.
    pub both: u32,
    pub if_count: u32,
    pub then_count: u32,
    pub baskets: u32,
    /// Fisher's exact test, one-sided.
    pub p_value: f64,
}

impl Rule {
    pub fn support(&self) -> f64 {
        f64::from(self.both) / f64::from(self.baskets)
    }
    pub fn confidence(&self) -> f64 {
        f64::from(self.both) / f64::from(self.if_count)
    }
    pub fn lift(&self) -> f64 {
        let (both, baskets) = (f64::from(self.both), f64::from(self.baskets));
        both * baskets / (f64::from(self.if_count) * f64::from(self.then_count))
    }
    pub fn leverage(&self) -> f64 {
        let baskets = f64::from(self.baskets);
        self.support() - f64::from(self.if_count) / baskets * (f64::from(self.then_count) / baskets)
    }
}

/// Rules and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// By lift, the highest first.
    pub rules: Vec<Rule>,
    /// All rules that the frequent sets allow.
    pub tried: usize,
    pub by_chance: usize,
    pub redundant: usize,
}

/// Every rule of the frequent sets with one product behind it and a lift above 1, pruned.
pub fn of(frequent: &Frequent) -> Rules {
    let count: HashMap<&[u32], u32> =
        frequent.sets.iter().map(|set| (set.items.as_slice(), set.count)).collect();
    let tried: usize = frequent.sets.iter().map(|set| set.items.len()).filter(|items| *items > 1).sum();
    let mut kept: HashMap<(Vec<u32>, u32), Rule> = HashMap::new();
    let mut by_chance = 0;
    for set in frequent.sets.iter().filter(|set| set.items.len() > 1) {
        for rule in rules_of(set, frequent.baskets, &count) {
            if rule.lift() <= 1.0 || rule.p_value * tried as f64 > SIGNIFICANCE {
                by_chance += 1;
            } else {
                kept.insert((rule.if_bought.clone(), rule.then), rule);
            }
        }
    }
    let mut rules: Vec<Rule> = kept.values().filter(|rule| !is_redundant(rule, &kept)).cloned().collect();
    let redundant = kept.len() - rules.len();
    rules.sort_by(|a, b| {
        let names = |rule: &Rule| (rule.if_bought.len(), rule.if_bought.clone(), rule.then);
        b.lift().total_cmp(&a.lift()).then_with(|| names(a).cmp(&names(b)))
    });
    Rules { rules, tried, by_chance, redundant }
}

fn rules_of<'a>(
    set: &'a ItemSet,
    baskets: u32,
    count: &'a HashMap<&[u32], u32>,
) -> impl Iterator<Item = Rule> + 'a {
    set.items.iter().filter_map(move |then| {
        let if_bought: Vec<u32> = set.items.iter().copied().filter(|item| item != then).collect();
        // Every part of a frequent set is frequent, hence counted.
        let (if_count, then_count) = (*count.get(if_bought.as_slice())?, *count.get(&[*then][..])?);
        let p_value = fisher(set.count, if_count, then_count, baskets);
        Some(Rule { if_bought, then: *then, both: set.count, if_count, then_count, baskets, p_value })
    })
}

/// Whether a rule with a part of the products in front is at least as confident (compared in whole numbers).
fn is_redundant(rule: &Rule, kept: &HashMap<(Vec<u32>, u32), Rule>) -> bool {
    let products = rule.if_bought.len();
    (1_u32..(1 << products) - 1).any(|mask| {
        let part: Vec<u32> =
            (0..products).filter(|at| mask >> at & 1 == 1).map(|at| rule.if_bought[at]).collect();
        kept.get(&(part, rule.then)).is_some_and(|general| {
            u64::from(general.both) * u64::from(rule.if_count)
                >= u64::from(rule.both) * u64::from(general.if_count)
        })
    })
}

/// P(at least `both` of `a` are among `b` of `n`), hypergeometric.
fn fisher(both: u32, a: u32, b: u32, n: u32) -> f64 {
    let ln_choose = |n: u32, k: u32| {
        let factorial = |x: u32| ln_gamma(f64::from(x) + 1.0);
        factorial(n) - factorial(k) - factorial(n - k)
    };
    let all = ln_choose(n, a);
    let mut sum = 0.0;
    for together in both..=a.min(b) {
        if a - together > n - b {
            continue;
        }
        let term = (ln_choose(b, together) + ln_choose(n - b, a - together) - all).exp();
        sum += term;
        if term < sum * 1e-12 && f64::from(together) > f64::from(a) * f64::from(b) / f64::from(n) {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::Baskets;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn measures_of_a_known_case() {
        let rule = Rule {
            if_bought: vec![1],
            then: 2,
            both: 30,
            if_count: 40,
            then_count: 60,
            baskets: 200,
            p_value: 0.0,
        };
        assert_eq!((rule.support(), rule.confidence(), rule.lift()), (0.15, 0.75, 2.5));
        assert!((rule.leverage() - 0.09).abs() < 1e-12);
    }

    #[test]
    fn the_exact_test_agrees_with_the_lady_tasting_tea() {
        // Fisher (1935): 8 cups, 4 with milk first. All four right: 1/70; at least three: 17/70.
        assert!((fisher(4, 4, 4, 8) - 1.0 / 70.0).abs() < 1e-12);
        assert!((fisher(3, 4, 4, 8) - 17.0 / 70.0).abs() < 1e-12);
        assert!((fisher(0, 4, 4, 8) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_always_goes_together_is_found_and_chance_is_not() {
        // 1 and 2 always together in half the baskets; 3 in every other one of all, independent of both.
        let pairs = (0..200_u32).flat_map(|basket| {
            let together = if basket % 2 == 0 { vec![1, 2] } else { vec![4] };
            let other = if basket % 4 < 2 { vec![3] } else { vec![] };
            together.into_iter().chain(other).map(move |item| (basket, item))
        });
        let found = of(&Baskets::new(pairs).frequent(None).expect("sets"));
        let told: Vec<(Vec<u32>, u32)> =
            found.rules.iter().map(|rule| (rule.if_bought.clone(), rule.then)).collect();
        assert_eq!(told, [(vec![1], 2), (vec![2], 1)]);
        assert_eq!(found.rules[0].confidence(), 1.0);
        // {1,3}→2 and {2,3}→1 are as confident as without 3.
        assert_eq!(found.redundant, 2);
        assert_eq!(found.tried, found.rules.len() + found.redundant + found.by_chance);
    }

    proptest! {
        #[test]
        fn measures_stay_in_their_bounds(
            baskets in prop::collection::vec(prop::collection::vec(0_u32..8, 2..6), 50..90),
        ) {
            let pairs = (0..).zip(&baskets)
                .flat_map(|(basket, items)| items.iter().map(move |item| (basket, *item)));
            let given = Baskets::new(pairs);
            prop_assume!(given.mixed() >= super::super::FEWEST_BASKETS);
            let found = of(&given.frequent(Some(2)).expect("sets"));
            for rule in &found.rules {
                prop_assert!(rule.lift() > 1.0 && rule.leverage() > 0.0);
                prop_assert!((0.0..=1.0).contains(&rule.confidence()) && (0.0..=1.0).contains(&rule.p_value));
                prop_assert!(rule.both <= rule.if_count.min(rule.then_count) && rule.both >= 2);
            }
            prop_assert_eq!(found.tried, found.rules.len() + found.redundant + found.by_chance);
        }
    }
}
