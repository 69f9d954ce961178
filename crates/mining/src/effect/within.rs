//! Whether the effect of many experiments differs between the regions of their customers. Not every experiment reaches every region
//! alike, so that regions are compared within each experiment only, where medium, offer and days are the same, and what experiments
//! differ in makes no difference of regions (Fisher, Carpenter, Morris, Freeman & Tierney 2017, *BMJ* 356, j573: "deft" rather than "daft").
//!
//! Whether they differ: Q = Σₑ Σᵣ (dₑᵣ − d̄ₑ)² / vₑᵣ, in each experiment e Cochran's Q of the differences dₑᵣ of its kₑ regions about their
//! mean d̄ₑ, against χ² with Σₑ (kₑ − 1) degrees of freedom (Q within classes: Hedges & Olkin 1985, *Statistical Methods for
//! Meta-Analysis*, ch. 7).
//!
//! By how much: cₑᵣ = dₑᵣ − dₑ₋ᵣ, the effect in the region less that in the other regions of the same experiment, put together over experiments.
//! As in [`super::across`], customers weigh and not what they did: other regions by wₑᵣ = n₁n₀ / (n₁ + n₀), experiments by
//! wₑᵣ wₑ₋ᵣ / (wₑᵣ + wₑ₋ᵣ), which would be one over the variance of cₑᵣ if all customers varied alike.

use super::{
    SIGNIFICANCE,
    across::{Across, Together, Weighed},
    heterogeneity::{Part, by_chance, cochran},
};
use std::collections::BTreeMap;

/// The effect in a region against that in the others of the same experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Against {
    /// The effect in the others.
    pub others: f64,
    weighed: Weighed,
}

impl Against {
    /// `None` unless this region and another have enough customers in both arms.
    pub fn of(regions: &[Part], name: &str) -> Option<Self> {
        let told = || regions.iter().filter(|part| part.is_told());
        let own = Weighed::of(told().find(|part| part.name == name)?.arms);
        let others: Vec<Weighed> =
            told().filter(|part| part.name != name).map(|part| Weighed::of(part.arms)).collect();
        if others.is_empty() {
            return None;
        }
        let others = Weighed::together(others);
        let weighed = Weighed {
            weight: own.weight * others.weight / (own.weight + others.weight),
            difference: own.difference - others.difference,
            variance: own.variance + others.variance,
        };
        Some(Against { others: others.difference, weighed })
    }

    /// By how much it is more.
    pub fn difference(&self) -> f64 {
        self.weighed.difference
    }

    /// Of 1 − [`SIGNIFICANCE`].
    pub fn interval(&self) -> (f64, f64) {
        self.weighed.interval()
    }
}

/// The regions of each experiment, all measured alike; of each region by how much the effect there is more than in the others. `None`
/// without an experiment that has two regions with enough customers in both arms.
pub fn test<'p>(experiments: impl IntoIterator<Item = &'p [Part]>) -> Option<Across> {
    let mut by_name: BTreeMap<&str, (u64, Vec<Weighed>)> = BTreeMap::new();
    let mut apart = vec![];
    for regions in experiments {
        let differences = || {
            let told = regions.iter().filter(|part| part.is_told());
            told.map(|part| (part.arms.effect().difference, part.arms.variance()))
        };
        apart.extend(cochran(differences()));
        for part in regions {
            if let Some(against) = Against::of(regions, &part.name) {
                let (customers, all) = by_name.entry(&part.name).or_default();
                *customers += part.arms.customers().iter().sum::<u64>();
                all.push(against.weighed);
            }
        }
    }
    // Sums of decimals depend on their order.
    apart.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let freedom: usize = apart.iter().map(|(_, freedom)| freedom).sum();
    let p_value = by_chance(apart.iter().map(|(q, _)| q).sum(), freedom)?;
    let parts = by_name.into_iter().map(|(name, (customers, all))| {
        let experiments = all.len() as u64;
        let together = Weighed::together(all);
        let (lower, upper) = together.interval();
        Together {
            name: name.to_owned(),
            experiments,
            customers,
            difference: together.difference,
            lower,
            upper,
        }
    });
    Some(Across { parts: parts.collect(), p_value, real: p_value < SIGNIFICANCE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{difference::Rate, heterogeneity::Arms};
    use proptest::prelude::*;

    /// So many customers on each side, of whom so many reached did it and so many left alone.
    fn part(name: &str, customers: u64, did: [u64; 2]) -> Part {
        let arms = Arms::Rates(did.map(|did| Rate { customers, did }));
        Part { name: name.to_owned(), arms }
    }

    #[test]
    fn regions_of_each_experiment_are_put_together() {
        let letter = [part("a", 1_000, [200, 100]), part("b", 1_000, [100, 100])];
        let mail = [part("a", 300, [45, 30]), part("b", 300, [30, 30])];
        let found = test([letter.as_slice(), &mail]).expect("two experiments");
        // Variances of the differences, half a customer added: 2.5025e-4 and 1.8046e-4, 7.2882e-4 and 6.0506e-4. Q of two regions
        // is (d₁ − d₀)² / (v₁ + v₀): 23.2176 and 1.8742, and the p of their sum with two degrees of freedom e^(−Q/2).
        assert!((found.p_value - (-25.091_846_f64 / 2.0).exp()).abs() < 1e-10 && found.real, "{found:?}");
        // Weights 500 · 500 / 1,000 and 150 · 150 / 300: (250 · 0.1 + 75 · 0.05) / 325. Variance (250² · 4.3071e-4 + 75² · 1.33388e-3) / 325².
        let [a, b] = found.parts.as_slice() else { panic!("{found:?}") };
        assert_eq!((a.name.as_str(), a.experiments, a.customers), ("a", 2, 2_600));
        assert!((a.difference - 0.088_461_5).abs() < 1e-6, "{a:?}");
        assert!((a.lower - 0.053_079).abs() < 1e-5 && (a.upper - 0.123_844).abs() < 1e-5, "{a:?}");
        // Of two regions the one has what the other lacks.
        assert!((a.difference + b.difference).abs() < 1e-12 && (a.lower + b.upper).abs() < 1e-12, "{b:?}");
    }

    #[test]
    fn a_region_stands_against_all_others_of_its_experiment() {
        let regions = [part("a", 400, [80, 40]), part("b", 200, [30, 20]), part("c", 100, [10, 10])];
        let found = test([regions.as_slice()]).expect("three regions");
        // The others by 100 and 50: (100 · 0.05 + 50 · 0) / 150.
        let against = Against::of(&regions, "a").expect("others");
        assert!((against.others - 0.033_333_3).abs() < 1e-6, "{against:?}");
        let a = &found.parts[0];
        assert_eq!((a.difference, (a.lower, a.upper)), (against.difference(), against.interval()));
        assert!((a.difference - 0.066_666_7).abs() < 1e-6, "{a:?}");
        assert!((a.lower + 0.004_505).abs() < 1e-5 && (a.upper - 0.137_839).abs() < 1e-5, "{a:?}");
        // As on the page of the experiment: Q = 4.43513 with two degrees of freedom.
        assert!((found.p_value - (-4.435_126_f64 / 2.0).exp()).abs() < 1e-6 && !found.real, "{found:?}");
        let own = crate::effect::heterogeneity::test(&regions).expect("three regions");
        assert!((own.p_value - found.p_value).abs() < 1e-12);
    }

    #[test]
    fn what_experiments_differ_in_is_no_difference_of_regions() {
        // The letter brings ten points wherever it goes, the mail nothing; one reached a and b, the other b and c.
        let letter = [part("a", 1_000, [200, 100]), part("b", 1_000, [200, 100])];
        let mail = [part("b", 1_000, [100, 100]), part("c", 1_000, [100, 100])];
        let found = test([letter.as_slice(), &mail]).expect("two experiments");
        assert!(!found.real && found.p_value > 0.999, "{found:?}");
        assert!(found.parts.iter().all(|part| part.difference.abs() < 1e-12), "{found:?}");
        // All regions taken together would have it that a is better than c.
        let together = crate::effect::across::test(letter.iter().chain(&mail)).expect("three regions");
        assert!(together.real, "{together:?}");
    }

    #[test]
    fn what_one_experiment_does_not_show_two_may() {
        let one = [part("a", 300, [50, 30]), part("b", 300, [30, 30])];
        // Q is 3.24066, p 0.0718; of twice that with two degrees of freedom e^(−3.24066).
        let alone = test([one.as_slice()]).expect("an experiment");
        assert!((alone.p_value - 0.071_83).abs() < 1e-4 && !alone.real, "{alone:?}");
        let both = test([one.as_slice(), &one]).expect("two experiments");
        assert!((both.p_value - 0.039_138).abs() < 1e-5 && both.real, "{both:?}");
    }

    #[test]
    fn what_has_nothing_beside_it_is_not_told() {
        let alone = [part("a", 300, [90, 30])];
        let few = [part("a", 300, [90, 30]), part("b", 29, [9, 3])];
        assert_eq!(test([alone.as_slice(), &few, &[]]), None);
        assert_eq!((Against::of(&few, "a"), Against::of(&few, "b")), (None, None));
        let both = [part("a", 300, [90, 30]), part("b", 300, [30, 30])];
        let found = test([alone.as_slice(), &both]).expect("an experiment");
        assert!(found.parts.iter().all(|part| (part.experiments, part.customers) == (1, 600)), "{found:?}");
    }

    proptest! {
        #[test]
        fn the_order_of_experiments_and_regions_changes_nothing(
            (given, shuffled) in prop::collection::vec(prop::collection::vec((30_u64..500, 0_u64..=30, 0_u64..=30), 0..4), 0..6)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |experiments: Vec<Vec<(u64, u64, u64)>>, turned: bool| {
                let experiments: Vec<Vec<Part>> = experiments
                    .into_iter()
                    .map(|regions| {
                        let named = regions.into_iter().enumerate().map(|(name, (customers, treated, control))| {
                            part(&name.to_string(), customers, [treated, control])
                        });
                        let mut regions: Vec<Part> = named.collect();
                        if turned {
                            regions.reverse();
                        }
                        regions
                    })
                    .collect();
                test(experiments.iter().map(Vec::as_slice))
            };
            prop_assert_eq!(of(given, false), of(shuffled, true));
        }
    }
}
