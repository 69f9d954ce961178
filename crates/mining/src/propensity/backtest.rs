//! Learned on one period, tested on the next: which method tells the truth about customers it was not shown.

use super::{Candidate, Example, FEWEST_EVENTS, Model, measures};
use crate::{reason::Reason, recommend::backtest::paired};
use measures::Measures;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    pub learned_from: usize,
    pub tested_on: usize,
    /// Share of the tested to whom it happened.
    pub rate: f64,
    /// Candidates that could be fitted, from the simplest up.
    pub tried: Vec<Tried>,
    /// The simplest that none beats by more than one standard error of the difference in squared error.
    pub best: Candidate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub what: Candidate,
    pub measures: Measures,
}

/// Learns every candidate from `earlier` and tests it on `later`; the first `history` features are what customers did.
pub fn run(earlier: &[Example], later: &[Example], history: usize) -> Result<Backtest, Reason> {
    let mut later: Vec<&Example> = later.iter().collect();
    later.sort_by_key(|example| (example.key, example.happened));
    let happened: Vec<bool> = later.iter().map(|example| example.happened).collect();
    let yes = happened.iter().filter(|happened| **happened).count();
    let have = yes.min(later.len() - yes);
    if have < FEWEST_EVENTS {
        return Err(Reason::TooFewEvents { have, need: FEWEST_EVENTS });
    }
    let rows: Vec<Vec<f64>> = later.iter().map(|example| example.features.clone()).collect();
    let mut tried: Vec<(Tried, Vec<f64>)> = vec![];
    let (mut learned_from, mut best) = (0, 0);
    let knows_more = earlier.first().is_some_and(|example| example.features.len() > history);
    for what in Candidate::ALL.into_iter().filter(|what| knows_more || !what.traits) {
        let model = match Model::fit(earlier, what, history) {
            Ok(model) => model,
            // That one method finds no solution does not keep the others from it.
            Err(Reason::NotConverged) => continue,
            Err(reason) => return Err(reason),
        };
        learned_from = model.examples;
        let told = model.probabilities(&rows)?;
        let Some(measures) = measures::measure(&told, &happened) else { continue };
        tried.push((Tried { what, measures }, measures::squares(&told, &happened)));
        let last = tried.len() - 1;
        let (gain, error) = paired(&tried[best].1, &tried[last].1);
        if gain > error && gain > 0.0 {
            best = last;
        }
    }
    Ok(Backtest {
        learned_from,
        tested_on: later.len(),
        rate: yes as f64 / later.len() as f64,
        best: tried.get(best).map_or(Candidate::ALL[0], |(tried, _)| tried.what),
        tried: tried.into_iter().map(|(tried, _)| tried).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Method, mixed};
    use super::*;
    use proptest::prelude::*;

    fn chance(key: u64) -> f64 {
        mixed(key) as f64 / u64::MAX as f64
    }

    /// Examples whose true probability is `p` of two features.
    fn drawn(count: u64, seed: u64, p: impl Fn(f64, f64) -> f64) -> Vec<Example> {
        let one = |at: u64| {
            let (a, b) = (chance(seed + 3 * at) * 4.0 - 2.0, chance(seed + 3 * at + 1) * 4.0 - 2.0);
            Example { key: at, features: vec![a, b, 7.0], happened: chance(seed + 3 * at + 2) < p(a, b) }
        };
        (0..count).map(one).collect()
    }

    fn linear(a: f64, _: f64) -> f64 {
        1.0 / (1.0 + (1.0 - 1.5 * a).exp())
    }

    #[test]
    fn a_linear_truth_is_found_by_the_logistic_and_told_calibrated() {
        let (earlier, later) = (drawn(1_500, 1, linear), drawn(1_500, 100_000, linear));
        let found = run(&earlier, &later, 3).expect("a test");
        assert_eq!(found.best.method, Method::Logistic);
        let measures = &found.tried[1].measures;
        assert!(measures.auc > 0.75 && measures.lift_of_best_tenth > 1.8, "{measures:?}");
        assert!(
            measures.calibration.iter().all(|part| (part.predicted - part.happened).abs() < 0.12),
            "{measures:?}"
        );
        let model = Model::fit(&earlier, Candidate::ALL[1], 3).expect("a model");
        let told = &model.predict(&[vec![1.0, 0.0, 7.0]]).expect("told")[0];
        assert!((told.probability - linear(1.0, 0.0)).abs() < 0.06, "{told:?}");
        // The first feature speaks for it, the constant one says nothing.
        assert!(told.contributions[0] > 0.5 && told.contributions[2] == 0.0);
        adds_up(&model);
    }

    /// What is added to the average customer's log-odds comes to each one's, by whichever method.
    fn adds_up(model: &Model) {
        let rows: Vec<Vec<f64>> = crossed_rows().collect();
        let told = model.predict(&rows).expect("told");
        for one in &told {
            let odds = (one.base + one.contributions.iter().sum::<f64>()).exp();
            assert!((odds / (1.0 + odds) - one.probability).abs() < 1e-9, "{one:?}");
            assert!((one.base - told[0].base).abs() < 1e-9, "{one:?} {:?}", told[0]);
        }
    }

    fn crossed_rows() -> impl Iterator<Item = Vec<f64>> {
        (0..200).map(|at| vec![chance(at) * 4.0 - 2.0, chance(at + 1_000) * 4.0 - 2.0, 7.0])
    }

    #[test]
    fn a_crossed_truth_needs_the_trees() {
        let crossed = |a: f64, b: f64| if a * b > 0.0 { 0.6 } else { 0.1 };
        let (earlier, later) = (drawn(2_000, 1, crossed), drawn(1_000, 100_000, crossed));
        let found = run(&earlier, &later, 3).expect("a test");
        assert_eq!(found.best.method, Method::Boosting, "{found:?}");
        let model = Model::fit(&earlier, Candidate::ALL[3], 3).expect("a model");
        let told = model.predict(&[vec![1.0, 1.0, 7.0], vec![1.0, -1.0, 7.0]]).expect("told");
        assert!(
            (told[0].probability - 0.6).abs() < 0.12 && (told[1].probability - 0.1).abs() < 0.1,
            "{told:?}"
        );
        adds_up(&model);
        // Each alone is told as with its reasons.
        let rows: Vec<Vec<f64>> = crossed_rows().collect();
        let alone = model.probabilities(&rows).expect("told");
        for (alone, told) in alone.iter().zip(model.predict(&rows).expect("told")) {
            assert!((alone - told.probability).abs() < 1e-9, "{alone} {told:?}");
        }
        // Kept and read again it tells the same.
        let kept = serde_json::to_string(&model).expect("plain data");
        let read: Model = serde_json::from_str(&kept).expect("plain data");
        assert_eq!(read.predict(&[vec![1.0, 1.0, 7.0]]).expect("told")[0], told[0]);
    }

    /// What he did says nothing, the first thing of who he is everything.
    #[test]
    fn who_customers_are_is_used_where_it_tells_more_than_what_they_did() {
        let turned = |seed| -> Vec<Example> {
            let turn = |example: Example| {
                let [a, b, c] = example.features[..] else { panic!("three features") };
                Example { features: vec![b, c, a], ..example }
            };
            drawn(1_500, seed, linear).into_iter().map(turn).collect()
        };
        let (earlier, later) = (turned(1), turned(100_000));
        let found = run(&earlier, &later, 2).expect("a test");
        assert_eq!(found.best, Candidate { method: Method::Logistic, traits: true }, "{found:?}");
        let auc = |what| found.tried.iter().find(|tried| tried.what == what).expect("tried").measures.auc;
        assert!(auc(found.best) > auc(Candidate { traits: false, ..found.best }) + 0.2, "{found:?}");
        let told = Model::fit(&earlier, Candidate { traits: false, ..found.best }, 2).expect("a model");
        assert_eq!(told.predict(&[vec![0.0, 7.0, 2.0]]).expect("told")[0].contributions[2], 0.0);
        // Where it is the other way round, it is left out.
        let (earlier, later) = (drawn(1_500, 1, linear), drawn(1_500, 100_000, linear));
        assert!(!run(&earlier, &later, 1).expect("a test").best.traits);
    }

    #[test]
    fn noise_is_told_the_base_rate() {
        let (earlier, later) = (drawn(800, 1, |_, _| 0.3), drawn(800, 100_000, |_, _| 0.3));
        let found = run(&earlier, &later, 3).expect("a test");
        assert_eq!(found.best.method, Method::BaseRate);
        adds_up(&Model::fit(&drawn(800, 1, |_, _| 0.3), found.best, 3).expect("a model"));
    }

    const DRAWN: usize = 200;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4))]
        #[test]
        fn the_order_of_examples_changes_nothing(
            seed in 0_u64..1_000,
            first in Just((0..DRAWN).collect::<Vec<usize>>()).prop_shuffle(),
            second in Just((0..DRAWN).collect::<Vec<usize>>()).prop_shuffle(),
        ) {
            let (earlier, later) = (drawn(DRAWN as u64, seed, linear), drawn(DRAWN as u64, seed + 100_000, linear));
            let ordered = |examples: &[Example], order: &[usize]| -> Vec<Example> {
                order.iter().map(|at| examples[*at].clone()).collect()
            };
            let (earlier_shuffled, later_shuffled) = (ordered(&earlier, &first), ordered(&later, &second));
            // Two features of what customers did and one of who they are: every candidate is tried.
            let found = run(&earlier, &later, 2);
            prop_assert!(found.is_ok(), "{found:?}");
            prop_assert_eq!(run(&earlier_shuffled, &later_shuffled, 2), found);
            for what in Candidate::ALL {
                prop_assert_eq!(Model::fit(&earlier_shuffled, what, 2), Model::fit(&earlier, what, 2));
            }
        }
    }

    #[test]
    fn unusable_examples_give_their_reason() {
        let good = drawn(400, 1, linear);
        let never: Vec<Example> =
            good.iter().cloned().map(|example| Example { happened: false, ..example }).collect();
        let few = Some(Reason::TooFewEvents { have: 0, need: FEWEST_EVENTS });
        assert_eq!(run(&never, &good, 3).err(), few);
        assert_eq!(run(&good, &never, 3).err(), few);
        assert_eq!(run(&good, &[], 3).err(), few);
        let mut bad = good.clone();
        bad[5].features[0] = f64::INFINITY;
        assert_eq!(run(&bad, &good, 3).err(), Some(Reason::NotFinite));
        bad[5].features = vec![1.0];
        assert_eq!(run(&bad, &good, 3).err(), Some(Reason::Ragged));
    }
}
