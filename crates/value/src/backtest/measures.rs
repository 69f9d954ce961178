//! How well a method forecast the held-out period, customer by customer.

use serde::{Deserialize, Serialize};

use super::{
    Divided, Forecast,
    choice::{Loss, Losses},
};

/// Groups of equal size by the forecast probability.
const BINS: usize = 10;
const BEST: f64 = 0.2;
/// A forecast of no purchase at all would make one purchase an infinite surprise.
const FEWEST: f64 = 1e-3;

/// Customers of about the same forecast probability to buy, and the share of them who did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub customers: u64,
    pub forecast: f64,
    pub actual: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// (Σ forecast − Σ actual)/Σ actual; `None` without a purchase.
    pub bias: Option<f64>,
    pub mae: f64,
    pub rmse: f64,
    /// The same of money, currency units.
    pub money_bias: Option<f64>,
    pub money_mae: f64,
    pub money_rmse: f64,
    /// Spearman's rank correlation of forecast and actual purchases, ties by mid-ranks; `None` if either is constant.
    pub rank_correlation: Option<f64>,
    /// Gini coefficient of actual money with the customers in order of forecast money, over that in their own order: 1 is the
    /// perfect order, 0 none.
    pub gini: Option<f64>,
    /// Share of the actual money that the best 20 % by forecast brought, and what the perfect order would have found.
    pub capture: Option<f64>,
    pub perfect_capture: Option<f64>,
    /// Mean squared error of P(buy).
    pub brier: f64,
    pub calibration: Vec<Bin>,
}

impl Measures {
    pub(super) fn of(customers: &[Divided], forecasts: &[Forecast]) -> Self {
        let purchases: Vec<[f64; 2]> = pairs(customers, forecasts, |f| f.purchases, 0);
        let money: Vec<[f64; 2]> = pairs(customers, forecasts, |f| f.money, 1);
        let (bias, mae, rmse) = errors(&purchases);
        let (money_bias, money_mae, money_rmse) = errors(&money);
        let buys: Vec<[f64; 2]> = customers
            .iter()
            .zip(forecasts)
            .map(|(c, f)| [f.p_buy, f64::from(u8::from(c.actual[0] > 0.0))])
            .collect();
        let own: Vec<[f64; 2]> = money.iter().map(|[_, actual]| [*actual, *actual]).collect();
        let gini = gini(&money).zip(gini(&own)).filter(|(_, perfect)| *perfect > 0.0);
        Self {
            bias,
            mae,
            rmse,
            money_bias,
            money_mae,
            money_rmse,
            rank_correlation: rank_correlation(&purchases),
            gini: gini.map(|(found, perfect)| found / perfect),
            capture: capture(&money),
            perfect_capture: capture(&own),
            brier: buys.iter().map(|[p, y]| (p - y).powi(2)).sum::<f64>() / buys.len() as f64,
            calibration: calibration(buys),
        }
    }
}

/// Forecast and actual, one pair a customer.
fn pairs(
    customers: &[Divided],
    forecasts: &[Forecast],
    of: fn(&Forecast) -> f64,
    actual: usize,
) -> Vec<[f64; 2]> {
    customers.iter().zip(forecasts).map(|(c, f)| [of(f), c.actual[actual]]).collect()
}

fn errors(pairs: &[[f64; 2]]) -> (Option<f64>, f64, f64) {
    let n = pairs.len() as f64;
    let sum = |of: fn(&[f64; 2]) -> f64| pairs.iter().map(of).sum::<f64>();
    let (forecast, actual) = (sum(|p| p[0]), sum(|p| p[1]));
    let bias = (actual > 0.0).then(|| (forecast - actual) / actual);
    (bias, sum(|p| (p[0] - p[1]).abs()) / n, (sum(|p| (p[0] - p[1]).powi(2)) / n).sqrt())
}

/// Mean rank of equal values, from 1.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for same in order.chunk_by(|i, j| values[*i] == values[*j]) {
        let rank = before as f64 + 0.5 * (same.len() as f64 + 1.0);
        for i in same {
            ranks[*i] = rank;
        }
        before += same.len();
    }
    ranks
}

fn rank_correlation(pairs: &[[f64; 2]]) -> Option<f64> {
    let [x, y] = [0, 1].map(|i| ranks(&pairs.iter().map(|p| p[i]).collect::<Vec<_>>()));
    let mean = 0.5 * (pairs.len() as f64 + 1.0);
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let (both, xx, yy) = (sum(&x, &y), sum(&x, &x), sum(&y, &y));
    (xx > 0.0 && yy > 0.0).then(|| (both / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Actual amounts from the highest forecast down; those of equal forecasts share alike.
fn in_order_of_forecast(pairs: &[[f64; 2]]) -> Vec<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|one, other| other[0].total_cmp(&one[0]).then(other[1].total_cmp(&one[1])));
    let mut actual = Vec::with_capacity(sorted.len());
    for same in sorted.chunk_by(|one, other| one[0] == other[0]) {
        let mean = same.iter().map(|p| p[1]).sum::<f64>() / same.len() as f64;
        actual.extend(same.iter().map(|_| mean));
    }
    actual
}

/// Σ (n+1−2i) yᵢ / (n Σ y), i = 1..n from the highest forecast down.
fn gini(pairs: &[[f64; 2]]) -> Option<f64> {
    let actual = in_order_of_forecast(pairs);
    let (n, total) = (actual.len() as f64, actual.iter().sum::<f64>());
    let weighted = actual.iter().enumerate().map(|(i, y)| (n - 1.0 - 2.0 * i as f64) * y);
    (total > 0.0).then(|| weighted.sum::<f64>() / (n * total))
}

fn capture(pairs: &[[f64; 2]]) -> Option<f64> {
    let actual = in_order_of_forecast(pairs);
    let best = (actual.len() as f64 * BEST).ceil() as usize;
    let total: f64 = actual.iter().sum();
    (total > 0.0).then(|| actual[..best].iter().sum::<f64>() / total)
}

fn calibration(mut buys: Vec<[f64; 2]>) -> Vec<Bin> {
    buys.sort_by(|one, other| one[0].total_cmp(&other[0]).then(one[1].total_cmp(&other[1])));
    let size = buys.len().div_ceil(BINS).max(1);
    let bin = |part: &[[f64; 2]]| {
        let n = part.len() as f64;
        let sum = |i: usize| part.iter().map(|p| p[i]).sum::<f64>() / n;
        Bin { customers: part.len() as u64, forecast: sum(0), actual: sum(1) }
    };
    // Equal forecasts belong together: they have no order that a bin could end in.
    let mut bins: Vec<Vec<[f64; 2]>> = Vec::new();
    for same in buys.chunk_by(|one, other| one[0] == other[0]) {
        match bins.last_mut() {
            Some(bin) if bin.len() < size => bin.extend(same),
            _ => bins.push(same.to_vec()),
        }
    }
    bins.iter().map(|part| bin(part)).collect()
}

/// Each customer's losses, each over the mean of the average rule: Poisson deviance and squared error of his purchases, squared
/// error of P(buy); `None` if nobody bought, or everybody.
pub(super) fn losses(customers: &[Divided], forecasts: &[Forecast], average: &[Forecast]) -> Option<Losses> {
    let parts = |forecasts: &[Forecast]| -> Losses {
        customers
            .iter()
            .zip(forecasts)
            .map(|(c, f)| {
                let (y, mean) = (c.actual[0], f.purchases.max(FEWEST));
                let surprise = if y > 0.0 { y * (y / mean).ln() } else { 0.0 };
                let buys = f64::from(u8::from(y > 0.0));
                Loss {
                    deviance: 2.0 * (surprise - (y - mean)),
                    often: (f.purchases - y).powi(2),
                    whether: (f.p_buy - buys).powi(2),
                }
            })
            .collect()
    };
    let floor = parts(average);
    let n = floor.len() as f64;
    let all = |of: fn(&Loss) -> f64| floor.iter().map(of).sum::<f64>() / n;
    let average = [all(|l| l.deviance), all(|l| l.often), all(|l| l.whether)];
    let usable = average.iter().all(|loss| *loss > 0.0) && customers.iter().any(|c| c.actual[0] > 0.0);
    let [deviance, often, whether] = average;
    let relative = |loss: Loss| Loss {
        deviance: loss.deviance / deviance,
        often: loss.often / often,
        whether: loss.whether / whether,
    };
    usable.then(|| parts(forecasts).into_iter().map(relative).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Purchase, Summary};

    /// Who showed so many purchase days and so much money in the held-out period.
    fn customer(purchases: f64, money: f64) -> Divided {
        let first = Purchase { day: 0, amount: 10_000 };
        let summary = Summary::first(first);
        Divided { past: vec![first], summary, seen: summary.observe(7), actual: [purchases, money] }
    }

    #[test]
    fn four_customers_by_hand() {
        let customers = [customer(0.0, 0.0), customer(1.0, 30.0), customer(2.0, 50.0), customer(5.0, 120.0)];
        let forecasts = [
            Forecast { purchases: 0.5, p_buy: 0.5, money: 10.0 },
            Forecast { purchases: 1.5, p_buy: 0.5, money: 20.0 },
            Forecast { purchases: 0.5, p_buy: 0.75, money: 80.0 },
            Forecast { purchases: 7.5, p_buy: 1.0, money: 70.0 },
        ];
        let found = Measures::of(&customers, &forecasts);
        // Off by 0.5, 0.5, −1.5, 2.5: 2 of 8 together, 5/4 in the mean, and the mean square is 9/4.
        assert_eq!((found.bias, found.mae, found.rmse), (Some(0.25), 1.25, 1.5));
        // Off by 10, −10, 30, −50: −20 of 200 together, 100/4 in the mean, and the mean square is 3600/4.
        assert_eq!((found.money_bias, found.money_mae, found.money_rmse), (Some(-0.1), 25.0, 30.0));
        // (1/4 + 1/4 + 1/16 + 0)/4; the first did not buy.
        assert_eq!(found.brier, 0.140_625);
        let bin = |customers, forecast, actual| Bin { customers, forecast, actual };
        assert_eq!(found.calibration, [bin(2, 0.5, 0.5), bin(1, 0.75, 1.0), bin(1, 1.0, 1.0)]);
        // Ranks 1.5, 3, 1.5, 4 and 1, 2, 3, 4: 3/√(4.5·5).
        let rank = found.rank_correlation.expect("varied");
        assert!((rank - 3.0 / 22.5_f64.sqrt()).abs() < 1e-12, "{rank}");
        // By forecast money 50, 120, 30, 0: (150 + 120 − 30)/800; in their own order (360 + 50 − 30)/800.
        let gini = found.gini.expect("money");
        assert!((gini - 240.0 / 380.0).abs() < 1e-12, "{gini}");
        // The best fifth of four is one: 50 of 200, where 120 was to be had.
        assert_eq!((found.capture, found.perfect_capture), (Some(0.25), Some(0.6)));
    }

    #[test]
    fn without_a_purchase_there_is_no_share_to_be_off_by() {
        let nobody = [customer(0.0, 0.0), customer(0.0, 0.0)];
        let forecasts = [
            Forecast { purchases: 1.0, p_buy: 0.5, money: 10.0 },
            Forecast { purchases: 2.0, p_buy: 1.0, money: 30.0 },
        ];
        let found = Measures::of(&nobody, &forecasts);
        assert_eq!((found.bias, found.money_bias), (None, None));
        assert_eq!((found.rank_correlation, found.gini, found.capture), (None, None, None));
        assert_eq!((found.mae, found.money_mae, found.brier), (1.5, 20.0, 0.625));
    }

    #[test]
    fn ranks_of_equal_values_are_shared() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 0.0]), [3.5, 2.0, 3.5, 1.0]);
        assert_eq!(rank_correlation(&[[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]]), Some(1.0));
        assert_eq!(rank_correlation(&[[1.0, 9.0], [2.0, 4.0], [3.0, 2.0]]), Some(-1.0));
        assert_eq!(rank_correlation(&[[1.0, 9.0], [1.0, 4.0]]), None);
        // Published: Spearman's ρ of IQ and hours of TV a week is −29/165.
        let iq = [106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
        let hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        let pairs: Vec<[f64; 2]> = iq.into_iter().zip(hours).map(|(x, y)| [x, y]).collect();
        assert!((rank_correlation(&pairs).expect("varied") + 29.0 / 165.0).abs() < 1e-12);
    }

    #[test]
    fn order_is_what_gini_and_capture_measure() {
        let perfect = [[5.0, 80.0], [4.0, 10.0], [3.0, 10.0], [2.0, 0.0], [1.0, 0.0]];
        let reversed = perfect.map(|[f, a]| [-f, a]);
        let blind = perfect.map(|[_, a]| [1.0, a]);
        assert_eq!([perfect, reversed, blind].map(|p| capture(&p)), [Some(0.8), Some(0.0), Some(0.2)]);
        let (best, worst, none) = (gini(&perfect), gini(&reversed), gini(&blind));
        assert_eq!((best, worst), (Some(0.68), Some(-0.68)));
        assert!(none.expect("money").abs() < 1e-15);
    }

    #[test]
    fn equal_forecasts_share_a_bin() {
        let buys: Vec<[f64; 2]> =
            (0..100).map(|i| [if i < 70 { 0.1 } else { 0.9 }, f64::from(u8::from(i >= 65))]).collect();
        let bins = calibration(buys);
        assert_eq!(bins.len(), 2);
        assert_eq!((bins[0].customers, bins[1].customers), (70, 30));
        assert!((bins[0].actual - 5.0 / 70.0).abs() < 1e-12 && bins[1].actual == 1.0);
    }
}
