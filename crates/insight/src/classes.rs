//! Classes that compare a customer with all others: importance, and today's value against potential. Their limits are
//! fixed by the fit and kept with the model, so that one customer can be classed live.

use crate::{
    adoption::Adopters,
    profitability::{
        future::{self, ProfitShare},
        known::ENOUGH_KNOWN,
    },
    settings::{ImportanceRule, ValueBy},
    statistics::Statistics,
};
use serde::{Deserialize, Serialize};

/// The best fifth of customers is "high".
const HIGH_SHARE: f64 = 0.2;

/// The lowest amounts, in ten-thousandths, of each class; `None` where nobody reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// Net sales.
    pub vip_from: Option<i64>,
    pub key_from: Option<i64>,
    /// What the last 52 weeks brought, in what value is measured by.
    pub current_from: Option<i64>,
    /// What is expected of the next 52 weeks, in the same.
    pub potential_from: Option<i64>,
    /// What value is measured by: sales where profit was chosen but too little is known of it.
    #[serde(default)]
    pub by: ValueBy,
    #[serde(default)]
    pub profits: ProfitsKnown,
    /// What everybody together earned, to compare prices with.
    #[serde(default)]
    pub earned: Earned,
    /// How early everybody takes up new products.
    #[serde(default)]
    pub adopters: Adopters,
}

/// Of how many of those who bought in the last 52 weeks the profit of these is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfitsKnown {
    pub buyers: u64,
    pub known: u64,
}

impl ProfitsKnown {
    pub fn add(&mut self, statistics: &Statistics) {
        if statistics.year_before.horizon > 0 {
            self.buyers += 1;
            self.known += u64::from(statistics.recent.profit().is_some());
        }
    }

    /// What value can be measured by where `chosen` was.
    pub fn value_by(self, chosen: ValueBy) -> ValueBy {
        let enough = self.known > 0 && self.known as f64 >= ENOUGH_KNOWN * self.buyers as f64;
        if enough { chosen } else { ValueBy::Sales }
    }
}

/// Margin of all customers and the net sales it was earned on, what selling to them and serving them cost, and all their sales
/// after and before returns; ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    pub margin: i64,
    pub costed_sales: i64,
    #[serde(default)]
    pub costs: i64,
    #[serde(default)]
    pub net_sales: i64,
    #[serde(default)]
    pub gross_sales: i64,
}

impl Earned {
    pub fn add(&mut self, statistics: &Statistics) {
        self.margin = self.margin.saturating_add(statistics.margin.unwrap_or(0));
        self.costed_sales = self.costed_sales.saturating_add(statistics.costed_sales);
        self.costs = self.costs.saturating_add(statistics.costs.all());
        self.net_sales = self.net_sales.saturating_add(statistics.net_sales());
        self.gross_sales = self.gross_sales.saturating_add(statistics.gross_sales);
    }
}

impl Classes {
    /// `net_sales`, `current` and `potential` hold one amount per customer, in any order.
    pub fn fit(net_sales: &[i64], current: &[i64], potential: &[i64], rule: &ImportanceRule) -> Self {
        Classes {
            vip_from: amount_at(net_sales, rule.vip_share),
            key_from: amount_at(net_sales, rule.key_share),
            current_from: best_fifth(current),
            potential_from: best_fifth(potential),
            ..Classes::default()
        }
    }

    /// What the last 52 weeks brought and what is expected of the next, of a customer whose sales are expected to be worth `clv`;
    /// `None` where value is measured by profit and his is unknown.
    pub fn worth(&self, statistics: &Statistics, clv: Option<i64>) -> Option<(i64, Option<i64>)> {
        match self.by {
            ValueBy::Sales => Some((statistics.recent.sales, clv)),
            ValueBy::Profit => {
                let share = ProfitShare::of(statistics, &self.earned)?.credible();
                Some((statistics.recent.profit()?, clv.map(|clv| future::part(clv, share))))
            }
        }
    }

    /// The quadrant of such a customer.
    pub fn quadrant_of(&self, statistics: &Statistics, clv: Option<i64>) -> Option<&'static str> {
        let (current, potential) = self.worth(statistics, clv)?;
        self.quadrant(current, potential)
    }

    pub fn importance(&self, net_sales: i64) -> &'static str {
        let reaches = |limit: Option<i64>| limit.is_some_and(|limit| net_sales >= limit);
        if reaches(self.vip_from) {
            "vip"
        } else if reaches(self.key_from) {
            "key"
        } else {
            "ordinary"
        }
    }

    /// `None` as long as no value is forecast for anybody.
    pub fn quadrant(&self, current: i64, potential: Option<i64>) -> Option<&'static str> {
        let high = |amount: i64, limit: Option<i64>| limit.is_some_and(|limit| amount >= limit);
        self.potential_from?;
        Some(match (high(current, self.current_from), high(potential.unwrap_or(0), self.potential_from)) {
            (true, true) => "core",
            (false, true) => "growing",
            (true, false) => "fading",
            (false, false) => "small",
        })
    }
}

/// The amount of the customer with whom the cumulative sum, largest first, reaches `share` of all positive amounts.
fn amount_at(amounts: &[i64], share: f64) -> Option<i64> {
    let mut best: Vec<i64> = amounts.iter().copied().filter(|amount| *amount > 0).collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    let total: f64 = best.iter().map(|amount| *amount as f64).sum();
    let mut sum = 0.0;
    best.into_iter().find(|amount| {
        sum += *amount as f64;
        sum >= share * total
    })
}

/// The lowest amount of the best fifth; `None` where it is not positive.
pub(crate) fn best_fifth(amounts: &[i64]) -> Option<i64> {
    let mut best: Vec<i64> = amounts.to_vec();
    best.sort_unstable_by(|a, b| b.cmp(a));
    let last = ((best.len() as f64 * HIGH_SHARE).ceil() as usize).checked_sub(1)?;
    best.get(last).copied().filter(|amount| *amount > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importance_follows_the_cumulative_share() {
        let sales = [10, 500, 300, 100, 50, 40, -20];
        let classes = Classes::fit(&sales, &[], &[], &ImportanceRule::default());
        assert_eq!((classes.vip_from, classes.key_from), (Some(500), Some(300)));
        assert_eq!(
            [500, 499, 300, 100, -20].map(|n| classes.importance(n)),
            ["vip", "key", "key", "ordinary", "ordinary"]
        );
    }

    #[test]
    fn equal_customers_are_of_equal_importance() {
        let classes = Classes::fit(&[10; 7], &[], &[], &ImportanceRule::default());
        assert_eq!(classes.importance(10), "vip");
        assert_eq!(Classes::default().importance(10), "ordinary");
    }

    #[test]
    fn the_best_fifth_is_high() {
        let amounts: Vec<i64> = (1..=10).collect();
        let classes = Classes::fit(&[], &amounts, &amounts, &ImportanceRule::default());
        assert_eq!((classes.current_from, classes.potential_from), (Some(9), Some(9)));
        let quadrants = [(9, 9), (1, 9), (9, 1), (1, 1)].map(|(now, next)| classes.quadrant(now, Some(next)));
        assert_eq!(quadrants, ["core", "growing", "fading", "small"].map(Some));
        assert_eq!(Classes::default().quadrant(5, None), None);
    }
}
