//! Everybody's profit together, computed with each fit and kept.

use super::figures::cause_name;
use crate::{scoring::Scorer, statistics::Statistics};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    service_cost::{Costs, Group, Profit},
    whale::Whale,
};

pub const REPORT: &str = "profitability";
/// Pieces of the whale curve.
pub const CURVE_POINTS: usize = 100;

/// Money in ten-thousandths of the company currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    pub customers: u64,
    pub net_sales: i64,
    pub margin: i64,
    pub costs: Costs,
}

impl Sum {
    fn add(&mut self, net_sales: i64, profit: &Profit) {
        self.customers += 1;
        self.net_sales = self.net_sales.saturating_add(net_sales);
        self.margin = self.margin.saturating_add(profit.margin);
        let costs = &profit.costs;
        for (group, cost) in [
            (Group::Selling, costs.selling),
            (Group::Handling, costs.handling),
            (Group::Returns, costs.returns),
            (Group::Contacts, costs.contacts),
        ] {
            self.costs.add(group, cost);
        }
    }

    pub fn profit(&self) -> Profit {
        Profit { margin: self.margin, costs: self.costs }
    }
}

/// Customers of one cause of loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losing {
    pub customers: u64,
    /// ≤ 0.
    pub profit: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether the company has rates; without them profit is margin.
    pub rated: bool,
    /// Customers with a purchase whose profit is known.
    pub buyers: Sum,
    /// Customers with a purchase of whose goods too little has a known cost ([`Statistics::profit`]): in no sum.
    pub unknown: Sum,
    /// Of the buyers, those a small part of whose goods has no known cost: it counts at the margin rate of the others.
    pub partly_known: u64,
    /// Accounts without a purchase that cost something.
    pub prospects: Sum,
    pub whale: Whale,
    pub losing: BTreeMap<String, Losing>,
}

impl Report {
    /// `everybody` includes those without a purchase.
    pub fn of<'s>(scorer: &Scorer, everybody: impl Iterator<Item = &'s Statistics>) -> Self {
        let mut report = Report { rated: !scorer.settings.cost_rates.is_empty(), ..Report::default() };
        let mut profits = vec![];
        for one in everybody {
            let net_sales = one.net_sales();
            let Some(profit) = one.profit() else {
                report.unknown.add(net_sales, &Profit { margin: 0, costs: one.costs });
                continue;
            };
            if one.summary.is_none() && net_sales == 0 {
                if profit.costs != Costs::default() {
                    report.prospects.add(net_sales, &profit);
                }
                continue;
            }
            report.partly_known += u64::from(one.uncosted != 0);
            report.buyers.add(net_sales, &profit);
            profits.push(profit.net());
            if let Some(cause) = profit.cause_of_loss() {
                let losing = report.losing.entry(cause_name(cause).to_owned()).or_default();
                losing.customers += 1;
                losing.profit = losing.profit.saturating_add(profit.net());
            }
        }
        report.whale = Whale::of(&profits, CURVE_POINTS);
        report
    }
}
