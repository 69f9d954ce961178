//! Rolling origin: from several points of the past each method forecasts what is known by now.
//!
//! MASE: mean absolute error over that of the (seasonal) naive method within the first history, below 1 is better than it
//! (Hyndman & Koehler 2006); sMAPE: mean of 2|e|/(|actual|+|forecast|), 0/0 counting 0; WAPE: Σ|e|/Σ|actual|.

use super::methods::{self, Method};
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

/// Points of the past at most, the latest ones.
const MOST_ORIGINS: usize = 6;
const FEWEST_ORIGINS: usize = 2;
/// Periods known at the first of them.
const FEWEST_KNOWN: usize = 8;
/// A method replaces a simpler one if its mean absolute error is lower by this share.
const MARGIN: f64 = 0.02;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    pub origins: usize,
    /// Methods that could say something from every origin, from the simplest up; none of a sum of forecasts.
    pub tried: Vec<Tried>,
    /// `None` for a sum of forecasts.
    pub best: Option<Method>,
    /// actual − forecast of what is told: origin by origin (the latest first), step by step.
    pub errors: Vec<Vec<f64>>,
    /// Mean absolute error of the naive method within the history known at the first origin; `None` if it makes none.
    pub scale: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub method: Method,
    #[serde(flatten)]
    pub errors: Measures,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    pub mae: f64,
    /// `None` if the naive method makes no error to compare with.
    pub mase: Option<f64>,
    pub smape: f64,
    /// `None` if nothing was sold.
    pub wape: Option<f64>,
}

impl Backtest {
    pub fn of(&self, method: Method) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.method == method)
    }

    /// How large the errors are, told of the same history.
    pub fn measured(&self, history: &[f64]) -> Measures {
        let pair = |(error, actual): (&f64, &f64)| (*actual, actual - error);
        let pairs: Vec<(f64, f64)> = self
            .errors
            .iter()
            .enumerate()
            .flat_map(|(origin, errors)| errors.iter().zip(to_come(history, errors.len(), origin)).map(pair))
            .collect();
        measure(&pairs, self.scale)
    }

    /// Mean square of all errors.
    pub fn variance(&self) -> f64 {
        mean_square(self.errors.iter().flatten())
    }

    /// Root mean square error by step.
    pub fn deviations(&self) -> Vec<f64> {
        let steps = self.errors.first().map_or(0, Vec::len);
        let square = |step: usize| self.errors.iter().map(|origin| origin[step].powi(2)).sum::<f64>();
        (0..steps).map(|step| (square(step) / self.errors.len() as f64).sqrt()).collect()
    }

    /// Root mean square error of the weighted sum over the steps that have a weight.
    pub fn deviation_of(&self, weights: &[f64]) -> f64 {
        let sums: Vec<f64> = self.errors.iter().map(|origin| weighted(origin, weights)).collect();
        mean_square(&sums).sqrt()
    }

    /// Root mean square error of the sum over the first `steps`.
    pub fn deviation_of_sum(&self, steps: usize) -> f64 {
        self.deviation_of(&vec![1.0; steps])
    }
}

pub fn weighted(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// 0 of nothing.
pub fn mean_square<'v>(values: impl IntoIterator<Item = &'v f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0_u32), |(sum, count), value| (sum + value * value, count + 1));
    sum / f64::from(count.max(1))
}

/// What is known by now of the `horizon` periods after an origin, 0 being the latest.
pub fn to_come(history: &[f64], horizon: usize, origin: usize) -> &[f64] {
    let end = history.len().saturating_sub(origin);
    &history[end.saturating_sub(horizon)..end]
}

/// Points of the past from which a history of so many periods can be forecast.
pub fn origins(length: usize, horizon: usize) -> usize {
    MOST_ORIGINS.min((length + 1).saturating_sub(horizon + FEWEST_KNOWN))
}

/// Periods it takes for a forecast of `horizon`.
pub fn fewest(horizon: usize) -> usize {
    needed(horizon, FEWEST_ORIGINS)
}

/// Periods it takes to be tried from so many origins.
pub fn needed(horizon: usize, origins: usize) -> usize {
    FEWEST_KNOWN + horizon + origins.max(FEWEST_ORIGINS) - 1
}

pub fn run(history: &[f64], season: usize, horizon: usize, methods: &[Method]) -> Result<Backtest, Reason> {
    let need = fewest(horizon);
    if history.len() < need {
        return Err(Reason::TooShort { have: history.len(), need });
    }
    let origins = origins(history.len(), horizon);
    let known = |origin: usize| &history[..history.len() - horizon - origin];
    let to_come = |origin: usize| to_come(history, horizon, origin);
    let scale = naive_error(known(origins - 1), season);
    let (mut tried, mut errors): (Vec<Tried>, Vec<Vec<Vec<f64>>>) = (vec![], vec![]);
    for method in methods {
        let told: Option<Vec<Vec<f64>>> =
            (0..origins).map(|origin| methods::points(*method, known(origin), season, horizon)).collect();
        let Some(told) = told else { continue };
        let pairs: Vec<(f64, f64)> = told
            .iter()
            .enumerate()
            .flat_map(|(origin, points)| to_come(origin).iter().copied().zip(points.iter().copied()))
            .collect();
        tried.push(Tried { method: *method, errors: measure(&pairs, scale) });
        let of_origin = |(origin, points): (usize, &Vec<f64>)| {
            to_come(origin).iter().zip(points).map(|(actual, point)| actual - point).collect()
        };
        errors.push(told.iter().enumerate().map(of_origin).collect());
    }
    let mut best = 0;
    for at in 1..tried.len() {
        if tried[at].errors.mae < tried[best].errors.mae * (1.0 - MARGIN) {
            best = at;
        }
    }
    let method = tried.get(best).ok_or(Reason::NotConverged)?.method;
    Ok(Backtest { origins, best: Some(method), errors: errors.swap_remove(best), tried, scale })
}

/// Mean absolute error of repeating the last season within the history; of repeating the last period if there is none.
pub(super) fn naive_error(history: &[f64], season: usize) -> Option<f64> {
    let lag = if history.len() > season { season } else { 1 };
    let errors: Vec<f64> =
        history[lag.min(history.len())..].iter().zip(history).map(|(a, b)| (a - b).abs()).collect();
    let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    (mean > 0.0).then_some(mean)
}

/// Of actual and forecast.
pub(super) fn measure(pairs: &[(f64, f64)], scale: Option<f64>) -> Measures {
    let count = pairs.len().max(1) as f64;
    let absolute: f64 = pairs.iter().map(|(actual, point)| (actual - point).abs()).sum();
    let sold: f64 = pairs.iter().map(|(actual, _)| actual.abs()).sum();
    let symmetric = |(actual, point): &(f64, f64)| {
        let both = actual.abs() + point.abs();
        if both > 0.0 { 2.0 * (actual - point).abs() / both } else { 0.0 }
    };
    let mae = absolute / count;
    Measures {
        mae,
        mase: scale.map(|scale| mae / scale),
        smape: pairs.iter().map(symmetric).sum::<f64>() / count,
        wape: (sold > 0.0).then(|| absolute / sold),
    }
}

#[cfg(test)]
mod tests {
    use super::super::forecast;
    use super::*;
    use proptest::prelude::*;

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
        let found = forecast(&history, 12, 12, &Method::ALL).expect("a forecast");
        assert_eq!((found.points.len(), found.backtest.origins), (12, 6));
        assert!(found.points[11] > 250.0, "{:?}", found.points);
        let of = |method| found.backtest.of(method).expect("tried").errors;
        let best = found.backtest.best.expect("a method");
        assert!(of(best).mae < of(Method::Average).mae);
        assert_eq!(found.backtest.measured(&history), of(best));
        assert!(found.deviations.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn too_short_a_series_says_how_long_it_must_be() {
        assert_eq!(
            forecast(&[1.0; 10], 1, 4, &Method::ALL).err(),
            Some(Reason::TooShort { have: 10, need: 13 })
        );
        assert_eq!(forecast(&[f64::NAN; 30], 1, 4, &Method::ALL).err(), Some(Reason::NotFinite));
    }

    #[test]
    fn nothing_sold_is_forecast_as_nothing() {
        let found = forecast(&[0.0; 30], 12, 3, &Method::ALL).expect("a forecast");
        assert_eq!(
            (found.backtest.best, found.points.as_slice()),
            (Some(Method::SeasonalNaive), &[0.0; 3][..])
        );
        assert_eq!(found.interval(2), (0.0, 0.0));
        assert_eq!(found.errors.wape, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn nothing_is_ever_not_a_number(
            history in prop::collection::vec(prop_oneof![Just(0.0), -1e3_f64..1e6], 13..70), season in 1_usize..13,
        ) {
            let found = forecast(&history, season, 4, &Method::ALL).expect("a forecast");
            for step in 0..4 {
                let (lower, upper) = found.interval(step);
                prop_assert!(lower.is_finite() && upper.is_finite() && lower <= upper);
                prop_assert!(lower <= found.points[step] && found.points[step] <= upper);
            }
            prop_assert!(found.backtest.tried.iter().all(|tried| tried.errors.mae.is_finite() && tried.errors.smape.is_finite()));
        }
    }
}
