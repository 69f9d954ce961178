//! Articles and services with the price and cost that new order lines start from.

use meta::{Entity, boolean, long_text, money, reference, text};

pub fn entity() -> Entity {
    Entity::new("product")
        .labels("Product", "Products", "产品")
        .icon("package")
        .hint("Goods and services you sell.", "您销售的商品和服务。")
        .field(text("name").label("Name", "名称").required().searched().indexed())
        .field(text("code").label("Code", "编码").required().unique().searched().indexed().numbered("P-"))
        .field(reference("category", "product_category").label("Category", "类别"))
        .field(text("unit").label("Unit", "单位").help("Piece, box, kilogram …", "台、箱、公斤等。"))
        .field(
            money("price")
                .label("Price", "售价")
                .help(
                    "Before tax, per unit; what a new order line starts from.",
                    "不含税单价，新订单行默认取此价。",
                )
                .indexed(),
        )
        .field(
            money("cost")
                .label("Cost", "成本")
                .help(
                    "Per unit; without it the margin of its orders is unknown.",
                    "单位成本，没有成本就无法计算订单毛利。",
                )
                .indexed(),
        )
        .currency()
        .field(boolean("active").label("On sale", "在售").default_value(true).indexed())
        .field(text("barcode").label("Barcode", "条码").searched())
        .field(long_text("description").label("Description", "说明"))
        .list(["code", "name", "category", "unit", "price", "cost", "active"])
        .sort("code")
        .open()
        .external_ids()
        .mergeable()
}
