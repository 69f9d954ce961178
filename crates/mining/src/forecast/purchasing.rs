//! How much to have so that nothing runs out: the order-up-to level of periodic review.
//!
//! level = expected demand over the cover + k · σ, the cover being lead time plus the time between two orders, σ the root mean
//! square error of past forecasts of the sum over such a cover, and k the normal quantile of the wanted probability of not
//! running out (Silver, Pyke & Thomas 2017, *Inventory and Production Management*, ch. 6).

use super::Forecast;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// What is known of the demand over a number of periods.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cover {
    /// Units expected, never below zero.
    pub demand: f64,
    /// Root mean square error of past forecasts of it.
    pub deviation: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    pub demand: f64,
    pub safety: f64,
}

impl Need {
    /// Units to have or to have ordered.
    pub fn level(self) -> f64 {
        self.demand + self.safety
    }
}

/// Covers of one period, two … as many as were forecast.
pub fn covers(forecast: &Forecast) -> Vec<Cover> {
    let mut demand = 0.0;
    let cover = |(at, point): (usize, &f64)| {
        demand += point;
        Cover { demand: f64::max(demand, 0.0), deviation: forecast.backtest.deviation_of_sum(at + 1) }
    };
    forecast.points.iter().enumerate().map(cover).collect()
}

impl Cover {
    /// `service` is the wanted probability of not running out, kept within 50 % … 99.9 %.
    pub fn need(self, service: f64) -> Need {
        let quantile = Normal::standard().inverse_cdf(service.clamp(0.5, 0.999));
        Need { demand: self.demand, safety: quantile.max(0.0) * self.deviation }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, forecast};
    use super::*;

    #[test]
    fn safety_grows_with_the_errors_and_the_service() {
        let covers_of =
            |history: &[f64]| covers(&forecast(history, 1, 4, &Method::QUICK).expect("a forecast"));
        let steady = covers_of(&[20.0; 30]);
        assert_eq!(steady[2].need(0.95), Need { demand: 60.0, safety: 0.0 });
        let jumpy: Vec<f64> = (0..30).map(|at| if at % 3 == 0 { 40.0 } else { 10.0 }).collect();
        let jumpy = covers_of(&jumpy);
        assert_eq!(jumpy.len(), 4);
        let (low, high) = (jumpy[1].need(0.8), jumpy[1].need(0.99));
        assert!(low.demand == high.demand && 0.0 < low.safety && low.safety < high.safety);
        let deviation = jumpy[1].deviation;
        assert!((high.safety - 2.326_347_874 * deviation).abs() < 1e-6 * deviation);
        assert_eq!(jumpy[1].need(0.5).safety, 0.0);
    }
}
