//! Whether a fall between two periods is more than chance.
//!
//! - Counts n₀ → n₁ of independent events (Poisson): z = (n₁ − n₀) / √(n₀ + n₁).
//! - Sums S₀ → S₁ of independent amounts at random times (compound Poisson, Var S = λ E X²): z = (S₁ − S₀) / √(Σ x²) over
//!   the amounts of both periods.
//!
//! Under no change z is about standard normal; [`SURE`] is its 5 % point on one side. Przyborowski & Wilenski (1940),
//! *Biometrika* 31, for the counts.

/// Below this a fall of the same size comes by chance in fewer than one case in twenty.
pub const SURE: f64 = -1.645;

/// A figure of two periods of equal length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    pub before: f64,
    pub now: f64,
    /// Σ x² of both periods; of a count its number.
    pub squares: f64,
}

impl Change {
    pub fn of_counts(before: u64, now: u64) -> Self {
        Change { before: before as f64, now: now as f64, squares: (before + now) as f64 }
    }

    /// Share that was lost, 0.25 for a fall by a quarter, below 0 for a rise; `None` without anything before.
    pub fn fall(&self) -> Option<f64> {
        (self.before > 0.0).then(|| 1.0 - self.now / self.before)
    }

    /// `None` where nothing happened in either period.
    pub fn z(&self) -> Option<f64> {
        (self.squares > 0.0).then(|| (self.now - self.before) / self.squares.sqrt())
    }

    /// Fell by at least `share`, and not by chance.
    pub fn fell_by(&self, share: f64) -> bool {
        self.fall().is_some_and(|fall| fall >= share) && self.z().is_some_and(|z| z <= SURE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_fall_of_few_is_chance_and_of_many_is_not() {
        let few = Change::of_counts(10, 6);
        assert!((few.fall().expect("some before") - 0.4).abs() < 1e-12);
        assert!((few.z().expect("events") + 1.0).abs() < 1e-12);
        assert!(!few.fell_by(0.2));
        let many = Change::of_counts(100, 60);
        assert!(many.fell_by(0.2) && !many.fell_by(0.5));
        assert!(!Change::of_counts(60, 100).fell_by(0.2));
        assert_eq!((Change::of_counts(0, 0).fall(), Change::of_counts(0, 0).z()), (None, None));
    }

    #[test]
    fn one_large_order_less_is_no_fall_of_a_region() {
        let one_large = Change { before: 1_000.0, now: 100.0, squares: 900.0_f64.powi(2) + 200.0 * 1.0 };
        assert!(one_large.fall().expect("some") >= 0.9 && !one_large.fell_by(0.2));
        let many_small = Change { before: 1_000.0, now: 100.0, squares: 1_100.0 };
        assert!(many_small.fell_by(0.2));
    }
}
