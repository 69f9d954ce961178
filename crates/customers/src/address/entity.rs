//! Places of a customer beyond the one in his archive.

use meta::{Entity, boolean, choice, long_text, phone, reference, text};

pub fn entity() -> Entity {
    Entity::new("address")
        .labels("Address", "Addresses", "地址")
        .icon("map-pin")
        .hint("Where goods, bills and letters go.", "送货、寄票、寄信的地址。")
        .field(text("street").label("Street", "街道地址").required().searched().personal())
        .field(reference("account", "account").label("Customer", "客户").required())
        .field(
            choice(
                "kind",
                &[
                    ("shipping", "Shipping", "收货地址", "blue"),
                    ("billing", "Billing", "收票地址", "green"),
                    ("registered", "Registered", "注册地址", "grey"),
                    ("branch", "Branch or shop", "分店/仓库", "purple"),
                    ("home", "Home", "家庭住址", "yellow"),
                ],
            )
            .label("Used for", "用途")
            .required()
            .default_value("shipping")
            .indexed(),
        )
        .field(boolean("main").label("Main address of its kind", "默认地址").default_value(false))
        .field(text("recipient").label("Recipient", "收件人").searched().personal())
        .field(phone("phone").label("Phone", "电话").personal())
        .field(text("country").zh("国家").indexed())
        .field(text("province").label("Province", "省份").indexed())
        .field(text("city").zh("城市").indexed())
        .field(text("postcode").zh("邮编").indexed().area())
        .field(long_text("description").label("Directions", "说明").personal())
        .title("street")
        .follows("account")
        .list(["street", "account", "kind", "city", "province", "country", "recipient"])
}
