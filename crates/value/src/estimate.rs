//! What every maximum-likelihood fit has to say besides its parameters: standard errors, and whether the
//! likelihood has its maximum at the edge of the parameter space.

use serde::{Deserialize, Serialize};

use crate::optimize::{self, Limits, Objective};

/// Why there is no fitted model. Nothing is invented in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// Fewer customers than the model needs.
    TooFewCustomers,
    /// Nobody, or too few, bought a second time (on another day).
    TooFewRepeatBuyers,
    /// All customers bought for the first time on the day of observation: no time has passed.
    NoTimePassed,
    /// Nobody's end was seen.
    NobodyLeft,
    /// The purchases span too few weeks to hold some of them out.
    TooShort,
    /// The optimiser found no maximum of the likelihood.
    NotConverged,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooFewCustomers => "too few customers",
            Self::TooFewRepeatBuyers => "too few customers bought a second time",
            Self::NoTimePassed => "no time has passed since the first purchases",
            Self::NobodyLeft => "nobody who left was seen",
            Self::TooShort => "the purchases span too few weeks",
            Self::NotConverged => "the likelihood has no maximum that could be found",
        })
    }
}

impl std::error::Error for Unfit {}

/// Where a quantity runs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Zero,
    Infinity,
    /// The likelihood is flat: values far apart fit equally well.
    Undetermined,
}

/// A quantity the data do not pin down: the likelihood keeps rising, or stays flat, towards this limit. Predictions
/// remain those of the (nearly) best likelihood; the parameters made of this quantity mean nothing by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// A parameter or a combination of two: `r`, `a+b`, `a/b` …
    pub quantity: String,
    pub limit: Limit,
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.limit {
            Limit::Zero => write!(f, "{} runs to zero", self.quantity),
            Limit::Infinity => write!(f, "{} runs to infinity", self.quantity),
            Limit::Undetermined => write!(f, "{} is not determined by the data", self.quantity),
        }
    }
}

/// Rounds to 12 significant digits: far finer than any standard error, the same whatever the order of the customers,
/// and short enough that every JSON parser reads back exactly what was stored.
pub(crate) fn storable(figure: f64) -> f64 {
    format!("{figure:.11e}").parse().unwrap_or(figure)
}

/// Covariance of a fit's coordinates, which are logarithms; rows and columns of those at an edge are zero, they are
/// taken as fixed. Empty in fits stored before it was kept.
pub type Covariance = Vec<Vec<f64>>;

/// √(slopeᵀ Σ slope): the standard error of a figure whose derivatives by the coordinates are `slope` (delta method).
/// `None` without a covariance of that size.
pub fn delta_error(covariance: &Covariance, slope: &[f64]) -> Option<f64> {
    if covariance.len() != slope.len() {
        return None;
    }
    let product = |row: &[f64]| row.iter().zip(slope).map(|(c, s)| c * s).sum::<f64>();
    let variance: f64 = covariance.iter().zip(slope).map(|(row, s)| s * product(row)).sum();
    Some(variance.max(0.0).sqrt()).filter(|error| error.is_finite())
}

/// A standard error of the logarithm above this (a 95 % range of a factor e⁶ each way) is no knowledge.
const WIDEST_LOG_ERROR: f64 = 3.0;
/// Coordinates this close (in logarithm) to the edge of the search box stand on it.
const AT_LIMIT: f64 = 1e-3;
/// A flat likelihood above this value, or below its inverse, is flat towards the limit.
const EXTREME: f64 = 100.0;

pub(crate) struct Precision<const N: usize> {
    covariance: [[f64; N]; N],
    free: [bool; N],
    pub edges: Vec<Edge>,
}

impl<const N: usize> Precision<N> {
    pub fn stored(&self) -> Covariance {
        let shown = |i: usize, j: usize| {
            if self.free[i] && self.free[j] { storable(self.covariance[i][j]) } else { 0.0 }
        };
        (0..N).map(|i| (0..N).map(|j| shown(i, j)).collect()).collect()
    }

    /// Standard error of a function of the coordinates with this slope, √(slopeᵀ Σ slope) (delta method; exact for
    /// the observed information, because the gradient is zero at the maximum). `None` if it depends on a coordinate
    /// at an edge.
    pub fn standard_error(&self, slope: [f64; N]) -> Option<f64> {
        let known = slope.iter().zip(self.free).all(|(s, free)| free || *s == 0.0);
        let product = |row: &[f64; N]| row.iter().zip(&slope).map(|(c, s)| c * s).sum::<f64>();
        let variance: f64 = self.covariance.iter().zip(&slope).map(|(row, s)| s * product(row)).sum();
        Some(variance.sqrt()).filter(|error| known && error.is_finite()).map(storable)
    }
}

/// Covariance and edges at a minimum of the mean negative log-likelihood. The coordinates are logarithms of the
/// quantities `names`; their covariance is the inverse of customers · Hessian. Those at an edge are taken as fixed.
pub(crate) fn precision<const N: usize>(
    objective: &mut Objective<N>,
    at: &[f64; N],
    limits: &Limits<N>,
    names: [&str; N],
    customers: f64,
) -> Precision<N> {
    let mut edges = Vec::new();
    let mut free = [true; N];
    for i in 0..N {
        let low = at[i] < limits[i].0 + AT_LIMIT;
        if low || at[i] > limits[i].1 - AT_LIMIT {
            let limit = if low { Limit::Zero } else { Limit::Infinity };
            edges.push(Edge { quantity: names[i].to_owned(), limit });
            free[i] = false;
        }
    }
    let curvature = optimize::hessian(objective, at);
    loop {
        let inverse = optimize::invert(&curvature, &free);
        let error = |i: usize| inverse.map(|m| (m[i][i] / customers).sqrt());
        // The least certain one: by its error, or, without a maximum in all directions, by its curvature.
        let doubt = |i: usize| error(i).unwrap_or(-curvature[i][i]);
        let worst = (0..N).filter(|i| free[*i]).max_by(|i, j| doubt(*i).total_cmp(&doubt(*j)));
        let vague = worst.filter(|i| error(*i).is_none_or(|e| e.is_nan() || e > WIDEST_LOG_ERROR));
        let Some(i) = vague else {
            let covariance = inverse.unwrap_or([[0.0; N]; N]).map(|row| row.map(|c| c / customers));
            return Precision { covariance, free, edges };
        };
        edges.push(Edge { quantity: names[i].to_owned(), limit: direction(at[i]) });
        free[i] = false;
    }
}

fn direction(at: f64) -> Limit {
    match at {
        at if at > EXTREME.ln() => Limit::Infinity,
        at if at < -EXTREME.ln() => Limit::Zero,
        _ => Limit::Undetermined,
    }
}
