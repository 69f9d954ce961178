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

use crate::estimate::{Unfit, storable};
use crate::groups::{Groups, Peak, Search};
use crate::history::Observation;
use crate::special::{RisingFactorial, softplus};

use super::{BgNbd, BgNbdErrors, BgNbdFit};

/// The coordinates of the search: each is the logarithm of this.
pub(crate) const NAMES: [&str; 4] = ["r", "r/alpha", "a+b", "a/b"];
/// Search box, wide enough that its edges mean zero and infinity. Rates are purchases a week.
pub(crate) const LOWEST: [f64; 4] = [1e-4, 1e-8, 1e-4, 1e-5];
pub(crate) const HIGHEST: [f64; 4] = [1e4, 1e4, 1e5, 1e5];

/// Fits the model. Inconsistent observations (see [`Observation::is_consistent`]) are left out.
///
/// # Errors
/// [`Unfit`] without customers, without a repeat buyer, without time, or if no maximum is found.
pub fn fit(observations: &[Observation]) -> Result<BgNbdFit, Unfit> {
    fit_groups(&Groups::new(observations))
}

pub(crate) fn fit_groups(groups: &Groups) -> Result<BgNbdFit, Unfit> {
    let search = Search {
        names: NAMES,
        lowest: LOWEST,
        highest: HIGHEST,
        loss: &|groups: &Groups, at| {
            let (value, gradient) = groups.mean_loss(&log_parameters(at));
            (value, in_coordinates(at, &gradient))
        },
        starts: &|rate| beta_geometric_starts(rate),
    };
    let Peak { at, log_likelihood, precision } = groups.maximise(&search)?;
    let [r, alpha, a, b] = log_parameters(&at).map(f64::exp);
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
        log_likelihood,
        covariance: precision.stored(),
        customers: groups.customers as u64,
        repeat_customers: groups.repeat_customers as u64,
        boundary: precision.edges,
    })
}

/// ln r, ln α, ln a, ln b from the search's coordinates: a/(a+b) = 1/(1 + e^−ln(a/b)).
pub(crate) fn log_parameters(at: &[f64; 4]) -> [f64; 4] {
    let [r, rate, sum, ratio] = *at;
    [r, r - rate, sum - softplus(-ratio).0, sum - softplus(ratio).0]
}

/// The gradient in ln r, ln α, ln a, ln b turned into one in the search's coordinates.
pub(crate) fn in_coordinates(at: &[f64; 4], gradient: &[f64; 4]) -> [f64; 4] {
    let [r, alpha, a, b] = *gradient;
    let share = softplus(at[3]).1;
    [r + alpha, -alpha, a + b, (1.0 - share) * a - share * b]
}

/// Starts of r, r/α, a+b and a/b for so many repeat purchases per customer and week.
pub(crate) fn beta_geometric_starts(rate: f64) -> Vec<[f64; 4]> {
    let mut starts = Vec::new();
    for r in [0.25, 1.0, 4.0] {
        for (sum, ratio) in [(3.3, 0.32), (4.2, 0.05), (13.0, 0.3)] {
            starts.push([r, rate, sum, ratio]);
        }
    }
    starts
}

impl Groups {
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
