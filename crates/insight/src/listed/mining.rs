//! The pages of data mining: groups, baskets, products, forecast, purchasing, experiments.

use super::{Page, Shown, Source, Words, helped, own, sees_the_company, told};

const SALES: &str = "sales.net, sales.day";
const LINES: &str = "sales.product_key, sales.order";
const BOUGHT: &str = "sales.product_key, sales.account_key, sales.day";
const TASTES: &str = "product.category, sales.product_key, sales.account_key, sales.day";
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
    helped("mining.groups_found", "mining.groups_help", "count", "sales"),
    helped("mining.silhouette", "mining.silhouette_help", "quantity", "sales"),
    told("mining.customers", "count", "account_figures.customer_group"),
    told("mining.share", "share", "account_figures.customer_group"),
    helped("group_profile", "mining.profiles_hint", "quantity", "sales")
        .named(("Profile of a group", "分群特征值")),
    told("mining.taste_buyers", "count", TASTES),
    told("mining.taste_share", "share", TASTES),
    told("mining.taste_of_all", "share", TASTES),
    told("mining.taste_lift", "quantity", TASTES),
    own(
        "group_moves",
        ("Moves between groups", "分群间的变动"),
        "count",
        "sales",
        "share",
        (
            "Customers who were in one group 91 days ago and are in another today, both days by the same groups and by the orders of as many days before.",
            "91 天前在一个群、如今在另一个群的客户数，两个日期采用同一套分群，各看之前同样长的订单历史。",
        ),
    ),
];

const BASKETS: &[Shown] = &[
    helped("mining.baskets", "mining.baskets_help", "count", LINES),
    helped("mining.sets", "mining.sets_help", "count", LINES),
    helped("mining.rules", "mining.rules_help", "count", LINES),
    told("mining.set_orders", "count", LINES),
    told("mining.set_support", "share", LINES),
    told("mining.both", "count", LINES),
    told("mining.support", "share", LINES),
    told("mining.confidence", "share", LINES),
    told("mining.lift", "quantity", LINES),
    told("mining.leverage", "share", LINES),
    told("mining.bought_orders", "count", LINES),
];

const RECOMMENDED: &[Shown] = &[
    told("mining.hit_rate", "share", BOUGHT),
    told("mining.recall", "share", BOUGHT),
    told("mining.map", "quantity", BOUGHT),
    told("mining.coverage", "share", BOUGHT),
];

const PRODUCT: &[Shown] = &[
    helped("mining.buyers", "mining.buyers_help", "count", BOUGHT),
    helped("mining.orders_of_it", "mining.orders_of_it_help", "count", LINES),
    helped("mining.expected", "mining.expected_help", "count", BOUGHT),
    helped("mining.auc", "mining.auc_help", "quantity", BOUGHT),
    helped("mining.best_tenth", "mining.best_tenth_help", "quantity", BOUGHT),
    told("mining.probability", "share", BOUGHT),
    told("mining.against_average", "quantity", BOUGHT),
    told("mining.why_average", "share", BOUGHT),
    told("mining.why_now", "share", BOUGHT),
    told("mining.why_adds", "quantity", BOUGHT),
    told("mining.why_odds", "quantity", BOUGHT),
    told("mining.brier", "quantity", BOUGHT),
    told("mining.customers_of_both", "count", BOUGHT),
    told("mining.share_of_buyers", "share", BOUGHT),
    told("mining.similarity", "quantity", BOUGHT),
    helped("propensity_calibration", "mining.calibration_hint", "share", BOUGHT)
        .named(("Calibration by tenths", "按十等分的校准")),
];

const FORECAST: &[Shown] = &[
    told("mining.sold_so_far", "money", SALES),
    told("mining.to_come", "money", SALES),
    told("mining.together", "money", SALES),
    told("mining.held_sold", "money", SALES),
    helped("mining.units", "mining.units_help", "quantity", "sales.net, sales.quantity"),
    helped("mining.next_weeks", "mining.next_weeks_help", "money", SALES),
    helped("mining.last_weeks", "mining.last_weeks_help", "money", SALES),
    helped("mining.wape", "mining.wape_help", "share", SALES),
    own(
        "forecast_interval",
        ("Interval of the forecast", "预测区间"),
        "money",
        SALES,
        "forecast",
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
        "forecast_test",
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
        "forecast_test",
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
        "forecast_test",
        (
            "Sum of absolute errors over the sum of sales of the test.",
            "检验期内绝对误差之和与销售额之和的比。",
        ),
    ),
];

const PURCHASING: &[Shown] = &[
    helped("mining.column.price", "mining.column.price.is", "money", "sales.net, sales.quantity"),
    helped("mining.column.sales", "mining.column.sales.is", "money", SALES),
    told("mining.column.last_weeks_units", "quantity", "sales.quantity"),
    told("mining.column.orders", "count", "sales.order, sales.product_key"),
    told("mining.column.demand", "quantity", "sales.quantity"),
    told("mining.column.safety", "quantity", "sales.quantity"),
    told("mining.column.level", "quantity", "sales.quantity"),
    told("mining.column.weeks", "count", "sales.day, sales.product_key"),
    told("mining.column.wape", "share", "sales.quantity"),
];

const EFFECT: &[Shown] = &[
    helped("mining.treated", "mining.side_help", "share", EXPERIMENT),
    helped("mining.control", "mining.side_help", "share", EXPERIMENT),
    helped("mining.difference", "mining.difference_help", "share", EXPERIMENT),
    helped("mining.uplift", "mining.uplift_help", "share", EXPERIMENT),
    helped("mining.extra", "mining.extra_help", "money", RETURNS),
    helped("mining.spend", "mining.spend_help", "money", RETURNS),
    helped("mining.return", "mining.return_help", "share", RETURNS),
    told("mining.interval_95", "share", EXPERIMENT),
    told("mining.plan.customers", "count", "experiment"),
    told("mining.plan.smallest_rise", "share", EXPERIMENT),
    told("mining.plan.smallest_difference", "money", EXPERIMENT),
];

const UPLIFT: &[Shown] = &[
    helped("mining.uplift.qini", "mining.uplift.qini_help", "quantity", EXPERIMENT),
    helped("mining.uplift.slope", "mining.uplift.slope_help", "quantity", EXPERIMENT),
    helped("mining.uplift.judged", "mining.uplift.judged_help", "count", EXPERIMENT),
    helped("mining.uplift.told", "mining.uplift.calibration_hint", "share", EXPERIMENT),
    told("mining.treated", "share", EXPERIMENT),
    told("mining.control", "share", EXPERIMENT),
    told("mining.difference", "share", EXPERIMENT),
    told("mining.interval_95", "share", EXPERIMENT),
    helped("mining.uplift.weight", "mining.uplift.traits_hint", "quantity", EXPERIMENT),
    told("mining.uplift.in_best", "quantity", EXPERIMENT),
    told("mining.uplift.in_worst", "quantity", EXPERIMENT),
    told("mining.uplift.per_thousand", "money", EXPERIMENT),
    helped("qini_curve", "mining.uplift.curve_hint", "quantity", EXPERIMENT)
        .named(("Qini curve", "Qini 曲线")),
];
