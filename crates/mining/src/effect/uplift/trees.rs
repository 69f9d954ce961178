//! Gradient-boosted trees of squared error (crate forust), small and with large leaves: what they learn from is mostly noise.

use crate::{
    propensity::{boosting::matrix, columns},
    reason::{Reason, all_finite},
};
use forust_ml::{GradientBooster, gradientbooster::ContributionsMethod, objective::ObjectiveType};
use serde::{Deserialize, Serialize};

const TREES: usize = 60;
const LEARNING_RATE: f32 = 0.08;
const DEPTH: usize = 2;
/// A leaf holds a twentieth of the customers, and no fewer than these.
const LEAF: (usize, usize) = (20, 50);

/// The trees as crate forust writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trees {
    trees: String,
    width: usize,
}

impl Trees {
    /// Rows of one width, as many as targets.
    pub fn fit(rows: &[&[f64]], targets: &[f64]) -> Result<Self, Reason> {
        let width = rows.first().map_or(0, |row| row.len());
        if width == 0 {
            return Err(Reason::NoVariation);
        }
        let leaf = (rows.len() / LEAF.0).max(LEAF.1) as f32;
        let columns = columns(rows, width);
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::SquaredLoss)
            .set_iterations(TREES)
            .set_learning_rate(LEARNING_RATE)
            .set_max_depth(DEPTH)
            .set_min_leaf_weight(leaf)
            // Draws a leaf of the fewest customers half of the way to nothing.
            .set_l2(leaf)
            .set_initialize_base_score(true)
            // Sums over threads depend on who is first.
            .set_parallel(false);
        booster
            .fit_unweighted(&matrix(&columns, rows.len(), width), targets, None)
            .map_err(|_| Reason::NotConverged)?;
        Ok(Trees { trees: booster.json_dump().map_err(|_| Reason::NotConverged)?, width })
    }

    fn booster(&self) -> Result<GradientBooster, Reason> {
        GradientBooster::from_json(&self.trees).map_err(|_| Reason::NotConverged)
    }

    pub fn predict(&self, rows: &[&[f64]]) -> Result<Vec<f64>, Reason> {
        let columns = columns(rows, self.width);
        let told = self.booster()?.predict(&matrix(&columns, rows.len(), self.width), false);
        all_finite(&told)?;
        Ok(told)
    }

    /// What each feature adds to the mean, a row after the other.
    pub fn contributions(&self, rows: &[&[f64]]) -> Result<Vec<Vec<f64>>, Reason> {
        let columns = columns(rows, self.width);
        let data = matrix(&columns, rows.len(), self.width);
        let parts = self.booster()?.predict_contributions(&data, ContributionsMethod::Average, false);
        // One value a feature, and the mean.
        Ok(parts.chunks(self.width + 1).map(|row| row[..self.width].to_vec()).collect())
    }
}
