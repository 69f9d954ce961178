//! The classes of a customer. Relation is always given by hand. Importance, loyalty and value behaviour are computed by the
//! analytical module and kept in `importance`, `loyalty`, `value_behaviour`; what a person chose in `*_override` wins: the
//! rule in [`super::rules`] copies it over the moment it is saved, and whoever computes classes must leave accounts with an
//! override alone. So the field without suffix is always the one in force, and lists, filters and segments need only that.

use meta::{Field, choice};

type Choices = &'static [(&'static str, &'static str, &'static str, &'static str)];

pub const RELATION: Choices = &[
    ("consumer", "Consumer", "消费者", "blue"),
    ("business", "Business", "企业客户", "green"),
    ("dealer", "Dealer", "经销商/渠道", "purple"),
    ("partner", "Partner", "合作伙伴", "yellow"),
    ("supplier", "Supplier", "供应商", "orange"),
    ("internal", "Internal", "内部客户", "grey"),
];

pub const IMPORTANCE: Choices = &[
    ("vip", "VIP", "VIP 客户", "purple"),
    ("key", "Key", "主要客户", "blue"),
    ("ordinary", "Ordinary", "普通客户", "grey"),
];

pub const LOYALTY: Choices = &[
    ("loyal", "Loyal", "忠诚客户", "green"),
    ("old", "Old", "老客户", "blue"),
    ("new", "New", "新客户", "yellow"),
    ("potential", "Potential", "潜在客户", "grey"),
];

pub const VALUE_BEHAVIOUR: Choices = &[
    ("lighthouse", "Lighthouse", "灯塔型", "yellow"),
    ("follower", "Follower", "跟随型", "blue"),
    ("rational", "Rational", "理性型", "green"),
    ("profit_seeking", "Profit-seeking", "逐利型", "orange"),
];

/// The computed classes, in the order of the record page.
pub const COMPUTED: [&str; 3] = ["importance", "loyalty", "value_behaviour"];

/// Relation, then each computed class followed by its override.
pub fn fields() -> Vec<Field> {
    let mut fields = vec![
        choice("relation", RELATION)
            .zh("关系")
            .help(
                "What the customer is to the company. Left empty: consumer for a person, business for a company.",
                "客户与公司的关系。不填时，个人为消费者，公司为企业客户。",
            )
            .indexed(),
    ];
    let computed = [
        (
            choice("importance", IMPORTANCE).label("Importance", "重要程度").help(
                "By net sales, from the largest down: VIP bring the first part of all sales, key the next, ordinary the rest, by the company's rules. A class chosen by hand wins.",
                "按净销售额由大到小：VIP 客户合计贡献销售额的第一部分，主要客户为其后一部分，其余为普通客户，界限依公司规则；手工指定的优先。",
            ),
            choice("importance_override", IMPORTANCE),
        ),
        (
            choice("loyalty", LOYALTY).label("Loyalty", "忠诚度").help(
                "Potential without a purchase, new for some weeks after the first, loyal in the stability stage, old otherwise. A class chosen by hand wins.",
                "没有购买的为潜在客户，首次购买后数周内为新客户，处于稳定期为忠诚客户，其余为老客户；手工指定的优先。",
            ),
            choice("loyalty_override", LOYALTY),
        ),
        (
            choice("value_behaviour", VALUE_BEHAVIOUR).label("Value behaviour", "价值取向").help(
                "By margin rate, how early he buys new products, and frequency of purchases against everybody's, by the rule shown on the page of rules. A class chosen by hand wins.",
                "由毛利率、购买新产品的早晚和购买频次与全体客户比较得出，规则见“客户分类规则”页面；手工指定的优先。",
            ),
            choice("value_behaviour_override", VALUE_BEHAVIOUR),
        ),
    ];
    for (class, by_hand) in computed {
        let (en, zh) = (format!("{} by hand", class.label.en), format!("{}（手工指定）", class.label.zh));
        fields.push(class.sure("by_rule").apart().indexed());
        fields.push(by_hand.label(&en, &zh).help(
            "Wins over the computed class until it is emptied.",
            "优先于系统计算的结果，清空后恢复自动计算。",
        ));
    }
    fields.into_iter().map(|field| field.section("Classes", "客户分类")).collect()
}
