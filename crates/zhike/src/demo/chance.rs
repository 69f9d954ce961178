//! Seeded chance for made-up data: the same seed gives the same company, on every machine.

use meta::{DateTime, Id, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Chance(ChaCha8Rng);

impl Chance {
    /// `stream` keeps parts of the company independent: more products do not change the customers.
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
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
    /// Picks by weight.
    pub fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> T {
        let total: f64 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (item, weight) in from {
            left -= weight;
            if left < 0.0 {
                return *item;
            }
        }
        from[from.len() - 1].0
    }
    /// Standard normal (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
    /// exp(N(ln median, spread²)).
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }
    pub fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }
    /// Gamma with mean shape / rate (Marsaglia & Tsang 2000).
    pub fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        if shape < 1.0 {
            let boost = (1.0 - self.unit()).powf(1.0 / shape);
            return self.gamma(shape + 1.0, rate) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / rate;
            }
        }
    }
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a, 1.0), self.gamma(b, 1.0));
        x / (x + y)
    }
    /// An id as the clock would have given it at that moment.
    pub fn id(&mut self, at: DateTime<Utc>) -> Id {
        let bytes: [u8; 10] = self.0.random();
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distributions_have_their_means() {
        let mut chance = Chance::new(1, 0);
        let mut mean =
            |draw: fn(&mut Chance) -> f64| (0..20_000).map(|_| draw(&mut chance)).sum::<f64>() / 20_000.0;
        assert!((mean(|c| c.gamma(0.7, 5.0)) - 0.14).abs() < 0.006);
        assert!((mean(|c| c.gamma(4.0, 2.0)) - 2.0).abs() < 0.04);
        assert!((mean(|c| c.beta(0.5, 8.0)) - 0.5 / 8.5).abs() < 0.004);
        assert!((mean(|c| c.exponential(0.25)) - 4.0).abs() < 0.15);
    }

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draw = |seed, stream| Chance::new(seed, stream).unit();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
    }
}
