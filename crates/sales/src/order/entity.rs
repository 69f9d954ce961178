//! The head of an order. An order without customer is an anonymous sale: it counts in the company's sales, not in anybody's value.

use crate::money::totals_fields;
use meta::{Entity, choice, instant, long_text, money, reference, text};

pub fn entity() -> Entity {
    let totals = |field: meta::Field| field.section("Totals", "合计");
    Entity::new("order")
        .labels("Order", "Orders", "订单")
        .icon("shopping-cart")
        .hint(
            "What customers bought. Import your history or enter an order.",
            "客户购买的记录，可导入历史订单或直接录入。",
        )
        .field(
            text("number").label("Number", "订单号").required().unique().searched().indexed().numbered("SO-"),
        )
        .field(
            reference("account", "account")
                .label("Customer", "客户")
                .help("Empty for an anonymous sale.", "散客销售可不填。"),
        )
        .field(reference("contact", "contact").label("Contact", "联系人"))
        .field(instant("ordered_at").label("Ordered", "下单时间").required().default_now().indexed())
        .field(
            choice(
                "status",
                &[
                    ("draft", "Draft", "草稿", "grey"),
                    ("confirmed", "Confirmed", "已确认", "blue"),
                    ("shipped", "Shipped", "已发货", "yellow"),
                    ("completed", "Completed", "已完成", "green"),
                    ("cancelled", "Cancelled", "已取消", "red"),
                ],
            )
            .label("Status", "状态")
            .required()
            .default_value("confirmed")
            .indexed()
            .help("Drafts and cancelled orders do not count as sales.", "草稿和已取消的订单不计入销售。"),
        )
        .field(
            choice(
                "channel",
                &[
                    ("sales_rep", "Sales representative", "业务员", "blue"),
                    ("store", "Shop", "门店", "green"),
                    ("online", "Online", "网店", "purple"),
                    ("phone", "Telephone", "电话", "yellow"),
                    ("dealer", "Dealer", "经销商", "orange"),
                    ("fair", "Trade fair", "展会", "grey"),
                ],
            )
            .label("Channel", "渠道")
            .indexed(),
        )
        .field(reference("owner", "user").label("Owner", "业务员"))
        .field(reference("team", "team").label("Team", "团队"))
        .field(instant("shipped_at").label("Shipped", "发货时间").indexed())
        .field(reference("shipping_address", "address").label("Ship to", "收货地址"))
        .field(long_text("description").label("Remarks", "备注").personal())
        .currency()
        .field(totals(
            money("discount")
                .label("Discount on the order", "整单折扣")
                .help("Beyond the discounts of the lines.", "各行折扣之外的整单优惠。"),
        ))
        .fields(totals_fields().into_iter().map(totals))
        .title("number")
        .list(["number", "account", "ordered_at", "status", "total", "margin", "channel", "owner"])
        .sort("-ordered_at")
        .board("status")
        .timeline("account", "ordered_at")
        .follows("account")
        .external_ids()
        // With what customer value reads of an order, so that a pass over everybody stays in the index.
        .index(["account", "ordered_at", "id", "status", "net_base", "margin_base", "deleted_at"])
}
