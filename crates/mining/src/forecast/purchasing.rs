//! How much to have so that nothing runs out: the order-up-to level of periodic review.
//!
//! level = expected demand over the cover + k · σ, the cover being lead time plus the time between two orders, σ the root mean
//! square error of past forecasts of the sum over such a cover, and k the normal quantile of the wanted probability of not
//! running out (Silver, Pyke & Thomas 2017, *Inventory and Production Management*, ch. 6).

use super::Forecast;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Units expected over the cover.
    pub demand: f64,
    pub safety: f64,
}

impl Need {
    /// Units to have or to have ordered.
    pub fn level(self) -> f64 {
        self.demand + self.safety
    }
}

/// `cover` periods, at most those forecast; `service` is the wanted probability, kept within 50 % … 99.9 %.
pub fn need(forecast: &Forecast, cover: usize, service: f64) -> Need {
    let cover = cover.clamp(1, forecast.points.len().max(1));
    let quantile = Normal::standard().inverse_cdf(service.clamp(0.5, 0.999));
    let demand = forecast.points.iter().take(cover).sum::<f64>().max(0.0);
    Need { demand, safety: quantile.max(0.0) * forecast.backtest.deviation_of_sum(cover) }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, forecast};
    use super::*;

    #[test]
    fn safety_grows_with_the_errors_and_the_service() {
        let steady = forecast(&[20.0; 30], 1, 4, &Method::QUICK).expect("a forecast");
        assert_eq!(need(&steady, 3, 0.95), Need { demand: 60.0, safety: 0.0 });
        let jumpy: Vec<f64> = (0..30).map(|at| if at % 3 == 0 { 40.0 } else { 10.0 }).collect();
        let jumpy = forecast(&jumpy, 1, 4, &Method::QUICK).expect("a forecast");
        let (low, high) = (need(&jumpy, 2, 0.8), need(&jumpy, 2, 0.99));
        assert!(low.demand == high.demand && 0.0 < low.safety && low.safety < high.safety);
        let deviation = jumpy.backtest.deviation_of_sum(2);
        assert!((high.safety - 2.326_347_874 * deviation).abs() < 1e-6 * deviation);
        assert_eq!(need(&jumpy, 2, 0.5).safety, 0.0);
    }
}
