//! Many customers' figures with one model on one day.
//!
//! Of a customer's purchases the forecasts need x, t_x and T, but t_x only for P(alive) (and for regular buyers, CNBD-k);
//! all the rest depends on x and T and is multiplied by it. Among many customers the pairs (x, T) repeat — T is whole days —
//! so each is computed once and remembered. The figures are exactly those of one customer scored alone.

use std::collections::HashMap;

use crate::backtest::rules::YearBefore;
use crate::clv::{LIFETIME_YEARS, Periods, WEEKS_PER_YEAR};
use crate::clv_range::{Amount, Outcome, Range, range, variance};
use crate::estimate::delta_error;
use crate::gamma_gamma::GammaGammaFit;
use crate::history::{Observation, Summary};
use crate::life_cycle::Standing;
use crate::model::{Figures, Model, Question, RulesInForce};
use crate::money;
use crate::purchasing::{Neighbours, PurchaseFit, Purchasing};

/// Remembered pairs, about 70 MB; further ones are computed each time. Ten years of customers with up to a hundred
/// purchase days have fewer.
const REMEMBERED_LIMIT: usize = 400_000;
/// With parameters fitted to more customers their uncertainty moves no interval visibly, and is not computed.
const PARAMETERS_KNOWN_FROM: u64 = 10_000;

/// Scores customers one after the other, see the module.
pub struct Scoring<'m> {
    model: &'m Model,
    purchases: Option<&'m PurchaseFit>,
    /// Empty where the parameters count as known.
    neighbours: Neighbours,
    on_day: i32,
    question: &'m Question,
    periods: Periods,
    rules: RulesInForce,
    remembered: HashMap<(u32, i32, i32), IfAlive>,
}

/// What a customer who is alive is expected to buy within a time.
#[derive(Clone, Copy)]
struct Within {
    purchases: f64,
    squared: f64,
    discounted: f64,
    /// The chance that he buys at all.
    some: f64,
    /// d ln purchases by the model's coordinates.
    slope: [f64; 4],
}

/// What is expected of a customer who is alive.
#[derive(Clone, Copy)]
struct IfAlive {
    horizon: Within,
    of_life: f64,
    buys_soon: f64,
}

impl<'m> Scoring<'m> {
    /// `on_day` is normally the model's own `as_of_day` or today.
    pub fn new(model: &'m Model, on_day: i32, question: &'m Question) -> Self {
        let purchases = model.purchases.fitted();
        let vague = purchases.filter(|fit| fit.customers < PARAMETERS_KNOWN_FROM);
        let neighbours = vague.map(|fit| Neighbours::of(&fit.model, &fit.covariance)).unwrap_or_default();
        let periods = Periods::of_life(&question.outlook);
        let (rules, remembered) = (model.rules, HashMap::new());
        Self { model, purchases, neighbours, on_day, question, periods, rules, remembered }
    }

    /// Without the rules of thumb that are in force.
    pub fn of_models(model: &'m Model, on_day: i32, question: &'m Question) -> Self {
        Self { rules: RulesInForce::default(), ..Self::new(model, on_day, question) }
    }

    /// A day before the customer's last purchase counts as that day ([`Summary::observe`]).
    pub fn score(&mut self, customer: &Summary, year_before: YearBefore) -> Figures {
        let figures = self.by_models(customer);
        self.by_rules(figures, customer, year_before)
    }

    /// What a rule in force says, in the place of what the models said, and nothing where it says nothing.
    fn by_rules(&self, models: Figures, customer: &Summary, year_before: YearBefore) -> Figures {
        let seen = customer.observe(models.on_day);
        let mut figures = models;
        if let Some(rule) = &self.rules.purchases {
            let [purchases, _] = rule.horizon.forecast(&seen, u32::from(year_before.horizon));
            let own = money::to_units(customer.total_amount) / f64::from(customer.orders.max(1));
            let sales = purchases * figures.expected_spend.unwrap_or(own);
            figures.expected_purchases = Some(purchases);
            figures.expected_sales = Some(sales);
            figures.clv = Some(sales * self.periods.mean_worth() * self.question.outlook.margin_share);
            (figures.lifetime_value, figures.clv_low, figures.clv_high) = (None, None, None);
            (figures.purchases_variance, figures.clv_variance) = (None, None);
        }
        if let Some(rule) = &self.rules.churn {
            let [_, within] = rule.horizon.forecast(&seen, u32::from(year_before.horizon));
            let [_, soon] = rule.soon.forecast(&seen, u32::from(year_before.soon));
            figures.p_alive = None;
            figures.p_buy_within = Some(within);
            figures.p_buy_soon = Some(soon);
            figures.p_churn = Some(1.0 - within);
            figures.stage = self.question.stage_rule.decide(&Standing::of(customer, models.on_day, None));
        }
        figures
    }

    fn by_models(&mut self, customer: &Summary) -> Figures {
        let on_day = self.on_day.max(customer.last_day);
        let seen = customer.observe(on_day);
        let p_alive = self.purchases.map(|fit| fit.model.p_alive(&seen));
        let forecast =
            self.purchases.map(|fit| self.if_alive(&fit.model, customer, &seen, on_day)).zip(p_alive);
        let times_alive = |of: fn(&IfAlive) -> f64| forecast.as_ref().map(|(if_alive, p)| p * of(if_alive));
        let expected_purchases = times_alive(|ahead| ahead.horizon.purchases);
        let purchases_variance = times_alive(|ahead| ahead.horizon.squared)
            .zip(expected_purchases)
            .map(|(squared, mean)| (squared - mean * mean).max(0.0));
        let expected_spend = self.model.expected_spend(customer);
        let standing = Standing::of(customer, on_day, p_alive);
        let worth = expected_spend.map(|spend| spend * self.question.outlook.margin_share);
        let sum = |of: fn(&IfAlive) -> f64| times_alive(of).zip(worth).map(|(n, worth)| n * worth);
        let (clv, lifetime_value) = (sum(|ahead| ahead.horizon.discounted), sum(|ahead| ahead.of_life));
        let spread = forecast.and_then(|(ahead, p)| self.spread(customer, &seen, &ahead.horizon, p));
        let range = spread.and_then(|(outcome, amount, worth)| range(&outcome, &amount, worth));
        let p_buy_within = times_alive(|ahead| ahead.horizon.some);
        Figures {
            on_day,
            rfm: self.model.rfm_bands.score(customer),
            stage: self.question.stage_rule.decide(&standing),
            p_alive,
            expected_purchases,
            purchases_variance,
            p_buy_within,
            p_buy_soon: times_alive(|ahead| ahead.buys_soon),
            p_churn: p_buy_within.map(|p| 1.0 - p),
            expected_spend,
            expected_sales: expected_purchases.zip(expected_spend).map(|(n, spend)| n * spend),
            clv,
            lifetime_value,
            clv_low: range.map(|range| range.low),
            clv_high: range.map(|range| range.high),
            clv_variance: spread.and_then(|(outcome, amount, worth)| variance(&outcome, &amount, worth)),
        }
    }

    fn if_alive(
        &mut self,
        model: &Purchasing,
        customer: &Summary,
        seen: &Observation,
        on_day: i32,
    ) -> IfAlive {
        let idle = if model.forgets_last_purchase() { 0 } else { on_day.wrapping_sub(customer.last_day) };
        let key = (seen.x, on_day.wrapping_sub(customer.first_day), idle);
        if let Some(known) = self.remembered.get(&key) {
            return *known;
        }
        let ahead = self.periods.ahead(model, seen);
        let weeks = self.question.outlook.horizon_weeks;
        let found = IfAlive {
            horizon: self.within(model, seen, weeks, [ahead.purchases, ahead.discounted]),
            of_life: ahead.of_life,
            buys_soon: model.p_buy_if_alive(seen, self.question.soon_weeks),
        };
        if self.remembered.len() < REMEMBERED_LIMIT {
            self.remembered.insert(key, found);
        }
        found
    }

    fn within(
        &self,
        model: &Purchasing,
        seen: &Observation,
        weeks: f64,
        [purchases, discounted]: [f64; 2],
    ) -> Within {
        let slopes = self.neighbours.slope(|model| model.purchases_if_alive(seen, &[weeks])[0].ln());
        Within {
            purchases,
            squared: model.squared_purchases_if_alive(seen, weeks),
            discounted,
            some: model.p_buy_if_alive(seen, weeks),
            slope: std::array::from_fn(|i| slopes.get(i).copied().unwrap_or(0.0)),
        }
    }

    /// The interval of [`Figures::lifetime_value`]. Not among the figures: it takes as long as all of them, and is asked of one
    /// customer at a time. None where a rule is in force.
    pub fn lifetime_range(&self, customer: &Summary) -> Option<Range> {
        let model = &self.purchases.filter(|_| self.rules.purchases.is_none())?.model;
        let seen = customer.observe(self.on_day.max(customer.last_day));
        let weeks = f64::from(LIFETIME_YEARS) * WEEKS_PER_YEAR;
        let purchases = model.purchases_if_alive(&seen, &[weeks])[0];
        let discounted = self.periods.ahead(model, &seen).of_life;
        let within = self.within(model, &seen, weeks, [purchases, discounted]);
        let (outcome, amount, worth) = self.spread(customer, &seen, &within, model.p_alive(&seen))?;
        range(&outcome, &amount, worth)
    }

    /// What the interval of a value rests on: purchases, amounts, and what one of them is worth today.
    fn spread(
        &self,
        customer: &Summary,
        seen: &Observation,
        ahead: &Within,
        p_alive: f64,
    ) -> Option<(Outcome, Amount, f64)> {
        let spending = self.model.gamma_gamma.fitted()?;
        let mean = customer.monetary().unwrap_or(0.0);
        let alive = self.neighbours.slope(|model| model.p_alive(seen).ln());
        let slope: Vec<f64> = alive.iter().zip(ahead.slope).map(|(alive, later)| alive + later).collect();
        let covariance = self.purchases.map(|fit| &fit.covariance)?;
        let error = delta_error(covariance, &slope).unwrap_or(0.0);
        let outcome = Outcome {
            p_none: 1.0 - p_alive * ahead.some,
            mean: p_alive * ahead.purchases,
            square: p_alive * ahead.squared,
            parameters: error * error,
        };
        let amount =
            Amount::of(&spending.parameters, seen.x, mean, variance_of_amount(spending, seen.x, mean))?;
        let discount = if ahead.purchases > 0.0 { ahead.discounted / ahead.purchases } else { 0.0 };
        Some((outcome, amount, discount * self.question.outlook.margin_share))
    }
}

/// Of ln E(M | x, m̄), from the uncertainty of p, q, v.
fn variance_of_amount(spending: &GammaGammaFit, x: u32, mean: f64) -> f64 {
    if spending.customers >= PARAMETERS_KNOWN_FROM {
        return 0.0;
    }
    let slope = spending.parameters.slope_of_expected_spend(x, mean);
    let error = slope.and_then(|slope| delta_error(&spending.covariance, &slope));
    error.map_or(0.0, |error| error * error)
}
