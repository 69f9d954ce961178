//! Why there is no result. Each reason carries what a reader needs to mend it: how many there are, how many it takes.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// Fewer customers than the method needs.
    TooFewCustomers { have: usize, need: usize },
    /// Fewer baskets with at least two different products than the method needs.
    TooFewBaskets { have: usize, need: usize },
    /// Fewer customers who bought on both sides of the cut than a back-test needs.
    TooFewReturning { have: usize, need: usize },
    /// Fewer customers who did what is to be predicted (or did not), than a model needs.
    TooFewEvents { have: usize, need: usize },
    /// Fewer periods than the method needs.
    TooShort { have: usize, need: usize },
    /// All values are the same: nothing distinguishes the customers, or the series never moves.
    NoVariation,
    /// A number is infinite or no number.
    NotFinite,
    /// Rows have different numbers of values.
    Ragged,
    /// The method found no solution.
    NotConverged,
}

impl Reason {
    /// The key of its words: `too_few_customers` …
    pub fn key(self) -> &'static str {
        match self {
            Reason::TooFewCustomers { .. } => "too_few_customers",
            Reason::TooFewBaskets { .. } => "too_few_baskets",
            Reason::TooFewReturning { .. } => "too_few_returning",
            Reason::TooFewEvents { .. } => "too_few_events",
            Reason::TooShort { .. } => "too_short",
            Reason::NoVariation => "no_variation",
            Reason::NotFinite => "not_finite",
            Reason::Ragged => "ragged",
            Reason::NotConverged => "not_converged",
        }
    }

    /// How many there are and how many it takes, where it is a matter of number.
    pub fn numbers(self) -> Option<(usize, usize)> {
        match self {
            Reason::TooFewCustomers { have, need }
            | Reason::TooFewBaskets { have, need }
            | Reason::TooFewReturning { have, need }
            | Reason::TooFewEvents { have, need }
            | Reason::TooShort { have, need } => Some((have, need)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.key().replace('_', " "))?;
        match self.numbers() {
            Some((have, need)) => write!(f, ": {have}, it takes {need}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Reason {}

/// `Err` unless every number is finite.
pub(crate) fn all_finite<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Result<(), Reason> {
    if numbers.into_iter().all(|number| number.is_finite()) { Ok(()) } else { Err(Reason::NotFinite) }
}
