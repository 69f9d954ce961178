//! Whether an effect differs between parts of the customers, tested before anybody is told whom to reach: Cochran's Q over the
//! parts' differences (Cochran 1954; the fixed-effect test of meta-analysis). Where it is not significant, one effect holds for
//! all, and choosing customers by their "uplift" would be choosing by noise.

use super::{
    Effect, FEWEST_CUSTOMERS, SIGNIFICANCE,
    difference::{Amounts, Rate, of_amounts, of_rates},
};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// What both arms of a part did: reached, left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arms {
    Rates([Rate; 2]),
    Amounts([Amounts; 2]),
}

impl Arms {
    pub fn customers(self) -> [u64; 2] {
        match self {
            Arms::Rates(arms) => arms.map(|arm| arm.customers),
            Arms::Amounts(arms) => arms.map(|arm| arm.customers),
        }
    }

    pub fn effect(self) -> Effect {
        match self {
            Arms::Rates([treated, control]) => of_rates(treated, control),
            Arms::Amounts([treated, control]) => of_amounts(treated, control),
        }
    }

    /// Of the difference.
    pub(super) fn variance(self) -> f64 {
        match self {
            // Half a customer added on either side, so that a part where nobody did it is not infinitely sure.
            Arms::Rates(arms) => {
                let one = |rate: Rate| {
                    let n = rate.customers as f64 + 1.0;
                    let share = (rate.did as f64 + 0.5) / n;
                    share * (1.0 - share) / n
                };
                arms.map(one).iter().sum()
            }
            Arms::Amounts(arms) => arms.map(Amounts::uncertainty).iter().sum(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub arms: Arms,
}

impl Part {
    /// Whether there are enough customers in both arms, and a variance to weigh by: where all amounts are the same there is none.
    pub fn is_told(&self) -> bool {
        let [treated, control] = self.arms.customers();
        treated.min(control) >= FEWEST_CUSTOMERS && self.arms.variance() > 0.0
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// Parts with enough customers in both arms by their names, as given.
    pub parts: Vec<(String, Effect)>,
    pub q: f64,
    pub p_value: f64,
    /// Whether whom to reach may be chosen by part.
    pub real: bool,
}

/// `None` with fewer than two parts that have enough customers in both arms. Parts are to be those of the day of the draw: what
/// customers became since may be the effect itself (Montgomery, Nyhan & Torres 2018, on conditioning on what comes after a treatment).
pub fn test(parts: &[Part]) -> Option<Heterogeneity> {
    let kept: Vec<(&Part, Effect)> =
        parts.iter().filter(|part| part.is_told()).map(|part| (part, part.arms.effect())).collect();
    let (q, freedom) = cochran(kept.iter().map(|(part, effect)| (effect.difference, part.arms.variance())))?;
    let p_value = by_chance(q, freedom)?;
    let parts = kept.into_iter().map(|(part, effect)| (part.name.clone(), effect)).collect();
    Some(Heterogeneity { real: p_value < SIGNIFICANCE, parts, q, p_value })
}

/// Q of differences, each with its variance, and its degrees of freedom; `None` with fewer than two.
pub(super) fn cochran(differences: impl Iterator<Item = (f64, f64)>) -> Option<(f64, usize)> {
    let mut weighted: Vec<(f64, f64)> =
        differences.map(|(difference, variance)| (difference, 1.0 / variance)).collect();
    if weighted.len() < 2 {
        return None;
    }
    // Sums of decimals depend on their order.
    weighted.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let weights: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mean = weighted.iter().map(|(difference, weight)| difference * weight).sum::<f64>() / weights;
    let q = weighted.iter().map(|(difference, weight)| weight * (difference - mean).powi(2)).sum::<f64>();
    Some((q, weighted.len() - 1))
}

/// The p of Q: how often chance alone makes it as large.
pub(super) fn by_chance(q: f64, freedom: usize) -> Option<f64> {
    Some(ChiSquared::new(freedom as f64).ok()?.sf(q))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(name: &str, treated: u64, control: u64) -> Part {
        let rate = |did| Rate { customers: 1_000, did };
        Part { name: name.to_owned(), arms: Arms::Rates([rate(treated), rate(control)]) }
    }

    #[test]
    fn the_same_effect_everywhere_is_no_reason_to_choose() {
        let found = test(&[part("a", 150, 100), part("b", 160, 105), part("c", 148, 102)]).expect("a test");
        assert!(!found.real && found.p_value > 0.5, "{found:?}");
    }

    #[test]
    fn opposite_effects_are_seen() {
        let found = test(&[part("a", 200, 100), part("b", 60, 100)]).expect("a test");
        assert!(found.real && found.p_value < 1e-6, "{found:?}");
        assert!(found.parts[0].1.difference > 0.0 && found.parts[1].1.difference < 0.0);
    }

    #[test]
    fn small_parts_are_left_out() {
        let few = Rate { customers: FEWEST_CUSTOMERS - 1, did: 9 };
        let small = Part { name: "b".to_owned(), arms: Arms::Rates([few, few]) };
        assert_eq!(test(&[part("a", 200, 100), small]), None);
    }

    #[test]
    fn amounts_are_weighed_by_their_own_variance() {
        // 200 customers an arm, half of them 10 below its mean and half above: the variance of a mean is 100 · 200/199 / 200 = 0.502513.
        let arm = |mean: f64| {
            let values: Vec<f64> =
                (0..200).map(|number| if number % 2 == 0 { mean - 10.0 } else { mean + 10.0 }).collect();
            Amounts::of(&values)
        };
        let part = |name: &str, treated: f64, control: f64| Part {
            name: name.to_owned(),
            arms: Arms::Amounts([arm(treated), arm(control)]),
        };
        // Differences of 6 and 0 with equal weights 1 / 1.005025: Q = 2 · 3² / 1.005025 = 17.91.
        let found = test(&[part("a", 26.0, 20.0), part("b", 20.0, 20.0)]).expect("a test");
        assert!((found.q - 17.91).abs() < 1e-9 && found.real, "{found:?}");
        let alike = test(&[part("a", 22.0, 20.0), part("b", 31.0, 29.5)]).expect("a test");
        assert!(!alike.real, "{alike:?}");
        let same = Amounts::of(&[5.0; 200]);
        let unweighed = Part { name: "c".to_owned(), arms: Arms::Amounts([same, same]) };
        assert_eq!(test(&[part("a", 26.0, 20.0), unweighed]), None);
    }

    proptest! {
        #[test]
        fn the_order_of_parts_changes_nothing(
            (given, shuffled) in prop::collection::vec((0_u64..=1_000, 0_u64..=1_000), 0..12)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |shares: Vec<(u64, u64)>| {
                let parts: Vec<Part> = shares.into_iter().map(|(treated, control)| part("", treated, control)).collect();
                test(&parts).map(|found| (found.q, found.p_value, found.real))
            };
            prop_assert_eq!(of(given), of(shuffled));
        }
    }
}
