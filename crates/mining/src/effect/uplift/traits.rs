//! What tells those who respond from the others.

use super::{Model, Subject};
use crate::{propensity::MOST_FITTED, reason::Reason};
use serde::{Deserialize, Serialize};

/// One feature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trait {
    /// Its place among the features.
    pub feature: usize,
    /// Standard deviation over customers of what it adds to the effect, in the outcome's unit.
    pub weight: f64,
    /// Whether more of it goes with more effect.
    pub rises: bool,
    /// Its mean in the fifth that is told to respond best, and worst.
    pub best: f64,
    pub worst: f64,
}

/// Those that tell customers apart, the weightiest first; of [`MOST_FITTED`] customers at most.
pub fn of(model: &Model, subjects: &[&Subject]) -> Result<Vec<Trait>, Reason> {
    let rows: Vec<Vec<f64>> = subjects.iter().take(MOST_FITTED).map(|one| one.features.clone()).collect();
    let (effects, parts) = (model.effects(&rows)?, model.contributions(&rows)?);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| effects[*b].total_cmp(&effects[*a]).then(a.cmp(b)));
    let fifth = (order.len() / super::fifths::FIFTHS).max(1).min(order.len());
    let width = rows.first().map_or(0, Vec::len);
    let count = rows.len().max(1) as f64;
    let mut found: Vec<Trait> = (0..width)
        .map(|feature| {
            let mean = |of: &[Vec<f64>]| of.iter().map(|row| row[feature]).sum::<f64>() / count;
            let (centre, middle) = (mean(&rows), mean(&parts));
            let both =
                rows.iter().zip(&parts).map(|(row, part)| (row[feature] - centre, part[feature] - middle));
            let (mut with, mut spread) = (0.0, 0.0);
            for (value, part) in both {
                with += value * part;
                spread += part * part;
            }
            let among = |those: &[usize]| {
                those.iter().map(|at| rows[*at][feature]).sum::<f64>() / those.len().max(1) as f64
            };
            Trait {
                feature,
                weight: (spread / count).sqrt(),
                rises: with > 0.0,
                best: among(&order[..fifth]),
                worst: among(&order[order.len() - fifth..]),
            }
        })
        .filter(|one| one.weight > 1e-12)
        .collect();
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.feature.cmp(&b.feature)));
    Ok(found)
}
