//! Logistic regression on standardised features.

use super::{Example, Prediction, columns, sigmoid};
use crate::{
    reason::{Reason, all_finite},
    standard::Standard,
};
use linfa::{DatasetBase, traits::Fit};
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// The weight of the penalty on the squared coefficients of the standardised features.
const PENALTY: f64 = 1.0;
/// The gradient is a sum over all rows.
const TOLERANCE_A_ROW: f64 = 1e-6;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Logistic {
    standard: Standard,
    weight: Vec<f64>,
    intercept: f64,
}

impl Logistic {
    pub fn fit(examples: &[&Example]) -> Result<Self, Reason> {
        let rows: Vec<&[f64]> = examples.iter().map(|example| example.features.as_slice()).collect();
        let standard = Standard::of(&rows);
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| standard.row(row).collect()).collect();
        let happened: Vec<bool> = examples.iter().map(|example| example.happened).collect();
        let (weight, intercept) = solve(&rows, &happened, PENALTY)?;
        Ok(Logistic { standard, weight, intercept })
    }

    pub fn predict(&self, row: &[f64]) -> Result<Prediction, Reason> {
        let contributions: Vec<f64> = self.contributions(row)?.collect();
        let probability = sigmoid(self.intercept + contributions.iter().sum::<f64>());
        Ok(Prediction { probability, base: self.intercept, contributions })
    }

    /// That of [`Self::predict`], for whom nobody asks why: no row of parts is made.
    pub fn probability(&self, row: &[f64]) -> Result<f64, Reason> {
        Ok(sigmoid(self.intercept + self.contributions(row)?.sum::<f64>()))
    }

    fn contributions(&self, row: &[f64]) -> Result<impl Iterator<Item = f64>, Reason> {
        if row.len() != self.weight.len() {
            return Err(Reason::Ragged);
        }
        Ok(self.standard.row(row).zip(&self.weight).map(|(value, weight)| value * weight))
    }
}

/// Coefficients and intercept of P(happened) = σ(row · coefficients + intercept), the coefficients penalised.
pub(super) fn solve(rows: &[Vec<f64>], happened: &[bool], penalty: f64) -> Result<(Vec<f64>, f64), Reason> {
    let width = rows.first().map_or(0, Vec::len);
    // Each column in one piece: the gradient is a product with every column, which takes the library longer than all else.
    let records = Array2::from_shape_vec((width, rows.len()), columns(rows, width))
        .map_err(|_| Reason::Ragged)?
        .reversed_axes();
    let targets = Array1::from(happened.to_vec());
    let fitted = LogisticRegression::default()
        .alpha(penalty)
        .max_iterations(200)
        .gradient_tolerance(TOLERANCE_A_ROW * rows.len() as f64)
        .fit(&DatasetBase::new(records, targets))
        .map_err(|_| Reason::NotConverged)?;
    // The library decides by itself which of the two is its positive class.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let weight: Vec<f64> = fitted.params().iter().map(|weight| sign * weight).collect();
    let intercept = sign * fitted.intercept();
    all_finite(weight.iter().chain([&intercept]))?;
    Ok((weight, intercept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_two_by_two_table_gives_its_log_odds() {
        // Happened: 30 of 40 with the feature, 10 of 40 without: odds 3 and 1/3, log-odds ratio ln 9.
        let rows: Vec<Vec<f64>> = (0..80).map(|at| vec![if at < 40 { 1.0 } else { 0.0 }]).collect();
        let happened: Vec<bool> = (0..80).map(|at| !(30..70).contains(&at)).collect();
        let (weight, intercept) = solve(&rows, &happened, 0.0).expect("fits");
        assert!((weight[0] - 9.0_f64.ln()).abs() < 1e-4, "{weight:?}");
        assert!((intercept + 3.0_f64.ln()).abs() < 1e-4, "{intercept}");
    }
}
