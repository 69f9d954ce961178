//! Maximum likelihood of BG/NBD with its analytic gradient, in logarithms of the parameters.
//!
//! Eq. (6) of Fader, Hardie & Lee (2005), in the numerically stable arrangement used here: with n = r + x,
//! D = ln(a/(b+x−1)) + n ln((α+T)/(α+t_x)) and (s)ₖ the rising factorial,
//!
//! ln L = ln (r)ₓ − r ln(1+T/α) − x ln(α+T) + ln (b)ₓ − ln (a+b)ₓ + δ(x>0) ln(1 + e^D).
//!
//! Customers with equal (x, t_x, T) share one term, equal times share one logarithm, equal x one table entry.

use crate::estimate::{self, Unfit};
use crate::history::Observation;
use crate::optimize::{self, Limits, Objective};
use crate::special::{RisingFactorial, softplus};

use super::{BgNbd, BgNbdErrors, BgNbdFit};

const NAMES: [&str; 4] = ["r", "alpha", "a", "b"];
/// Search box, wide enough that its edges mean zero and infinity.
const LOWEST: [f64; 4] = [1e-4, 1e-4, 1e-5, 1e-5];
const HIGHEST: [f64; 4] = [1e4, 1e7, 1e5, 1e5];

/// Fits the model. Inconsistent observations (see [`Observation::is_consistent`]) are left out.
///
/// # Errors
/// [`Unfit`] without customers, without a repeat buyer, without time, or if no maximum is found.
pub fn fit(observations: &[Observation]) -> Result<BgNbdFit, Unfit> {
    let groups = Groups::new(observations);
    if groups.customers == 0.0 {
        return Err(Unfit::TooFewCustomers);
    }
    if groups.mean_age == 0.0 {
        return Err(Unfit::NoTimePassed);
    }
    if groups.repeat_customers == 0.0 {
        return Err(Unfit::TooFewRepeatBuyers);
    }
    let limits: Limits<4> = std::array::from_fn(|i| (LOWEST[i].ln(), HIGHEST[i].ln()));
    let mut objective = |log: &[f64; 4]| groups.mean_loss(log);
    let starts = starts(&mut objective, groups.mean_rate);
    let best = optimize::minimize_from(&mut objective, &starts, &limits).ok_or(Unfit::NotConverged)?;
    let precision = estimate::precision(&mut objective, &best, &limits, NAMES, groups.customers);
    let [r, alpha, a, b] = best.at.map(f64::exp);
    let [se_r, se_alpha, se_a, se_b] = precision.standard_errors;
    Ok(BgNbdFit {
        parameters: BgNbd { r, alpha, a, b },
        standard_errors: BgNbdErrors { r: se_r, alpha: se_alpha, a: se_a, b: se_b },
        log_likelihood: -best.value * groups.customers,
        boundary: precision.edges,
        customers: groups.customers as u64,
        repeat_customers: groups.repeat_customers as u64,
    })
}

/// Starts, the most promising first; r/α is the observed rate.
fn starts(objective: &mut Objective<4>, rate: f64) -> Vec<[f64; 4]> {
    let mut starts = Vec::new();
    for r in [0.25, 1.0, 4.0] {
        for (a, b) in [(0.8, 2.5), (0.2, 4.0), (3.0, 10.0)] {
            let start = [r, r / rate, a, b].map(f64::ln);
            starts.push((objective(&start).0, start));
        }
    }
    starts.sort_by(|one, other| one.0.total_cmp(&other.0));
    starts.into_iter().map(|(_, start)| start).collect()
}

struct Group {
    x: u32,
    /// Indices into `times`.
    last: u32,
    age: u32,
    customers: f64,
}

/// The de-duplicated sufficient statistics.
pub(super) struct Groups {
    groups: Vec<Group>,
    times: Vec<f64>,
    largest_x: u32,
    pub(super) customers: f64,
    repeat_customers: f64,
    mean_age: f64,
    /// Repeat purchases per customer and week, a start for r/α.
    mean_rate: f64,
}

impl Groups {
    pub(super) fn new(observations: &[Observation]) -> Self {
        // Non-negative doubles sort like their bits.
        let mut keys: Vec<(u32, u64, u64)> = observations
            .iter()
            .filter(|seen| seen.is_consistent())
            .map(|seen| (seen.x, (seen.t_x + 0.0).to_bits(), (seen.age + 0.0).to_bits()))
            .collect();
        keys.sort_unstable();
        let mut bits: Vec<u64> = keys.iter().flat_map(|key| [key.1, key.2]).collect();
        bits.sort_unstable();
        bits.dedup();
        let index = |time: u64| bits.partition_point(|b| *b < time) as u32;
        let groups: Vec<Group> = keys
            .chunk_by(|a, b| a == b)
            .map(|same| Group {
                x: same[0].0,
                last: index(same[0].1),
                age: index(same[0].2),
                customers: same.len() as f64,
            })
            .collect();
        let times: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
        let sum = |of: &dyn Fn(&Group) -> f64| groups.iter().map(|g| g.customers * of(g)).sum::<f64>();
        let customers = sum(&|_| 1.0);
        let weeks = sum(&|g| times[g.age as usize]);
        Self {
            largest_x: groups.iter().map(|g| g.x).max().unwrap_or(0),
            repeat_customers: sum(&|g| f64::from(u8::from(g.x > 0))),
            mean_age: if customers > 0.0 { weeks / customers } else { 0.0 },
            mean_rate: sum(&|g| f64::from(g.x)) / weeks,
            customers,
            groups,
            times,
        }
    }

    /// −ln L per customer and its gradient in the logarithms of r, α, a, b.
    pub(super) fn mean_loss(&self, log: &[f64; 4]) -> (f64, [f64; 4]) {
        let [r, alpha, a, b] = log.map(f64::exp);
        let r_x = RisingFactorial::table(r, self.largest_x);
        let b_x = RisingFactorial::table(b, self.largest_x);
        let ab_x = RisingFactorial::table(a + b, self.largest_x);
        let growth: Vec<f64> = self.times.iter().map(|t| (t / alpha).ln_1p()).collect();
        let inverse: Vec<f64> = self.times.iter().map(|t| 1.0 / (alpha + t)).collect();
        let mut value = 0.0;
        let mut slope = [0.0; 4];
        for group in &self.groups {
            let (i, x) = (group.x as usize, f64::from(group.x));
            let (last, age) = (group.last as usize, group.age as usize);
            let n = r + x;
            let mut term = r_x.ln[i] + b_x.ln[i] - ab_x.ln[i] - n * growth[age] - x * log[1];
            let mut d_r = r_x.slope[i] - growth[age];
            let mut d_alpha = r / alpha - n * inverse[age];
            let mut d_a = -ab_x.slope[i];
            let mut d_b = b_x.slope[i] - ab_x.slope[i];
            if group.x > 0 {
                let idle = growth[age] - growth[last];
                let d = log[2] - (b + x - 1.0).ln() + n * idle;
                let (gone, share) = softplus(d);
                term += gone;
                d_r += share * idle;
                d_alpha += share * n * (inverse[age] - inverse[last]);
                d_a += share / a;
                d_b -= share / (b + x - 1.0);
            }
            value += group.customers * term;
            for (sum, part) in slope.iter_mut().zip([d_r * r, d_alpha * alpha, d_a * a, d_b * b]) {
                *sum += group.customers * part;
            }
        }
        (-value / self.customers, slope.map(|s| -s / self.customers))
    }
}
