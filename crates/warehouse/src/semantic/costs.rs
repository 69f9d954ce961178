//! Measures of what serving customers costs and what is left after it.

use super::measure::{
    Expression::{Difference, Ratio, Sum},
    Measure, Unit, measure, sum,
};

pub(super) fn costs() -> Vec<Measure> {
    vec![
        measure(
            "cost_to_serve",
            Unit::Money,
            ("Cost to serve", "服务成本"),
            (
                "What serving customers cost by the company's rates of the day: taking orders and their lines, returns, and the contacts done. Orders without a customer are in it.",
                "按当日有效成本费率计算的服务成本：处理订单及订单行、退货，以及已完成的客户接触；含散客订单。",
            ),
            Sum(&["handling_cost", "return_cost", "contact_cost"]),
        ),
        measure(
            "handling_cost",
            Unit::Money,
            ("Cost of handling orders", "订单处理成本"),
            (
                "What taking and picking orders cost, by the rates of an order and of an order line.",
                "处理订单的成本，按每张订单和每条订单行的费率计算。",
            ),
            sum("order_costs", "sum(f.service_cost)"),
        ),
        measure(
            "return_cost",
            Unit::Money,
            ("Cost of handling returns", "退货处理成本"),
            (
                "What handling returns cost, by the rate of a return.",
                "处理退货的成本，按每次退货的费率计算。",
            ),
            sum("return_costs", "sum(f.service_cost)"),
        ),
        measure(
            "contact_cost",
            Unit::Money,
            ("Cost of contacts", "客户接触成本"),
            (
                "What calls, visits, letters … with customers cost, by piece and minute, as far as they are done.",
                "与客户的电话、拜访、信函等已完成接触的成本，按次数和分钟计算。",
            ),
            sum("activities", "sum(f.service_cost)"),
        ),
        measure(
            "selling_cost",
            Unit::Money,
            ("Selling costs", "销售费用"),
            (
                "What sales themselves cost by the company's rates of the day: freight, payment, commission.",
                "随销售发生的费用：运费、收款手续费、佣金，按当日有效的成本费率计算。",
            ),
            sum("order_costs", "sum(f.selling_cost)"),
        ),
        measure(
            "contribution",
            Unit::Money,
            ("Contribution", "贡献毛益"),
            (
                "Margin less selling costs. Margins of documents in which a cost is not known are left out, their selling costs are not.",
                "毛利减去销售费用；有成本未知的单据不计毛利，但其销售费用照计。",
            ),
            Difference("margin", "selling_cost"),
        ),
        measure(
            "net_profit",
            Unit::Money,
            ("Contribution after cost to serve", "服务后贡献（净利润）"),
            (
                "Contribution less cost to serve: the net profit of customers where the cost of all goods is known. Their profitability says nothing of who bought much without a known cost; here only its margin is left out, so that it looks like a loss.",
                "贡献毛益减去服务成本；商品成本全部已知时即客户的净利润。客户盈利分析对成本未知较多的客户不作判断，此处仅不计其毛利，因而会显得亏损。",
            ),
            Difference("contribution", "cost_to_serve"),
        ),
        measure(
            "cost_to_serve_rate",
            Unit::Share,
            ("Cost to serve, share of sales", "服务成本率"),
            ("Cost to serve divided by net sales.", "服务成本除以净销售额。"),
            Ratio("cost_to_serve", "net_sales"),
        ),
        Measure {
            part: true,
            ..measure(
                "charged_orders",
                Unit::Count,
                ("Orders charged", "计费订单数"),
                (
                    "Number of orders that count, those without lines, too.",
                    "计入的订单数，含没有订单行的订单。",
                ),
                sum("order_costs", "count(*)"),
            )
        },
        Measure {
            part: true,
            ..measure(
                "charged_returns",
                Unit::Count,
                ("Returns charged", "计费退货单数"),
                (
                    "Number of returns that count, those without lines, too.",
                    "计入的退货单数，含没有退货行的退货单。",
                ),
                sum("return_costs", "count(*)"),
            )
        },
    ]
}
