//! Cox's proportional hazards: which traits make customers leave sooner, without assuming how leaving depends on tenure.
//!
//! Sources: D. R. Cox (1972), "Regression Models and Life-Tables", *JRSS B* 34, 187–220; ties by B. Efron (1977), "The
//! Efficiency of Cox's Likelihood Function for Censored Data", *JASA* 72, 557–565.
//!
//! h(t | z) = h₀(t) e^(β·z). ln L = Σ over times with ends [ Σ_ended β·z − Σ_{l<d} ln(Σ_at-risk e^βz − l/d Σ_ended e^βz) ],
//! maximised by Newton's method; standard errors from the observed information.

use serde::{Deserialize, Serialize};

use crate::clv_range::normal_quantile;
use crate::estimate::storable;
use crate::linear::{self, dot};

/// One customer: seen for `time`, `ended` if he left then, and his traits, as many for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    pub time: f64,
    pub ended: bool,
    pub traits: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// β.
    pub coefficient: f64,
    pub standard_error: f64,
    /// e^β: so many times the hazard per unit of the trait, with its 95 % interval.
    pub hazard_ratio: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoxFit {
    pub effects: Vec<Effect>,
    pub log_likelihood: f64,
    /// Without any trait.
    pub null_log_likelihood: f64,
    /// Share of the pairs whose order of leaving is known in which the one of higher hazard left first; ties count half.
    pub concordance: Option<f64>,
    pub customers: u64,
    pub ended: u64,
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoxProblem {
    /// Not the same number of traits for everybody, or a time or trait that is not a finite number.
    BadData,
    /// Fewer ends than ten per trait (the usual rule of thumb), or no traits.
    TooFewEnds,
    /// The trait with this number is the same for everybody, or follows from the others.
    Redundant(usize),
    /// A trait tells perfectly who leaves first: its effect has no finite estimate.
    Separated,
}

impl std::fmt::Display for CoxProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadData => {
                f.write_str("times and traits must be finite numbers, as many traits for everybody")
            }
            Self::TooFewEnds => f.write_str("ten customers who left are needed for each trait"),
            Self::Redundant(i) => write!(f, "trait {i} is the same for everybody or follows from the others"),
            Self::Separated => f.write_str("a trait tells perfectly who leaves first: no finite effect fits"),
        }
    }
}

impl std::error::Error for CoxProblem {}

const ENDS_PER_TRAIT: usize = 10;
const ROUNDS: usize = 50;
/// A standardised effect beyond this (e²⁰ times the hazard per standard deviation) is running away.
const LARGEST: f64 = 20.0;
/// Customers whose pairs are compared for the concordance.
const COMPARED: usize = 2_000;

/// # Errors
/// [`CoxProblem`].
pub fn fit(subjects: &[Subject]) -> Result<CoxFit, CoxProblem> {
    let traits = subjects.first().map_or(0, |s| s.traits.len());
    let good = |s: &Subject| {
        s.time.is_finite()
            && s.time >= 0.0
            && s.traits.len() == traits
            && s.traits.iter().all(|z| z.is_finite())
    };
    if !subjects.iter().all(good) {
        return Err(CoxProblem::BadData);
    }
    let ended = subjects.iter().filter(|s| s.ended).count();
    if traits == 0 || ended < ENDS_PER_TRAIT * traits {
        return Err(CoxProblem::TooFewEnds);
    }
    let (sorted, scales) = standardised(subjects)?;
    let mut beta = vec![0.0; traits];
    let mut at = Likelihood::of(&sorted, &beta);
    let null = at.value;
    for _ in 0..ROUNDS {
        let step = linear::solve(&at.information, &at.slope).map_err(CoxProblem::Redundant)?;
        let mut scale = 1.0;
        let next = loop {
            let tried: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + scale * s).collect();
            let found = Likelihood::of(&sorted, &tried);
            if found.value >= at.value - 1e-12 * at.value.abs() {
                break Some((tried, found));
            }
            scale *= 0.5;
            if scale < 1e-8 {
                break None;
            }
        };
        let Some((tried, found)) = next else { break };
        let moved = step.iter().fold(0.0_f64, |m, s| m.max((scale * s).abs()));
        (beta, at) = (tried, found);
        if beta.iter().any(|b| b.abs() > LARGEST) {
            return Err(CoxProblem::Separated);
        }
        if moved < 1e-10 {
            break;
        }
    }
    let z = normal_quantile(0.975);
    let covariance = linear::inverse(&at.information).map_err(CoxProblem::Redundant)?;
    let effect = |i: usize| {
        let (coefficient, error) = (beta[i] / scales[i], covariance[i][i].sqrt() / scales[i]);
        Effect {
            coefficient: storable(coefficient),
            standard_error: storable(error),
            hazard_ratio: storable(coefficient.exp()),
            low: storable((coefficient - z * error).exp()),
            high: storable((coefficient + z * error).exp()),
        }
    };
    Ok(CoxFit {
        effects: (0..traits).map(effect).collect(),
        log_likelihood: storable(at.value),
        null_log_likelihood: storable(null),
        concordance: concordance(&sorted, &beta),
        customers: subjects.len() as u64,
        ended: ended as u64,
    })
}

/// Longest time first, traits with mean 0 and standard deviation 1; and the deviations.
fn standardised(subjects: &[Subject]) -> Result<(Vec<Subject>, Vec<f64>), CoxProblem> {
    let mut sorted = subjects.to_vec();
    sorted.sort_by(|one, other| {
        other.time.total_cmp(&one.time).then(one.ended.cmp(&other.ended)).then_with(|| {
            let pairs = one.traits.iter().zip(&other.traits);
            pairs.map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    let n = sorted.len() as f64;
    let mut scales = Vec::new();
    for i in 0..sorted[0].traits.len() {
        let mean = sorted.iter().map(|s| s.traits[i]).sum::<f64>() / n;
        let variance = sorted.iter().map(|s| (s.traits[i] - mean).powi(2)).sum::<f64>() / n;
        let scale = variance.sqrt();
        if scale <= 1e-12 * mean.abs() || scale == 0.0 {
            return Err(CoxProblem::Redundant(i));
        }
        for subject in &mut sorted {
            subject.traits[i] = (subject.traits[i] - mean) / scale;
        }
        scales.push(scale);
    }
    Ok((sorted, scales))
}

/// Sums of w, w z and w z zᵀ over some customers, w = e^βz.
#[derive(Clone)]
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<Vec<f64>>,
}

impl Sums {
    fn new(traits: usize) -> Self {
        Self { weight: 0.0, first: vec![0.0; traits], second: vec![vec![0.0; traits]; traits] }
    }

    fn add(&mut self, weight: f64, z: &[f64]) {
        self.weight += weight;
        for (i, zi) in z.iter().enumerate() {
            self.first[i] += weight * zi;
            for (j, zj) in z.iter().enumerate() {
                self.second[i][j] += weight * zi * zj;
            }
        }
    }
}

struct Likelihood {
    value: f64,
    slope: Vec<f64>,
    /// −Hessian.
    information: Vec<Vec<f64>>,
}

impl Likelihood {
    /// `sorted` as from [`standardised`].
    fn of(sorted: &[Subject], beta: &[f64]) -> Self {
        let traits = beta.len();
        let mut found =
            Self { value: 0.0, slope: vec![0.0; traits], information: vec![vec![0.0; traits]; traits] };
        let mut at_risk = Sums::new(traits);
        for same in sorted.chunk_by(|one, other| one.time == other.time) {
            let mut ended = Sums::new(traits);
            let mut ends = 0.0;
            for subject in same {
                let linear = dot(beta, &subject.traits);
                at_risk.add(linear.exp(), &subject.traits);
                if subject.ended {
                    ended.add(linear.exp(), &subject.traits);
                    ends += 1.0;
                    found.value += linear;
                    for (sum, z) in found.slope.iter_mut().zip(&subject.traits) {
                        *sum += z;
                    }
                }
            }
            let mut l = 0.0;
            while l < ends {
                found.take(&at_risk, &ended, l / ends);
                l += 1.0;
            }
        }
        found
    }

    /// One factor of Efron's denominator.
    fn take(&mut self, at_risk: &Sums, ended: &Sums, share: f64) {
        let weight = at_risk.weight - share * ended.weight;
        self.value -= weight.ln();
        let mean: Vec<f64> =
            at_risk.first.iter().zip(&ended.first).map(|(r, e)| (r - share * e) / weight).collect();
        for i in 0..mean.len() {
            self.slope[i] -= mean[i];
            for j in 0..mean.len() {
                let second = (at_risk.second[i][j] - share * ended.second[i][j]) / weight;
                self.information[i][j] += second - mean[i] * mean[j];
            }
        }
    }
}

/// Of the first [`COMPARED`] customers of an even sample; `None` without a pair that can be compared.
fn concordance(sorted: &[Subject], beta: &[f64]) -> Option<f64> {
    let step = sorted.len().div_ceil(COMPARED).max(1);
    let sample: Vec<(&Subject, f64)> =
        sorted.iter().step_by(step).map(|s| (s, dot(beta, &s.traits))).collect();
    let (mut right, mut pairs) = (0.0, 0.0);
    for (i, (one, hazard)) in sample.iter().enumerate() {
        // Longest first: the later one in the list left no later.
        for (other, other_hazard) in &sample[i + 1..] {
            if other.ended && other.time < one.time {
                pairs += 1.0;
                right += match other_hazard.total_cmp(hazard) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
    }
    (pairs > 0.0).then(|| right / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Freireich et al. (1963): weeks in remission, 1 for placebo, 0 for 6-MP.
    fn freireich() -> Vec<Subject> {
        let placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
        let treated = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let going_on = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let of = |times: &[i32], ended: bool, z: f64| -> Vec<Subject> {
            times.iter().map(|t| Subject { time: f64::from(*t), ended, traits: vec![z] }).collect()
        };
        [of(&placebo, true, 1.0), of(&treated, true, 0.0), of(&going_on, false, 0.0)].concat()
    }

    #[test]
    fn freireichs_remissions_have_the_published_effect() {
        // Efron's ties: 1.5721 with standard error 0.4124, hazard ratio 4.82 (R survival, coxph).
        let found = fit(&freireich()).expect("fitted");
        let effect = found.effects[0];
        assert!(
            (effect.coefficient - 1.5721).abs() < 5e-5 && (effect.standard_error - 0.4124).abs() < 5e-5,
            "{found:?}"
        );
        assert!((effect.hazard_ratio - 4.8169).abs() < 1e-3);
        assert!(found.log_likelihood > found.null_log_likelihood + 7.0);
        assert!((0.6..0.8).contains(&found.concordance.expect("pairs")));
    }

    #[test]
    fn order_and_units_do_not_matter() {
        let mut subjects = freireich();
        let first = fit(&subjects).expect("fitted");
        subjects.reverse();
        assert_eq!(fit(&subjects).expect("fitted"), first);
        for subject in &mut subjects {
            subject.traits[0] = subject.traits[0] * 1000.0 - 7.0;
        }
        let scaled = fit(&subjects).expect("fitted").effects[0];
        assert!((scaled.coefficient * 1000.0 - first.effects[0].coefficient).abs() < 1e-9);
    }

    #[test]
    fn slope_and_information_are_the_likelihoods_derivatives() {
        let subjects: Vec<Subject> = freireich()
            .into_iter()
            .enumerate()
            .map(|(i, s)| Subject { traits: vec![s.traits[0], ((i * 37) % 11) as f64], ..s })
            .collect();
        let (sorted, _) = standardised(&subjects).expect("varied");
        let beta = [0.4, -0.3];
        let at = Likelihood::of(&sorted, &beta);
        for i in 0..2 {
            let (mut above, mut below) = (beta, beta);
            above[i] += 1e-5;
            below[i] -= 1e-5;
            let (up, down) = (Likelihood::of(&sorted, &above), Likelihood::of(&sorted, &below));
            assert!(((up.value - down.value) / 2e-5 - at.slope[i]).abs() < 1e-6);
            for j in 0..2 {
                assert!(((down.slope[j] - up.slope[j]) / 2e-5 - at.information[i][j]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_refused_with_the_reason() {
        let subjects = freireich();
        assert_eq!(fit(&[]), Err(CoxProblem::TooFewEnds));
        assert_eq!(fit(&subjects[..9]), Err(CoxProblem::TooFewEnds));
        let with = |of: &dyn Fn(usize, &Subject) -> Vec<f64>| -> Vec<Subject> {
            subjects.iter().enumerate().map(|(i, s)| Subject { traits: of(i, s), ..s.clone() }).collect()
        };
        assert_eq!(fit(&with(&|_, _| vec![3.0])), Err(CoxProblem::Redundant(0)));
        let twice = with(&|_, s| vec![s.traits[0], 2.0 * s.traits[0]]);
        assert_eq!(fit(&twice), Err(CoxProblem::Redundant(1)));
        assert_eq!(
            fit(&with(&|i, s| vec![if i == 4 { f64::NAN } else { s.traits[0] }])),
            Err(CoxProblem::BadData)
        );
        // Whoever has the trait leaves before everybody else.
        assert_eq!(fit(&with(&|_, s| vec![-s.time])), Err(CoxProblem::Separated));
    }
}
