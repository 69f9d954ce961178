//! An experiment: some customers are reached, some drawn at random are left alone, and what both did is compared.

pub mod members;
pub mod plan;
pub mod result;
pub mod uplift;

use meta::{Entity, choice, date, long_text, money, percent, text};

pub const JOB: &str = "mining.experiment";
pub const ENTITY: &str = "experiment";

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
            text("population")
                .label("Customers", "客户条件")
                .help(
                    "A condition on customers, as in the filter of their list; empty is all. Read when they are drawn.",
                    "客户筛选条件，写法与客户列表的筛选相同；不填为全部客户。抽取时按此条件确定名单。",
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
            money("contact_cost")
                .in_company_currency()
                .label("Cost of a contact", "每次触达成本")
                .help(
                    "What reaching one customer costs: postage, call, gift, discount given. Empty is nothing. It decides whom reaching pays for.",
                    "触达一位客户的费用：邮寄、通话、赠品、让利等；不填按零计算。据此判断触达哪些客户划算。",
                ),
        )
        .field(long_text("description").label("Remarks", "备注"))
        .list(["name", "control_share", "start_on", "end_on", "outcome"])
        .sort("-start_on")
}
