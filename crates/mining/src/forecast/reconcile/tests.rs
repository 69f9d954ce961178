//! Values that add up: a case worked by hand, and what holds of any.

use super::super::{Method, backtest::origins, forecast};
use super::*;
use proptest::prelude::*;

fn of(whole: usize, parts: &[usize]) -> Breakdown {
    Breakdown { whole, parts: parts.to_vec() }
}

/// A company (0) of two regions (1, 2) and two categories (3, 4), the first of two products (5, 6), the other of one (7).
fn company() -> [Breakdown; 4] {
    [of(0, &[1, 2]), of(0, &[3, 4]), of(3, &[5, 6]), of(4, &[7])]
}

fn assert_close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
    }
}

#[test]
fn the_least_certain_gives_way_most() {
    // 130 against 60 + 40, a gap of 30; variances 1, 4, 0. The parts say 100 ± 4, so that the whole is (4·130 + 1·100)/5 = 124.
    let found = coherent(&[130.0, 60.0, 40.0], &[1.0, 4.0, 0.0], &[of(0, &[1, 2])]);
    assert_close(&found, &[124.0, 84.0, 40.0]);
}

#[test]
fn a_whole_that_falls_into_parts_in_two_ways_hears_both() {
    // Of the company: its own 100 with variance 2, the regions' 110 with 1 + 1 = 2, the categories' 94 with V₃ + V₄.
    // V₃: own 50 with 6, products 20 + 25 = 45 with 2 + 1 = 3: m₃ = (3·50 + 6·45)/9 = 140/3, V₃ = 6·3/9 = 2.
    // V₄: own 46 with 4, product 48 with 4: m₄ = 47, V₄ = 2. The categories say 281/3 with 4.
    // The company: (100/2 + 110/2 + 281/12) / (1/2 + 1/2 + 1/4) = (1541/12) / (5/4) = 1541/15.
    let values = [100.0, 70.0, 40.0, 50.0, 46.0, 20.0, 25.0, 48.0];
    let variances = [2.0, 1.0, 1.0, 6.0, 4.0, 2.0, 1.0, 4.0];
    let found = coherent(&values, &variances, &company());
    let whole = 1541.0 / 15.0;
    // Half of the gap each; then of category 3: two thirds of its gap to the less certain product.
    let (regions, categories) = ((whole - 110.0) / 2.0, (whole - 281.0 / 3.0) / 2.0);
    let (third, fourth) = (140.0 / 3.0 + categories, 47.0 + categories);
    let products = third - 45.0;
    let wanted = [
        whole,
        70.0 + regions,
        40.0 + regions,
        third,
        fourth,
        20.0 + products * 2.0 / 3.0,
        25.0 + products / 3.0,
        fourth,
    ];
    assert_close(&found, &wanted);
}

#[test]
fn nothing_falls_below_zero_and_without_errors_the_parts_decide() {
    // 10 that is certain against 2 + 30: the first part would fall to 2 − 11.
    let found = coherent(&[10.0, 2.0, 30.0], &[0.0, 1.0, 1.0], &[of(0, &[1, 2])]);
    assert_close(&found, &[10.0, 0.0, 10.0]);
    let found = coherent(&[10.0, 2.0, 30.0], &[0.0; 3], &[of(0, &[1, 2])]);
    assert_close(&found, &[32.0, 2.0, 30.0]);
    let found = coherent(&[10.0, 0.0, 0.0], &[0.0, 1.0, 1.0], &[of(0, &[1, 2])]);
    assert_close(&found, &[10.0, 5.0, 5.0]);
}

/// Histories of the leaves (regions are cut out of all sales by a share), their sums, and forecasts of each.
fn forecasts(leaves: &[Vec<f64>; 3], share: f64) -> (Vec<Vec<f64>>, Vec<Forecast>) {
    let sum = |parts: &[&Vec<f64>]| -> Vec<f64> {
        (0..parts[0].len()).map(|at| parts.iter().map(|part| part[at]).sum()).collect()
    };
    let third = sum(&[&leaves[0], &leaves[1]]);
    let all = sum(&[&third, &leaves[2]]);
    let north: Vec<f64> = all.iter().map(|value| value * share).collect();
    let south: Vec<f64> = all.iter().zip(&north).map(|(all, north)| all - north).collect();
    let [a, b, c] = leaves.clone();
    let histories = vec![all, north, south, third, c.clone(), a, b, c];
    let back = origins(leaves[0].len(), 1, 4);
    let told = |history: &Vec<f64>| forecast(history, 1, 4, &Method::QUICK, &back).expect("a forecast");
    let told = histories.iter().map(told).collect();
    (histories, told)
}

fn reconciled(histories: &[Vec<f64>], forecasts: &mut [Forecast]) {
    let mut nodes: Vec<Node<'_>> =
        histories.iter().zip(forecasts).map(|(history, forecast)| Node { history, forecast }).collect();
    reconcile(&mut nodes, &company());
}

fn leaf() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), 0.0_f64..1e5], 24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_always_sum_to_their_whole(
        values in prop::collection::vec(0.0_f64..1e6, 8),
        variances in prop::collection::vec(prop_oneof![Just(0.0), 0.0_f64..1e8], 8),
    ) {
        let found = coherent(&values, &variances, &company());
        for Breakdown { whole, parts } in company() {
            let sum: f64 = parts.iter().map(|part| found[*part]).sum();
            prop_assert!((sum - found[whole]).abs() <= 1e-9 * found[whole].max(1.0), "{:?}", found);
        }
        prop_assert!(found.iter().all(|value| *value >= 0.0));
    }

    /// Least squares: what is left of the forecasts is at right angles to every direction in which all adds up.
    #[test]
    fn no_other_values_that_add_up_are_nearer(
        values in prop::collection::vec(1e3_f64..1.1e3, 8),
        variances in prop::collection::vec(1.0_f64..10.0, 8),
        moved in prop::collection::vec(-1.0_f64..1.0, 4),
    ) {
        // Large enough that nothing is held at zero.
        let values: Vec<f64> = values.iter().zip([4.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 2.0]).map(|(a, b)| a * b).collect();
        let found = coherent(&values, &variances, &company());
        let all: f64 = moved[..3].iter().sum();
        let direction = [all, moved[3], all - moved[3], moved[0] + moved[1], moved[2], moved[0], moved[1], moved[2]];
        let along: f64 = (0..8).map(|at| (found[at] - values[at]) * direction[at] / variances[at]).sum();
        prop_assert!(along.abs() < 1e-6, "{}", along);
        // What adds up already stays.
        assert_close(&coherent(&found, &variances, &company()), &found);
    }

    /// In every step, and in every error of the past: a whole is off by what its parts are off by together.
    #[test]
    fn forecasts_and_their_errors_add_up(a in leaf(), b in leaf(), c in leaf(), share in 0.0_f64..1.0) {
        let (histories, mut told) = forecasts(&[a, b, c], share);
        reconciled(&histories, &mut told);
        for Breakdown { whole, parts } in company() {
            let near = |of: &dyn Fn(&Forecast) -> f64| {
                let sum: f64 = parts.iter().map(|part| of(&told[*part])).sum();
                (sum - of(&told[whole])).abs() <= 1e-6
            };
            for step in 0..4 {
                prop_assert!(near(&|one| one.points[step]));
                for origin in 0..told[0].backtest.origins {
                    prop_assert!(near(&|one| one.backtest.errors[origin][step]));
                }
            }
        }
        for one in &told {
            prop_assert!(one.points.iter().all(|point| *point >= 0.0) && one.errors.mae.is_finite());
            prop_assert!(one.deviations.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        let parts = [&told[5], &told[6], &told[7]];
        let sum = Forecast::sum(&parts, &histories[0], 1);
        for step in 0..4 {
            prop_assert!((sum.points[step] - told[0].points[step]).abs() <= 1e-6);
        }
        prop_assert!((sum.errors.mae - told[0].errors.mae).abs() <= 1e-6 && sum.backtest.best.is_none());
    }
}
