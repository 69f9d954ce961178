//! How good probabilities are.

use serde::{Deserialize, Serialize};

/// Of the test's customers in ten parts by their predicted probability.
pub const PARTS: usize = 10;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Probability that of two customers, one who did and one who did not, the first was given the higher one; 0.5 is chance.
    pub auc: f64,
    /// Standard error of the AUC (Hanley and McNeil 1982).
    pub auc_error: f64,
    /// Mean squared difference of probability and outcome (Brier 1950): lower is better.
    pub brier: f64,
    /// How often it happened among the tenth with the highest probabilities, against all.
    pub lift_of_best_tenth: f64,
    /// From the lowest probabilities up.
    pub calibration: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub customers: usize,
    pub predicted: f64,
    pub happened: f64,
}

/// `None` unless it happened to some and not to others.
pub fn measure(probabilities: &[f64], happened: &[bool]) -> Option<Measures> {
    let mut sorted: Vec<(f64, bool)> = probabilities.iter().copied().zip(happened.iter().copied()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let count = sorted.len();
    let yes = sorted.iter().filter(|(_, happened)| *happened).count();
    if yes == 0 || yes == count {
        return None;
    }
    let rate = yes as f64 / count as f64;
    let best = spread(&sorted, count - count.div_ceil(PARTS), count);
    let auc = auc(&sorted, yes);
    Some(Measures {
        auc,
        auc_error: auc_error(auc, yes as f64, (count - yes) as f64),
        brier: squares(probabilities, happened).iter().sum::<f64>() / count as f64,
        lift_of_best_tenth: best.happened / rate,
        calibration: (0..PARTS)
            .map(|part| (part * count / PARTS, (part + 1) * count / PARTS))
            .filter(|(from, to)| from < to)
            .map(|(from, to)| spread(&sorted, from, to))
            .collect(),
    })
}

/// (probability − outcome)², one a customer.
pub fn squares(probabilities: &[f64], happened: &[bool]) -> Vec<f64> {
    let outcome = |happened: &bool| f64::from(u8::from(*happened));
    probabilities.iter().zip(happened).map(|(p, happened)| (p - outcome(happened)).powi(2)).collect()
}

/// Mann–Whitney, equal probabilities counting half.
fn auc(sorted: &[(f64, bool)], yes: usize) -> f64 {
    let (mut below, mut won) = (0_usize, 0.0);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        let happened = same.iter().filter(|(_, happened)| *happened).count();
        let not = same.len() - happened;
        won += happened as f64 * (below as f64 + not as f64 / 2.0);
        below += not;
    }
    won / (yes as f64 * (sorted.len() - yes) as f64)
}

/// Of `yes` customers to whom it happened and `no` to whom it did not.
fn auc_error(auc: f64, yes: f64, no: f64) -> f64 {
    // Two to whom it happened rank above one to whom it did not, and one above two.
    let (two_above, above_two) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let squares = (yes - 1.0) * (two_above - auc * auc) + (no - 1.0) * (above_two - auc * auc);
    ((auc * (1.0 - auc) + squares) / (yes * no)).max(0.0).sqrt()
}

/// Customers `from..to`; those of equal probability at the ends count with their common rate, whatever order they stand in.
fn spread(sorted: &[(f64, bool)], from: usize, to: usize) -> Part {
    let (mut predicted, mut happened, mut at) = (0.0, 0.0, 0);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        let inside = (at + same.len()).min(to).saturating_sub(at.max(from));
        let rate = same.iter().filter(|(_, happened)| *happened).count() as f64 / same.len() as f64;
        predicted += inside as f64 * same[0].0;
        happened += inside as f64 * rate;
        at += same.len();
    }
    let customers = to - from;
    Part { customers, predicted: predicted / customers as f64, happened: happened / customers as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn measures_of_a_known_case() {
        let found = measure(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]).expect("both outcomes");
        // The example of scikit-learn's documentation: 0.75.
        assert_eq!(found.auc, 0.75);
        assert!((found.brier - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        assert_eq!(found.lift_of_best_tenth, 2.0);
    }

    #[test]
    fn the_error_of_an_auc_is_that_of_the_formula() {
        // By hand: Q1 = 0.80668, Q2 = 0.84252, variance (0.09555 + 50·0.00923 + 57·0.04507) / (51·58).
        assert!((auc_error(0.893, 51.0, 58.0) - 0.0325).abs() < 1e-4);
        assert_eq!(auc_error(1.0, 5.0, 5.0), 0.0);
    }

    #[test]
    fn the_same_for_everybody_is_chance() {
        let found = measure(&[0.5; 40], &(0..40).map(|at| at % 4 == 0).collect::<Vec<_>>()).expect("both");
        assert_eq!((found.auc, found.lift_of_best_tenth), (0.5, 1.0));
        assert!(found.calibration.iter().all(|part| part.happened == 0.25 && part.customers == 4));
        assert_eq!(measure(&[0.5], &[true]), None);
    }

    proptest! {
        #[test]
        fn parts_add_up(rows in prop::collection::vec((0_u8..20, any::<bool>()), 2..200)) {
            let (p, happened): (Vec<f64>, Vec<bool>) = rows.iter().map(|(p, yes)| (f64::from(*p) / 20.0, *yes)).unzip();
            if let Some(found) = measure(&p, &happened) {
                prop_assert!((0.0..=1.0).contains(&found.auc) && (0.0..=1.0).contains(&found.brier));
                let all: usize = found.calibration.iter().map(|part| part.customers).sum();
                prop_assert_eq!(all, rows.len());
                let yes: f64 = found.calibration.iter().map(|part| part.happened * part.customers as f64).sum();
                prop_assert!((yes - happened.iter().filter(|yes| **yes).count() as f64).abs() < 1e-6);
            }
        }
    }
}
