//! Measures of what customers are worth, over the figures computed for each of them.

use super::{
    interval::Sampled,
    measure::{Expression::Ratio, Measure, Unit, measure, sum},
};
use crate::facts::WORTH;
use meta::label;

/// What a period asks of customers.
const DAY: (&str, &str) =
    (" A period, or a cut by day, is that of the first order.", "期间和按日期划分均指首次购买日。");

const VARIANCE_OF_CLV: &str = "sum(CAST(f.clv_52w_deviation * f.clv_52w_deviation AS DECIMAL(38, 2)))";
/// Profit is a share of the value, which is taken as known.
const VARIANCE_OF_PROFIT: &str = "sum(CAST(power(CAST(f.clv_52w_deviation AS DOUBLE) * CAST(f.profit_52w AS DOUBLE) / \
     CAST(nullif(f.clv_52w, 0) AS DOUBLE), 2) AS DECIMAL(38, 2)))";
const KNOWN_OF_PROFIT: &str = "count(CASE WHEN f.profit_52w IS NOT NULL THEN f.clv_52w_deviation END)";
const VARIANCE_OF_PURCHASES: &str =
    "sum(CAST(f.purchases_52w_deviation * f.purchases_52w_deviation AS DECIMAL(38, 8)))";

pub(super) fn customers() -> Vec<Measure> {
    let dated = |measure: Measure| {
        let told = &measure.definition;
        let definition = label(format!("{}{}", told.en, DAY.0), format!("{}{}", told.zh, DAY.1));
        if measure.part { measure } else { Measure { definition, ..measure } }
    };
    counted().into_iter().chain(expected()).map(dated).collect()
}

fn part(name: &'static str, sql: &'static str) -> Measure {
    let words = ("Part", "分项");
    let definition = ("A part of other measures.", "其他指标的分项。");
    Measure { part: true, ..measure(name, Unit::Quantity, words, definition, sum(WORTH, sql)) }
}

fn counted() -> Vec<Measure> {
    vec![
        measure(
            "customer_records",
            Unit::Count,
            ("Customers on record", "客户总数"),
            (
                "Customers whose figures are computed, whether they have bought or not, as they are today.",
                "已计算指标的客户数（含尚未购买的），以当前状态计。",
            ),
            sum(WORTH, "count(*)"),
        ),
        measure(
            "customers_ever",
            Unit::Count,
            ("Customers who ever bought", "有过购买的客户数"),
            ("Customers with an order that counts, whenever that was.", "有过有效订单的客户数，不论何时。"),
            sum(WORTH, "count(f.\"day\")"),
        ),
        measure(
            "sales_52w",
            Unit::Money,
            ("Sales, last 52 weeks", "近一年净销售额"),
            (
                "Net sales to these customers in the 52 weeks up to the day their figures are of.",
                "截至指标统计日，这些客户近 52 周的净销售额。",
            ),
            sum(WORTH, "sum(f.sales_52w)"),
        ),
        Measure {
            sampled: Some(Sampled::Extended),
            ..measure(
                "loss_makers",
                Unit::Count,
                ("Loss makers", "亏损客户数"),
                (
                    "Customers with a purchase whose net profit, all orders and the whole cost to serve them together, is below zero. Those whose profit is not known are not counted; nothing if it is known of nobody.",
                    "有过购买且净利润（全部订单扣除全部服务成本）为负的客户数；利润未知的不计，全部未知则为空。",
                ),
                sum(
                    WORTH,
                    "CASE WHEN count(f.net_profit) > 0 THEN count(CASE WHEN f.orders > 0 AND f.net_profit < 0 THEN 1 END) END",
                ),
            )
        },
    ]
}

fn expected() -> Vec<Measure> {
    let estimate = |declared: Measure| Measure { sampled: Some(Sampled::Forecast), ..declared };
    let chances = |variance, all, declared: Measure| Measure {
        sampled: Some(Sampled::Chances { variance, all }),
        ..declared
    };
    let worth = |[variance, known, all]: [&'static str; 3], may_cost, declared: Measure| Measure {
        sampled: Some(Sampled::Worth { variance, known, all, may_cost }),
        ..declared
    };
    vec![
        worth(
            ["variance_of_clv", "known_of_clv", "valued_customers"],
            false,
            measure(
                "clv_52w",
                Unit::Money,
                ("Value, 52 weeks", "未来一年价值"),
                (
                    "Sales expected from these customers within the next 52 weeks, discounted to the day their figures are of: the sum of each one's value.",
                    "预计这些客户未来 52 周带来的销售额（折现到指标统计日），为各客户价值之和。",
                ),
                sum(WORTH, "sum(f.clv_52w)"),
            ),
        ),
        worth(
            ["variance_of_clv", "known_of_clv", "valued_customers"],
            false,
            measure(
                "clv_52w_mean",
                Unit::Money,
                ("Value per customer, 52 weeks", "客均未来一年价值"),
                (
                    "Sales expected from these customers within the next 52 weeks, divided by their number; who never bought is left out.",
                    "预计这些客户未来 52 周带来的销售额除以客户数；从未购买的不计。",
                ),
                Ratio("clv_52w", "valued_customers"),
            ),
        ),
        part("valued_customers", "count(f.clv_52w)"),
        part("variance_of_clv", VARIANCE_OF_CLV),
        part("known_of_clv", "count(f.clv_52w_deviation)"),
        part("known_of_profit", KNOWN_OF_PROFIT),
        part("known_of_purchases", "count(f.purchases_52w_deviation)"),
        part("customers_of_profit", "count(f.profit_52w)"),
        part("variance_of_profit", VARIANCE_OF_PROFIT),
        part("forecast_purchases", "count(f.expected_purchases_52w)"),
        part("variance_of_purchases", VARIANCE_OF_PURCHASES),
        worth(
            ["variance_of_profit", "known_of_profit", "customers_of_profit"],
            true,
            measure(
                "profit_52w",
                Unit::Money,
                ("Profit, 52 weeks", "未来一年利润"),
                (
                    "Profit expected from these customers within the next 52 weeks, after what serving them costs. Customers whose profit is not known are left out.",
                    "预计这些客户未来 52 周带来的利润（已扣服务成本）；利润未知的客户不计。",
                ),
                sum(WORTH, "sum(f.profit_52w)"),
            ),
        ),
        estimate(measure(
            "lifetime_profit",
            Unit::Money,
            ("Profit, 5 years", "未来五年利润"),
            (
                "Profit expected from these customers within the next five years, discounted. Customers whose profit is not known are left out; empty while a rule of thumb is in force.",
                "预计这些客户未来五年带来的利润（折现）；利润未知的客户不计，采用简单规则时为空。",
            ),
            sum(WORTH, "sum(f.lifetime_profit)"),
        )),
        worth(
            ["variance_of_purchases", "known_of_purchases", "forecast_purchases"],
            false,
            measure(
                "expected_purchases_52w",
                Unit::Quantity,
                ("Expected purchases, 52 weeks", "未来一年预计购买次数"),
                (
                    "Number of purchase days expected of these customers within the next 52 weeks.",
                    "预计这些客户未来 52 周内的购买次数之和。",
                ),
                sum(WORTH, "sum(f.expected_purchases_52w)"),
            ),
        ),
        chances(
            "variance_of_buyers",
            "forecast_buyers",
            measure(
                "expected_buyers_13w",
                Unit::Quantity,
                ("Expected buyers, 13 weeks", "三个月内预计购买客户数"),
                (
                    "How many of these customers are expected to buy within the next 13 weeks: the sum of their probabilities.",
                    "预计这些客户中有多少位在未来 13 周内购买，为各客户概率之和。",
                ),
                sum(WORTH, "sum(f.p_buy_13w)"),
            ),
        ),
        part("variance_of_buyers", "sum(f.p_buy_13w * (1 - f.p_buy_13w))"),
        part("forecast_buyers", "count(f.p_buy_13w)"),
        chances(
            "variance_of_lost",
            "forecast_lost",
            measure(
                "expected_lost_52w",
                Unit::Quantity,
                ("Expected to buy no more, 52 weeks", "未来一年预计流失客户数"),
                (
                    "How many of these customers are expected not to buy within the next 52 weeks: the sum of their churn scores.",
                    "预计这些客户中有多少位在未来 52 周内不再购买，为各客户流失评分之和。",
                ),
                sum(WORTH, "sum(f.p_churn_52w)"),
            ),
        ),
        chances(
            "variance_of_lost",
            "forecast_lost",
            measure(
                "expected_churn_rate",
                Unit::Share,
                ("Expected churn rate, 52 weeks", "未来一年预计流失率"),
                (
                    "The share of these customers that is expected not to buy within the next 52 weeks; who never bought is left out.",
                    "这些客户中预计未来 52 周内不再购买的占比；从未购买的不计。",
                ),
                Ratio("expected_lost_52w", "forecast_lost"),
            ),
        ),
        part("variance_of_lost", "sum(f.p_churn_52w * (1 - f.p_churn_52w))"),
        part("forecast_lost", "count(f.p_churn_52w)"),
    ]
}
