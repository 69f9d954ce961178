//! What one customer says of the effect: a number whose expectation, given his features, is the effect on customers like him.
//!
//! The doubly robust score (Robins, Rotnitzky & Zhao 1994; as the outcome to learn from: Kennedy 2023, "Towards optimal doubly
//! robust estimation of heterogeneous causal effects"): ψ = m₁(x) − m₀(x) + w(y − m₁(x))/e − (1−w)(y − m₀(x))/(1−e), w being 1 if reached, e
//! the share reached. e is known because chance drew the sides, so ψ is unbiased whatever m₁ and m₀ are; the better they
//! foretell y, the less it scatters. With m = 0 it is the transformed outcome of Athey & Imbens (2016).

use super::{Subject, linear::Linear};
use crate::reason::Reason;

/// What an outcome is expected to be on each side.
pub(super) struct Expected {
    reached: Linear,
    left_alone: Linear,
    share: f64,
    outcome: fn(&Subject) -> f64,
}

impl Expected {
    /// `share` of the customers are reached. Errs where a side has nobody.
    pub fn learn(subjects: &[&Subject], share: f64, outcome: fn(&Subject) -> f64) -> Result<Self, Reason> {
        let side = |treated: bool| {
            let those: Vec<&&Subject> = subjects.iter().filter(|one| one.treated == treated).collect();
            let rows: Vec<&[f64]> = those.iter().map(|one| one.features.as_slice()).collect();
            let targets: Vec<f64> = those.iter().map(|one| outcome(one)).collect();
            if those.is_empty() {
                return Err(Reason::TooFewCustomers { have: 0, need: super::FEWEST_IN_ARM });
            }
            Linear::fit(&rows, &targets)
        };
        Ok(Expected { reached: side(true)?, left_alone: side(false)?, share, outcome })
    }

    pub fn score(&self, one: &Subject) -> f64 {
        let (m1, m0) = (self.reached.predict(&one.features), self.left_alone.predict(&one.features));
        let y = (self.outcome)(one);
        let surprise = if one.treated { (y - m1) / self.share } else { -(y - m0) / (1.0 - self.share) };
        m1 - m0 + surprise
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulated::Company;
    use super::*;

    #[test]
    fn the_mean_score_is_the_effect_whoever_is_reached() {
        // Those with a high first feature buy more and are spread evenly over the sides: an effect of 0.2 for all.
        let company =
            Company { customers: 40_000, share: 0.8, seed: 5, base: |x| 0.3 + 0.1 * x[0], effect: |_| 0.2 };
        let subjects = company.draw();
        let subjects: Vec<&Subject> = subjects.iter().collect();
        let share = subjects.iter().filter(|one| one.treated).count() as f64 / subjects.len() as f64;
        let expected = Expected::learn(&subjects, share, |one| one.outcome).expect("learns");
        let mean = subjects.iter().map(|one| expected.score(one)).sum::<f64>() / subjects.len() as f64;
        // Four standard errors: √(0.25/0.8 + 0.25/0.2) / √40,000 = 0.00625.
        assert!((mean - 0.2).abs() < 0.025, "{mean}");
    }

    #[test]
    fn a_side_without_customers_is_told() {
        let one = Subject { key: 1, features: vec![1.0], treated: true, outcome: 1.0, sales: 3.0 };
        assert!(Expected::learn(&[&one], 0.5, |one| one.outcome).is_err());
    }
}
