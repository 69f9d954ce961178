//! The effect in each fifth of the customers by what was told of them, from plain means of both sides.

use super::{Subject, validation::Judged};
use crate::effect::{
    Effect,
    difference::{Amounts, Rate, of_amounts, of_rates},
};
use serde::{Deserialize, Serialize};

pub const FIFTHS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fifth {
    pub treated: usize,
    pub control: usize,
    /// The mean of what was told.
    pub told: f64,
    pub effect: Effect,
}

/// `told` is what was told of each beyond the average effect. `counted`: outcomes are 1 and 0.
pub fn of(subjects: &[&Subject], judged: &[Judged], told: &[f64], counted: bool) -> Vec<Fifth> {
    let average = judged.iter().map(|one| one.score).sum::<f64>() / judged.len().max(1) as f64;
    let places = places(judged);
    let fifth = |number: usize| {
        let inside = || {
            let all = judged.iter().zip(told).zip(&places);
            all.filter(move |(_, place)| **place == number).map(|(one, _)| one)
        };
        let outcomes = |treated: bool| -> Vec<f64> {
            let side = inside().map(|(one, _)| subjects[one.at]).filter(|one| one.treated == treated);
            side.map(|one| one.outcome).collect()
        };
        let (reached, alone) = (outcomes(true), outcomes(false));
        let rate = |outcomes: &[f64]| Rate {
            customers: outcomes.len() as u64,
            did: outcomes.iter().filter(|outcome| **outcome > 0.0).count() as u64,
        };
        let effect = if counted {
            of_rates(rate(&reached), rate(&alone))
        } else {
            of_amounts(Amounts::of(&reached), Amounts::of(&alone))
        };
        let customers = (reached.len() + alone.len()).max(1) as f64;
        let told = average + inside().map(|(_, told)| told).sum::<f64>() / customers;
        Fifth { treated: reached.len(), control: alone.len(), told, effect }
    };
    (0..FIFTHS).map(fifth).collect()
}

/// Each one's fifth within his fold, from 0; those of equal rank fill them by the chance of their keys.
pub(super) fn places(judged: &[Judged]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..judged.len()).collect();
    let key = |at: usize| (judged[at].fold, judged[at].rank, judged[at].at);
    order.sort_by(|a, b| {
        let (a, b) = (key(*a), key(*b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
    });
    let mut places = vec![0; judged.len()];
    for fold in order.chunk_by(|a, b| judged[*a].fold == judged[*b].fold) {
        for (number, at) in fold.iter().enumerate() {
            places[*at] = (2 * number + 1) * FIFTHS / (2 * fold.len());
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifths_are_of_one_size_though_many_are_told_the_same() {
        let one = |at: usize| Judged {
            at,
            rank: if at < 50 { 0.25 } else { 0.75 },
            told: 0.0,
            score: 0.0,
            surplus: 0.0,
            sales: 0.0,
            fold: at % 2,
        };
        let judged: Vec<Judged> = (0..100).map(one).collect();
        let places = places(&judged);
        for number in 0..FIFTHS {
            assert_eq!(places.iter().filter(|place| **place == number).count(), 20);
        }
        assert!(
            judged.iter().zip(&places).all(|(one, place)| (one.rank < 0.5) == (*place < 2) || *place == 2)
        );
    }
}
