//! What the overview page shows of all customers together, computed once per fit and kept with the model, so that no
//! page scans every customer.

use crate::{
    order_days::OrderDays,
    scoring::{Scored, Scorer, stage_name},
    statistics::Statistics,
    trial::Trial,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::concentration::Concentration;

/// Pieces of the Pareto curve.
const CURVE_POINTS: usize = 100;

/// How many, and what they bring. Money in ten-thousandths of the company currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub customers: u64,
    pub net_sales: i64,
}

impl Group {
    fn add(&mut self, net_sales: i64) {
        self.customers += 1;
        self.net_sales = self.net_sales.saturating_add(net_sales);
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Accounts without a purchase.
    pub prospects: u64,
    /// Gross sales of the customers with a purchase, and how they concentrate.
    pub concentration: Concentration,
    /// Those of them who gave back more than they bought.
    #[serde(default)]
    pub gave_back: Group,
    pub orders: u64,
    /// Day of anybody's latest purchase.
    #[serde(default)]
    pub last_day: Option<i32>,
    pub gross_sales: i64,
    pub net_sales: i64,
    pub margin: Option<i64>,
    /// Net sales the margin was earned on.
    #[serde(default)]
    pub costed_sales: i64,
    pub recent_sales: i64,
    /// Sum of the values of the next 52 weeks; `None` without a model.
    pub clv: Option<i64>,
    /// Variance of that sum in currency units and of the number of buyers below, customers being independent and the parameters known;
    /// none by a rule.
    #[serde(default)]
    pub clv_variance: Option<f64>,
    #[serde(default)]
    pub buyers_variance: Option<f64>,
    /// Purchases expected of all within 52 weeks, and customers who will buy within 13.
    pub expected_purchases: Option<f64>,
    pub expected_buyers_soon: Option<f64>,
    /// Customers by recency (first index) and frequency score, 1 at index 0.
    pub rfm: [[Group; 5]; 5],
    pub stages: BTreeMap<String, Group>,
    pub importance: BTreeMap<String, Group>,
    pub quadrants: BTreeMap<String, Group>,
    #[serde(default)]
    pub behaviours: BTreeMap<String, Group>,
    #[serde(default)]
    pub order_days: OrderDays,
    /// Which model forecast best.
    #[serde(default)]
    pub trial: Option<Trial>,
}

impl Overview {
    /// `everybody` includes those without a purchase.
    pub fn of<'s>(scorer: &Scorer, everybody: impl Iterator<Item = &'s Statistics>) -> Self {
        let mut amounts: Vec<i64> = vec![];
        let mut overview = Overview {
            prospects: 0,
            concentration: Concentration::of(&[], CURVE_POINTS),
            gave_back: Group::default(),
            orders: 0,
            last_day: None,
            gross_sales: 0,
            net_sales: 0,
            margin: None,
            costed_sales: 0,
            recent_sales: 0,
            clv: None,
            clv_variance: Some(0.0),
            buyers_variance: scorer.fitted.model.rules.churn.is_none().then_some(0.0),
            expected_purchases: None,
            expected_buyers_soon: None,
            rfm: [[Group::default(); 5]; 5],
            stages: BTreeMap::new(),
            importance: BTreeMap::new(),
            quadrants: BTreeMap::new(),
            behaviours: BTreeMap::new(),
            order_days: OrderDays::default(),
            trial: None,
        };
        for one in everybody.map(scorer.many()) {
            add_to(&mut overview.stages, stage_name(one.stage.stage), one.statistics.net_sales());
            if one.statistics.summary.is_none() {
                overview.prospects += 1;
                continue;
            }
            amounts.push(one.statistics.gross_sales);
            overview.add_sales(&one.statistics);
            overview.add_forecast(&one);
            overview.add_classes(scorer, &one);
        }
        overview.concentration = Concentration::of(&amounts, CURVE_POINTS);
        overview
    }

    fn add_sales(&mut self, statistics: &Statistics) {
        self.orders += u64::from(statistics.orders);
        self.last_day = self.last_day.max(statistics.summary.map(|summary| summary.last_day));
        self.gross_sales = self.gross_sales.saturating_add(statistics.gross_sales);
        self.net_sales = self.net_sales.saturating_add(statistics.net_sales());
        if statistics.net_sales() < 0 {
            self.gave_back.add(statistics.net_sales());
        }
        self.recent_sales = self.recent_sales.saturating_add(statistics.recent.sales);
        if let Some(margin) = statistics.margin {
            self.margin = Some(self.margin.unwrap_or(0).saturating_add(margin));
            self.costed_sales = self.costed_sales.saturating_add(statistics.costed_sales);
        }
    }

    fn add_forecast(&mut self, one: &Scored) {
        let add = |sum: &mut Option<f64>, more: Option<f64>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0.0) + more);
            }
        };
        add(&mut self.expected_purchases, one.figures.and_then(|figures| figures.expected_purchases));
        add(&mut self.expected_buyers_soon, one.p_buy_soon);
        let vary =
            |sum: &mut Option<f64>, more: Option<f64>| *sum = sum.zip(more).map(|(sum, more)| sum + more);
        vary(&mut self.buyers_variance, one.p_buy_soon.map(|p| p * (1.0 - p)));
        if let Some(clv) = one.clv {
            self.clv = Some(self.clv.unwrap_or(0).saturating_add(clv));
            vary(&mut self.clv_variance, one.figures.and_then(|figures| figures.clv_variance));
        }
    }

    fn add_classes(&mut self, scorer: &Scorer, one: &Scored) {
        let net_sales = one.statistics.net_sales();
        if let Some(rfm) = one.figures.map(|figures| figures.rfm) {
            let at = |score: u8| usize::from(score.clamp(1, 5)) - 1;
            self.rfm[at(rfm.recency)][at(rfm.frequency)].add(net_sales);
        }
        let classes = &scorer.fitted.classes;
        add_to(&mut self.importance, classes.importance(net_sales), net_sales);
        if let Some(quadrant) = classes.quadrant_of(&one.statistics, one.clv) {
            add_to(&mut self.quadrants, quadrant, net_sales);
        }
        if let Some(class) = scorer.behaviour(one).and_then(|behaviour| behaviour.class) {
            add_to(&mut self.behaviours, class, net_sales);
        }
    }
}

/// A name is made once per group, not per customer.
fn add_to(groups: &mut BTreeMap<String, Group>, name: &str, net_sales: i64) {
    match groups.get_mut(name) {
        Some(group) => group.add(net_sales),
        None => groups.entry(name.to_owned()).or_default().add(net_sales),
    }
}
