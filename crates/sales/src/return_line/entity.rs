//! The lines of a return; each knows the order line it takes back, if anybody does.

use meta::{Decimal, Entity, decimal, integer, money, reference, text};

pub fn entity() -> Entity {
    Entity::new("return_line")
        .labels("Return line", "Return lines", "退货行")
        .icon("list-details")
        .hint("What came back and how much of it.", "退回了什么、多少。")
        .field(reference("return", "return").label("Return", "退货单").required())
        .field(integer("position").label("Position", "行号"))
        .field(reference("order_line", "order_line").label("Order line", "原订单行").help(
            "Left empty: the line of the order with the same product. Price, tax and cost start from it.",
            "不填则取原订单中同一产品的行；单价、税额和成本默认取自该行。",
        ))
        .field(reference("product", "product").label("Product", "产品"))
        .field(text("description").label("Description", "品名"))
        .field(decimal("quantity", 4).label("Quantity", "数量").required().default_value(Decimal::ONE))
        .field(money("unit_price").label("Unit price", "单价"))
        .field(money("discount").label("Discount", "折扣"))
        .field(
            money("amount")
                .label("Amount", "金额")
                .help("Quantity × unit price − discount.", "数量 × 单价 − 折扣。")
                .computed(),
        )
        .field(money("tax").label("Tax", "税额"))
        .field(money("unit_cost").label("Unit cost", "单位成本"))
        .field(
            money("cost").label("Cost", "成本").help("Quantity × unit cost.", "数量 × 单位成本。").computed(),
        )
        .title("description")
        .list(["position", "product", "description", "quantity", "unit_price", "tax", "amount"])
        .parent("return")
}
