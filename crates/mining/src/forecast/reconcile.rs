//! Forecasts of a whole and of its parts that add up, in every period.
//!
//! Weighted least squares with the variances of the forecasts' own errors: MinT with a diagonal matrix, *WLS with variance scaling*
//! (Wickramasuriya, Athanasopoulos & Hyndman 2019; Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed.,
//! § 11.3). Of all values that add up, it takes those with the least Σ (value − forecast)² / v, v being the mean square of the
//! errors of that forecast over all origins and steps. Who is least certain gives way most.
//!
//! Where nobody is a part of two wholes there is no matrix to be inverted. **Up**: what the parts say of their whole is the
//! sum of their forecasts, with the sum of their variances; weighed with the whole's own forecast by the inverse of the variances
//! it is what is known of the whole from below, m with variance V. **Down**: once a whole is x, a part becomes
//! m + (x − Σ m) · V / Σ V. A whole may fall into parts in several ways (a company into regions, and into categories): each
//! way is one more opinion of it. Forecasts are never below zero where histories are not: what falls below becomes zero, and the
//! others of its whole are shortened in proportion.
//!
//! **Errors.** The same is done at every origin of the back-test, with variances from the other origins' errors; what is
//! left of the errors is what the values that add up would have been off by. Intervals are made of these. A part of which too little was
//! known at an origin keeps there what the floor says of it, and gives way to nobody.

use super::{Forecast, backtest::actual};

/// The values of `parts` sum to that of `whole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakdown {
    pub whole: usize,
    pub parts: Vec<usize>,
}

/// What is forecast, and its history: as long as the others', or beginning later.
pub struct Node<'n> {
    pub history: &'n [f64],
    pub forecast: &'n mut Forecast,
}

/// The nearest values that add up, none below zero if no value is. Nobody is a part twice, and a whole stands before its parts
/// in the order of the breakdowns.
pub fn coherent(values: &[f64], variances: &[f64], breakdowns: &[Breakdown]) -> Vec<f64> {
    let (mut told, mut variance) = (values.to_vec(), variances.to_vec());
    let sum = |of: &[f64], parts: &[usize]| parts.iter().map(|part| of[*part]).sum::<f64>();
    for Breakdown { whole, parts } in breakdowns.iter().rev() {
        let (below, own) = (sum(&variance, parts), variance[*whole]);
        let said = sum(&told, parts);
        let weight = if below + own > 0.0 { own / (below + own) } else { 1.0 };
        told[*whole] += (said - told[*whole]) * weight;
        variance[*whole] = below * weight;
    }
    let floor = values.iter().all(|value| *value >= 0.0);
    for Breakdown { whole, parts } in breakdowns {
        let (gap, all) = (told[*whole] - sum(&told, parts), sum(&variance, parts));
        for part in parts.iter().filter(|_| all > 0.0) {
            let moved = told[*part] + gap * variance[*part] / all;
            told[*part] = if floor { moved.max(0.0) } else { moved };
        }
        // Nothing is left to do but where a part was held at zero, or nobody has an error.
        let (now, wanted) = (sum(&told, parts), told[*whole]);
        for part in parts {
            if now.abs() > 0.0 {
                told[*part] *= wanted / now;
            } else {
                told[*part] = wanted / parts.len().max(1) as f64;
            }
        }
    }
    told
}

/// Moves all forecasts so that they add up, and tells how far off such forecasts would have been.
pub fn reconcile(nodes: &mut [Node<'_>], breakdowns: &[Breakdown]) {
    let steps = nodes.iter().map(|node| node.forecast.points.len()).min().unwrap_or(0);
    let origins = nodes.iter().map(|node| node.forecast.backtest.errors.len()).min().unwrap_or(0);
    let variances: Vec<f64> = nodes.iter().map(|node| node.forecast.backtest.variance()).collect();
    let mut errors = vec![vec![Vec::with_capacity(steps); origins]; nodes.len()];
    for origin in 0..origins {
        let variances: Vec<f64> =
            nodes.iter().map(|node| node.forecast.backtest.variance_without(origin)).collect();
        for step in 0..steps {
            let actual = |node: &Node<'_>| {
                let back = node.forecast.backtest.back.get(origin).copied().unwrap_or(origin);
                actual(node.history, steps, back, step)
            };
            let said = |node: &Node<'_>| {
                let said = actual(node) - node.forecast.backtest.errors[origin][step];
                // Zero but for rounding.
                if node.forecast.floor_at_zero { said.max(0.0) } else { said }
            };
            let told = coherent(&nodes.iter().map(said).collect::<Vec<_>>(), &variances, breakdowns);
            for ((node, told), errors) in nodes.iter().zip(told).zip(&mut errors) {
                errors[origin].push(actual(node) - told);
            }
        }
    }
    for step in 0..steps {
        let said: Vec<f64> = nodes.iter().map(|node| node.forecast.points[step]).collect();
        for (node, told) in nodes.iter_mut().zip(coherent(&said, &variances, breakdowns)) {
            node.forecast.points[step] = told;
        }
    }
    for (node, errors) in nodes.iter_mut().zip(errors) {
        let forecast = &mut *node.forecast;
        forecast.backtest.errors = errors;
        forecast.deviations = forecast.backtest.deviations();
        forecast.errors = forecast.backtest.measured(node.history);
    }
}

#[cfg(test)]
mod tests;
