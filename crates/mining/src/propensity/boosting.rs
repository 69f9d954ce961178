//! Gradient-boosted trees, calibrated.

use super::{Example, Prediction, columns, logistic, mixed, sigmoid};
use crate::reason::{Reason, all_finite};
use forust_ml::{GradientBooster, Matrix, gradientbooster::ContributionsMethod};
use serde::{Deserialize, Serialize};

const TREES: usize = 60;
const LEARNING_RATE: f32 = 0.08;
const DEPTH: usize = 3;
/// Sum of p(1−p) in a leaf: about twenty customers at a rate of one in ten.
const LEAF_WEIGHT: f32 = 2.0;
/// Each fold is scored by trees that have learned from the others, until enough are scored for Platt's line.
const FOLDS: u64 = 3;
const ENOUGH_SCORED: usize = 5_000;

/// Trees and Platt's line: P = σ(slope · score + intercept).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Boosting {
    trees: String,
    width: usize,
    slope: f64,
    intercept: f64,
}

impl Boosting {
    pub fn fit(examples: &[&Example]) -> Result<Self, Reason> {
        let width = examples.first().map_or(0, |example| example.features.len());
        let fold = |example: &Example| mixed(example.key ^ 0xf01d) % FOLDS;
        let (mut scores, mut happened) = (vec![], vec![]);
        for held_out in 0..FOLDS {
            let inside: Vec<&Example> =
                examples.iter().copied().filter(|example| fold(example) != held_out).collect();
            let outside: Vec<&Example> =
                examples.iter().copied().filter(|example| fold(example) == held_out).collect();
            if outside.is_empty() || inside.is_empty() {
                return Err(Reason::TooFewEvents { have: examples.len(), need: super::FEWEST_EVENTS });
            }
            let rows: Vec<&[f64]> = outside.iter().map(|example| example.features.as_slice()).collect();
            let found = grow(&inside)?.predict(&matrix(&columns(&rows, width), rows.len(), width), false);
            scores.extend(found.into_iter().map(|score| vec![score]));
            happened.extend(outside.iter().map(|example| example.happened));
            if happened.len() >= ENOUGH_SCORED {
                break;
            }
        }
        all_finite(scores.iter().flatten())?;
        let (slope, intercept) = logistic::solve(&scores, &happened, 0.0)?;
        let slope = slope.first().copied().ok_or(Reason::NotConverged)?;
        let trees = grow(examples)?.json_dump().map_err(|_| Reason::NotConverged)?;
        // Scores that rank backwards are noise: then everybody gets the same.
        Ok(Boosting { trees, width, slope: slope.max(0.0), intercept })
    }

    fn booster(&self, rows: &[&[f64]]) -> Result<GradientBooster, Reason> {
        if rows.iter().any(|row| row.len() != self.width) {
            return Err(Reason::Ragged);
        }
        GradientBooster::from_json(&self.trees).map_err(|_| Reason::NotConverged)
    }

    pub fn probabilities(&self, rows: &[&[f64]]) -> Result<Vec<f64>, Reason> {
        let booster = self.booster(rows)?;
        let columns = columns(rows, self.width);
        let scores = booster.predict(&matrix(&columns, rows.len(), self.width), false);
        Ok(scores.into_iter().map(|score| sigmoid(self.slope * score + self.intercept)).collect())
    }

    pub fn predict(&self, rows: &[&[f64]]) -> Result<Vec<Prediction>, Reason> {
        let booster = self.booster(rows)?;
        let columns = columns(rows, self.width);
        let data = matrix(&columns, rows.len(), self.width);
        // One value a feature and the bias, row after row; together they are the score.
        let parts = booster.predict_contributions(&data, ContributionsMethod::Average, false);
        let predictions = parts.chunks(self.width + 1).map(|row| {
            let (parts, bias) = row.split_at(self.width);
            let score: f64 = row.iter().sum();
            Prediction {
                probability: sigmoid(self.slope * score + self.intercept),
                base: self.slope * bias.iter().sum::<f64>() + self.intercept,
                contributions: parts.iter().map(|part| part * self.slope).collect(),
            }
        });
        Ok(predictions.collect())
    }
}

fn grow(examples: &[&Example]) -> Result<GradientBooster, Reason> {
    let width = examples.first().map_or(0, |example| example.features.len());
    let rows: Vec<&[f64]> = examples.iter().map(|example| example.features.as_slice()).collect();
    let columns = columns(&rows, width);
    let happened: Vec<f64> = examples.iter().map(|example| f64::from(u8::from(example.happened))).collect();
    let mut booster = GradientBooster::default()
        .set_iterations(TREES)
        .set_learning_rate(LEARNING_RATE)
        .set_max_depth(DEPTH)
        .set_min_leaf_weight(LEAF_WEIGHT)
        .set_initialize_base_score(true)
        // Sums over threads depend on who is first.
        .set_parallel(false);
    booster
        .fit_unweighted(&matrix(&columns, rows.len(), width), &happened, None)
        .map_err(|_| Reason::NotConverged)?;
    Ok(booster)
}

pub(crate) fn matrix(columns: &[f64], rows: usize, width: usize) -> Matrix<'_, f64> {
    Matrix::new(columns, rows, width)
}
