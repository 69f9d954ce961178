//! The lines of an order.

use meta::{Decimal, Entity, decimal, integer, money, reference, text};

pub fn entity() -> Entity {
    Entity::new("order_line")
        .labels("Order line", "Order lines", "订单行")
        .icon("list-details")
        .hint("What was bought, how much of it, at what price.", "买了什么、多少、什么价格。")
        .field(reference("order", "order").label("Order", "订单").required())
        .field(integer("position").label("Position", "行号"))
        .field(reference("product", "product").label("Product", "产品"))
        .field(
            text("description")
                .label("Description", "品名")
                .help("Left empty: the product's name.", "不填则取产品名称。"),
        )
        .field(decimal("quantity", 4).label("Quantity", "数量").required().default_value(Decimal::ONE))
        .field(
            money("unit_price")
                .label("Unit price", "单价")
                .help("Before tax. Left empty: the product's price.", "不含税，不填则取产品售价。"),
        )
        .field(
            money("discount")
                .label("Discount", "折扣")
                .help("An amount off the whole line.", "整行减免的金额。"),
        )
        .field(
            money("amount")
                .label("Amount", "金额")
                .help("Quantity × unit price − discount.", "数量 × 单价 − 折扣。")
                .computed(),
        )
        .field(money("tax").label("Tax", "税额"))
        .field(
            money("unit_cost")
                .label("Unit cost", "单位成本")
                .help("Left empty: the product's cost.", "不填则取产品成本。"),
        )
        .field(
            money("cost").label("Cost", "成本").help("Quantity × unit cost.", "数量 × 单位成本。").computed(),
        )
        .title("description")
        .list(["position", "product", "description", "quantity", "unit_price", "discount", "amount", "cost"])
        .parent("order")
}
