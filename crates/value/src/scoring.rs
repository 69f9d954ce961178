//! Many customers' figures with one model on one day.
//!
//! Of a customer's purchases the forecasts need x, t_x and T, but t_x only for P(alive); all the rest depends on x and
//! T and is multiplied by it. Among many customers the pairs (x, T) repeat — T is whole days — so each is computed
//! once and remembered. The figures are exactly those of one customer scored alone.

use std::collections::HashMap;

use crate::bg_nbd::BgNbd;
use crate::clv::Periods;
use crate::history::{Observation, Summary};
use crate::life_cycle::Standing;
use crate::model::{Figures, Model, Question};

/// Pairs (x, T) remembered, about 50 MB; further ones are computed each time. Ten years of customers with up to a
/// hundred purchase days have fewer.
const REMEMBERED_LIMIT: usize = 400_000;

/// Scores customers one after the other, see the module.
pub struct Scoring<'m> {
    model: &'m Model,
    bg: Option<BgNbd>,
    on_day: i32,
    question: &'m Question,
    periods: Periods,
    remembered: HashMap<(u32, i32), IfAlive>,
}

/// What x and T say of a customer who is alive.
#[derive(Clone, Copy)]
struct IfAlive {
    purchases: f64,
    discounted: f64,
    buys_within: f64,
    buys_soon: f64,
}

impl<'m> Scoring<'m> {
    /// `on_day` is normally the model's own `as_of_day` or today.
    pub fn new(model: &'m Model, on_day: i32, question: &'m Question) -> Self {
        let bg = model.bg_nbd.fitted().map(|fit| fit.parameters);
        let periods = Periods::within(&question.outlook);
        Self { model, bg, on_day, question, periods, remembered: HashMap::new() }
    }

    /// A day before the customer's last purchase counts as that day ([`Summary::observe`]).
    pub fn score(&mut self, customer: &Summary) -> Figures {
        let on_day = self.on_day.max(customer.last_day);
        let seen = customer.observe(on_day);
        let p_alive = self.bg.map(|bg| bg.p_alive(&seen));
        let forecast = self.bg.map(|bg| self.if_alive(&bg, customer, &seen, on_day)).zip(p_alive);
        let times_alive = |of: fn(&IfAlive) -> f64| forecast.as_ref().map(|(if_alive, p)| p * of(if_alive));
        let expected_purchases = times_alive(|ahead| ahead.purchases);
        let expected_spend = self.model.expected_spend(customer);
        let standing = Standing::of(customer, on_day, p_alive);
        let interval = customer.mean_interval_days();
        let idle = f64::from(on_day) - f64::from(customer.last_day);
        let worth = times_alive(|ahead| ahead.discounted).zip(expected_spend);
        Figures {
            on_day,
            rfm: self.model.rfm_bands.score(customer),
            stage: self.question.stage_rule.decide(&standing),
            p_alive,
            expected_purchases,
            p_buy_within: times_alive(|ahead| ahead.buys_within),
            p_buy_soon: times_alive(|ahead| ahead.buys_soon),
            expected_spend,
            expected_sales: expected_purchases.zip(expected_spend).map(|(n, spend)| n * spend),
            clv: worth.map(|(n, spend)| spend * self.question.outlook.margin_share * n),
            next_purchase_day: interval.map(|days| customer.last_day.saturating_add(days.round() as i32)),
            overdue_ratio: interval.map(|days| idle / days),
        }
    }

    fn if_alive(&mut self, bg: &BgNbd, customer: &Summary, seen: &Observation, on_day: i32) -> IfAlive {
        let key = (seen.x, on_day.wrapping_sub(customer.first_day));
        if let Some(known) = self.remembered.get(&key) {
            return *known;
        }
        let ahead = self.periods.ahead(bg, seen);
        let found = IfAlive {
            purchases: ahead.purchases,
            discounted: ahead.discounted,
            buys_within: bg.p_buy_if_alive(seen, self.question.outlook.horizon_weeks),
            buys_soon: bg.p_buy_if_alive(seen, self.question.soon_weeks),
        };
        if self.remembered.len() < REMEMBERED_LIMIT {
            self.remembered.insert(key, found);
        }
        found
    }
}
