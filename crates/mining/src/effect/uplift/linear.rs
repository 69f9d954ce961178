//! Least squares on standardised features, the coefficients penalised (ridge; Hoerl & Kennard 1970):
//! minimises Σ (y − a − x·b)² + λ|b|² with λ = [`PENALTY`]·n, by Cholesky's decomposition of X′X + λI.

use crate::{
    reason::{Reason, all_finite},
    standard::Standard,
};
use serde::{Deserialize, Serialize};

/// Features of customers say the same in many ways (orders, sales, products): what only small differences between them
/// carry is mostly noise.
const PENALTY: f64 = 0.1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Linear {
    standard: Standard,
    /// Of the standardised features, which are cut off and so not quite of mean 0.
    centre: Vec<f64>,
    weight: Vec<f64>,
    mean: f64,
}

impl Linear {
    /// Rows of one width, as many as targets, at least one.
    pub fn fit(rows: &[&[f64]], targets: &[f64]) -> Result<Self, Reason> {
        let count = rows.len() as f64;
        if rows.is_empty() || rows.len() != targets.len() {
            return Err(Reason::Ragged);
        }
        let standard = Standard::of(rows);
        let width = standard.width();
        let mut rows: Vec<Vec<f64>> = rows.iter().map(|row| standard.row(row).collect()).collect();
        let centre: Vec<f64> =
            (0..width).map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / count).collect();
        for row in &mut rows {
            row.iter_mut().zip(&centre).for_each(|(value, centre)| *value -= centre);
        }
        let mean = targets.iter().sum::<f64>() / count;
        let mut gram = vec![vec![0.0; width]; width];
        let mut right = vec![0.0; width];
        for (row, target) in rows.iter().zip(targets) {
            for (at, value) in row.iter().enumerate() {
                right[at] += value * (target - mean);
                for (sum, other) in gram[at].iter_mut().zip(&row[..=at]) {
                    *sum += value * other;
                }
            }
        }
        for (at, line) in gram.iter_mut().enumerate() {
            line[at] += PENALTY * count;
        }
        let weight = solve(gram, right)?;
        all_finite(weight.iter().chain([&mean]))?;
        Ok(Linear { standard, centre, weight, mean })
    }

    /// What each feature adds to the mean.
    pub fn contributions(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        let centred = self.standard.row(row).zip(&self.centre).map(|(value, centre)| value - centre);
        centred.zip(&self.weight).map(|(value, weight)| value * weight)
    }

    pub fn predict(&self, row: &[f64]) -> f64 {
        self.mean + self.contributions(row).sum::<f64>()
    }
}

/// `a`·x = `b` for a positive definite `a`, of which the lower triangle is read.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Result<Vec<f64>, Reason> {
    let width = b.len();
    for row in 0..width {
        for column in 0..=row {
            let known: f64 = (0..column).map(|at| a[row][at] * a[column][at]).sum();
            let rest = a[row][column] - known;
            a[row][column] = if row > column {
                rest / a[column][column]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return Err(Reason::NotConverged);
            };
        }
    }
    for (row, line) in a.iter().enumerate() {
        let known: f64 = line[..row].iter().zip(&b).map(|(factor, solved)| factor * solved).sum();
        b[row] = (b[row] - known) / line[row];
    }
    for row in (0..width).rev() {
        let known: f64 = (row + 1..width).map(|at| a[at][row] * b[at]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    Ok(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_found_but_for_the_penalty() {
        let rows: Vec<Vec<f64>> = (0..200).map(|at| vec![f64::from(at % 2), 7.0]).collect();
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let targets: Vec<f64> = rows.iter().map(|row| 3.0 + 4.0 * row[0]).collect();
        let line = Linear::fit(&rows, &targets).expect("fits");
        // One standardised feature: the coefficient shrinks by n / (n + λ).
        assert!((line.predict(&[1.0, 7.0]) - (5.0 + 2.0 / 1.1)).abs() < 1e-9);
        assert_eq!(line.contributions(&[0.0, 7.0]).nth(1), Some(0.0));
        assert_eq!(Linear::fit(&[], &[]).err(), Some(Reason::Ragged));
    }

    proptest! {
        #[test]
        fn the_solution_solves(rows in prop::collection::vec(prop::collection::vec(-5.0_f64..5.0, 4), 6..40), b in prop::collection::vec(-9.0_f64..9.0, 4)) {
            let gram: Vec<Vec<f64>> = (0..4).map(|i| (0..4).map(|j| {
                rows.iter().map(|row| row[i] * row[j]).sum::<f64>() + if i == j { 1.0 } else { 0.0 }
            }).collect()).collect();
            let x = solve(gram.clone(), b.clone()).expect("positive definite");
            for (line, right) in gram.iter().zip(&b) {
                let left: f64 = line.iter().zip(&x).map(|(a, x)| a * x).sum();
                prop_assert!((left - right).abs() < 1e-6);
            }
        }
    }
}
