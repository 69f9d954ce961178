//! What back-tests measure, where their origins lie, and what intervals make of both.

use super::super::{Forecast, forecast};
use super::*;
use proptest::prelude::*;

fn told(history: &[f64], season: usize, horizon: usize) -> Result<Forecast, Reason> {
    forecast(history, season, horizon, &Method::ALL, &origins(history.len(), season, horizon))
}

#[test]
fn measures_of_a_known_case() {
    let found = measure(&[(10.0, 8.0), (0.0, 0.0), (4.0, 8.0)], Some(4.0));
    assert_eq!((found.mae, found.mase), (2.0, Some(0.5)));
    assert!((found.smape - (4.0 / 18.0 + 8.0 / 12.0) / 3.0).abs() < 1e-12);
    assert_eq!(found.wape, Some(6.0 / 14.0));
}

#[test]
fn a_season_is_found_and_beats_the_average() {
    let history: Vec<f64> =
        (0..60).map(|at| if at % 12 == 11 { 300.0 } else { 100.0 + f64::from(at % 5) }).collect();
    let found = told(&history, 12, 12).expect("a forecast");
    assert_eq!((found.points.len(), found.backtest.origins), (12, 6));
    assert!(found.points[11] > 250.0, "{:?}", found.points);
    let of = |method| found.backtest.of(method).expect("tried").errors;
    let best = found.backtest.best.expect("a method");
    assert!(of(best).mae < of(Method::Average).mae);
    assert!((found.backtest.measured(&history).mae - of(best).mae).abs() < 1e-9);
    assert!(found.deviations.windows(2).all(|pair| pair[0] <= pair[1]));
}

#[test]
fn too_short_a_series_says_how_long_it_must_be() {
    assert_eq!(told(&[1.0; 10], 1, 4).err(), Some(Reason::TooShort { have: 10, need: 13 }));
    assert_eq!(told(&[f64::NAN; 30], 1, 4).err(), Some(Reason::NotFinite));
}

#[test]
fn nothing_sold_is_forecast_as_nothing() {
    let found = told(&[0.0; 30], 12, 3).expect("a forecast");
    assert_eq!((found.backtest.best, found.points.as_slice()), (Some(Method::SeasonalNaive), &[0.0; 3][..]));
    assert_eq!(found.interval(2), (0.0, 0.0));
    assert_eq!(found.errors.wape, None);
}

#[test]
fn origins_lie_apart_as_far_as_the_history_allows() {
    let of = |length: usize| origins(length, 52, 13);
    assert_eq!(of(21), [0], "one is too few");
    assert_eq!(of(22), [0, 1]);
    assert_eq!(of(30), [0, 1, 2, 3, 4, 5]);
    assert_eq!(of(60), [0, 7, 14, 21, 28, 35]);
    // Eight weeks, 13 of the forecast and five times 13: nothing in common.
    assert_eq!(of(86), [0, 4, 8, 12, 16, 20], "a year is known at each of them: (86 − 13 − 52)/5");
    assert_eq!(of(80), [0, 11, 22, 33, 44, 55], "too short for that");
    // Two years and a week at each of them, for the methods that need so much: (153 − 13 − 105)/5.
    assert_eq!(of(153), [0, 7, 14, 21, 28, 35]);
    assert_eq!(of(300), [0, 13, 26, 39, 52, 65]);
}

#[test]
fn who_began_later_is_tried_from_the_origins_he_was_known_at() {
    let back = origins(300, 52, 13);
    let history: Vec<f64> = (0..60).map(|at| f64::from(10 + at % 3)).collect();
    let found = run(&history, 52, 13, &Method::QUICK, &back).expect("a test");
    // 60 − 13 − 39 are eight weeks; of a year none is known at any.
    assert_eq!((found.origins, found.errors.len(), found.season), (4, 6, 1));
    // Nothing was known 52 weeks before the last 13, and eight weeks' sales came.
    assert_eq!((&found.errors[4][..5], &found.errors[5][..]), (&[0.0; 5][..], &[0.0; 13][..]));
    assert!(found.errors[4][5..].iter().all(|error| *error > 0.0));
    assert_eq!(found.variance_without(5), 0.0);
    assert_eq!(needed(13, &back), 34);
}

#[test]
fn origins_that_overlap_are_worth_fewer() {
    // Two forecasts of four periods, one period apart: ρ = 3/4, n = 4 / (2 + 2·9/16).
    assert!((independent(&[0, 1], 4) - 4.0 / 3.125).abs() < 1e-12);
    assert!((independent(&[0, 13, 26], 13) - 3.0).abs() < 1e-12);
    assert!((independent(&[0, 1], 1) - 2.0).abs() < 1e-12);
}

#[test]
fn squares_lie_on_a_line_that_never_falls() {
    let near = |found: &[f64], wanted: &[f64]| {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    };
    near(&straight(&[1.0, 2.0, 3.0]), &[1.0, 2.0, 3.0]);
    near(&straight(&[3.0, 2.0, 1.0]), &[2.0, 2.0, 2.0]);
    // The line through all begins below zero: that through nothing at nothing, Σ s·v / Σ s² = 30/14.
    near(&straight(&[0.0, 0.0, 10.0]), &[30.0 / 14.0, 60.0 / 14.0, 90.0 / 14.0]);
    near(&straight(&[4.0]), &[4.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn nothing_is_ever_not_a_number(
        history in prop::collection::vec(prop_oneof![Just(0.0), -1e3_f64..1e6], 13..70), season in 1_usize..13,
    ) {
        let found = told(&history, season, 4).expect("a forecast");
        for step in 0..4 {
            let (lower, upper) = found.interval(step);
            prop_assert!(lower.is_finite() && upper.is_finite() && lower <= upper);
            prop_assert!(lower <= found.points[step] && found.points[step] <= upper);
        }
        prop_assert!(found.backtest.tried.iter().all(|tried| tried.errors.mae.is_finite() && tried.errors.smape.is_finite()));
    }
}
