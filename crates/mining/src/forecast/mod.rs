//! Sales and demand of the next periods: five methods, each tried from several points of the past, the best one used, with an
//! interval as wide as its own errors were.
//!
//! * **seasonal naive** — the same period of the last season (or the last period, where there is no season): the floor.
//! * **average** — the mean of the last [`methods::WINDOW`] periods: hard to beat where sales come now and then.
//! * **theta** — Assimakopoulos & Nikolopoulos (2000), as exponential smoothing with half the trend (Hyndman & Billah 2003).
//! * **ets** — exponential smoothing with or without trend, chosen by AICc (crate augurs).
//! * **mstl** — seasons taken out by loess, the rest by ETS (crate augurs); needs two full seasons.

pub mod backtest;
pub mod methods;
pub mod purchasing;
pub mod reconcile;
pub mod series;

use crate::reason::{Reason, all_finite};
use backtest::Backtest;
pub use methods::Method;
use serde::{Deserialize, Serialize};

/// Share of outcomes that lie within the interval if errors stay as they were and are normal.
pub const LEVEL: f64 = 0.8;
/// The normal quantile of (1 + [`LEVEL`]) / 2.
const REACH: f64 = 1.281_551_565_544_6;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    pub method: Method,
    /// One a period to come.
    pub points: Vec<f64>,
    /// Root mean square of the method's errors so many periods ahead, never falling.
    pub deviations: Vec<f64>,
    /// Whether the history is never below zero: then no forecast is.
    pub floor_at_zero: bool,
    pub backtest: Backtest,
}

impl Forecast {
    /// Lower and upper end of the interval of step `step` (from 0).
    pub fn interval(&self, step: usize) -> (f64, f64) {
        let (point, reach) = (self.points[step], REACH * self.deviations[step]);
        let lower = point - reach;
        (if self.floor_at_zero { lower.max(0.0) } else { lower }, point + reach)
    }

    /// Lower and upper end of the interval of the first `steps` together, as wide as the errors of such sums were: those of
    /// single steps partly make up for each other, and partly go along.
    pub fn interval_of_sum(&self, steps: usize) -> (f64, f64) {
        let (sum, reach) =
            (self.points.iter().take(steps).sum::<f64>(), REACH * self.backtest.deviation_of_sum(steps));
        let lower = sum - reach;
        (if self.floor_at_zero { lower.max(0.0) } else { lower }, sum + reach)
    }
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
    let method = backtest.best;
    let points = methods::points(method, history, season, horizon).ok_or(Reason::NotConverged)?;
    let mut widest = 0.0_f64;
    let deviations = backtest
        .deviations()
        .into_iter()
        .map(|deviation| {
            widest = widest.max(deviation);
            widest
        })
        .collect();
    let floor_at_zero = history.iter().all(|value| *value >= 0.0);
    Ok(Forecast { method, points, deviations, floor_at_zero, backtest })
}
