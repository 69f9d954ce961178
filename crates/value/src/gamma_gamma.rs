//! Gamma-Gamma: how much customers spend per purchase.
//!
//! Sources: P. S. Fader, B. G. S. Hardie & K. L. Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base
//! Analysis", *Journal of Marketing Research* 42(4), 415–430; P. S. Fader & B. G. S. Hardie (2013), "The Gamma-Gamma
//! Model of Monetary Value", note 25.
//!
//! Assumptions: a customer's purchases are gamma(p, ν) around his own mean ζ = p/ν, ν ~ gamma(q, v) across
//! customers, and spending is independent of how often he buys ([`GammaGammaFit::correlation`] says how far that
//! holds). Units: v and amounts in currency units, p and q have none. Population mean E(M) = p v/(q−1) for q > 1.

use serde::{Deserialize, Serialize};

use crate::estimate::{self, Covariance, Edge, Unfit, storable};
use crate::optimize::{self, Limits};
use crate::special::{digamma, stirling_remainder};

/// The three parameters, all positive and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

/// Parameters estimated from data, and how far to trust them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaGammaFit {
    #[serde(flatten)]
    pub parameters: GammaGamma,
    /// Standard errors of p, q, v; `None` for a parameter at an edge.
    pub standard_errors: GammaGammaErrors,
    pub log_likelihood: f64,
    /// Of ln p, ln q, ln(p v/q).
    #[serde(default)]
    pub covariance: Covariance,
    /// Parameters the data do not pin down; empty for a proper interior maximum.
    pub boundary: Vec<Edge>,
    /// Repeat buyers with a positive mean amount.
    pub customers: u64,
    /// Pearson's correlation of x and m̄; far from 0 the model's independence assumption fails. `None` if either is constant.
    pub correlation: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GammaGammaErrors {
    pub p: Option<f64>,
    pub q: Option<f64>,
    pub v: Option<f64>,
}

/// One customer's repeat spending: x purchases of `mean` currency units on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    pub x: u32,
    pub mean: f64,
}

impl Spending {
    fn is_usable(&self) -> bool {
        self.x > 0 && self.mean > 0.0 && self.mean.is_finite()
    }
}

impl GammaGamma {
    /// E(M | x, m̄) = p (v + x m̄)/(p x + q − 1), note 25 eq. (5): the amount expected per future purchase, a
    /// weighted mean of the customer's own and the population's. `None` where it is infinite (p x + q ≤ 1) or
    /// m̄ is negative.
    pub fn expected_spend(&self, x: u32, mean: f64) -> Option<f64> {
        let x = f64::from(x);
        let weight = self.p * x + self.q - 1.0;
        let spend = self.p * (self.v + x * mean) / weight;
        (weight > 0.0 && (x == 0.0 || mean >= 0.0) && spend.is_finite()).then_some(spend)
    }

    /// d ln E(M | x, m̄) by ln p, ln q, ln(p v/q), the coordinates of [`GammaGammaFit::covariance`]. `None` where E(M) is.
    ///
    /// With c = ln(p v/q) held, v = e^c q/p falls with p and rises with q.
    pub fn slope_of_expected_spend(&self, x: u32, mean: f64) -> Option<[f64; 3]> {
        self.expected_spend(x, mean)?;
        let (own, others) = (f64::from(x) * mean, self.v);
        let weight = self.p * f64::from(x) + self.q - 1.0;
        let by_v = others / (others + own);
        let by_p = 1.0 - self.p * f64::from(x) / weight;
        let by_q = -self.q / weight;
        Some([by_p - by_v, by_q + by_v, by_v])
    }

    /// E(M) = p v/(q−1), the population's mean amount; `None` where it is infinite (q ≤ 1).
    pub fn population_mean(&self) -> Option<f64> {
        self.expected_spend(0, 0.0)
    }
}

/// The coordinates of the search: each is the logarithm of this. With p v/q, close to the mean amount, instead of v
/// they are nearly uncorrelated, and p → ∞ (a customer always spends the same) and q → ∞ (customers are all alike)
/// are ends of single coordinates.
const NAMES: [&str; 3] = ["p", "q", "p*v/q"];
/// Search box, wide enough that its edges mean zero and infinity; p v/q is relative to the mean amount.
const LOWEST: [f64; 3] = [1e-4, 1e-4, 1e-6];
const HIGHEST: [f64; 3] = [1e4, 1e4, 1e6];
/// p and q to start from.
const STARTS: [[f64; 2]; 5] = [[6.0, 4.0], [1.0, 2.0], [40.0, 2.0], [0.3, 8.0], [100.0, 50.0]];

/// Customers the search begins with when there are many more; the maximum is always that of all of them.
const SAMPLE: usize = 10_000;

/// Fits the model to repeat buyers; those without a positive mean amount are left out.
///
/// # Errors
/// [`Unfit`] without a usable customer, or if no maximum is found.
pub fn fit(spending: &[Spending]) -> Result<GammaGammaFit, Unfit> {
    let spenders = Spenders::new(spending).ok_or(Unfit::TooFewRepeatBuyers)?;
    let limits: Limits<3> = std::array::from_fn(|i| (LOWEST[i].ln(), HIGHEST[i].ln()));
    let mut objective = spenders.objective();
    // A population mean of 1, p v/(q−1) = 1.
    let starts = STARTS.map(|[p, q]| [p, q, (q - 1.0) / q].map(f64::ln));
    let near = spenders.sample().and_then(|sample| {
        optimize::minimize_near_sample(&mut objective, &mut sample.objective(), &starts, &limits)
    });
    let best = near
        .or_else(|| optimize::minimize_from(&mut objective, &starts, &limits))
        .ok_or(Unfit::NotConverged)?;
    let customers = spenders.customers.len() as f64;
    let precision = estimate::precision(&mut objective, &best.at, &limits, NAMES, customers);
    let [p, q, v] = log_parameters(&best.at).map(f64::exp);
    let v = v * spenders.scale;
    Ok(GammaGammaFit {
        parameters: GammaGamma { p: storable(p), q: storable(q), v: storable(v) },
        standard_errors: GammaGammaErrors {
            p: precision.standard_error([p, 0.0, 0.0]),
            q: precision.standard_error([0.0, q, 0.0]),
            v: precision.standard_error([-v, v, v]),
        },
        // The density of m̄ in currency units is that of m̄/scale divided by scale.
        log_likelihood: storable(-(best.value + spenders.scale.ln()) * customers),
        covariance: precision.stored(),
        boundary: precision.edges,
        customers: spenders.customers.len() as u64,
        correlation: spenders.correlation().map(storable),
    })
}

/// ln p, ln q, ln v from the search's coordinates.
fn log_parameters(at: &[f64; 3]) -> [f64; 3] {
    [at[0], at[1], at[2] + at[1] - at[0]]
}

struct Spenders {
    /// Amounts divided by `scale`, so that the search starts well in any currency. In order of (x, m̄).
    customers: Vec<Spending>,
    scale: f64,
    /// What the search needs of each of them.
    terms: Vec<Spender>,
    /// The distinct x, ascending.
    counts: Vec<u32>,
    mean_log: f64,
}

#[derive(Clone, Copy)]
struct Spender {
    /// Index into `counts`.
    count: u32,
    /// s = x m̄ and its logarithm.
    s: f64,
    ln_s: f64,
}

impl Spenders {
    fn new(spending: &[Spending]) -> Option<Self> {
        let mut customers: Vec<Spending> = spending.iter().copied().filter(Spending::is_usable).collect();
        if customers.is_empty() {
            return None;
        }
        // The same sums whatever the order they came in.
        customers.sort_unstable_by(|one, other| one.x.cmp(&other.x).then(one.mean.total_cmp(&other.mean)));
        let scale = customers.iter().map(|c| c.mean / customers.len() as f64).sum::<f64>();
        for customer in &mut customers {
            customer.mean /= scale;
        }
        Some(Self::of(customers, scale))
    }

    fn of(customers: Vec<Spending>, scale: f64) -> Self {
        let mut counts: Vec<u32> = customers.iter().map(|c| c.x).collect();
        counts.dedup();
        let mut count = 0;
        let terms: Vec<Spender> = customers
            .iter()
            .map(|customer| {
                count += usize::from(customer.x != counts[count]);
                let s = f64::from(customer.x) * customer.mean;
                Spender { count: count as u32, s, ln_s: s.ln() }
            })
            .collect();
        let mean_log = customers.iter().map(|c| c.mean.ln()).sum::<f64>() / customers.len() as f64;
        Self { customers, scale, terms, counts, mean_log }
    }

    /// Every k-th customer in order of (x, m̄), so that the sample is like the whole; `None` where the whole is small
    /// enough itself.
    fn sample(&self) -> Option<Self> {
        let step = self.customers.len() / SAMPLE;
        (step >= 2).then(|| {
            Self::of(self.customers.iter().copied().skip(step / 2).step_by(step).collect(), self.scale)
        })
    }

    /// −ln L per customer in the search's coordinates.
    fn objective(&self) -> impl FnMut(&[f64; 3]) -> (f64, [f64; 3]) {
        |at| {
            let (value, [p, q, v]) = self.mean_loss(&log_parameters(at));
            (value, [p - v, q + v, v])
        }
    }

    /// −ln L per customer and its gradient in the logarithms of p, q, v. Note 25 eq. (1a), with s = x m̄:
    ///
    /// ln L = lnΓ(px+q) − lnΓ(px) − lnΓ(q) + px ln(s/(v+s)) + q ln(v/(v+s)) − ln m̄.
    ///
    /// The gammas are written by Stirling's formula and its remainder, so that their large parts cancel against the
    /// logarithms before they are rounded.
    fn mean_loss(&self, log: &[f64; 3]) -> (f64, [f64; 3]) {
        let [p, q, v] = log.map(f64::exp);
        let table: Vec<CountTerms> =
            self.counts.iter().map(|x| CountTerms::new(p * f64::from(*x), q)).collect();
        let mut value = 0.0;
        let mut slope = [0.0; 3];
        for Spender { count, s, ln_s } in &self.terms {
            let terms = &table[*count as usize];
            // ln(s/(v+s)) and ln(v/(v+s)): the one nearer to 0 keeps its digits, the other differs by ln(s/v).
            let (own, others) = if *s > v {
                let own = -(v / s).ln_1p();
                (own, own - (ln_s - log[2]))
            } else {
                let others = -(s / v).ln_1p();
                (others + (ln_s - log[2]), others)
            };
            value += terms.own * (own + terms.own_offset) + q * (others + terms.others_offset) + terms.rest;
            slope[0] += terms.own * (terms.by_own + own);
            slope[1] += terms.by_q + others;
            slope[2] += (q * s - terms.own * v) / (v + s);
        }
        let n = self.terms.len() as f64;
        (self.mean_log - value / n, [-slope[0] / n, -slope[1] * q / n, -slope[2] / n])
    }

    fn correlation(&self) -> Option<f64> {
        let n = self.customers.len() as f64;
        let mean_x = self.customers.iter().map(|c| f64::from(c.x)).sum::<f64>() / n;
        let mut sums = [0.0; 3];
        for customer in &self.customers {
            let (dx, dm) = (f64::from(customer.x) - mean_x, customer.mean - 1.0);
            for (sum, part) in sums.iter_mut().zip([dx * dm, dx * dx, dm * dm]) {
                *sum += part;
            }
        }
        let [both, x, m] = sums;
        // Rounding of the mean leaves a trace of variance among equal amounts.
        (x > 0.0 && m > 1e-20 * n).then(|| (both / (x * m).sqrt()).clamp(-1.0, 1.0))
    }
}

/// What customers with the same number of purchases share; own = p x.
struct CountTerms {
    own: f64,
    /// ln((px+q)/px) and ln((px+q)/q).
    own_offset: f64,
    others_offset: f64,
    rest: f64,
    /// ψ(px+q) − ψ(px) and ψ(px+q) − ψ(q).
    by_own: f64,
    by_q: f64,
}

impl CountTerms {
    fn new(own: f64, q: f64) -> Self {
        let sum = own + q;
        let upper = digamma(sum);
        let remainders = stirling_remainder(sum) - stirling_remainder(own) - stirling_remainder(q);
        Self {
            own,
            own_offset: (q / own).ln_1p(),
            others_offset: (own / q).ln_1p(),
            rest: 0.5 * (own / sum * q / std::f64::consts::TAU).ln() + remainders,
            by_own: upper - digamma(own),
            by_q: upper - digamma(q),
        }
    }
}

#[cfg(test)]
mod tests;
