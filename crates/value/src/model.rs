//! The front door: [`Model::fit`] learns from all customers, [`Model::score`] gives one customer's figures.
//!
//! A model is plain data (serde), so that it can be stored and used for live scoring until the next fit. Where data
//! are too few nothing is invented: the figure is `None` and the model says why ([`Unfit`]).

use serde::{Deserialize, Serialize};

use crate::backtest::rules::{RuleScore, YearBefore};
use crate::bg_nbd::{self, BgNbdFit};
use crate::clv::Outlook;
use crate::estimate::Unfit;
use crate::gamma_gamma::{self, GammaGammaFit, Spending};
use crate::history::{Observation, Summary};
use crate::life_cycle::{Decision, StageRule};
use crate::purchasing::{Customers, Family, PurchaseFit};
use crate::rfm::{Rfm, RfmBands};
use crate::scoring::Scoring;

/// Below this number a fit of the amounts is more noise than knowledge.
const FEWEST_REPEAT_BUYERS: usize = 10;

/// A fitted part, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    Fitted(T),
    Missing(Unfit),
}

impl<T> Part<T> {
    pub fn fitted(&self) -> Option<&T> {
        match self {
            Self::Fitted(part) => Some(part),
            Self::Missing(_) => None,
        }
    }

    pub fn missing(&self) -> Option<Unfit> {
        match self {
            Self::Fitted(_) => None,
            Self::Missing(reason) => Some(*reason),
        }
    }
}

impl<T> From<Result<T, Unfit>> for Part<T> {
    fn from(fit: Result<T, Unfit>) -> Self {
        match fit {
            Ok(part) => Self::Fitted(part),
            Err(reason) => Self::Missing(reason),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The day of observation the model was fitted for, days since 1970-01-01.
    pub as_of_day: i32,
    pub customers: u64,
    /// The model the figures come from.
    pub purchases: Part<PurchaseFit>,
    /// Always fitted, to compare with.
    pub bg_nbd: Part<BgNbdFit>,
    pub gamma_gamma: Part<GammaGammaFit>,
    pub rfm_bands: RfmBands,
    /// Rules of thumb in force instead of the model.
    #[serde(default)]
    pub rules: RulesInForce,
}

/// Where a rule of thumb forecast better than the model ([`crate::backtest::choice`]) it answers in its place; `None` is the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RulesInForce {
    /// How often customers buy, and with it what they are worth. A rule has no interval of the value.
    pub purchases: Option<RuleScore>,
    /// Whether they buy within a horizon: the churn score. A rule has no P(alive).
    pub churn: Option<RuleScore>,
}

/// What to compute besides what the model knows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Horizon of expected purchases, the chance to buy and CLV, with the discount rate.
    pub outlook: Outlook,
    /// Weeks within which a purchase is soon.
    pub soon_weeks: f64,
    pub stage_rule: StageRule,
}

impl Default for Question {
    /// A year ahead, soon being its first quarter.
    fn default() -> Self {
        Self { outlook: Outlook::default(), soon_weeks: 13.0, stage_rule: StageRule::default() }
    }
}

/// One customer's figures. `None` where the model or the customer's history does not allow one; a missing
/// `expected_spend` or model makes everything built on it `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The day the figures hold for.
    pub on_day: i32,
    pub rfm: Rfm,
    pub stage: Decision,
    /// With BG/NBD always 1 for a customer without a repeat purchase, see [`crate::bg_nbd`]; none by a rule.
    pub p_alive: Option<f64>,
    /// Purchases within the horizon.
    pub expected_purchases: Option<f64>,
    /// Variance of their number, for sums over customers, with the parameters as they are; none by a rule.
    pub purchases_variance: Option<f64>,
    /// Probability of at least one purchase within the horizon.
    pub p_buy_within: Option<f64>,
    /// Probability of at least one purchase within [`Question::soon_weeks`].
    pub p_buy_soon: Option<f64>,
    /// Probability of no purchase within the horizon: the churn score, see [`crate::purchasing`].
    pub p_churn: Option<f64>,
    /// Currency units per future purchase.
    pub expected_spend: Option<f64>,
    /// Currency units of purchases within the horizon, not discounted: expected purchases × expected spend.
    pub expected_sales: Option<f64>,
    /// Currency units, discounted, times the margin share.
    pub clv: Option<f64>,
    /// The same over [`crate::clv::LIFETIME_YEARS`]; none by a rule, which looks no further than its horizon.
    pub lifetime_value: Option<f64>,
    /// What he will really bring lies in between with probability 80 %, see [`crate::clv_range`]; none by a rule.
    pub clv_low: Option<f64>,
    pub clv_high: Option<f64>,
    /// Variance of the same, for sums over customers, with the parameters as they are; none where it is infinite, too.
    pub clv_variance: Option<f64>,
}

impl Model {
    /// [`Self::fit_family`] with BG/NBD.
    pub fn fit(customers: &[Summary], as_of_day: i32) -> Self {
        Self::fit_family(customers, as_of_day, Family::BgNbd)
    }

    /// Fits everything the data allow, with `family` for the purchases (BG/NBD where that one does not fit; which is best
    /// says [`crate::backtest`]). Customers who bought first after `as_of_day` are left out; later purchases
    /// of the others must have been left out by the caller.
    pub fn fit_family(customers: &[Summary], as_of_day: i32, family: Family) -> Self {
        let customers: Vec<Summary> =
            customers.iter().copied().filter(|c| c.first_day <= as_of_day).collect();
        let seen = Customers::of_summaries(&customers, as_of_day);
        let bg_nbd = seen.check().and_then(|()| bg_nbd::fit::fit_groups(&seen.groups));
        let standard = || bg_nbd.clone().map(PurchaseFit::from);
        let purchases = match family {
            Family::BgNbd => standard(),
            family => PurchaseFit::of(family, &seen).or_else(|_| standard()),
        };
        Self {
            as_of_day,
            customers: customers.len() as u64,
            purchases: purchases.into(),
            bg_nbd: bg_nbd.into(),
            gamma_gamma: fit_spending(&customers).into(),
            rfm_bands: RfmBands::fit(&customers),
            rules: RulesInForce::default(),
        }
    }

    /// The figures of one customer on a day by the fitted models, whatever rule is in force; the day is normally the model's own
    /// `as_of_day` or today. A day before the
    /// customer's last purchase counts as that day ([`Summary::observe`]). For many customers, and rules: [`Scoring`].
    pub fn score(&self, customer: &Summary, on_day: i32, question: &Question) -> Figures {
        Scoring::of_models(self, on_day, question).score(customer, YearBefore::default())
    }

    /// P(alive), `None` without a model or where a rule is in force that knows none.
    pub fn p_alive(&self, seen: &Observation) -> Option<f64> {
        let fit = self.purchases.fitted().filter(|_| self.rules.churn.is_none())?;
        Some(fit.model.p_alive(seen))
    }

    /// E(M | x, m̄) of the customer in currency units, see [`gamma_gamma::GammaGamma::expected_spend`].
    pub fn expected_spend(&self, customer: &Summary) -> Option<f64> {
        let spending = self.gamma_gamma.fitted()?;
        spending.parameters.expected_spend(customer.repeat(), customer.monetary().unwrap_or(0.0))
    }
}

fn fit_spending(customers: &[Summary]) -> Result<GammaGammaFit, Unfit> {
    let spending: Vec<Spending> = customers
        .iter()
        .filter_map(|c| Some(Spending { x: c.repeat(), mean: c.monetary()? }))
        .filter(|spending| spending.mean > 0.0)
        .collect();
    if spending.len() < FEWEST_REPEAT_BUYERS {
        return Err(Unfit::TooFewRepeatBuyers);
    }
    gamma_gamma::fit(&spending)
}
