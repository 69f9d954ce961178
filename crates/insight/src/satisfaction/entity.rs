//! One answer of a customer about one dimension; questions that were not asked stay empty.

use super::ENTITY;
use meta::{Entity, Field, choice, date, integer, long_text, percent, reference, text};

pub const DIMENSIONS: [(&str, &str, &str, &str); 7] = [
    ("product", "Product quality", "产品质量", "blue"),
    ("price", "Price", "价格", "yellow"),
    ("delivery", "Delivery", "交货", "green"),
    ("service", "Service", "服务", "purple"),
    ("communication", "Communication", "沟通", "blue"),
    ("complaints", "Handling of complaints", "投诉处理", "orange"),
    ("overall", "Overall", "总体", "grey"),
];

/// Questions answered from 0 to 10.
pub const ATTITUDES: [&str; 4] = ["recommend", "repurchase", "price_tolerance", "first_choice"];

pub fn entity() -> Entity {
    let rating = |name: &str, en: &str, zh: &str, help_en: &str, help_zh: &str| {
        integer(name).label(en, zh).help(help_en, help_zh).personal()
    };
    let attitude = |field: Field| field.section("Loyalty", "忠诚度");
    Entity::new(ENTITY)
        .labels("Survey answer", "Survey answers", "调查回答")
        .icon("checkbox")
        .hint(
            "What customers expected and how they found it, and whether they would recommend you. Enter answers or import them.",
            "客户的期望与实际感受，以及是否愿意推荐。可直接录入或导入。",
        )
        .field(reference("account", "account").label("Customer", "客户").required())
        .field(reference("contact", "contact").label("Contact", "联系人"))
        .field(date("asked_on").label("Answered on", "回答日期").required().indexed())
        .field(text("survey").label("Survey", "调查名称").indexed())
        .field(
            choice("dimension", &DIMENSIONS).label("Dimension", "维度").required().default_value("overall").indexed(),
        )
        .field(rating("expected", "Expected", "期望值", "a, from 1 to 10: what the customer expected.", "a，1 到 10：客户的期望。").indexed())
        .field(rating("perceived", "Perceived", "感知值", "b, from 0 to 10: how he found it. Satisfaction is C = b / a.", "b，0 到 10：客户的实际感受。满意度 C = b / a。").indexed())
        .field(attitude(rating("recommend", "Would recommend", "推荐意愿", "0 to 10: how likely he would recommend us.", "0 到 10：推荐我们的可能性。").indexed()))
        .field(attitude(rating("repurchase", "Would buy again", "再购意愿", "0 to 10: how likely he will buy again.", "0 到 10：再次购买的可能性。")))
        .field(attitude(rating("price_tolerance", "Would stay if dearer", "价格容忍度", "0 to 10: how likely he would stay if our prices rose by 5 %.", "0 到 10：若涨价 5%，仍会购买的可能性。")))
        .field(attitude(rating("first_choice", "First choice", "首选程度", "0 to 10: how far we are the first he thinks of.", "0 到 10：有需要时首先想到我们的程度。")))
        .field(attitude(percent("share_of_wallet").label("Buys here", "采购份额").help("The share of what he needs that he buys from us.", "其需求中向我们采购的比例。").personal()))
        .field(long_text("comment").label("Comment", "意见").personal())
        .title("dimension")
        .list(["asked_on", "account", "contact", "dimension", "expected", "perceived", "recommend", "survey"])
        .sort("-asked_on")
        .follows("account")
        .external_ids()
        .index(["account", "asked_on"])
}
