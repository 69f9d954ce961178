//! Sales and demand of the next periods: five methods, each tried from several points of the past, the best one used, with an
//! interval as wide as its own errors were.
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

/// Share of outcomes that lie within the interval if errors stay as they were and are normal.
pub const LEVEL: f64 = 0.8;
/// The normal quantile of (1 + [`LEVEL`]) / 2.
const REACH: f64 = 1.281_551_565_544_6;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// One a period to come.
    pub points: Vec<f64>,
    /// What its own method says, before the points were moved so that parts sum to the whole.
    pub own: Vec<f64>,
    /// Root mean square of the errors so many periods ahead, never falling.
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
            deviations: rising(&backtest),
            floor_at_zero: history.iter().all(|value| *value >= 0.0),
            errors: backtest.measured(history),
            backtest,
        }
    }

    /// What several forecasts tell of the sum of their histories, `history`: no method of its own, and errors that partly make up
    /// for each other. All are tried from the same origins.
    pub fn sum(parts: &[&Forecast], history: &[f64], season: usize) -> Self {
        let steps = parts.iter().map(|part| part.points.len()).max().unwrap_or(0);
        let origins = parts.iter().map(|part| part.backtest.errors.len()).min().unwrap_or(0);
        let of = |value: &dyn Fn(&Forecast) -> Option<f64>| {
            parts.iter().filter_map(|part| value(part)).sum::<f64>()
        };
        let error =
            |origin: usize, step: usize| of(&|part| part.backtest.errors.get(origin)?.get(step).copied());
        let errors: Vec<Vec<f64>> =
            (0..origins).map(|origin| (0..steps).map(|step| error(origin, step)).collect()).collect();
        let known = history.len().saturating_sub(steps + origins.saturating_sub(1));
        let scale = backtest::naive_error(&history[..known], season);
        let backtest = Backtest { origins, tried: vec![], best: None, errors, scale };
        let points = (0..steps).map(|step| of(&|part| part.points.get(step).copied())).collect();
        let own = (0..steps).map(|step| of(&|part| part.own.get(step).copied())).collect();
        Forecast { own, ..Forecast::new(points, history, backtest) }
    }

    /// Lower and upper end of the interval of step `step` (from 0).
    pub fn interval(&self, step: usize) -> (f64, f64) {
        let Sum { low, high, .. } = self.reaching(self.points[step], self.deviations[step]);
        (low, high)
    }

    /// The first `steps` together: errors of single steps partly make up for each other, and partly go along.
    pub fn sum_of(&self, steps: usize) -> Sum {
        self.over(&vec![1.0; steps])
    }

    /// The steps together, each with its weight.
    pub fn over(&self, weights: &[f64]) -> Sum {
        self.reaching(weighted(&self.points, weights), self.backtest.deviation_of(weights))
    }

    fn reaching(&self, expected: f64, deviation: f64) -> Sum {
        let (low, high) = (expected - REACH * deviation, expected + REACH * deviation);
        Sum { expected, low: if self.floor_at_zero { low.max(0.0) } else { low }, high }
    }
}

fn rising(backtest: &Backtest) -> Vec<f64> {
    let mut widest = 0.0_f64;
    let widen = |deviation: f64| {
        widest = widest.max(deviation);
        widest
    };
    backtest.deviations().into_iter().map(widen).collect()
}

/// Forecasts `horizon` periods of a series with `season` periods to a season (1: none), by the best of `methods`.
pub fn forecast(
    history: &[f64],
    season: usize,
    horizon: usize,
    methods: &[Method],
) -> Result<Forecast, Reason> {
    all_finite(history)?;
    let backtest = backtest::run(history, season, horizon, methods)?;
    let best = backtest.best.ok_or(Reason::NotConverged)?;
    let points = methods::points(best, history, season, horizon).ok_or(Reason::NotConverged)?;
    Ok(Forecast::new(points, history, backtest))
}
