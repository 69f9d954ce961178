//! The figures of profit on the account: declared, and computed from the customer's statistics.

use crate::{
    scoring::{Scorer, amount, number},
    statistics::Statistics,
};
use meta::{Field, Value, choice, money, percent};
use value::service_cost::Cause;

/// What a customer's loss comes from.
pub const LOSS_CAUSES: [(&str, &str, &str, &str); 5] = [
    ("below_cost", "Sold below cost", "低于成本销售", "red"),
    ("selling", "Freight, payment, commission", "运费、手续费与佣金", "yellow"),
    ("handling", "Many small orders", "订单多而小", "blue"),
    ("returns", "Returns", "退货", "orange"),
    ("contacts", "Calls and visits", "电话与拜访", "purple"),
];

pub fn fields() -> Vec<Field> {
    vec![
        money("contribution").in_company_currency().label("Contribution", "贡献毛益").help(
            "Margin of all sales less what these themselves cost: freight, payment, commission, by the company's rates; without rates the margin of all sales. Up to a fifth of sales without a known cost is taken at the margin rate of the rest; empty if it is more.",
            "全部销售的毛利减去随销售发生的费用：运费、收款手续费、佣金，按公司的成本费率计算；未设置费率时即为全部销售的毛利。成本未知的销售不超过五分之一时按其余部分的毛利率计算，超过则为空。",
        ).sure("extended"),
        money("cost_to_serve").in_company_currency().label("Cost to serve", "服务成本").help(
            "What serving the customer cost by the company's rates: taking his orders and lines, his returns, the calls, visits and letters.",
            "按公司的成本费率计算的服务成本：处理订单和订单行、退货，以及电话、拜访、信函等接触。",
        ).sure("exact"),
        money("net_profit").in_company_currency().label("Net profit", "净利润").help(
            "Contribution less cost to serve. Empty without rates, or as long as the cost of less than 80 % of what he bought is known.",
            "贡献毛益减去服务成本。未设置费率，或成本已知的不足其购买额的 80% 时为空。",
        ).sure("extended"),
        percent("net_profit_share").label("Net profit, share of sales", "净利润率").help(
            "Net profit divided by net sales.",
            "净利润除以净销售额。",
        ).sure("extended"),
        money("earned_52w").in_company_currency().label("Profit, last 52 weeks", "近一年利润").help(
            "Margin of the sales of the 52 weeks up to the as-of date less what selling to the customer and serving him cost in them by the company's rates; without rates the margin. Empty where the cost of less than 80 % of these sales is known.",
            "截至统计日近 52 周销售的毛利，减去按成本费率计算的同期销售与服务成本；未设置费率时即为毛利。这些销售中成本已知的不足 80% 时为空。",
        ).sure("extended"),
        choice("loss_cause", &LOSS_CAUSES).label("Loss comes from", "亏损原因").help(
            "For a customer who loses money: the largest of the costs that take his margin, or goods sold below cost.",
            "亏损客户：侵蚀其毛利的最大一项成本，或低于成本销售。",
        ).sure("extended"),
    ]
}

/// Of every field of [`fields`].
pub fn values(scorer: &Scorer, statistics: &Statistics) -> [(&'static str, Value); 6] {
    let rated = !scorer.settings.cost_rates.is_empty();
    let (known, net_sales) = (statistics.profit(), statistics.net_sales());
    // Without rates of what serving costs there is no profit, only what goods leave.
    let profit = known.filter(|_| rated);
    let cost = if rated { amount(statistics.costs.to_serve()) } else { Value::Null };
    let share = profit.filter(|_| net_sales > 0).map(|profit| profit.net() as f64 / net_sales as f64);
    [
        ("contribution", known.map_or(Value::Null, |known| amount(known.contribution()))),
        ("cost_to_serve", cost),
        ("net_profit", profit.map_or(Value::Null, |profit| amount(profit.net()))),
        ("net_profit_share", number(share, 4)),
        ("earned_52w", statistics.recent.profit().map_or(Value::Null, amount)),
        ("loss_cause", profit.and_then(|profit| profit.cause_of_loss()).map(cause_name).into()),
    ]
}

pub fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::BelowCost => "below_cost",
        Cause::Selling => "selling",
        Cause::Handling => "handling",
        Cause::Returns => "returns",
        Cause::Contacts => "contacts",
    }
}
