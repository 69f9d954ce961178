//! An experiment: some customers are reached, some drawn at random are left alone, and what both did is compared.

pub mod candidates;
pub mod members;
pub mod plan;
pub mod reachable;
pub mod result;
pub mod uplift;

use meta::{
    Draft, Entity, choice, date, instant, integer, label, long_text, money, percent, reference, text,
};

pub const JOB: &str = "mining.experiment";
/// Of whoever computes what came of experiments.
const LEASE: &str = "mining.experiments";
pub const ENTITY: &str = "experiment";
pub const MEDIUM: &str = "medium";
pub const POPULATION: &str = "population";
/// Whose likely buyers take part, and how many of them.
pub const PRODUCT: &str = "product";
pub const LIKELIEST: &str = "likeliest";
const CONTACT_COST: &str = "contact_cost";
const FIXED_COST: &str = "fixed_cost";
/// When its customers were drawn.
const DRAWN_AT: &str = "drawn_at";
/// What the draw fixes. Whoever could move the last day or the measure once numbers are known would, without meaning to, choose those
/// that please: so a campaign that is broken off is told on its day, too.
const FIXED: [&str; 6] = [PRODUCT, LIKELIEST, "control_share", "start_on", "end_on", "outcome"];

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Experiment", "Experiments", "效果实验")
        .icon("flask")
        .hint(
            "Does a campaign work? Leave a part of the customers alone, drawn at random, and compare.",
            "营销活动有没有效果？随机留出一部分客户不触达，再作比较。",
        )
        .field(text("name").label("Name", "名称").required().searched().indexed())
        .field(
            choice(
                MEDIUM,
                &[
                    ("email", "E-mail", "邮件", "blue"),
                    ("sms", "Text message", "短信", "blue"),
                    ("call", "Call", "电话", "purple"),
                    ("letter", "Letter", "信函", "grey"),
                    ("visit", "Visit", "拜访", "green"),
                    ("social", "Social media", "社交媒体", "purple"),
                    ("web", "Website", "网站", "green"),
                    ("advertising", "Advertising (press, radio, television, outdoor)", "广告（报刊、广播、电视、户外）", "orange"),
                    ("event", "Event", "线下活动", "yellow"),
                    ("other", "Other", "其他", "grey"),
                ],
            )
            .label("Medium", "媒介")
            .help(
                "By what customers are reached. Effects of all experiments are told apart by it under Seven P, Promotion.",
                "触达客户所用的媒介。“7P 看板 → 促销”据此比较全部实验的效果。",
            )
            .indexed(),
        )
        .field(
            text(POPULATION)
                .label("Customers", "客户条件")
                .help(
                    "A condition on customers, as in the filter of their list; empty is all. Read when they are drawn; who said no to the medium, or to all of them, is left out.",
                    "客户筛选条件，写法与客户列表的筛选相同；不填为全部客户。抽取时按此条件确定名单，已拒绝该媒介或全部媒介的客户不参与。",
                ),
        )
        .field(
            reference(PRODUCT, "product")
                .label("Likely buyers of", "可能购买的产品")
                .help(
                    "Of the customers above only those take part who are likely to buy this product, the likeliest first, so many as stated below. Empty is everybody.",
                    "在上述客户中，只取可能购买该产品的客户，按可能性从高到低，人数见下一项；不填则不限。",
                ),
        )
        .field(
            integer(LIKELIEST)
                .label("How many of the likeliest", "取最可能购买的客户数")
                .help(
                    "So many of the likely buyers of the product take part; of fewer all.",
                    "从该产品的可能购买者中取这么多位；不足时全部参与。",
                ),
        )
        .field(
            percent("control_share")
                .label("Control group", "对照组比例")
                .help(
                    "Share of the customers who are left alone, between 5 % and 95 %.",
                    "不触达的客户所占比例，5% 至 95%。",
                )
                .required()
                .default_value(meta::Decimal::new(2, 1)),
        )
        .field(date("start_on").label("From", "开始日期").required().indexed())
        .field(
            date("end_on")
                .label("Until", "结束日期")
                .help("The last day whose orders count.", "计入订单的最后一天。")
                .required()
                .indexed(),
        )
        .field(
            choice(
                "outcome",
                &[
                    ("bought", "Bought (share of customers)", "是否购买（客户占比）", "blue"),
                    ("sales", "Sales per customer", "人均销售额", "green"),
                ],
            )
            .label("Measured by", "衡量指标")
            .required()
            .default_value("bought"),
        )
        .field(
            money(CONTACT_COST)
                .in_company_currency()
                .label("Cost of a contact", "每次触达成本")
                .help(
                    "What reaching one customer costs: postage, call, gift, discount given. Empty is nothing. It decides whom reaching pays for.",
                    "触达一位客户的费用：邮寄、通话、赠品、让利等；不填按零计算。据此判断触达哪些客户划算。",
                ),
        )
        .field(
            money(FIXED_COST)
                .in_company_currency()
                .label("Fixed cost", "固定费用")
                .help(
                    "What the campaign costs however many are reached: design, agency, printing plates, media space. Empty is nothing. It counts in the return on the spend, beside the contacts.",
                    "与触达人数无关的活动费用：设计、代理、制版、媒体投放等；不填按零计算。与触达成本一并计入投入回报。",
                ),
        )
        .field(
            instant(DRAWN_AT)
                .label("Groups drawn", "抽取时间")
                .help(
                    "When the customers were drawn; if an earlier version drew them, when they were first compared after the upgrade. Likely buyers, control group, days and measure stay as they were then.",
                    "抽取客户的时间；由旧版本抽取的，为升级后首次比较的时间。此后可能购买的产品和人数、对照组比例、起止日期和衡量指标不再更改。",
                )
                .computed(),
        )
        .field(long_text("description").label("Remarks", "备注"))
        .list(["name", MEDIUM, "control_share", "start_on", "end_on", "outcome"])
        .sort("-start_on")
}

/// Refuses to change afterwards what the draw fixes.
pub fn keep_as_drawn(draft: &mut Draft<'_>) {
    if draft.before.is_none_or(|experiment| experiment.get(DRAWN_AT).is_null()) {
        return;
    }
    for field in FIXED {
        if !draft.changes(field) {
            continue;
        }
        let message = label(
            "is fixed since the customers were drawn, or the result could be bent to what one hopes for: leave it as it was, and make another experiment for what is to be different",
            "客户已抽取，不能再更改，以免结果被人为左右：请保留原值，如需不同的设定，请新建一个实验",
        );
        draft.reject(field, message);
    }
}
