//! What is told of customers by what was learned from others, fold after fold.

use super::{Method, Subject, model::Fitted, scores::Expected};
use crate::{
    propensity::{MOST_FITTED, mixed},
    reason::Reason,
};

/// Parts of the customers, by a hash of their keys.
pub const FOLDS: usize = 6;
/// Those told; the others are only learned from.
pub const JUDGED: usize = 4;

/// A customer told by what was learned from the folds before his.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// His place among the customers given.
    pub at: usize,
    /// From 0, who is told to respond best, to 1, within his fold; equal ones share the mean of their ranks.
    pub rank: f64,
    /// The effect told, less the mean of his fold.
    pub told: f64,
    /// His score ([`super::scores`]) for the outcome, and that less the mean of his fold.
    pub score: f64,
    pub surplus: f64,
    /// His score for sales.
    pub sales: f64,
    /// From 0 on.
    pub fold: usize,
}

/// For each method that found a solution, everybody it tells of.
///
/// # Errors
/// [`Reason::NoVariation`] where none did, [`Reason::TooFewCustomers`] where all of one side before a fold are missing.
pub fn run(subjects: &[&Subject]) -> Result<Vec<(Method, Vec<Judged>)>, Reason> {
    let fold = |one: &Subject| (mixed(one.key ^ 0x5eed) % FOLDS as u64) as usize;
    let share = subjects.iter().filter(|one| one.treated).count() as f64 / subjects.len() as f64;
    let mut found: Vec<(Method, Option<Vec<Judged>>)> =
        Method::ALL.map(|method| (method, Some(vec![]))).to_vec();
    for current in FOLDS - JUDGED..FOLDS {
        let now: Vec<usize> = (0..subjects.len()).filter(|at| fold(subjects[*at]) == current).collect();
        if now.is_empty() {
            continue;
        }
        let before: Vec<&Subject> =
            subjects.iter().copied().filter(|one| fold(one) < current).take(MOST_FITTED).collect();
        let expected = Expected::learn(&before, share, |one| one.outcome)?;
        let expected_sales = Expected::learn(&before, share, |one| one.sales)?;
        let rows: Vec<&[f64]> = before.iter().map(|one| one.features.as_slice()).collect();
        let targets: Vec<f64> = before.iter().map(|one| expected.score(one)).collect();
        let new: Vec<&[f64]> = now.iter().map(|at| subjects[*at].features.as_slice()).collect();
        let scores: Vec<(f64, f64)> = now
            .iter()
            .map(|at| (expected.score(subjects[*at]), expected_sales.score(subjects[*at])))
            .collect();
        for (method, judged) in &mut found {
            let told = Fitted::learn(*method, &rows, &targets).and_then(|fitted| fitted.predict(&new));
            match (told, judged.as_mut()) {
                (Ok(told), Some(judged)) => judged.extend(judge(current, &now, &told, &scores)),
                // That one method finds no solution does not keep the other from it.
                _ => *judged = None,
            }
        }
    }
    let found: Vec<_> = found.into_iter().filter_map(|(method, judged)| Some((method, judged?))).collect();
    if found.iter().all(|(_, judged)| judged.is_empty()) { Err(Reason::NoVariation) } else { Ok(found) }
}

fn judge(fold: usize, now: &[usize], told: &[f64], scores: &[(f64, f64)]) -> Vec<Judged> {
    let count = now.len() as f64;
    let mean = told.iter().sum::<f64>() / count;
    let mean_score = scores.iter().map(|(score, _)| score).sum::<f64>() / count;
    let ranks = ranks(told);
    let one = |at: usize| Judged {
        at: now[at],
        rank: ranks[at],
        told: told[at] - mean,
        score: scores[at].0,
        surplus: scores[at].0 - mean_score,
        sales: scores[at].1,
        fold,
    };
    (0..now.len()).map(one).collect()
}

/// (Rank − ½) / n from the highest down, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let (mut ranks, mut before) = (vec![0.0; values.len()], 0);
    for same in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = (before as f64 + same.len() as f64 / 2.0) / values.len() as f64;
        same.iter().for_each(|at| ranks[*at] = rank);
        before += same.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_share_their_ranks() {
        assert_eq!(ranks(&[1.0, 3.0, 3.0, 2.0]), [0.875, 0.25, 0.25, 0.625]);
        assert_eq!(ranks(&[5.0; 3]), [0.5; 3]);
        assert!(ranks(&[]).is_empty());
    }
}
