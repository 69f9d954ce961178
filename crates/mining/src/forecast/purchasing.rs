//! How much to have so that nothing runs out: the order-up-to level of periodic review.
//!
//! **Units** are the forecast of sales, as it adds up with all others, over the mean price of the last [`PRICED`] weeks: the list
//! wants what the forecast says. At every origin of the back-test sales are made units by the price known then, so that the errors in
//! units hold what prices did, too.
//!
//! level = expected demand over the cover + k · σ, the cover being lead time plus the time between two orders, σ the root mean
//! square error of past forecasts of the sum over such a cover, and k the quantile of the wanted probability of not running out
//! (Silver, Pyke & Thomas 2017, *Inventory and Production Management*, ch. 6): of Student's t, as σ is known from few errors.
//! Fewer than [`FREEDOM`] are taken for so many: so far out the quantile would be a matter of the distribution's form only.

use super::{
    Forecast,
    backtest::{Measures, actual, measure},
    quantile,
};
use serde::{Deserialize, Serialize};

/// What is known of the demand over a number of periods.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cover {
    /// Units expected, never below zero.
    pub demand: f64,
    /// Root mean square error of past forecasts of it.
    pub deviation: f64,
    /// So many independent errors it is known from.
    pub independent: f64,
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

/// Degrees of freedom of the safety stock at least.
pub const FREEDOM: f64 = 3.0;

/// Weeks whose sales and units make the price.
pub const PRICED: usize = 13;

/// A forecast of sales, in units of the product.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    /// Money for a unit, on average of the last weeks.
    pub price: f64,
    /// Of one period, two … as many as were forecast.
    pub covers: Vec<Cover>,
    pub errors: Measures,
}

/// Of money and units sold in the same periods; `None` where no price is known: no unit was sold lately.
pub fn in_units(told: &Forecast, money: &[f64], units: &[f64]) -> Option<Units> {
    let now = price(money, units, 0)?;
    let horizon = told.points.len();
    // Errors of the sum over the first steps, origin by origin.
    let (mut sums, mut pairs) = (vec![], vec![]);
    for (errors, back) in told.backtest.counted().iter().zip(&told.backtest.back) {
        let then = price(money, units, horizon + back).unwrap_or(now);
        let mut sum = 0.0;
        let off = |(step, error): (usize, &f64)| {
            let [money, units] = [money, units].map(|of| actual(of, horizon, *back, step));
            let said = (money - error) / then;
            pairs.push((units, said));
            sum += units - said;
            sum
        };
        sums.push(errors.iter().enumerate().map(off).collect::<Vec<f64>>());
    }
    let mut demand = 0.0;
    let cover = |(at, point): (usize, &f64)| {
        demand += point / now;
        let square = sums.iter().filter_map(|sums| sums.get(at)).map(|sum| sum * sum).sum::<f64>();
        Cover {
            demand: f64::max(demand, 0.0),
            deviation: (square / sums.len().max(1) as f64).sqrt(),
            independent: told.backtest.independent(at + 1),
        }
    };
    let covers = told.points.iter().enumerate().map(cover).collect();
    Some(Units { price: now, covers, errors: measure(&pairs, None) })
}

/// Money for a unit in the weeks before the last `since`; in all weeks before them, if nothing was sold in these.
fn price(money: &[f64], units: &[f64], since: usize) -> Option<f64> {
    let end = units.len().min(money.len()).saturating_sub(since);
    let of = |from: usize| {
        let (money, units): (f64, f64) = (money[from..end].iter().sum(), units[from..end].iter().sum());
        (units > 0.0 && money > 0.0).then(|| money / units)
    };
    of(end.saturating_sub(PRICED)).or_else(|| of(0))
}

impl Cover {
    /// `service` is the wanted probability of not running out, kept within 50 % … 99.9 %.
    pub fn need(self, service: f64) -> Need {
        let reach = quantile(service.clamp(0.5, 0.999), self.independent.max(FREEDOM));
        Need { demand: self.demand, safety: reach.max(0.0) * self.deviation }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, backtest::origins, forecast};
    use super::*;

    #[test]
    fn safety_grows_with_the_errors_and_the_service() {
        // At 3 a unit.
        let covers_of = |units: &[f64]| {
            let money: Vec<f64> = units.iter().map(|units| units * 3.0).collect();
            let told = forecast(&money, 1, 4, &Method::QUICK, &origins(30, 1, 4)).expect("a forecast");
            let found = in_units(&told, &money, units).expect("a price");
            assert!((found.price - 3.0).abs() < 1e-12);
            for (at, cover) in found.covers.iter().enumerate() {
                let sales: f64 = told.points[..=at].iter().sum();
                assert!((cover.demand * found.price - sales).abs() < 1e-9);
                assert!((cover.deviation - told.backtest.deviation_of_sum(at + 1) / 3.0).abs() < 1e-9);
            }
            assert_eq!(found.errors.wape.is_some(), told.errors.wape.is_some());
            found.covers
        };
        let steady = covers_of(&[20.0; 30]);
        let need = steady[2].need(0.95);
        assert!((need.demand - 60.0).abs() < 1e-9 && need.safety.abs() < 1e-9);
        let jumpy: Vec<f64> = (0..30).map(|at| if at % 3 == 0 { 40.0 } else { 10.0 }).collect();
        let jumpy = covers_of(&jumpy);
        assert_eq!(jumpy.len(), 4);
        let (low, high) = (jumpy[1].need(0.8), jumpy[1].need(0.99));
        assert!(low.demand == high.demand && 0.0 < low.safety && low.safety < high.safety);
        let deviation = jumpy[1].deviation;
        // 30 weeks are tried from six points three weeks apart: of two weeks six independent errors, t₆(0.99) = 3.142668.
        assert!((jumpy[1].independent - 6.0).abs() < 1e-12);
        assert!((high.safety - 3.142_668 * deviation).abs() < 1e-5 * deviation);
        assert_eq!(jumpy[1].need(0.5).safety, 0.0);
    }

    #[test]
    fn a_new_price_is_an_error_in_units_of_those_who_did_not_know_it() {
        // 10 units a week; the price doubles for the last 13 weeks.
        let units = [10.0; 40];
        let money: Vec<f64> = (0..40).map(|at| if at < 27 { 50.0 } else { 100.0 }).collect();
        let told = forecast(&money, 1, 13, &[Method::Average], &origins(40, 1, 13)).expect("a forecast");
        let found = in_units(&told, &money, &units).expect("a price");
        assert!((found.price - 10.0).abs() < 1e-12 && (found.covers[12].demand - 130.0).abs() < 1e-9);
        // At the old price the forecast of 50 was 10 units all the same: no error.
        assert!(found.covers[12].deviation < 1e-9);
        assert_eq!(found.errors.wape, Some(0.0));
        assert!(in_units(&told, &money, &[0.0; 40]).is_none());
    }
}
