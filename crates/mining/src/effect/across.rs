//! The effect of many experiments by what sets them apart, their medium. Of each part the differences of its experiments are put together
//! with the weights of Mantel & Haenszel (1959; for differences Greenland & Robins 1985), n₁n₀ / (n₁ + n₀): by how many customers there
//! were and not by what they did, which would give most weight to experiments in which few bought. Arms of several experiments are never
//! added up: where different shares were left alone that alone would make a difference (Simpson 1951). Whether parts differ is Cochran's Q,
//! as within one experiment ([`super::heterogeneity`]). An experiment has one medium, so that media are compared between experiments, whose
//! customers and days are others; what sets the customers of each apart is compared [`super::within`] them.

use super::{
    SIGNIFICANCE,
    heterogeneity::{Arms, Part, by_chance, cochran},
    quantile,
};
use std::collections::BTreeMap;

/// What the experiments of a part brought about together, or brought about more there than elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    pub name: String,
    pub experiments: u64,
    /// Of both arms.
    pub customers: u64,
    pub difference: f64,
    /// Interval of 1 − [`SIGNIFICANCE`].
    pub lower: f64,
    pub upper: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Across {
    /// By name.
    pub parts: Vec<Together>,
    pub p_value: f64,
    /// Whether parts may be told apart.
    pub real: bool,
}

/// Parts of any number of experiments, each measured alike: those of one name go together. `None` with fewer than two names that have
/// a part with enough customers in both arms.
pub fn test<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Option<Across> {
    let mut by_name: BTreeMap<&str, Vec<Arms>> = BTreeMap::new();
    for part in parts.into_iter().filter(|part| part.is_told()) {
        by_name.entry(&part.name).or_default().push(part.arms);
    }
    let found: Vec<(Together, f64)> = by_name.iter().map(|(name, arms)| together(name, arms)).collect();
    let (q, freedom) = cochran(found.iter().map(|(part, variance)| (part.difference, *variance)))?;
    let p_value = by_chance(q, freedom)?;
    let parts = found.into_iter().map(|(part, _)| part).collect();
    Some(Across { parts, p_value, real: p_value < SIGNIFICANCE })
}

/// With the variance of the difference. Experiments are drawn by lots of their own, so that their differences are independent even
/// where they share customers.
fn together(name: &str, arms: &[Arms]) -> (Together, f64) {
    let all = Weighed::together(arms.iter().map(|arms| Weighed::of(*arms)).collect());
    let (lower, upper) = match arms {
        // As its own page tells it.
        [one] => (one.effect().lower, one.effect().upper),
        _ => all.interval(),
    };
    let customers = arms.iter().flat_map(|one| one.customers()).sum();
    let (name, experiments) = (name.to_owned(), arms.len() as u64);
    (Together { name, experiments, customers, difference: all.difference, lower, upper }, all.variance)
}

/// A difference, and how much it counts among others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weighed {
    pub weight: f64,
    pub difference: f64,
    pub variance: f64,
}

impl Weighed {
    pub fn of(arms: Arms) -> Self {
        let [treated, control] = arms.customers().map(|customers| customers as f64);
        let weight = treated * control / (treated + control);
        Weighed { weight, difference: arms.effect().difference, variance: arms.variance() }
    }

    /// Of independent ones, by their weights.
    pub fn together(mut all: Vec<Weighed>) -> Self {
        // Sums of decimals depend on their order.
        all.sort_unstable_by(|one, other| {
            one.weight
                .total_cmp(&other.weight)
                .then(one.difference.total_cmp(&other.difference))
                .then(one.variance.total_cmp(&other.variance))
        });
        let weight: f64 = all.iter().map(|one| one.weight).sum();
        let difference = all.iter().map(|one| one.weight * one.difference).sum::<f64>() / weight;
        let variance = all.iter().map(|one| one.weight.powi(2) * one.variance).sum::<f64>() / weight.powi(2);
        Weighed { weight, difference, variance }
    }

    pub fn interval(&self) -> (f64, f64) {
        let reach = quantile(1.0 - SIGNIFICANCE / 2.0) * self.variance.sqrt();
        (self.difference - reach, self.difference + reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::difference::{Amounts, Rate};
    use proptest::prelude::*;

    fn part(name: &str, treated: [u64; 2], control: [u64; 2]) -> Part {
        let rate = |[customers, did]: [u64; 2]| Rate { customers, did };
        Part { name: name.to_owned(), arms: Arms::Rates([rate(treated), rate(control)]) }
    }

    #[test]
    fn experiments_of_a_part_are_weighed_by_their_customers() {
        let parts = [
            part("letter", [1_000, 200], [1_000, 100]),
            part("letter", [300, 45], [300, 30]),
            part("email", [1_000, 100], [1_000, 100]),
        ];
        let found = test(&parts).expect("two media");
        assert!(found.real && found.p_value < 0.001, "{found:?}");
        let [email, letter] = found.parts.as_slice() else { panic!("{found:?}") };
        // Weights 500 and 150: (500 · 0.1 + 150 · 0.05) / 650. Variance (500² · 2.5025e-4 + 150² · 7.3222e-4) / 650², half a customer added.
        assert_eq!((letter.name.as_str(), letter.experiments, letter.customers), ("letter", 2, 2_600));
        assert!((letter.difference - 0.088_461_5).abs() < 1e-6, "{letter:?}");
        assert!(
            (letter.lower - 0.061_667).abs() < 1e-5 && (letter.upper - 0.115_256).abs() < 1e-5,
            "{letter:?}"
        );
        // A single one has the interval of its own page.
        let own = parts[2].arms.effect();
        assert_eq!((email.difference, email.lower, email.upper), (0.0, own.lower, own.upper));
    }

    #[test]
    fn different_shares_left_alone_make_no_difference_by_themselves() {
        // In neither does the campaign bring anything; all reached against all left alone would be 46 % against 14 %.
        let parts = [
            part("a", [900, 450], [100, 50]),
            part("a", [100, 10], [900, 90]),
            part("b", [500, 50], [500, 50]),
        ];
        let found = test(&parts).expect("two parts");
        assert!(found.parts[0].difference.abs() < 1e-12 && !found.real, "{found:?}");
    }

    #[test]
    fn what_is_too_small_or_alone_is_not_told_apart() {
        assert_eq!(test(&[part("a", [300, 90], [300, 30]), part("b", [300, 90], [29, 3])]), None);
        assert_eq!(test(&[part("a", [300, 90], [300, 30]), part("a", [300, 30], [300, 90])]), None);
        assert_eq!(test(&[]), None);
        let same = Amounts::of(&[5.0; 100]);
        let unweighed = Part { name: "b".to_owned(), arms: Arms::Amounts([same, same]) };
        assert_eq!(test(&[part("a", [300, 90], [300, 30]), unweighed]), None);
    }

    #[test]
    fn what_is_kept_of_a_part_is_read_again() {
        let parts = [
            part("a", [300, 90], [300, 30]),
            Part { name: "b".to_owned(), arms: Arms::Amounts([Amounts::of(&[1.0, 2.5]); 2]) },
        ];
        let text = serde_json::to_string(&parts).expect("JSON");
        assert_eq!(serde_json::from_str::<Vec<Part>>(&text).expect("parts"), parts);
    }

    proptest! {
        #[test]
        fn the_order_of_experiments_changes_nothing(
            (given, shuffled) in prop::collection::vec((0_u8..3, 30_u64..500, 0_u64..=30, 0_u64..=30), 0..12)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |experiments: Vec<(u8, u64, u64, u64)>| {
                let parts: Vec<Part> = experiments
                    .into_iter()
                    .map(|(name, customers, treated, control)| part(&name.to_string(), [customers, treated], [300, control]))
                    .collect();
                test(&parts)
            };
            prop_assert_eq!(of(given), of(shuffled));
        }
    }
}
