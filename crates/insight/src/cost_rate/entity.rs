//! One rate of one driver. Its history is its records: a later one holds from its day on.

use super::ENTITY;
use meta::{Entity, choice, date, long_text, money, percent};

pub type Named = (&'static str, &'static str, &'static str, &'static str);

/// In the order of [`value::service_cost::DRIVERS`].
const NAMES: [Named; 14] = [
    ("order", "Order", "订单", "blue"),
    ("order_line", "Order line", "订单行", "blue"),
    ("return", "Return", "退货", "orange"),
    ("freight", "Freight", "运费", "yellow"),
    ("payment", "Payment", "收款手续费", "yellow"),
    ("commission", "Commission", "佣金", "yellow"),
    ("call", "Call", "电话", "green"),
    ("visit", "Visit", "拜访", "green"),
    ("meeting", "Meeting", "会议", "green"),
    ("email", "E-mail", "邮件", "green"),
    ("letter", "Letter", "信函", "green"),
    ("chat", "Chat", "在线聊天", "green"),
    ("note", "Note", "备忘", "grey"),
    ("task", "Task", "任务", "grey"),
];

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Cost rate", "Cost rates", "成本费率")
        .icon("coins")
        .hint(
            "What an order, a return, a call or a visit costs the company. With these rates every customer's net profit is computed.",
            "每张订单、每次退货、每通电话、每次拜访的成本。有了费率，系统就能算出每位客户的净利润。",
        )
        .field(choice("driver", &NAMES).label("What is counted", "成本动因").required().indexed())
        .field(date("valid_from").label("Valid from", "生效日期").required().indexed().help(
            "Holds from this day until a later rate of the same driver. For what happened before the first rate nothing is charged.",
            "自该日起生效，直到同一动因有更新的费率；首个费率之前发生的不计成本。",
        ))
        .field(money("amount").in_company_currency().label("Per piece", "每次金额").help(
            "For each order, line, return, call, visit …; freight, payment and commission: for each order.",
            "每张订单、每行、每次退货、电话或拜访的成本；运费、手续费、佣金为每张订单的成本。",
        ))
        .field(money("amount_per_minute").in_company_currency().label("Per minute", "每分钟金额").help(
            "For contacts with a duration: what a minute of the employee's time costs.",
            "适用于有时长的接触：员工每分钟的成本。",
        ))
        .field(percent("share_of_sales").label("Share of sales", "占销售额比例").help(
            "For freight, payment and commission: a share of the order's net amount.",
            "适用于运费、手续费、佣金：按订单净额的比例计算。",
        ))
        .field(long_text("description").label("Where the rate comes from", "费率依据"))
        .title("driver")
        .list(["driver", "valid_from", "amount", "description"])
        .sort("driver")
        .secret()
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::service_cost::DRIVERS;

    #[test]
    fn every_driver_has_its_names() {
        assert_eq!(NAMES.map(|(name, ..)| name), DRIVERS.map(|(name, _)| name));
    }
}
