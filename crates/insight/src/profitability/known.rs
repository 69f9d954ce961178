//! How far a customer's profit is known. What serving him cost is known of all his sales, his margin only of those whose goods have
//! a known cost: the margin of a part less the costs of all would make a loser of a good customer.

use crate::statistics::Statistics;
use value::service_cost::Profit;

/// Where the cost of less of a customer's net sales is known, his profit is not: what is known says too little of the rest.
pub const ENOUGH_KNOWN: f64 = 0.8;

/// The figure of a customer that says what he leaves of his sales: the net profit, or as long as the company has no rates of what
/// serving costs, the contribution, which is then the margin of all of them. Empty where too little is known
/// ([`Statistics::profit`]): whoever sums it up counts the same customers.
pub fn leaves(rated: bool) -> &'static str {
    if rated { "net_profit" } else { "contribution" }
}

/// Those customers, as a condition of a list.
pub fn counted(rated: bool) -> String {
    format!("orders > 0 && {} != null", leaves(rated))
}

/// Those of them who leave something: they make the whale curve rise.
pub fn winners(rated: bool) -> String {
    format!("orders > 0 && {} > 0", leaves(rated))
}

/// Those of them who lose something.
pub fn losers(rated: bool) -> String {
    format!("orders > 0 && {} < 0", leaves(rated))
}

/// A customer's last 52 weeks; ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Less what came back.
    pub sales: i64,
    /// As [`Statistics::margin`], and what it was earned on.
    pub margin: i64,
    pub costed_sales: i64,
    pub uncosted: i64,
    /// Of selling to him and serving him.
    pub costs: i64,
}

impl Recent {
    pub fn earn(&mut self, margin: Option<i64>, sales: i64) {
        if let Some(more) = margin {
            self.margin = self.margin.saturating_add(more);
            self.costed_sales = self.costed_sales.saturating_add(sales);
        } else {
            self.uncosted = self.uncosted.saturating_add(sales.saturating_abs());
        }
    }

    pub fn charge(&mut self, cost: i64) {
        self.costs = self.costs.saturating_add(cost);
    }

    /// What was left after all costs the company has rates of; `None` where too little is known, as of [`Statistics::profit`].
    pub fn profit(&self) -> Option<i64> {
        let margin = extended(self.margin, self.costed_sales, self.sales);
        let known = known_share(self.sales, self.uncosted) >= ENOUGH_KNOWN;
        known.then_some(margin.saturating_sub(self.costs))
    }
}

/// The share of net sales whose cost is known, 0 to 1. What came back without a known cost makes it smaller, too: it may have
/// been sold with one.
fn known_share(net_sales: i64, uncosted: i64) -> f64 {
    match (uncosted, net_sales) {
        (0, _) => 1.0,
        (_, ..=0) => 0.0,
        (uncosted, net) => net.saturating_sub(uncosted).max(0) as f64 / net as f64,
    }
}

impl Statistics {
    pub fn known_share(&self) -> f64 {
        known_share(self.net_sales(), self.uncosted)
    }

    /// The margin of all sales and what serving took; `None` where the cost of less than [`ENOUGH_KNOWN`] of them is known.
    pub fn profit(&self) -> Option<Profit> {
        let bought = self.orders > 0 || self.returned != 0;
        let margin = match self.margin {
            None if !bought => 0,
            margin => extended(margin?, self.costed_sales, self.net_sales()),
        };
        (self.known_share() >= ENOUGH_KNOWN).then_some(Profit { margin, costs: self.costs })
    }
}

/// The margin of `net` sales if all of them earn what those of known cost do; as it is where none of these stayed sold, which have
/// no rate. Whole numbers, rounded towards zero, so that customers add up to what they are together.
pub fn extended(margin: i64, costed_sales: i64, net_sales: i64) -> i64 {
    if costed_sales <= 0 || costed_sales == net_sales {
        return margin;
    }
    let all = i128::from(margin) * i128::from(net_sales) / i128::from(costed_sales);
    i64::try_from(all).unwrap_or(if all > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::service_cost::Group;

    /// Of sales so much with a cost, earning so much, and so much without; visits cost 30.
    fn customer((costed_sales, margin): (i64, i64), uncosted: i64) -> Statistics {
        let mut customer = Statistics {
            orders: 2,
            gross_sales: costed_sales + uncosted,
            margin: (costed_sales > 0).then_some(margin),
            costed_sales,
            uncosted,
            ..Statistics::default()
        };
        customer.costs.add(Group::Contacts, 30);
        customer
    }

    fn profit(customer: &Statistics) -> Option<(i64, i64)> {
        customer.profit().map(|profit| (profit.margin, profit.net()))
    }

    #[test]
    fn a_profit_is_known_from_four_fifths_of_known_cost_on() {
        // A tenth is costed and earns 20, less than his visits cost: he was called a loss maker for it.
        let little = customer((100, 20), 900);
        assert_eq!((little.known_share(), profit(&little)), (0.1, None));
        // Four fifths are costed and earn a quarter of it; so does the rest.
        let enough = customer((800, 200), 200);
        assert_eq!((enough.known_share(), profit(&enough)), (0.8, Some((250, 220))));
        assert_eq!(profit(&customer((799, 200), 201)), None);
        assert_eq!(profit(&customer((0, 0), 500)), None);
        // What came back without a cost counts as unknown, though it lowers the sales of unknown cost.
        let returning = Statistics { returned: 100, uncosted: 300, ..enough };
        assert_eq!((returning.known_share(), profit(&returning)), (600.0 / 900.0, None));
    }

    #[test]
    fn the_last_year_has_a_profit_by_the_same_rule() {
        let recent = |costed: i64, margin: i64, uncosted: i64| {
            let mut recent = Recent { sales: costed + uncosted, ..Recent::default() };
            recent.earn(Some(margin), costed);
            recent.earn(None, uncosted);
            recent.charge(30);
            recent
        };
        assert_eq!(recent(800, 200, 200).profit(), Some(220));
        assert_eq!(recent(799, 200, 201).profit(), None);
        // Who bought nothing in it cost what reaching him did.
        assert_eq!(recent(0, 0, 0).profit(), Some(-30));
        // What came back was sold earlier.
        assert_eq!(recent(-100, -40, 0).profit(), Some(-70));
    }

    #[test]
    fn where_nothing_is_left_nothing_is_unknown() {
        // Everything came back at its cost.
        let nothing =
            Statistics { returned: 500, margin: Some(0), costed_sales: 0, ..customer((500, 100), 0) };
        assert_eq!((nothing.known_share(), profit(&nothing)), (1.0, Some((0, -30))));
        // Who never bought earned nothing; what reaching him cost is his loss.
        let prospect = Statistics { orders: 0, ..customer((0, 0), 0) };
        assert_eq!(profit(&prospect), Some((0, -30)));
    }

    #[test]
    fn an_extended_margin_stays_in_the_range_of_money() {
        assert_eq!(extended(-100, 300, 1_000), -333);
        assert_eq!(extended(i64::MAX, 1, i64::MAX), i64::MAX);
        assert_eq!(extended(i64::MIN, 1, i64::MAX), i64::MIN);
        assert_eq!((extended(7, 0, 500), extended(7, -10, 500), extended(7, 500, 500)), (7, 7, 7));
    }
}
