//! How certain value and best rule of a relationship are that was learned from moves and money observed.
//!
//! Each draw takes for every state the probabilities of its moves from a Dirichlet distribution and its reward from a normal one,
//! and finds the best rule anew. The Dirichlet distribution is that of the moves counted and one more, spread evenly over the states
//! that anybody came to: a state of few moves is uncertain even if all of them went the same way. Moves and money are drawn
//! independently of each other. The draws begin from a fixed seed: the same data give the same interval.

use super::{BadRelationship, Policy, Relationship, Transitions};
use crate::rhythm::Z_80;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DRAWS: usize = 200;
const SEED: u64 = 200;
/// Left out on either side.
const TAIL: usize = DRAWS / 10;

/// The mean reward of a state, and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    pub mean: f64,
    pub error: f64,
}

impl Mean {
    /// Of so many amounts with this sum and sum of squares; nothing of none. One amount tells no more than its size.
    pub fn of(count: u64, sum: f64, squares: f64) -> Self {
        if count == 0 {
            return Self::default();
        }
        let n = count as f64;
        let mean = sum / n;
        let variance = if count > 1 { (squares - n * mean * mean) / (n - 1.0) } else { mean * mean };
        Self { mean, error: (variance.max(0.0) / n).sqrt() }
    }

    /// 80 %.
    pub fn interval(&self) -> [f64; 2] {
        [self.mean - Z_80 * self.error, self.mean + Z_80 * self.error]
    }
}

/// What the draws say of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    /// Its value lies within with 80 % probability.
    pub value: [f64; 2],
    /// Share of the draws in which stopping is best.
    pub stop: f64,
}

/// The best rule by what was observed, and how certain it is of each state.
///
/// # Errors
/// [`BadRelationship`].
pub fn best(
    moves: &Transitions,
    rewards: &[Mean],
    discount: f64,
) -> Result<(Policy, Vec<Certainty>), BadRelationship> {
    let mean = |reward: &Mean| reward.mean;
    let observed =
        Relationship { transitions: moves.matrix(), rewards: rewards.iter().map(mean).collect(), discount };
    let policy = observed.best()?;
    let mut chance = ChaCha8Rng::seed_from_u64(SEED);
    let mut draws: Vec<Policy> = vec![];
    for _ in 0..DRAWS {
        let transitions = drawn(moves, &mut chance);
        let rewards = rewards.iter().map(|one| one.mean + one.error * normal(&mut chance)).collect();
        draws.push(Relationship { transitions, rewards, discount }.best()?);
    }
    let of_state = |state: usize| {
        let mut values: Vec<f64> = draws.iter().map(|draw| draw.values[state]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let stops = draws.iter().filter(|draw| !draw.go_on[state]).count();
        Certainty { value: [values[TAIL], values[DRAWS - 1 - TAIL]], stop: stops as f64 / DRAWS as f64 }
    };
    let certainty = (0..rewards.len()).map(of_state).collect();
    Ok((policy, certainty))
}

/// Probabilities of the moves; a state nobody was in is kept.
fn drawn(moves: &Transitions, chance: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let mut matrix = moves.matrix();
    let reached: Vec<bool> =
        (0..matrix.len()).map(|to| (0..matrix.len()).any(|from| moves.count(from, to) > 0)).collect();
    let one_more = 1.0 / reached.iter().filter(|reached| **reached).count().max(1) as f64;
    for (from, row) in matrix.iter_mut().enumerate().filter(|(from, _)| moves.left(*from) > 0) {
        for (to, share) in row.iter_mut().enumerate() {
            *share = if reached[to] { gamma(moves.count(from, to) as f64 + one_more, chance) } else { 0.0 };
        }
        let all: f64 = row.iter().sum();
        row.iter_mut().for_each(|share| *share /= all);
    }
    matrix
}

/// Box & Muller (1958).
fn normal(chance: &mut ChaCha8Rng) -> f64 {
    let (one, other) = (1.0 - chance.random::<f64>(), chance.random::<f64>());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}

/// Marsaglia & Tsang (2000); shapes below 1 by Γ(s) = Γ(s+1)·U^(1/s).
fn gamma(shape: f64, chance: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - chance.random::<f64>()).powf(1.0 / shape);
        return boost * gamma(shape + 1.0, chance);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = normal(chance);
        let v = (1.0 + c * z).powi(3);
        if v > 0.0 && (1.0 - chance.random::<f64>()).ln() < 0.5 * z * z + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two states: who is in the first stays with 3 of 4; the second is the end.
    fn moves(times: usize) -> Transitions {
        let mut moves = Transitions::new(2);
        for (to, count) in [(0, 3 * times), (1, times)] {
            (0..count).for_each(|_| moves.add(0, to));
        }
        (0..times).for_each(|_| moves.add(1, 1));
        moves
    }

    #[test]
    fn a_mean_and_its_error_by_hand() {
        // 2, 4, 6: variance 4, error √(4/3).
        let found = Mean::of(3, 12.0, 56.0);
        assert!(found.mean == 4.0 && (found.error - (4.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(Mean::of(1, 5.0, 25.0), Mean { mean: 5.0, error: 5.0 });
        assert_eq!(Mean::of(0, 0.0, 0.0), Mean::default());
        let [low, high] = found.interval();
        assert!((high - low - 2.0 * 1.281_551_565_5 * found.error).abs() < 1e-12);
    }

    #[test]
    fn many_moves_leave_little_doubt_and_few_leave_much() {
        // V = 10 + 0.75/1.25·V = 25; the end costs one and is stopped.
        let rewards = [Mean { mean: 10.0, error: 0.0 }, Mean { mean: -1.0, error: 0.0 }];
        let of = |times| best(&moves(times), &rewards, 0.25).expect("good");
        let (policy, many) = of(10_000);
        assert!((policy.values[0] - 25.0).abs() < 1e-9 && policy.go_on == [true, false]);
        let [low, high] = many[0].value;
        assert!(low < 25.0 && 25.0 < high && high - low < 0.5, "{low} to {high}");
        assert_eq!((many[0].stop, many[1].stop, many[1].value), (0.0, 1.0, [0.0, 0.0]));
        let (_, few) = of(3);
        assert!(few[0].value[1] - few[0].value[0] > 10.0 * (high - low), "{few:?}");
        assert_eq!(of(3), of(3), "the same data, the same draws");
    }

    #[test]
    fn what_hardly_pays_is_stopped_in_about_half_of_the_draws() {
        let rewards = [Mean { mean: 0.0, error: 1.0 }, Mean { mean: -1.0, error: 0.0 }];
        let (_, found) = best(&moves(50), &rewards, 0.25).expect("good");
        assert!((0.4..0.6).contains(&found[0].stop), "{found:?}");
    }

    #[test]
    fn draws_are_probabilities_about_the_shares_and_nobody_comes_where_nobody_came() {
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let mut moves = Transitions::new(3);
        (0..30).for_each(|_| moves.add(0, 1));
        (0..10).for_each(|_| moves.add(1, 2));
        let mut sum = 0.0;
        for _ in 0..2_000 {
            let drawn = drawn(&moves, &mut chance);
            assert!(drawn.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
            assert!(drawn[0][0] == 0.0 && drawn[2] == [0.0, 0.0, 1.0]);
            sum += drawn[0][1];
        }
        // Dirichlet (30.5, 0.5).
        assert!((sum / 2_000.0 - 30.5 / 31.0).abs() < 0.003, "{sum}");
    }
}
