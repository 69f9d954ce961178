//! Whether an effect differs between parts of the customers, tested before anybody is told whom to reach: Cochran's Q over the
//! parts' differences (Cochran 1954; the fixed-effect test of meta-analysis). Where it is not significant, one effect holds for
//! all, and choosing customers by their "uplift" would be choosing by noise.

use super::{
    Effect, FEWEST_CUSTOMERS, SIGNIFICANCE,
    difference::{Rate, of_rates},
};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub treated: Rate,
    pub control: Rate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// Parts with enough customers in both arms, as given.
    pub parts: Vec<(Part, Effect)>,
    pub q: f64,
    pub p_value: f64,
    /// Whether whom to reach may be chosen by part.
    pub real: bool,
}

/// `None` with fewer than two parts that have enough customers in both arms.
pub fn test(parts: &[Part]) -> Option<Heterogeneity> {
    let kept: Vec<(Part, Effect)> = parts
        .iter()
        .filter(|part| part.treated.customers.min(part.control.customers) >= FEWEST_CUSTOMERS)
        .map(|part| (part.clone(), of_rates(part.treated, part.control)))
        .collect();
    if kept.len() < 2 {
        return None;
    }
    // Half a customer added on either side, so that a part where nobody did it is not infinitely sure.
    let variance = |rate: Rate| {
        let n = rate.customers as f64 + 1.0;
        let share = (rate.did as f64 + 0.5) / n;
        share * (1.0 - share) / n
    };
    let mut weighted: Vec<(f64, f64)> = kept
        .iter()
        .map(|(part, effect)| (effect.difference, 1.0 / (variance(part.treated) + variance(part.control))))
        .collect();
    // Sums of decimals depend on their order.
    weighted.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let weights: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mean = weighted.iter().map(|(difference, weight)| difference * weight).sum::<f64>() / weights;
    let q = weighted.iter().map(|(difference, weight)| weight * (difference - mean).powi(2)).sum::<f64>();
    let p_value = 1.0 - ChiSquared::new((kept.len() - 1) as f64).ok()?.cdf(q);
    Some(Heterogeneity { real: p_value < SIGNIFICANCE, parts: kept, q, p_value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(name: &str, treated: u64, control: u64) -> Part {
        let rate = |did| Rate { customers: 1_000, did };
        Part { name: name.to_owned(), treated: rate(treated), control: rate(control) }
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
        let mut small = part("b", 60, 100);
        small.control.customers = FEWEST_CUSTOMERS - 1;
        assert_eq!(test(&[part("a", 200, 100), small]), None);
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
