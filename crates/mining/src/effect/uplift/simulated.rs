//! Made-up companies with a known effect, for the tests.

use super::Subject;
use crate::propensity::mixed;

/// In 0..1, the same for the same key.
fn chance(key: u64) -> f64 {
    (mixed(key) >> 11) as f64 / (1_u64 << 53) as f64
}

pub(super) struct Company {
    pub customers: u64,
    /// Of them reached.
    pub share: f64,
    pub seed: u64,
    /// Chance to buy of who is left alone, and what reaching adds to it; by four features in −1..1 and a constant one.
    pub base: fn(&[f64]) -> f64,
    pub effect: fn(&[f64]) -> f64,
}

impl Company {
    pub fn draw(&self) -> Vec<Subject> {
        let one = |at: u64| {
            let draw = |which: u64| chance(mixed(self.seed) ^ (at * 16 + which));
            let mut features: Vec<f64> = (0..4).map(|which| 2.0 * draw(which) - 1.0).collect();
            features.push(7.0);
            let treated = draw(5) < self.share;
            let chance = (self.base)(&features) + if treated { (self.effect)(&features) } else { 0.0 };
            let bought = draw(6) < chance;
            let outcome = f64::from(u8::from(bought));
            // Amounts as skewed as orders are.
            let sales = if bought { 40.0 * (1.0 - draw(7)).powf(-0.4) } else { 0.0 };
            Subject { key: mixed(self.seed ^ at), features, treated, outcome, sales }
        };
        (0..self.customers).map(one).collect()
    }
}
