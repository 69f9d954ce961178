//! Features on one scale: mean 0, standard deviation 1, cut off at [`CUT`].

use serde::{Deserialize, Serialize};

/// Standardised features are cut off here: one enormous customer shall not carry the coefficient.
const CUT: f64 = 4.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standard {
    mean: Vec<f64>,
    /// 0 for a feature that is the same for everybody.
    deviation: Vec<f64>,
}

impl Standard {
    /// Of rows of one width.
    pub fn of(rows: &[&[f64]]) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let count = rows.len() as f64;
        let column = |at: usize| rows.iter().map(move |row| row[at]);
        let mean: Vec<f64> = (0..width).map(|at| column(at).sum::<f64>() / count).collect();
        let deviation = (0..width)
            .map(|at| (column(at).map(|value| (value - mean[at]).powi(2)).sum::<f64>() / count).sqrt())
            .map(|deviation| if deviation > 1e-12 { deviation } else { 0.0 })
            .collect();
        Standard { mean, deviation }
    }

    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// The row's features on the scale, in their order.
    pub fn row(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        row.iter().zip(self.mean.iter().zip(&self.deviation)).map(|(value, (mean, deviation))| {
            if *deviation > 0.0 { ((value - mean) / deviation).clamp(-CUT, CUT) } else { 0.0 }
        })
    }
}
