//! The head of a return. Amounts are positive: they are what the customer gets back.

use crate::money::totals_fields;
use meta::{Entity, choice, instant, long_text, money, reference, text};

const REASONS: &[(&str, &str, &str, &str)] = &[
    ("quality", "Poor quality", "质量问题", "red"),
    ("damaged", "Damaged in transport", "运输损坏", "orange"),
    ("wrong_item", "Wrong article sent", "发错货", "orange"),
    ("wrong_information", "Wrongly advised", "介绍有误", "orange"),
    ("late", "Too late", "交货延误", "yellow"),
    ("changed_mind", "Changed his mind", "改变主意", "grey"),
    ("price", "Price corrected", "价格更正", "blue"),
    ("cancelled", "Order cancelled", "订单取消", "grey"),
    ("other", "Other", "其他", "grey"),
];

pub fn entity() -> Entity {
    let totals = |field: meta::Field| field.section("Totals", "合计");
    Entity::new("return")
        .labels("Return", "Returns", "退货")
        .icon("arrow-back-up")
        .hint("What came back, from whom and why.", "谁退了什么货、为什么退。")
        .field(
            text("number")
                .label("Number", "退货单号")
                .required()
                .unique()
                .searched()
                .indexed()
                .numbered("RT-"),
        )
        .field(reference("order", "order").label("Order", "原订单").help(
            "If it is known. Customer and currency are taken from it.",
            "如果知道就填写，客户和币种取自原订单。",
        ))
        .field(reference("account", "account").label("Customer", "客户"))
        .field(instant("returned_at").label("Returned", "退货时间").required().default_now().indexed())
        .field(
            choice("reason", REASONS).label("Reason", "退货原因").required().default_value("other").indexed(),
        )
        .field(
            choice(
                "status",
                &[
                    ("requested", "Requested", "已申请", "grey"),
                    ("received", "Received", "已收货", "blue"),
                    ("refunded", "Refunded", "已退款", "green"),
                    ("rejected", "Rejected", "已拒绝", "red"),
                ],
            )
            .label("Status", "状态")
            .required()
            .default_value("received")
            .indexed()
            .help("Counts against sales once received or refunded.", "收货或退款后冲减销售。"),
        )
        .field(reference("owner", "user").label("Owner", "负责人"))
        .field(long_text("description").label("Remarks", "备注").personal())
        .currency()
        .field(totals(
            money("discount")
                .label("Deduction", "扣款")
                .help("What is kept back, such as a restocking fee.", "不予退还的部分，如手续费。"),
        ))
        .fields(totals_fields().into_iter().map(totals))
        .title("number")
        .list(["number", "account", "returned_at", "reason", "status", "total", "order"])
        .sort("-returned_at")
        .board("status")
        .timeline("account", "returned_at")
        .follows("account")
        .follows("order")
        .external_ids()
        .index(["account", "returned_at", "id", "status", "net_base", "margin_base", "deleted_at"])
        .index(["reason", "returned_at"])
}
