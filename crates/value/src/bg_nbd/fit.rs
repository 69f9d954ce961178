//! Maximum likelihood of BG/NBD with its analytic gradient.
//!
//! The search runs in ln r, ln(r/α), ln(a+b) and ln(a/b). These are nearly uncorrelated, and the limits a likelihood
//! can run to are ends of single coordinates: all customers alike (r → ∞ at a fixed rate r/α; a+b → ∞ at a fixed
//! a/b), nobody stops (a/b → 0), everybody stops at once or never (a+b → 0).
//!
//! Eq. (6) of Fader, Hardie & Lee (2005), in the numerically stable arrangement used here: with n = r + x,
//! D = ln(a/(b+x−1)) + n ln((α+T)/(α+t_x)) and (s)ₖ the rising factorial,
//!
//! ln L = ln (r)ₓ − r ln(1+T/α) − x ln(α+T) + ln (b)ₓ − ln (a+b)ₓ + δ(x>0) ln(1 + e^D).
//!
//! Customers with equal (x, t_x, T) share one term, equal times share one logarithm, equal x one table entry.

use crate::estimate::{self, Unfit, storable};
use crate::history::Observation;
use crate::optimize::{self, Limits, Objective};
use crate::special::{RisingFactorial, softplus};

use super::{BgNbd, BgNbdErrors, BgNbdFit};

/// The coordinates of the search: each is the logarithm of this.
const NAMES: [&str; 4] = ["r", "r/alpha", "a+b", "a/b"];
/// Search box, wide enough that its edges mean zero and infinity. Rates are purchases a week.
const LOWEST: [f64; 4] = [1e-4, 1e-8, 1e-4, 1e-5];
const HIGHEST: [f64; 4] = [1e4, 1e4, 1e5, 1e5];

/// Customers the search begins with when there are many more; the maximum is always that of all of them.
const SAMPLE: f64 = 10_000.0;

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
    let mut objective = groups.objective();
    let near = groups.sample().and_then(|sample| {
        let mut objective_of_sample = sample.objective();
        let starts = starts(&mut objective_of_sample, sample.mean_rate);
        optimize::minimize_near_sample(&mut objective, &mut objective_of_sample, &starts, &limits)
    });
    let best = match near {
        Some(best) => best,
        None => {
            let starts = starts(&mut objective, groups.mean_rate);
            optimize::minimize_from(&mut objective, &starts, &limits).ok_or(Unfit::NotConverged)?
        }
    };
    let precision = estimate::precision(&mut objective, &best.at, &limits, NAMES, groups.customers);
    let [r, alpha, a, b] = log_parameters(&best.at).map(f64::exp);
    let share = a / (a + b);
    let error = |scale: f64, slope: [f64; 4]| precision.standard_error(slope.map(|s| s * scale));
    Ok(BgNbdFit {
        parameters: BgNbd { r: storable(r), alpha: storable(alpha), a: storable(a), b: storable(b) },
        standard_errors: BgNbdErrors {
            r: error(r, [1.0, 0.0, 0.0, 0.0]),
            alpha: error(alpha, [1.0, -1.0, 0.0, 0.0]),
            a: error(a, [0.0, 0.0, 1.0, 1.0 - share]),
            b: error(b, [0.0, 0.0, 1.0, -share]),
        },
        log_likelihood: storable(-best.value * groups.customers),
        customers: groups.customers as u64,
        repeat_customers: groups.repeat_customers as u64,
        boundary: precision.edges,
    })
}

/// ln r, ln α, ln a, ln b from the search's coordinates: a/(a+b) = 1/(1 + e^−ln(a/b)).
fn log_parameters(at: &[f64; 4]) -> [f64; 4] {
    let [r, rate, sum, ratio] = *at;
    [r, r - rate, sum - softplus(-ratio).0, sum - softplus(ratio).0]
}

/// The gradient in ln r, ln α, ln a, ln b turned into one in the search's coordinates.
fn in_coordinates(at: &[f64; 4], gradient: &[f64; 4]) -> [f64; 4] {
    let [r, alpha, a, b] = *gradient;
    let share = softplus(at[3]).1;
    [r + alpha, -alpha, a + b, (1.0 - share) * a - share * b]
}

/// Starts, the most promising first.
fn starts(objective: &mut Objective<4>, rate: f64) -> Vec<[f64; 4]> {
    let mut starts = Vec::new();
    for r in [0.25, 1.0, 4.0] {
        for (sum, ratio) in [(3.3, 0.32), (4.2, 0.05), (13.0, 0.3)] {
            let start = [r, rate, sum, ratio].map(f64::ln);
            starts.push((objective(&start).0, start));
        }
    }
    starts.sort_by(|one, other| one.0.total_cmp(&other.0));
    starts.into_iter().map(|(_, start)| start).collect()
}

#[derive(Clone, Copy)]
struct Group {
    x: u32,
    /// Indices into `times`.
    last: u32,
    age: u32,
    customers: f64,
}

/// The de-duplicated sufficient statistics.
pub(super) struct Groups {
    /// In order of (x, t_x, T).
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
        Self::of(groups, bits.iter().map(|b| f64::from_bits(*b)).collect())
    }

    fn of(groups: Vec<Group>, times: Vec<f64>) -> Self {
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

    /// Every k-th customer in order of (x, t_x, T), so that the sample is like the whole; `None` where the whole is
    /// small enough itself.
    pub(super) fn sample(&self) -> Option<Self> {
        let step = (self.customers / SAMPLE).floor();
        if step < 2.0 {
            return None;
        }
        let mut before = 0.0_f64;
        let mut taken = Vec::new();
        for group in &self.groups {
            let after = before + group.customers;
            let customers = (after / step).floor() - (before / step).floor();
            if customers > 0.0 {
                taken.push(Group { customers, ..*group });
            }
            before = after;
        }
        Some(Self::of(taken, self.times.clone()))
    }

    /// −ln L per customer in the search's coordinates.
    fn objective(&self) -> impl FnMut(&[f64; 4]) -> (f64, [f64; 4]) {
        |at| {
            let (value, gradient) = self.mean_loss(&log_parameters(at));
            (value, in_coordinates(at, &gradient))
        }
    }

    /// −ln L per customer and its gradient in the logarithms of r, α, a, b.
    pub(super) fn mean_loss(&self, log: &[f64; 4]) -> (f64, [f64; 4]) {
        let [r, alpha, a, b] = log.map(f64::exp);
        let r_x = RisingFactorial::table(r, self.largest_x);
        let b_x = RisingFactorial::table(b, self.largest_x);
        let ab_x = RisingFactorial::table(a + b, self.largest_x);
        // ln(a/(b+x−1)); not used for x = 0.
        let kept = |x: u32| b + (f64::from(x) - 1.0);
        let odds: Vec<f64> = (0..=self.largest_x).map(|x| log[2] - kept(x).ln()).collect();
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
                let (gone, share) = softplus(odds[i] + n * idle);
                term += gone;
                d_r += share * idle;
                d_alpha += share * n * (inverse[age] - inverse[last]);
                d_a += share / a;
                d_b -= share / kept(group.x);
            }
            value += group.customers * term;
            for (sum, part) in slope.iter_mut().zip([d_r * r, d_alpha * alpha, d_a * a, d_b * b]) {
                *sum += group.customers * part;
            }
        }
        (-value / self.customers, slope.map(|s| -s / self.customers))
    }
}
