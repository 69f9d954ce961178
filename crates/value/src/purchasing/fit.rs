//! Fitting any of the family to customers, and choosing k by the likelihood.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Family, Purchasing};
use crate::bg_nbd::{self, BgNbd};
use crate::erlang::{self, Dropout, Erlang};
use crate::estimate::{Covariance, Edge, Limit, Unfit, storable};
use crate::groups::{Groups, Peak};
use crate::history::{DAYS_PER_WEEK, Observation, Purchase, Summary};
use crate::pareto_nbd::{self, ParetoNbd};

/// Below these numbers a fit is more noise than knowledge: the models have up to five parameters.
const FEWEST_CUSTOMERS: f64 = 30.0;
const FEWEST_REPEAT_BUYERS: f64 = 10.0;
/// Larger k are hardly told apart.
const LARGEST_K: u32 = 8;

/// What the models are fitted to.
pub struct Customers {
    pub(crate) groups: Groups,
    /// Σ ln of the weeks between successive purchase days, and their number; `None` if only summaries are known. Decides on k.
    intervals: Option<(f64, f64)>,
}

impl Customers {
    /// Whole histories in any order; purchases after `on_day` are left out.
    pub fn of_histories<H: AsRef<[Purchase]>>(histories: &[H], on_day: i32) -> Self {
        let mut seen = Vec::new();
        let mut gaps: BTreeMap<i32, u64> = BTreeMap::new();
        let mut days: Vec<i32> = Vec::new();
        for history in histories {
            days.clear();
            days.extend(history.as_ref().iter().map(|p| p.day).filter(|day| *day <= on_day));
            days.sort_unstable();
            days.dedup();
            let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
            for pair in days.windows(2) {
                *gaps.entry(pair[1].saturating_sub(pair[0])).or_default() += 1;
            }
            let summary = Summary {
                first_day: *first,
                last_day: *last,
                orders: days.len() as u32,
                first_amount: 0,
                total_amount: 0,
            };
            seen.push(summary.observe(on_day));
        }
        let count: u64 = gaps.values().sum();
        let logs = gaps.iter().map(|(days, times)| (f64::from(*days) / DAYS_PER_WEEK).ln() * *times as f64);
        Self { groups: Groups::new(&seen), intervals: Some((logs.sum(), count as f64)) }
    }

    pub fn of_observations(seen: &[Observation]) -> Self {
        Self { groups: Groups::new(seen), intervals: None }
    }

    /// Of summaries, on a day.
    pub fn of_summaries(customers: &[Summary], on_day: i32) -> Self {
        let seen: Vec<Observation> = customers.iter().map(|c| c.observe(on_day)).collect();
        Self::of_observations(&seen)
    }

    pub fn count(&self) -> u64 {
        self.groups.customers as u64
    }

    /// # Errors
    /// [`Unfit`] if there are fewer customers or repeat buyers than a fit needs.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.groups.customers < FEWEST_CUSTOMERS {
            return Err(Unfit::TooFewCustomers);
        }
        if self.groups.repeat_customers < FEWEST_REPEAT_BUYERS {
            return Err(Unfit::TooFewRepeatBuyers);
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: f64,
    /// `None` at an edge: the data do not pin it down.
    pub standard_error: Option<f64>,
}

/// A model fitted by maximum likelihood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchaseFit {
    pub family: Family,
    pub model: Purchasing,
    /// Without k, which is the family's.
    pub parameters: Vec<Parameter>,
    /// For k > 1 comparable with other families only if it was fitted to whole histories.
    pub log_likelihood: f64,
    /// Of ln r, ln(r/α) and, with dropout, ln(a+b), ln(a/b) or ln s, ln(s/β).
    pub covariance: Covariance,
    pub boundary: Vec<Edge>,
    pub customers: u64,
    pub repeat_customers: u64,
}

impl PurchaseFit {
    /// # Errors
    /// [`Unfit`] if there are too few customers or no maximum is found.
    pub fn of(family: Family, customers: &Customers) -> Result<Self, Unfit> {
        customers.check()?;
        let groups = &customers.groups;
        let mut fit = match family {
            Family::BgNbd => bg_nbd::fit::fit_groups(groups)?.into(),
            Family::ParetoNbd => Self::pareto(groups)?,
            Family::Nbd | Family::Cnbd { .. } => Self::without_dropout(groups, family)?,
            Family::MbgNbd | Family::MbgCnbd { .. } => Self::with_dropout(groups, family)?,
        };
        if let Some((logs, count)) = customers.intervals {
            fit.log_likelihood = storable(fit.log_likelihood + erlang::constant_of(family.k(), logs, count));
        }
        Ok(fit)
    }

    /// CNBD-k or MBG/CNBD-k with the k of the highest likelihood, NBD or MBG/NBD if that is 1. The likelihood is
    /// taken to have a single peak in k.
    ///
    /// # Errors
    /// As [`Self::of`]; [`Unfit::TooFewRepeatBuyers`] also if only summaries are known, which cannot tell k.
    pub fn regular(customers: &Customers, dropout: bool) -> Result<Self, Unfit> {
        let family = |k: u32| match (dropout, k) {
            (false, 1) => Family::Nbd,
            (true, 1) => Family::MbgNbd,
            (false, k) => Family::Cnbd { k },
            (true, k) => Family::MbgCnbd { k },
        };
        customers.intervals.ok_or(Unfit::TooFewRepeatBuyers)?;
        let mut best = Self::of(family(1), customers)?;
        for k in 2..=LARGEST_K {
            match Self::of(family(k), customers) {
                Ok(fit) if fit.log_likelihood > best.log_likelihood => best = fit,
                _ => break,
            }
        }
        Ok(best)
    }

    fn pareto(groups: &Groups) -> Result<Self, Unfit> {
        let peak = pareto_nbd::fit(groups)?;
        let [r, alpha, s, beta] = pareto_nbd::log_parameters(&peak.at).map(|log| storable(log.exp()));
        let model = Purchasing::ParetoNbd(ParetoNbd { r, alpha, s, beta });
        let slopes = [
            ("r", r, [r, 0.0, 0.0, 0.0]),
            ("alpha", alpha, [alpha, -alpha, 0.0, 0.0]),
            ("s", s, [0.0, 0.0, s, 0.0]),
            ("beta", beta, [0.0, 0.0, beta, -beta]),
        ];
        Ok(Self::new(Family::ParetoNbd, model, peak, &slopes, groups))
    }

    fn with_dropout(groups: &Groups, family: Family) -> Result<Self, Unfit> {
        let k = family.k();
        let peak = erlang::fit_with_dropout(groups, k)?;
        let [r, alpha, a, b] = bg_nbd::fit::log_parameters(&peak.at).map(|log| storable(log.exp()));
        let model = Purchasing::Erlang(Erlang { k, r, alpha, dropout: Some(Dropout { a, b }) });
        let share = a / (a + b);
        let slopes = [
            ("r", r, [r, 0.0, 0.0, 0.0]),
            ("alpha", alpha, [alpha, -alpha, 0.0, 0.0]),
            ("a", a, [0.0, 0.0, a, a * (1.0 - share)]),
            ("b", b, [0.0, 0.0, b, -b * share]),
        ];
        Ok(Self::new(family, model, peak, &slopes, groups))
    }

    fn without_dropout(groups: &Groups, family: Family) -> Result<Self, Unfit> {
        let k = family.k();
        let peak = erlang::fit_without_dropout(groups, k)?;
        let (r, alpha) = (storable(peak.at[0].exp()), storable((peak.at[0] - peak.at[1]).exp()));
        let model = Purchasing::Erlang(Erlang { k, r, alpha, dropout: None });
        let slopes = [("r", r, [r, 0.0]), ("alpha", alpha, [alpha, -alpha])];
        Ok(Self::new(family, model, peak, &slopes, groups))
    }

    fn new<const N: usize>(
        family: Family,
        model: Purchasing,
        peak: Peak<N>,
        slopes: &[(&str, f64, [f64; N])],
        groups: &Groups,
    ) -> Self {
        let parameter = |(name, value, slope): &(&str, f64, [f64; N])| Parameter {
            name: (*name).to_owned(),
            value: *value,
            standard_error: peak.precision.standard_error(*slope),
        };
        Self {
            family,
            model,
            parameters: slopes.iter().map(parameter).collect(),
            log_likelihood: peak.log_likelihood,
            covariance: peak.precision.stored(),
            boundary: peak.precision.edges,
            customers: groups.customers as u64,
            repeat_customers: groups.repeat_customers as u64,
        }
    }

    /// Akaike's criterion, 2·parameters − 2 ln L: smaller is better.
    pub fn aic(&self) -> f64 {
        2.0 * f64::from(self.family.parameters()) - 2.0 * self.log_likelihood
    }

    /// Schwarz's criterion, ln(customers)·parameters − 2 ln L: smaller is better.
    pub fn bic(&self) -> f64 {
        (self.customers as f64).ln() * f64::from(self.family.parameters()) - 2.0 * self.log_likelihood
    }

    /// Whether the data show that customers stop: the model has dropout, and its likelihood did not drive it to zero.
    pub fn shows_dropout(&self) -> bool {
        let vanished = |edge: &Edge| {
            edge.limit == Limit::Zero && matches!(edge.quantity.as_str(), "a/b" | "s/beta" | "s")
        };
        self.family.has_dropout() && !self.boundary.iter().any(vanished)
    }
}

impl From<bg_nbd::BgNbdFit> for PurchaseFit {
    fn from(fit: bg_nbd::BgNbdFit) -> Self {
        let BgNbd { r, alpha, a, b } = fit.parameters;
        let errors = fit.standard_errors;
        let list =
            [("r", r, errors.r), ("alpha", alpha, errors.alpha), ("a", a, errors.a), ("b", b, errors.b)];
        let parameter = |(name, value, standard_error): (&str, f64, Option<f64>)| Parameter {
            name: name.to_owned(),
            value,
            standard_error,
        };
        Self {
            family: Family::BgNbd,
            model: fit.parameters.into(),
            parameters: list.map(parameter).to_vec(),
            log_likelihood: fit.log_likelihood,
            covariance: fit.covariance,
            boundary: fit.boundary,
            customers: fit.customers,
            repeat_customers: fit.repeat_customers,
        }
    }
}
