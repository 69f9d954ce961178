//! The probability that a customer does something (buys a product) within a horizon, from what is known of him.
//!
//! Two methods: logistic regression (crate linfa; L2-penalised, on standardised features) and gradient boosting (crate forust;
//! calibrated by Platt's method on scores of customers it has not seen, J. Platt 1999). They learn from one period and are
//! tested on the next ([`backtest`]); boosting is used only if it is measurably better than the logistic, and neither if it is
//! not measurably better than telling everybody the base rate.
//!
//! Features stand in two parts: what a customer did, and after that who he is. Each method is tried on the first part alone and on both
//! ([`Candidate`]), so that who he is counts only where it tells something his purchases do not; [`screen`] leaves of it what is
//! worth looking at.

pub mod backtest;
pub(crate) mod boosting;
mod logistic;
pub mod measures;
mod screen;

pub use screen::screen;

use crate::reason::{Reason, all_finite};
use boosting::Boosting;
use logistic::Logistic;
use serde::{Deserialize, Serialize};

/// Of those who did, and of those who did not; fewer teach nothing.
pub const FEWEST_EVENTS: usize = 20;
/// Rows learned from: at least so many, and more, up to the other number, where it happened or failed to happen to fewer than
/// [`ENOUGH_EVENTS`] of them.
pub(crate) const ENOUGH_FITTED: usize = 25_000;
pub(crate) const MOST_FITTED: usize = 100_000;
const ENOUGH_EVENTS: usize = 500;

/// What was known of a customer on a day, and whether it happened within the horizon after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Any number that lasts: it decides which part of a split the customer is in.
    pub key: u64,
    pub features: Vec<f64>,
    pub happened: bool,
}

/// From the simplest to the most involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    BaseRate,
    Logistic,
    Boosting,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::BaseRate => "base_rate",
            Method::Logistic => "logistic",
            Method::Boosting => "boosting",
        }
    }
}

/// A method, and whether it learns from who customers are or from what they did alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub method: Method,
    pub traits: bool,
}

impl Candidate {
    /// From the simplest up.
    pub const ALL: [Candidate; 5] = [
        Candidate { method: Method::BaseRate, traits: false },
        Candidate { method: Method::Logistic, traits: false },
        Candidate { method: Method::Logistic, traits: true },
        Candidate { method: Method::Boosting, traits: false },
        Candidate { method: Method::Boosting, traits: true },
    ];

    /// Of rows of `width` features, `history` of which are what customers did, how many it learns from.
    fn width(self, history: usize, width: usize) -> usize {
        if self.traits { width } else { history.min(width) }
    }
}

/// A fitted method. Plain data, but for the trees, which are kept as crate forust writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Share of the examples in which it happened.
    pub base_rate: f64,
    pub examples: usize,
    /// Of each row, how many features it looks at.
    width: usize,
    fitted: Fitted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fitted {
    BaseRate,
    Logistic(Logistic),
    Boosting(Boosting),
}

/// One customer's probability, and what each feature adds to its log-odds against the average customer, in the features' order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    pub probability: f64,
    /// Log-odds of the average customer, the same in each: what is added to it comes to the log-odds of the probability.
    pub base: f64,
    pub contributions: Vec<f64>,
}

impl Model {
    /// Of examples whose first `history` features are what customers did.
    pub fn fit(examples: &[Example], candidate: Candidate, history: usize) -> Result<Model, Reason> {
        let examples = prepared(examples)?;
        let happened = examples.iter().filter(|example| example.happened).count();
        let base_rate = happened as f64 / examples.len() as f64;
        let whole = examples.first().map_or(0, |example| example.features.len());
        let width = candidate.width(history, whole);
        let narrow: Vec<Example>;
        let seen = if width == whole {
            examples
        } else {
            let cut =
                |example: &Example| Example { features: example.features[..width].to_vec(), ..*example };
            narrow = examples.into_iter().map(cut).collect();
            narrow.iter().collect()
        };
        let fitted = match candidate.method {
            Method::BaseRate => Fitted::BaseRate,
            Method::Logistic => Fitted::Logistic(Logistic::fit(&seen)?),
            Method::Boosting => Fitted::Boosting(Boosting::fit(&seen)?),
        };
        Ok(Model { base_rate, examples: seen.len(), width, fitted })
    }

    /// How many features it looks at, the first of each row.
    pub fn width(&self) -> usize {
        self.width
    }

    fn accepts(&self, rows: &[Vec<f64>]) -> Result<(), Reason> {
        all_finite(rows.iter().flatten())?;
        if rows.iter().any(|row| row.len() < self.width) { Err(Reason::Ragged) } else { Ok(()) }
    }

    /// One probability a row of features, as [`Self::predict`] has it, without what each feature adds.
    pub fn probabilities(&self, rows: &[Vec<f64>]) -> Result<Vec<f64>, Reason> {
        self.accepts(rows)?;
        let looked_at = rows.iter().map(|row| &row[..self.width]);
        match &self.fitted {
            Fitted::BaseRate => Ok(vec![self.base_rate; rows.len()]),
            Fitted::Logistic(logistic) => looked_at.map(|row| logistic.probability(row)).collect(),
            Fitted::Boosting(boosting) => boosting.probabilities(&looked_at.collect::<Vec<_>>()),
        }
    }

    /// One prediction a row of features, in their order; rows at least as wide as what it looks at.
    pub fn predict(&self, rows: &[Vec<f64>]) -> Result<Vec<Prediction>, Reason> {
        self.accepts(rows)?;
        let (probability, base) = (self.base_rate, log_odds(self.base_rate));
        let none = |row: &Vec<f64>| Prediction { probability, base, contributions: vec![0.0; row.len()] };
        let told = match &self.fitted {
            Fitted::BaseRate => return Ok(rows.iter().map(none).collect()),
            Fitted::Logistic(logistic) => {
                rows.iter().map(|row| logistic.predict(&row[..self.width])).collect::<Result<Vec<_>, _>>()?
            }
            Fitted::Boosting(boosting) => {
                let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..self.width]).collect();
                boosting.predict(&rows)?
            }
        };
        // What it does not look at adds nothing.
        let padded = |(mut told, row): (Prediction, &Vec<f64>)| {
            told.contributions.resize(row.len(), 0.0);
            told
        };
        Ok(told.into_iter().zip(rows).map(padded).collect())
    }
}

/// Which of the customers with these keys to learn from and to test on, if `most` are enough: those whose keys land lowest,
/// as where there are more examples than are needed ([`ENOUGH_FITTED`]). In the order of `keys`.
pub fn sample(keys: &[u64], most: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..keys.len()).collect();
    if keys.len() > most {
        chosen.select_nth_unstable_by_key(most, |at| (mixed(keys[*at]), *at));
        chosen.truncate(most);
        chosen.sort_unstable();
    }
    chosen
}

/// In an order of their own, as many as are enough, and good enough to learn from.
fn prepared(examples: &[Example]) -> Result<Vec<&Example>, Reason> {
    let width = examples.first().map_or(0, |example| example.features.len());
    if examples.iter().any(|example| example.features.len() != width) {
        return Err(Reason::Ragged);
    }
    all_finite(examples.iter().flat_map(|example| &example.features))?;
    let mut sorted: Vec<&Example> = examples.iter().collect();
    sorted.sort_by(|a, b| {
        let features = || a.features.iter().zip(&b.features).map(|(a, b)| a.total_cmp(b));
        (mixed(a.key), a.happened)
            .cmp(&(mixed(b.key), b.happened))
            .then_with(|| features().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal))
    });
    let mut events = [0; 2];
    let is_enough = |(at, example): (usize, &&Example)| {
        events[usize::from(example.happened)] += 1;
        let enough = at + 1 >= ENOUGH_FITTED && events.iter().all(|events| *events >= ENOUGH_EVENTS);
        enough || at + 1 >= MOST_FITTED
    };
    if let Some(last) = sorted.iter().enumerate().position(is_enough) {
        sorted.truncate(last + 1);
    }
    let happened = sorted.iter().filter(|example| example.happened).count();
    let have = happened.min(sorted.len() - happened);
    if have < FEWEST_EVENTS {
        return Err(Reason::TooFewEvents { have, need: FEWEST_EVENTS });
    }
    Ok(sorted)
}

/// Splitmix64: neighbouring keys land far apart.
pub(crate) fn mixed(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Of rows of one width column after column, as both methods are fastest.
pub(crate) fn columns(rows: &[impl AsRef<[f64]>], width: usize) -> Vec<f64> {
    (0..width).flat_map(|at| rows.iter().map(move |row| row.as_ref()[at])).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}
