//! What every maximum-likelihood fit has to say besides its parameters: standard errors, and whether the
//! likelihood has its maximum at the edge of the parameter space.

use serde::{Deserialize, Serialize};

use crate::optimize::{self, Limits, Minimum, Objective};

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
    /// The optimiser found no maximum of the likelihood.
    NotConverged,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooFewCustomers => "too few customers",
            Self::TooFewRepeatBuyers => "too few customers bought a second time",
            Self::NoTimePassed => "no time has passed since the first purchases",
            Self::NotConverged => "the likelihood has no maximum that could be found",
        })
    }
}

impl std::error::Error for Unfit {}

/// The end of its range a parameter runs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Zero,
    Infinity,
}

/// A parameter the data do not pin down: the likelihood keeps rising, or stays flat, towards this limit. The
/// model's predictions remain those of the (nearly) best likelihood; the parameter by itself means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    pub parameter: String,
    pub limit: Limit,
}

/// A standard error of the logarithm above this (a 95 % range of a factor e⁶ each way) is no knowledge.
const WIDEST_LOG_ERROR: f64 = 3.0;
/// Parameters this close (in logarithm) to the edge of the search box stand on it.
const AT_LIMIT: f64 = 1e-3;

pub(crate) struct Precision<const N: usize> {
    /// Standard errors in the original parameters; `None` for those at an edge.
    pub standard_errors: [Option<f64>; N],
    pub edges: Vec<Edge>,
}

/// Standard errors and edges at a minimum of the mean negative log-likelihood in log parameters.
///
/// With θ = e^φ the observed information in θ is D⁻¹ I(φ) D⁻¹, D = diag θ, because the gradient is zero at the
/// maximum; hence se(θ) = θ·se(φ), se(φ)² the diagonal of (customers · H)⁻¹. Parameters at an edge are taken as
/// fixed when the others' errors are computed.
pub(crate) fn precision<const N: usize>(
    objective: &mut Objective<N>,
    minimum: &Minimum<N>,
    limits: &Limits<N>,
    names: [&str; N],
    customers: f64,
) -> Precision<N> {
    let mut edges = Vec::new();
    let mut free = [true; N];
    for i in 0..N {
        if minimum.at[i] < limits[i].0 + AT_LIMIT {
            edges.push(edge(names[i], Limit::Zero));
            free[i] = false;
        } else if minimum.at[i] > limits[i].1 - AT_LIMIT {
            edges.push(edge(names[i], Limit::Infinity));
            free[i] = false;
        }
    }
    let curvature = optimize::hessian(objective, &minimum.at);
    loop {
        let inverse = optimize::invert(&curvature, &free);
        let log_error = |i: usize| inverse.map(|m| (m[i][i] / customers).sqrt());
        // The least certain one: by its error, or, without a maximum in all directions, by its curvature.
        let worst = (0..N).filter(|i| free[*i]).max_by(|i, j| {
            let doubt = |k: usize| log_error(k).unwrap_or(-curvature[k][k]);
            doubt(*i).total_cmp(&doubt(*j))
        });
        let vague = worst.filter(|i| log_error(*i).is_none_or(|e| e.is_nan() || e > WIDEST_LOG_ERROR));
        let Some(i) = vague else {
            let standard_errors =
                std::array::from_fn(|i| log_error(i).filter(|_| free[i]).map(|e| e * minimum.at[i].exp()));
            return Precision { standard_errors, edges };
        };
        let middle = 0.5 * (limits[i].0 + limits[i].1);
        let limit = if minimum.at[i] < middle { Limit::Zero } else { Limit::Infinity };
        edges.push(edge(names[i], limit));
        free[i] = false;
    }
}

fn edge(parameter: &str, limit: Limit) -> Edge {
    Edge { parameter: parameter.to_owned(), limit }
}
