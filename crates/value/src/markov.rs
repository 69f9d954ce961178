//! Customers moving between states: transition matrices with their uncertainty, value with the best rule when to stop
//! marketing, and what drives the move to break-up.
//!
//! Source of the value: P. E. Pfeifer & R. L. Carraway (2000), "Modeling Customer Relationships as Markov Chains",
//! *Journal of Interactive Marketing* 14(2), 43–55: V = Σ ((1+d)⁻¹ P)ᵗ R, for ever V = (I − (1+d)⁻¹ P)⁻¹ R. Intervals are
//! E. B. Wilson's (1927) for a share.

pub mod certainty;

use serde::{Deserialize, Serialize};

use crate::clv_range::normal_quantile;

/// Two-sided 95 %.
const CONFIDENCE: f64 = 0.95;
/// Rounds of policy improvement; every one that changes anything raises the value, and there are finitely many policies.
const ROUNDS: usize = 1_000;

/// Moves counted between states 0 … n−1, from row to column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transitions {
    counts: Vec<Vec<u64>>,
}

/// A share with its 95 % interval; of cases independent of each other, as customers are who are counted once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub count: u64,
    pub of: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

impl Share {
    /// Wilson's interval; `None` of nothing.
    pub fn of(count: u64, of: u64) -> Option<Self> {
        if of == 0 || count > of {
            return None;
        }
        let (n, share) = (of as f64, count as f64 / of as f64);
        let z = normal_quantile(0.5 + 0.5 * CONFIDENCE);
        let square = z * z / n;
        let centre = (share + 0.5 * square) / (1.0 + square);
        let half = z * (share * (1.0 - share) / n + 0.25 * square / n).sqrt() / (1.0 + square);
        Some(Self {
            count,
            of,
            share,
            low: (centre - half).clamp(0.0, share),
            high: (centre + half).clamp(share, 1.0),
        })
    }
}

impl Transitions {
    pub fn new(states: usize) -> Self {
        Self { counts: vec![vec![0; states]; states] }
    }

    /// Counts one customer's move; states that do not exist are not counted.
    pub fn add(&mut self, from: usize, to: usize) {
        if let Some(count) = self.counts.get_mut(from).and_then(|row| row.get_mut(to)) {
            *count += 1;
        }
    }

    /// Adds the moves of others between the same states.
    pub fn merge(&mut self, other: &Self) {
        for (row, more) in self.counts.iter_mut().zip(&other.counts) {
            row.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
    }

    pub fn count(&self, from: usize, to: usize) -> u64 {
        self.counts.get(from).and_then(|row| row.get(to)).copied().unwrap_or(0)
    }

    pub fn left(&self, from: usize) -> u64 {
        self.counts.get(from).map_or(0, |row| row.iter().sum())
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// `None` if nobody was in `from`.
    pub fn share(&self, from: usize, to: usize) -> Option<Share> {
        Share::of(self.count(from, to), self.left(from))
    }

    /// Maximum-likelihood probabilities; a state nobody was in is kept.
    pub fn matrix(&self) -> Vec<Vec<f64>> {
        let n = self.counts.len();
        let row = |from: usize| {
            let left = self.left(from) as f64;
            let share = |to: usize| match left {
                0.0 => f64::from(u8::from(from == to)),
                left => self.count(from, to) as f64 / left,
            };
            (0..n).map(share).collect()
        };
        (0..n).map(row).collect()
    }
}

/// A customer relationship as a Markov chain with a decision in every state: go on marketing, or stop and lose him.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relationship {
    /// Probabilities while marketing goes on; rows of n states sum to 1.
    pub transitions: Vec<Vec<f64>>,
    /// Money of a period in each state while marketing goes on (contribution less the cost of marketing), at its beginning.
    pub rewards: Vec<f64>,
    /// Discount rate of a period, > 0 for values without horizon.
    pub discount: f64,
}

/// Why a relationship has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRelationship {
    /// Not n rows of n probabilities that sum to 1, and n rewards, all finite.
    Shape,
    /// The discount rate must be above 0.
    Discount,
}

impl std::fmt::Display for BadRelationship {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shape => "every state needs one reward and probabilities that sum to 1",
            Self::Discount => "the discount rate must be above 0",
        })
    }
}

impl std::error::Error for BadRelationship {}

/// The best rule and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Value of each state, in the unit of the rewards; 0 where marketing stops.
    pub values: Vec<f64>,
    /// States in which to go on.
    pub go_on: Vec<bool>,
}

impl Relationship {
    fn check(&self) -> Result<(), BadRelationship> {
        let n = self.rewards.len();
        let good_row = |row: &Vec<f64>| {
            row.len() == n
                && row.iter().all(|p| (0.0..=1.0).contains(p))
                && (row.iter().sum::<f64>() - 1.0).abs() < 1e-9
        };
        let good = self.transitions.len() == n
            && self.transitions.iter().all(good_row)
            && self.rewards.iter().all(|reward| reward.is_finite());
        if !good {
            return Err(BadRelationship::Shape);
        }
        if !(self.discount.is_finite() && self.discount > 0.0) {
            return Err(BadRelationship::Discount);
        }
        Ok(())
    }

    /// Value of each state without end if marketing goes on in the states of `go_on` and a customer in another is
    /// given up: V = R + (1+d)⁻¹ P V there, 0 elsewhere.
    ///
    /// # Errors
    /// [`BadRelationship`].
    pub fn value(&self, go_on: &[bool]) -> Result<Vec<f64>, BadRelationship> {
        self.check()?;
        if go_on.len() != self.rewards.len() {
            return Err(BadRelationship::Shape);
        }
        let factor = 1.0 / (1.0 + self.discount);
        let n = go_on.len();
        let matrix: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let entry = |j: usize| {
                    let moves = if go_on[i] { factor * self.transitions[i][j] } else { 0.0 };
                    f64::from(u8::from(i == j)) - moves
                };
                (0..n).map(entry).collect()
            })
            .collect();
        let rewards = (0..n).map(|i| if go_on[i] { self.rewards[i] } else { 0.0 }).collect();
        solve(matrix, rewards).ok_or(BadRelationship::Shape)
    }

    /// Value of each state over `periods` periods (counting the present one) if marketing goes on in all states.
    ///
    /// # Errors
    /// [`BadRelationship`].
    pub fn value_within(&self, periods: u32) -> Result<Vec<f64>, BadRelationship> {
        self.check()?;
        let factor = 1.0 / (1.0 + self.discount);
        let mut values = vec![0.0; self.rewards.len()];
        for _ in 0..periods {
            let next = |i: usize| {
                let later: f64 = self.transitions[i].iter().zip(&values).map(|(p, v)| p * v).sum();
                self.rewards[i] + factor * later
            };
            values = (0..values.len()).map(next).collect();
        }
        Ok(values)
    }

    /// The rule of highest value in every state (policy iteration, Howard 1960): go on where that is worth something.
    ///
    /// # Errors
    /// [`BadRelationship`].
    pub fn best(&self) -> Result<Policy, BadRelationship> {
        let factor = 1.0 / (1.0 + self.discount);
        let mut go_on = vec![true; self.rewards.len()];
        for _ in 0..ROUNDS {
            let values = self.value(&go_on)?;
            let worth = |i: usize| {
                let later: f64 = self.transitions[i].iter().zip(&values).map(|(p, v)| p * v).sum();
                self.rewards[i] + factor * later
            };
            let better: Vec<bool> = (0..values.len()).map(|i| worth(i) > 0.0).collect();
            if better == go_on {
                return Ok(Policy { values, go_on });
            }
            go_on = better;
        }
        Ok(Policy { values: self.value(&go_on)?, go_on })
    }
}

/// x with `matrix` x = `right`, by elimination with the largest pivot of each column; `None` if there is no single one.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|i, j| matrix[*i][column].abs().total_cmp(&matrix[*j][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-300 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..n {
            let factor = matrix[row][column] / matrix[column][column];
            let (above, below) = matrix.split_at_mut(row);
            for (entry, of) in below[0].iter_mut().zip(&above[column]).skip(column) {
                *entry -= factor * of;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

/// How much more, or less, often one group breaks up than the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driver {
    pub group: Share,
    pub others: Share,
    /// Rate of the group over that of the others, with its 95 % interval (log method, ½ added to each cell).
    pub ratio: f64,
    pub low: f64,
    pub high: f64,
}

impl Driver {
    /// Broke up, of so many, in the group and among the others; `None` if either is empty.
    pub fn of(group: (u64, u64), others: (u64, u64)) -> Option<Self> {
        let (one, other) = (Share::of(group.0, group.1)?, Share::of(others.0, others.1)?);
        let part = |s: &Share| (s.count as f64 + 0.5, s.of as f64 + 0.5);
        let ((a, n), (b, m)) = (part(&one), part(&other));
        let log = (a / n).ln() - (b / m).ln();
        let error = (1.0 / a - 1.0 / n + 1.0 / b - 1.0 / m).max(0.0).sqrt();
        let z = normal_quantile(0.5 + 0.5 * CONFIDENCE);
        let at = |shift: f64| (log + shift * error).exp();
        Some(Self { group: one, others: other, ratio: at(0.0), low: at(-z), high: at(z) })
    }

    /// Whether the difference is more than chance: 1 lies outside the interval.
    pub fn is_clear(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pfeifer & Carraway (2000): recency 1 to 4 and former customer; p = .3, .2, .15, .05, net contribution 40, cost of
    /// marketing 4, discount 20 %.
    fn paper() -> Relationship {
        let buys = [0.3, 0.2, 0.15, 0.05];
        let mut transitions: Vec<Vec<f64>> = (0..4)
            .map(|i| {
                let mut row = vec![0.0; 5];
                row[0] = buys[i];
                row[i + 1] = 1.0 - buys[i];
                row
            })
            .collect();
        transitions.push(vec![0.0, 0.0, 0.0, 0.0, 1.0]);
        Relationship { transitions, rewards: vec![36.0, -4.0, -4.0, -4.0, 0.0], discount: 0.2 }
    }

    fn near(found: f64, printed: f64) {
        assert!((found - printed).abs() < 0.005, "{found} is not {printed}");
    }

    #[test]
    fn the_papers_values_are_reproduced() {
        let values = paper().value(&[true; 5]).expect("good");
        for (found, printed) in values.iter().zip([52.320, 5.554, 1.251, -1.820, 0.0]) {
            near(*found, printed);
        }
        // Four periods after the first purchase, the paper's example.
        near(paper().value_within(5).expect("good")[0], 50.115);
    }

    #[test]
    fn the_best_rule_stops_after_recency_three() {
        let stopped = paper().value(&[true, true, true, false, false]).expect("good");
        near(stopped[0], 53.149);
        let best = paper().best().expect("good");
        assert_eq!(best.go_on, [true, true, true, false, false]);
        near(best.values[0], 53.149);
    }

    #[test]
    fn wilsons_interval_is_the_textbooks() {
        // 0 of 10 and 4 of 20 (Newcombe 1998 prints 0.0 to 27.8 % and 8.1 to 41.6 %).
        let (none, some) = (Share::of(0, 10).expect("ten"), Share::of(4, 20).expect("twenty"));
        assert_eq!((none.low, (none.high * 1000.0).round()), (0.0, 278.0));
        assert_eq!([some.low, some.high].map(|x| (x * 1000.0).round()), [81.0, 416.0]);
        assert_eq!(Share::of(0, 0), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let good = paper();
        let bad = Relationship { discount: 0.0, ..good.clone() };
        assert_eq!(bad.best(), Err(BadRelationship::Discount));
        let mut bad = good.clone();
        bad.transitions[0][0] = 0.5;
        assert_eq!(bad.best(), Err(BadRelationship::Shape));
        let mut bad = good;
        bad.rewards[1] = f64::NAN;
        assert_eq!(bad.value(&[true; 5]), Err(BadRelationship::Shape));
    }

    #[test]
    fn a_driver_is_clear_when_its_interval_leaves_one() {
        let strong = Driver::of((60, 200), (30, 300)).expect("customers");
        assert!(strong.is_clear() && (strong.ratio - 3.0).abs() < 0.1, "{strong:?}");
        assert!(!Driver::of((3, 20), (5, 40)).expect("customers").is_clear());
        assert_eq!(Driver::of((0, 0), (5, 40)), None);
        let none = Driver::of((0, 50), (0, 50)).expect("customers");
        assert!(none.low.is_finite() && none.high.is_finite() && !none.is_clear());
    }

    proptest! {
        #[test]
        fn the_best_rule_beats_every_rule(
            weights in prop::collection::vec(prop::collection::vec(0.01..1.0_f64, 4), 4),
            rewards in prop::collection::vec(-20.0..20.0_f64, 4),
            rule in prop::collection::vec(any::<bool>(), 4),
        ) {
            let transitions = weights
                .iter()
                .map(|row| {
                    let total: f64 = row.iter().sum();
                    row.iter().map(|w| w / total).collect()
                })
                .collect();
            let relationship = Relationship { transitions, rewards, discount: 0.1 };
            let best = relationship.best().expect("good");
            for (best, other) in best.values.iter().zip(relationship.value(&rule).expect("good")) {
                prop_assert!(*best >= other - 1e-9 && *best >= 0.0);
            }
        }

        #[test]
        fn shares_of_a_state_sum_to_one(moves in prop::collection::vec((0..4_usize, 0..5_usize), 0..50)) {
            let mut transitions = Transitions::new(4);
            for (from, to) in &moves {
                transitions.add(*from, *to);
            }
            let known = moves.iter().filter(|(_, to)| *to < 4).count() as u64;
            prop_assert_eq!(transitions.total(), known);
            for row in transitions.matrix() {
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
        }
    }
}
