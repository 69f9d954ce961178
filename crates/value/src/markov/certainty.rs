//! How certain value and best rule of a relationship are that was learned from moves and money observed.
//!
//! Each draw gives every block of customers ([`observed`]) a weight w from the exponential distribution of mean 1, takes moves and money
//! with these weights, and finds the best rule anew. It is D. B. Rubin's (1981) "The Bayesian Bootstrap", *Annals of Statistics* 9,
//! 130–134, of customers instead of their periods, since the periods of one hang together (C. A. Field & A. H. Welsh 2007,
//! "Bootstrapping clustered data", *J. R. Statist. Soc. B* 69, 369–390).
//!
//! - **Moves** out of a state: Σ w n with the moves n of each block, and one customer more, of as many moves as the others made from it
//!   on average, spread over the states that anybody came to by a Dirichlet distribution. So a state of few customers is uncertain even
//!   if all of them went the same way; where every customer is a block and moved once, the probabilities are from the Dirichlet
//!   distribution of the moves counted and one more.
//! - **Money** of a state: m + Σ (w − 1) a with what each block adds to its mean m ([`Observed::purchases`]), of the same weights.
//!
//! The draws begin from a fixed seed: the same data give the same interval.

pub mod observed;

use super::{BadRelationship, Policy, Relationship, Transitions};
use observed::{Observed, Parts};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DRAWS: usize = 200;
const SEED: u64 = 200;
/// Left out on either side.
const TAIL: usize = DRAWS / 10;

/// What the draws say of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    /// Its value lies within with 80 % probability.
    pub value: [f64; 2],
    /// Share of the draws in which stopping is best.
    pub stop: f64,
}

/// The best rule by what was observed, and how certain it is of each state. `reward` is what a state brings by the mean of what is bought
/// in a period that begins in it, both in currency units.
///
/// # Errors
/// [`BadRelationship`].
pub fn best(
    observed: &Observed,
    reward: impl Fn(usize, f64) -> f64,
    discount: f64,
) -> Result<(Policy, Vec<Certainty>), BadRelationship> {
    let moves = observed.moves();
    let rule = |transitions: Vec<Vec<f64>>, money: &mut dyn Iterator<Item = f64>| {
        let rewards = money.enumerate().map(|(state, mean)| reward(state, mean)).collect();
        Relationship { transitions, rewards, discount }.best()
    };
    let money: Vec<Parts> = (0..observed.states()).map(|state| observed.parts(state)).collect();
    let policy = rule(moves.matrix(), &mut money.iter().map(|of| of.mean))?;
    let mut chance = ChaCha8Rng::seed_from_u64(SEED);
    let mut draws: Vec<Policy> = vec![];
    for _ in 0..DRAWS {
        let weights: Vec<f64> = (0..observed.blocks()).map(|_| exponential(&mut chance)).collect();
        let transitions = drawn(observed, &moves, &weights, &mut chance);
        draws.push(rule(transitions, &mut money.iter().map(|of| of.weighted(&weights)))?);
    }
    let of_state = |state: usize| {
        let mut values: Vec<f64> = draws.iter().map(|draw| draw.values[state]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let stops = draws.iter().filter(|draw| !draw.go_on[state]).count();
        Certainty { value: [values[TAIL], values[DRAWS - 1 - TAIL]], stop: stops as f64 / DRAWS as f64 }
    };
    let certainty = (0..observed.states()).map(of_state).collect();
    Ok((policy, certainty))
}

/// Probabilities of the moves; a state nobody was in is kept. `moves` are all that were observed.
fn drawn(
    observed: &Observed,
    moves: &Transitions,
    weights: &[f64],
    chance: &mut ChaCha8Rng,
) -> Vec<Vec<f64>> {
    let mut matrix = moves.matrix();
    let reached: Vec<bool> =
        (0..matrix.len()).map(|to| (0..matrix.len()).any(|from| moves.count(from, to) > 0)).collect();
    let evenly = 1.0 / reached.iter().filter(|reached| **reached).count().max(1) as f64;
    for (from, row) in matrix.iter_mut().enumerate().filter(|(from, _)| moves.left(*from) > 0) {
        let each = moves.left(from) as f64 / observed.customers(from) as f64;
        for (to, share) in row.iter_mut().enumerate() {
            let known = if moves.count(from, to) > 0 { observed.weighted(from, to, weights) } else { 0.0 };
            *share = known + if reached[to] { each * gamma(evenly, chance) } else { 0.0 };
        }
        let all: f64 = row.iter().sum();
        row.iter_mut().for_each(|share| *share /= all);
    }
    matrix
}

fn exponential(chance: &mut ChaCha8Rng) -> f64 {
    -(1.0 - chance.random::<f64>()).ln()
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
mod tests;
