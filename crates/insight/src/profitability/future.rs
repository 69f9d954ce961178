//! Profit expected of a customer: what he is expected to buy, times the share of it that he leaves.
//!
//! CLV_profit = s · CLV_sales, s = (n · own + everybody's) / (n + 1): his own share of profit after n orders, as if he had one more
//! order at everybody's. After few orders little is known of his own share, after many it hardly moves (credibility n / (n + 1)).
//! Source: Gupta, Lehmann & Stuart (2004), “Valuing Customers”, eq. (1): margin times the purchases a customer is retained for.

use super::known::extended;
use crate::{
    classes::Earned,
    scoring::{Scored, Scorer, amount},
    statistics::Statistics,
};
use meta::{Field, Value, money};

pub fn fields() -> Vec<Field> {
    vec![
        money("profit_52w").in_company_currency().label("Profit, 52 weeks", "未来一年利润").help(
            "Profit expected from the customer within the next 52 weeks: their value times the share of sales he leaves after the cost of goods and of serving him. That share is his own, drawn towards everybody's as if he had one more order at it. The interval is that of the value times the share: how much he buys is uncertain, the share is taken as known.",
            "预计该客户未来 52 周带来的利润：未来一年价值乘以扣除商品成本和服务成本后的利润率。利润率取客户自身的，并向全体客户靠拢（相当于多一张按全体利润率计的订单）。区间为未来一年价值的区间乘以利润率：购买多少不确定，利润率视为已知。",
        ).sure("expected_profit"),
        money("lifetime_profit").in_company_currency().label("Profit, 5 years", "未来五年利润").help(
            "Profit expected from the customer within the next five years, discounted to the as-of date: customer lifetime value in profit. It counts that he may stop and how often he buys. Its interval is of the purchases and amounts of these years; the share of profit is taken as known, and that customers go on as they do. Empty where a rule of thumb is in force, which looks only a year ahead.",
            "预计该客户未来五年带来的利润（折现到统计日），即以利润计的客户终身价值；已考虑客户可能流失及其购买频率。区间来自五年内的购买次数和金额，利润率视为已知，并假定客户行为不变。采用简单规则时只能预测一年，此项留空。",
        ).sure("expected_profit"),
    ]
    .into_iter()
    .map(Field::moving)
    .collect()
}

/// What a customer leaves of his sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfitShare {
    /// Over his orders; `None` where his profit is unknown.
    pub own: Option<f64>,
    pub everybodys: f64,
    pub orders: u32,
}

impl ProfitShare {
    /// `None` as long as the cost of nothing that was sold is known.
    pub fn of(statistics: &Statistics, earned: &Earned) -> Option<ProfitShare> {
        if earned.costed_sales <= 0 {
            return None;
        }
        let Earned { margin, costed_sales, costs, net_sales, gross_sales } = *earned;
        let everybodys = share(extended(margin, costed_sales, net_sales).saturating_sub(costs), gross_sales)?;
        let own = statistics.profit().and_then(|profit| share(profit.net(), statistics.gross_sales));
        Some(ProfitShare { own, everybodys, orders: statistics.orders })
    }

    pub fn credible(&self) -> f64 {
        let orders = f64::from(self.orders);
        self.own.map_or(self.everybodys, |own| (orders * own + self.everybodys) / (orders + 1.0))
    }
}

/// What is left of sales before returns, which is what is forecast. Nobody is taken to leave more than all of it or to lose more than
/// as much again: after few sales the quotient says nothing.
fn share(profit: i64, gross_sales: i64) -> Option<f64> {
    (gross_sales > 0).then(|| (profit as f64 / gross_sales as f64).clamp(-1.0, 1.0))
}

/// Of every field of [`fields`].
pub fn values(scorer: &Scorer, scored: &Scored) -> [(&'static str, Value); 2] {
    let share =
        ProfitShare::of(&scored.statistics, &scorer.fitted.classes.earned).map(|share| share.credible());
    let profit = |value: Option<i64>| {
        value.zip(share).map_or(Value::Null, |(value, share)| amount(part(value, share)))
    };
    [("profit_52w", profit(scored.clv)), ("lifetime_profit", profit(scored.lifetime))]
}

/// In whole cents: an estimate is not more exact.
pub fn part(value: i64, share: f64) -> i64 {
    crate::scoring::cents(value::money::to_units(value) * share)
}

/// The share of an interval of sales: of one that is lost, the most sales lose most.
pub fn range(sales: [i64; 2], share: f64) -> [i64; 2] {
    let mut range = sales.map(|value| part(value, share));
    range.sort_unstable();
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::service_cost::{Costs, Group};

    #[test]
    fn a_share_is_the_customers_own_the_more_the_more_he_ordered() {
        let earned =
            Earned { margin: 300, costed_sales: 1_000, costs: 100, net_sales: 1_000, gross_sales: 1_000 };
        let mut costs = Costs::default();
        costs.add(Group::Contacts, 20);
        let own = |orders| Statistics {
            orders,
            gross_sales: 200,
            margin: Some(120),
            costed_sales: 200,
            costs,
            ..Statistics::default()
        };
        // His own 0.6 − 0.1 = 0.5 against everybody's 0.2.
        for (orders, expected) in [(1, 0.35), (4, 0.44), (99, 0.497)] {
            let share = ProfitShare::of(&own(orders), &earned).unwrap().credible();
            assert!((share - expected).abs() < 1e-12, "{orders}: {share}");
        }
        let unknown = Statistics { margin: None, costed_sales: 0, uncosted: 200, ..own(4) };
        assert_eq!(ProfitShare::of(&unknown, &earned).unwrap().credible(), 0.2);
        // A tenth of his sales says nothing of his own share, either.
        let little = Statistics { margin: Some(1), costed_sales: 20, uncosted: 180, ..own(4) };
        assert_eq!(ProfitShare::of(&little, &earned).unwrap().own, None);
        // Half came back: of what he buys he leaves half of the margin, and costs as much as before.
        let returning = Statistics { returned: 100, margin: Some(60), costed_sales: 100, ..own(99) };
        let share = ProfitShare::of(&returning, &earned).unwrap();
        assert!((share.own.unwrap() - (60.0 - 20.0) / 200.0).abs() < 1e-12, "{share:?}");
        // Everything came back: he only costs.
        let nothing = Statistics { returned: 200, margin: Some(0), costed_sales: 0, ..own(99) };
        assert_eq!(ProfitShare::of(&nothing, &earned).unwrap().own, Some(-0.1));
        assert_eq!(ProfitShare::of(&own(4), &Earned::default()), None);
        let no_cost_known = Earned { gross_sales: 1_000, net_sales: 1_000, costs: 50, ..Earned::default() };
        assert_eq!(ProfitShare::of(&unknown, &no_cost_known), None);
        assert_eq!(part(123_456_789, 0.5), 61_728_300);
        assert_eq!(range([100_000, 500_000], 0.2), [20_000, 100_000]);
        assert_eq!(range([100_000, 500_000], -0.2), [-100_000, -20_000]);
    }
}
