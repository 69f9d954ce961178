//! What reaching the customers in the order they are told brings more than reaching as many at random (Radcliffe 2007, "Using
//! control groups to target on predicted lift").
//!
//! The curve is G(φ) = (1/n) Σ ψ over the first φ·n customers: outcome gained per customer of all when the best φ are reached.
//! The coefficient is the area between it and the straight line of chance, Q = E\[(½ − rank) ψ\] (Yadlowsky, Fleming, Shah,
//! Brunskill & Wager 2021, QINI), in units of the outcome per customer. Its variance given the ranks is
//! Σ (½ − rank)² (ψ − mean)² / n², which a difference between customers makes a little too large, never too small.

use super::{Estimate, validation::Judged};
use serde::{Deserialize, Serialize};

const STEPS: usize = 20;

/// Of the curve: the share of the customers that is reached, what that gains per customer of all, and what as many at random
/// would gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub reached: f64,
    pub gained: f64,
    pub at_random: f64,
}

/// Over all folds, each weighing as many customers as it has.
pub fn coefficient(judged: &[Judged]) -> Estimate {
    let count = judged.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for fold in judged.chunk_by(|a, b| a.fold == b.fold).filter(|fold| fold.len() > 1) {
        let weighted = fold.iter().map(|one| (0.5 - one.rank) * one.surplus);
        sum += weighted.clone().sum::<f64>();
        let own: f64 = weighted.map(|one| one * one).sum();
        squares += own * fold.len() as f64 / (fold.len() - 1) as f64;
    }
    Estimate { value: sum / count.max(1.0), error: squares.sqrt() / count.max(1.0) }
}

/// From nobody to everybody.
pub fn curve(judged: &[Judged]) -> Vec<Point> {
    let mut order: Vec<&Judged> = judged.iter().collect();
    order.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.at.cmp(&b.at)));
    let count = order.len();
    let whole = order.iter().map(|one| one.score).sum::<f64>() / count.max(1) as f64;
    let point = |step: usize| {
        let reached = step as f64 / STEPS as f64;
        let first = order[..step * count / STEPS].iter().map(|one| one.score);
        Point { reached, gained: first.sum::<f64>() / count.max(1) as f64, at_random: reached * whole }
    };
    (0..=STEPS).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ranks: &[f64], scores: &[f64]) -> Vec<Judged> {
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let one = |(at, (rank, score)): (usize, (&f64, &f64))| Judged {
            at,
            rank: *rank,
            told: 0.0,
            score: *score,
            surplus: score - mean,
            sales: 0.0,
            fold: 0,
        };
        ranks.iter().zip(scores).enumerate().map(one).collect()
    }

    #[test]
    fn an_effect_that_falls_evenly_has_a_twelfth_of_its_fall() {
        let count = 10_000;
        let ranks: Vec<f64> = (0..count).map(|at| (f64::from(at) + 0.5) / f64::from(count)).collect();
        let scores: Vec<f64> = ranks.iter().map(|rank| 3.0 - 2.0 * rank).collect();
        let found = coefficient(&judged(&ranks, &scores));
        assert!((found.value - 2.0 / 12.0).abs() < 1e-6, "{found:?}");
        // It is the area between the curve and the line of chance.
        let curve = curve(&judged(&ranks, &scores));
        let heights: Vec<f64> = curve.iter().map(|point| point.gained - point.at_random).collect();
        let area: f64 = heights.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0 / STEPS as f64).sum();
        assert!((area - found.value).abs() < 1e-3, "{area}");
        assert!((curve[STEPS].gained - 2.0).abs() < 1e-9 && curve[0].gained == 0.0);
    }

    #[test]
    fn who_tells_all_the_same_has_told_nothing() {
        let found = coefficient(&judged(&[0.5; 4], &[1.0, 0.0, 4.0, -2.0]));
        assert_eq!((found.value, found.error, found.p_value()), (0.0, 0.0, 1.0));
        assert_eq!(coefficient(&[]).p_value(), 1.0);
    }
}
