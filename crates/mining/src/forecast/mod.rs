//! Sales and demand of the next periods: five methods, each tried from several points of the past, the best one used, with an
//! interval as wide as its own errors were: root mean square times the quantile of Student's t, with as many degrees of freedom as there were
//! independent errors. How many of the outcomes of made-up series lie within it is a test (`tests.rs` beside this file).
//!
//! * **seasonal naive** — the same period of the last season (or the last period, where there is no season): the floor.
//! * **average** — the mean of the last [`methods::WINDOW`] periods: hard to beat where sales come now and then.
//! * **theta** — Assimakopoulos & Nikolopoulos (2000), as exponential smoothing with half the trend (Hyndman & Billah 2003).
//! * **ets** — exponential smoothing with or without trend, chosen by AICc (crate augurs).
//! * **mstl** — seasons taken out by loess, the rest by ETS (crate augurs); needs two full seasons.
//!
//! [`reconcile`] makes the forecasts of a whole and of its parts add up, [`calendar`] tells weeks by months and quarters, and
//! [`purchasing`] makes units of money.

pub mod backtest;
pub mod calendar;
pub mod methods;
pub mod purchasing;
pub mod reconcile;
pub mod series;

use crate::reason::{Reason, all_finite};
use backtest::{Backtest, Measures, weighted};
pub use methods::Method;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Share of outcomes that lie within the interval if errors stay as they were and are normal.
pub const LEVEL: f64 = 0.8;
/// Share of outcomes below the upper end.
const UPPER: f64 = (1.0 + LEVEL) / 2.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// One a period to come.
    pub points: Vec<f64>,
    /// What its own method says, before the points were moved so that parts sum to the whole.
    pub own: Vec<f64>,
    /// Root mean square of the errors so many periods ahead, see [`Backtest::deviations`].
    pub deviations: Vec<f64>,
    /// Whether the history is never below zero: then no forecast is.
    pub floor_at_zero: bool,
    /// Of what is told: after the points were moved, the errors they would have had.
    pub errors: Measures,
    pub backtest: Backtest,
}

/// A sum over periods, with the interval as wide as the errors of such sums were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    pub expected: f64,
    pub low: f64,
    pub high: f64,
}

impl Forecast {
    fn new(points: Vec<f64>, history: &[f64], backtest: Backtest) -> Self {
        Forecast {
            own: points.clone(),
            points,
            deviations: backtest.deviations(),
            floor_at_zero: history.iter().all(|value| *value >= 0.0),
            errors: backtest.measured(history),
            backtest,
        }
    }

    /// What several forecasts tell of the sum of their histories, `history`: no method of its own, and errors that partly make up
    /// for each other. All are tried from the same origins.
    pub fn sum(parts: &[&Forecast], history: &[f64], season: usize) -> Self {
        let steps = parts.iter().map(|part| part.points.len()).max().unwrap_or(0);
        // As many count as of the one that has been there longest.
        let origins = parts.iter().map(|part| part.backtest.origins).max().unwrap_or(0);
        let back = parts.first().map_or(vec![], |part| part.backtest.back.clone());
        let of = |value: &dyn Fn(&Forecast) -> Option<f64>| {
            parts.iter().filter_map(|part| value(part)).sum::<f64>()
        };
        let error =
            |origin: usize, step: usize| of(&|part| part.backtest.errors.get(origin)?.get(step).copied());
        let errors: Vec<Vec<f64>> =
            (0..back.len()).map(|origin| (0..steps).map(|step| error(origin, step)).collect()).collect();
        let first = back.get(origins.saturating_sub(1)).copied().unwrap_or(0);
        let scale = backtest::naive_error(&history[..history.len().saturating_sub(steps + first)], season);
        let backtest = Backtest { origins, back, season, tried: vec![], best: None, errors, scale };
        let points = (0..steps).map(|step| of(&|part| part.points.get(step).copied())).collect();
        let own = (0..steps).map(|step| of(&|part| part.own.get(step).copied())).collect();
        Forecast { own, ..Forecast::new(points, history, backtest) }
    }

    /// Lower and upper end of the interval of step `step` (from 0).
    pub fn interval(&self, step: usize) -> (f64, f64) {
        let Sum { low, high, .. } = self.reaching(self.points[step], self.deviations[step], step + 1);
        (low, high)
    }

    /// The first `steps` together: errors of single steps partly make up for each other, and partly go along.
    pub fn sum_of(&self, steps: usize) -> Sum {
        self.over(&vec![1.0; steps])
    }

    /// The steps together, each with its weight.
    pub fn over(&self, weights: &[f64]) -> Sum {
        let span = weights.iter().rposition(|weight| *weight != 0.0).map_or(0, |last| last + 1);
        self.reaching(weighted(&self.points, weights), self.backtest.deviation_of(weights), span)
    }

    /// `span`: periods from the origin to the last one told of.
    fn reaching(&self, expected: f64, deviation: f64, span: usize) -> Sum {
        let reach = quantile(UPPER, self.backtest.independent(span)) * deviation;
        let (low, high) = (expected - reach, expected + reach);
        Sum { expected, low: if self.floor_at_zero { low.max(0.0) } else { low }, high }
    }
}

/// Of Student's t: so many standard deviations, known from so many independent errors, lie above this share of outcomes.
fn quantile(share: f64, independent: f64) -> f64 {
    StudentsT::new(0.0, 1.0, independent.max(1.0)).map_or(f64::INFINITY, |t| t.inverse_cdf(share))
}

/// Forecasts `horizon` periods of a series with `season` periods to a season (1: none), by the best of `methods`, tried from the
/// points of the past `back`, see [`backtest::origins`].
pub fn forecast(
    history: &[f64],
    season: usize,
    horizon: usize,
    methods: &[Method],
    back: &[usize],
) -> Result<Forecast, Reason> {
    all_finite(history)?;
    let backtest = backtest::run(history, season, horizon, methods, back)?;
    let best = backtest.best.ok_or(Reason::NotConverged)?;
    let points = methods::points(best, history, backtest.season, horizon).ok_or(Reason::NotConverged)?;
    Ok(Forecast::new(points, history, backtest))
}

#[cfg(test)]
mod tests;
