//! Whether a campaign had an effect: customers who were reached against a control group drawn before it, with an interval,
//! and a verdict that claims nothing the numbers do not show.

pub mod across;
pub mod assignment;
pub mod difference;
pub mod heterogeneity;
pub mod power;
pub mod returns;
pub mod uplift;
pub mod within;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// Chance of claiming an effect where there is none, two-sided.
pub const SIGNIFICANCE: f64 = 0.05;
/// Customers an arm must have before anything is said of it.
pub const FEWEST_CUSTOMERS: u64 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is still counted: who looks at an interval of 95 % again and again claims an effect where there is none far more often than
    /// in one of twenty cases (Armitage, McPherson & Rowe 1969), so that nothing is said before the last day is over.
    Running,
    TooFew,
    /// The interval holds zero: the difference may be chance.
    NotShown,
    Raised,
    Lowered,
}

impl Verdict {
    /// Whether an effect may be claimed.
    pub fn is_claim(self) -> bool {
        matches!(self, Verdict::Raised | Verdict::Lowered)
    }

    pub fn name(self) -> &'static str {
        match self {
            Verdict::Running => "running",
            Verdict::TooFew => "too_few",
            Verdict::NotShown => "not_shown",
            Verdict::Raised => "raised",
            Verdict::Lowered => "lowered",
        }
    }
}

/// Treated less control, with its interval of 1 − [`SIGNIFICANCE`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub treated: f64,
    pub control: f64,
    pub difference: f64,
    pub lower: f64,
    pub upper: f64,
    /// Two-sided.
    pub p_value: f64,
    pub verdict: Verdict,
    /// Interval of [`Effect::uplift`]; it leaves out zero exactly where that of the difference does. `None` where the control may be
    /// zero, and of what an earlier version kept.
    #[serde(default)]
    pub relative: Option<[f64; 2]>,
}

impl Effect {
    /// Difference / control; `None` where the control is zero or below.
    pub fn uplift(&self) -> Option<f64> {
        (self.control > 0.0).then(|| self.difference / self.control)
    }

    /// The same numbers while they are still counted.
    pub fn so_far(self) -> Effect {
        Effect { verdict: Verdict::Running, ..self }
    }
}

pub(crate) fn quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// P(Z ≥ z).
fn upper_tail(z: f64) -> f64 {
    Normal::standard().cdf(-z)
}

/// P(|Z| ≥ |z|).
fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().cdf(-z.abs())).min(1.0)
}
