//! The pages of data mining: groups, baskets, products, forecast, purchasing, experiments.
//! Long because it is a table: one entry per figure, with its definition in two languages.

use super::{Page, Shown, Source, Words, helped, own, sees_the_company, told};

const SALES: &str = "sales.net, sales.day";
const LINES: &str = "sales.product_key, sales.order";
const BOUGHT: &str = "sales.product_key, sales.account_key, sales.day";
const EXPERIMENT: &str = "experiment, sales.account_key, sales.net";
const RETURNS: &str = "experiment, sales.account_key, sales.net, sales.margin";
const NIGHT: Words = (
    "Computed by the nightly data mining (job mining.refresh) from the warehouse",
    "由每晚的数据挖掘从数据仓库计算（任务 mining.refresh）",
);
const ASKED: Words = (
    "Computed for the record that is asked for (the same methods as every night), and kept",
    "按所查看的记录计算（与每晚的方法相同）并保存",
);

const fn page(
    label: Words,
    href: &'static str,
    origin: Words,
    kind: &'static str,
    figures: &'static [Shown],
) -> Page {
    Page { label, href, origin, source: Source::Mined(kind), is_for: sees_the_company, figures }
}

pub(super) const PAGES: &[Page] = &[
    page(("Customer groups", "客户分群"), "/analysis/groups", NIGHT, "groups", GROUPS),
    page(("Bought together", "关联购买"), "/analysis/baskets", NIGHT, "baskets", BASKETS),
    page(("Recommendations", "产品推荐"), "/analysis/baskets", NIGHT, "recommend", RECOMMENDED),
    page(("A product: who will buy it", "产品：谁会购买"), "/product", ASKED, "propensity", PRODUCT),
    page(("Forecast", "销售预测"), "/analysis/forecast", NIGHT, "forecast", FORECAST),
    page(("Purchasing", "采购建议"), "/analysis/purchasing", NIGHT, "purchasing", PURCHASING),
    page(("An experiment: its effect", "效果实验：效果"), "/experiment", ASKED, "experiment", EFFECT),
    page(("An experiment: who responds", "效果实验：谁会响应"), "/experiment", ASKED, "uplift", UPLIFT),
];

const GROUPS: &[Shown] = &[
    helped("mining.grouped", "mining.grouped_help", "count", "sales.account_key, sales.day"),
    helped("mining.groups", "mining.groups_help", "count", "sales"),
    helped("mining.silhouette", "mining.silhouette_help", "quantity", "sales"),
    told(
        "mining.customers",
        "count",
        "account_figures.customer_group",
        ("Customers of the group.", "该群的客户数。"),
    ),
    told(
        "mining.share",
        "share",
        "account_figures.customer_group",
        ("Share of all grouped customers who are in the group.", "该群客户占全部已分群客户的比例。"),
    ),
    helped("group_profile", "mining.profiles_hint", "quantity", "sales")
        .named(("Profile of a group", "分群特征值")),
    own(
        "group_moves",
        ("Moves between groups", "分群间的变动"),
        "count",
        "sales",
        (
            "Customers who were in one group 91 days ago and are in another today, both days by the same groups.",
            "91 天前在一个群、如今在另一个群的客户数，两个日期采用同一套分群。",
        ),
    ),
];

const BASKETS: &[Shown] = &[
    helped("mining.baskets", "mining.baskets_help", "count", LINES),
    helped("mining.sets", "mining.sets_help", "count", LINES),
    helped("mining.rules", "mining.rules_help", "count", LINES),
    told(
        "mining.both",
        "count",
        LINES,
        (
            "Orders that contain all products of the rule, on both sides.",
            "同时含有规则两侧全部产品的订单数。",
        ),
    ),
    told(
        "mining.support",
        "share",
        LINES,
        (
            "Orders that contain all products of the rule, share of all baskets.",
            "含有规则全部产品的订单占全部订单的比例。",
        ),
    ),
    told(
        "mining.confidence",
        "share",
        LINES,
        ("Of the orders with A, the share that contains B as well.", "含有 A 的订单中同时含有 B 的比例。"),
    ),
    told(
        "mining.lift",
        "quantity",
        LINES,
        (
            "Confidence over the share of all orders that contain B: above 1, A and B go together.",
            "置信度与含 B 订单占比之比，大于 1 表示 A 与 B 关联。",
        ),
    ),
    told(
        "mining.leverage",
        "share",
        LINES,
        (
            "Support less what it would be if A and B were bought independently of each other.",
            "支持度减去 A 与 B 相互独立时应有的支持度。",
        ),
    ),
];

const RECOMMENDED: &[Shown] = &[
    told(
        "mining.hit_rate",
        "share",
        BOUGHT,
        (
            "Share of the customers who bought at least one of the ten products named to them, in the test.",
            "检验中至少购买了所推荐 10 种产品之一的客户比例。",
        ),
    ),
    told(
        "mining.recall",
        "share",
        BOUGHT,
        (
            "Share of what customers bought for the first time that was among the ten products named, in the test.",
            "检验中客户首次购买的产品里出现在所推荐 10 种产品中的比例。",
        ),
    ),
    told(
        "mining.map",
        "quantity",
        BOUGHT,
        (
            "Mean average precision of the first ten products named: right ones count more the earlier they stand.",
            "前 10 种推荐产品的平均精度均值：命中的产品排得越前，得分越高。",
        ),
    ),
    told(
        "mining.coverage",
        "share",
        BOUGHT,
        ("Share of all products that are named to anybody.", "至少被推荐给一位客户的产品占全部产品的比例。"),
    ),
];

const PRODUCT: &[Shown] = &[
    helped("mining.buyers", "mining.buyers_help", "count", BOUGHT),
    helped("mining.expected", "mining.expected_help", "count", BOUGHT),
    helped("mining.auc", "mining.auc_help", "quantity", BOUGHT),
    helped("mining.best_tenth", "mining.best_tenth_help", "quantity", BOUGHT),
    told(
        "mining.probability",
        "share",
        BOUGHT,
        (
            "Probability that the customer buys the product within the next 13 weeks.",
            "该客户在未来 13 周内购买该产品的概率。",
        ),
    ),
    told(
        "mining.brier",
        "quantity",
        BOUGHT,
        (
            "Mean squared error of the probabilities in the test; smaller is better.",
            "检验中概率的均方误差，越小越好。",
        ),
    ),
    told(
        "mining.customers_of_both",
        "count",
        BOUGHT,
        (
            "Customers who bought both products within the last three years.",
            "近三年内两种产品都买过的客户数。",
        ),
    ),
    told(
        "mining.share_of_buyers",
        "share",
        BOUGHT,
        (
            "Of the buyers of this product, the share that bought the other as well.",
            "该产品的购买者中也购买了另一产品的比例。",
        ),
    ),
    told(
        "mining.similarity",
        "quantity",
        BOUGHT,
        (
            "Customers of both over the geometric mean of the buyers of each (cosine): 1 is the same customers.",
            "共同客户数与两者购买者数几何平均之比（余弦相似度），1 表示客户完全相同。",
        ),
    ),
    helped("propensity_calibration", "mining.calibration_hint", "share", BOUGHT)
        .named(("Calibration by tenths", "按十等分的校准")),
];

const FORECAST: &[Shown] = &[
    told(
        "mining.sold_so_far",
        "money",
        SALES,
        (
            "Net sales of the month or quarter under way up to the day the forecast begins.",
            "本月或本季从期初到预测开始日为止的净销售额。",
        ),
    ),
    told(
        "mining.to_come",
        "money",
        SALES,
        (
            "Forecast of the weeks that lie in the period; a week in two months is divided by the weekdays' usual shares.",
            "该时段内各周的预测；跨月的一周按各星期几的通常占比拆分。",
        ),
    ),
    told(
        "mining.together",
        "money",
        SALES,
        ("What was sold so far and what is still to come.", "已售与预计还将售出之和。"),
    ),
    helped("mining.units", "mining.units_help", "quantity", "sales.net, sales.quantity"),
    helped("mining.next_weeks", "mining.next_weeks_help", "money", SALES),
    helped("mining.last_weeks", "mining.last_weeks_help", "money", SALES),
    helped("mining.wape", "mining.wape_help", "share", SALES),
    own(
        "forecast_interval",
        ("Interval of the forecast", "预测区间"),
        "money",
        SALES,
        (
            "Range of a week's sales, as wide as the errors of the same method were on weeks known by now.",
            "某周销售额的区间，宽度取自同一方法对已知周次的预测误差。",
        ),
    ),
    own(
        "forecast_mase",
        ("MASE", "MASE"),
        "quantity",
        SALES,
        (
            "Mean absolute error over that of repeating the past: below 1 the method is better.",
            "平均绝对误差与简单重复历史的误差之比，小于 1 表示该方法更好。",
        ),
    ),
    own(
        "forecast_smape",
        ("sMAPE", "sMAPE"),
        "share",
        SALES,
        (
            "Mean of the error over the mean of actual and forecast sales of a week.",
            "各周误差与实际和预测均值之比的平均。",
        ),
    ),
    own(
        "forecast_wape",
        ("WAPE", "WAPE"),
        "share",
        SALES,
        (
            "Sum of absolute errors over the sum of sales of the test.",
            "检验期内绝对误差之和与销售额之和的比。",
        ),
    ),
];

const PURCHASING: &[Shown] = &[
    helped("mining.column.price", "mining.column.price.is", "money", "sales.net, sales.quantity"),
    helped("mining.column.sales", "mining.column.sales.is", "money", SALES),
    told(
        "mining.column.last_weeks_units",
        "quantity",
        "sales.quantity",
        ("Units sold within the last 13 whole weeks.", "最近 13 个完整周的销售数量。"),
    ),
    told(
        "mining.column.demand",
        "quantity",
        "sales.quantity",
        (
            "Units expected to be asked for until the next delivery after the next order: lead time and review time together.",
            "补货提前期与订货间隔内预计需求的数量。",
        ),
    ),
    told(
        "mining.column.safety",
        "quantity",
        "sales.quantity",
        (
            "Units kept beyond the expected demand, so that they run out as rarely as the level of service wanted allows.",
            "为达到所选服务水平而在预计需求之外保留的数量。",
        ),
    ),
    told(
        "mining.column.level",
        "quantity",
        "sales.quantity",
        (
            "Expected demand and safety stock together: up to it, order.",
            "预计需求加安全库存，即建议补足到的数量。",
        ),
    ),
    told(
        "mining.column.wape",
        "share",
        "sales.quantity",
        (
            "Sum of absolute errors over the sum of units sold, when the method forecast weeks that are known by now.",
            "用该方法预测已知周次时，绝对误差之和与销售数量之和的比。",
        ),
    ),
];

const EFFECT: &[Shown] = &[
    helped("mining.treated", "mining.side_help", "share", EXPERIMENT),
    helped("mining.control", "mining.side_help", "share", EXPERIMENT),
    helped("mining.difference", "mining.difference_help", "share", EXPERIMENT),
    helped("mining.uplift", "mining.uplift_help", "share", EXPERIMENT),
    helped("mining.extra", "mining.extra_help", "money", RETURNS),
    helped("mining.contacts_cost", "mining.contacts_cost_help", "money", RETURNS),
    helped("mining.return", "mining.return_help", "share", RETURNS),
    told(
        "mining.interval_95",
        "share",
        EXPERIMENT,
        (
            "Range in which the difference lies with 95 % confidence: Newcombe for shares of buyers, Welch for sales.",
            "差异以 95% 的把握落入的范围：购买占比按 Newcombe，销售额按 Welch 方法。",
        ),
    ),
];

const UPLIFT: &[Shown] = &[
    helped("mining.uplift.qini", "mining.uplift.qini_help", "quantity", EXPERIMENT),
    helped("mining.uplift.slope", "mining.uplift.slope_help", "quantity", EXPERIMENT),
    helped("mining.uplift.judged", "mining.uplift.judged_help", "count", EXPERIMENT),
    helped("mining.uplift.told", "mining.uplift.calibration_hint", "share", EXPERIMENT),
    told(
        "mining.treated",
        "share",
        EXPERIMENT,
        (
            "Of the fifth's customers who were drawn to be reached, the share that bought, or what they bought for each.",
            "该五分之一中被抽取触达的客户的购买占比（或人均销售额）。",
        ),
    ),
    told(
        "mining.control",
        "share",
        EXPERIMENT,
        ("The same of the fifth's customers who were left alone.", "该五分之一中对照组客户的同一数值。"),
    ),
    told(
        "mining.difference",
        "share",
        EXPERIMENT,
        (
            "Effect that happened in the fifth: reached less left alone.",
            "该五分之一中实际发生的效果：触达组减对照组。",
        ),
    ),
    told(
        "mining.interval_95",
        "share",
        EXPERIMENT,
        (
            "Range in which the effect, or what choosing is worth, lies with 95 % confidence.",
            "效果（或挑选触达的价值）以 95% 的把握落入的范围。",
        ),
    ),
    helped("mining.uplift.weight", "mining.uplift.traits_hint", "quantity", EXPERIMENT),
    told(
        "mining.uplift.in_best",
        "quantity",
        EXPERIMENT,
        (
            "Typical value of the mark among the fifth that responds best.",
            "反应最好的五分之一客户该特征的典型值。",
        ),
    ),
    told(
        "mining.uplift.in_worst",
        "quantity",
        EXPERIMENT,
        (
            "Typical value of the mark among the fifth that responds worst.",
            "反应最差的五分之一客户该特征的典型值。",
        ),
    ),
    told(
        "mining.uplift.per_thousand",
        "money",
        EXPERIMENT,
        (
            "Margin (or sales) added less the cost of the contacts, for every thousand customers, on customers the model had not seen.",
            "每千位客户增加的毛利（或销售额）减去触达成本，依据模型未见过的客户。",
        ),
    ),
    helped("qini_curve", "mining.uplift.curve_hint", "quantity", EXPERIMENT)
        .named(("Qini curve", "Qini 曲线")),
];
