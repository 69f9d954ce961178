//! Seeded chance: the same seed gives the same company, on every machine.

use meta::{DateTime, Id, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Chance(ChaCha8Rng);

impl Chance {
    /// `stream` keeps parts of the company independent: more orders do not change the customers.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Chance(random)
    }
    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
    /// Uniform whole number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.random_range(0..limit) }
    }
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
    /// Pareto with the smallest value 1: a few are far larger than the rest.
    pub fn pareto(&mut self, shape: f64, largest: f64) -> f64 {
        (1.0 - self.unit()).powf(-1.0 / shape).min(largest)
    }
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }
    /// An id as the clock would have given it at that moment.
    pub fn id(&mut self, at: DateTime<Utc>) -> Id {
        let bytes: [u8; 10] = self.0.random();
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

/// Draws positions by weight: a binary search in the running sums.
#[derive(Default)]
pub struct Weights(Vec<f64>);

impl Weights {
    pub fn push(&mut self, weight: f64) {
        self.0.push(self.0.last().copied().unwrap_or(0.0) + weight);
    }
    /// The k-th of `count` has weight 1 / (k + 1)^exponent.
    pub fn zipf(count: usize, exponent: f64) -> Self {
        let mut weights = Weights::default();
        (0..count).for_each(|rank| weights.push(((rank + 1) as f64).powf(-exponent)));
        weights
    }
    /// One of all.
    pub fn draw(&self, chance: &mut Chance) -> usize {
        self.draw_below(self.0.len(), chance)
    }
    /// One of the first `count`.
    pub fn draw_below(&self, count: usize, chance: &mut Chance) -> usize {
        let sums = &self.0[..count];
        let aim = chance.unit() * sums.last().copied().unwrap_or(0.0);
        sums.partition_point(|sum| *sum <= aim).min(count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights_and_nothing_without_weight_is_drawn() {
        let mut weights = Weights::default();
        [1.0, 0.0, 3.0].into_iter().for_each(|weight| weights.push(weight));
        let mut chance = Chance::new(1, 0);
        let mut drawn = [0usize; 3];
        (0..40_000).for_each(|_| drawn[weights.draw(&mut chance)] += 1);
        assert_eq!(drawn[1], 0);
        assert!((9_500..10_500).contains(&drawn[0]), "{drawn:?}");
    }

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draw = |seed, stream| Chance::new(seed, stream).unit();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
    }
}
