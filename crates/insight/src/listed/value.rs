//! The pages of customer value: overview, value matrix, life cycle, back-test.

use super::{Page, Shown, Source, helped, own, sees_the_company, told};

const ORDERS: &str = "order, order_line, return";
const DRIVERS: &str = "sales.day, activity, return, survey_answer";

pub(super) const PAGES: &[Page] = &[
    Page {
        label: ("Value overview", "价值总览"),
        href: "/value",
        origin: (
            "Computed with each fit of the models (job value.refit), kept live in between",
            "每次拟合模型时计算（任务 value.refit），其间随业务实时更新",
        ),
        source: Source::Fit,
        is_for: sees_the_company,
        figures: OVERVIEW,
    },
    Page {
        label: ("Value matrix", "价值矩阵"),
        href: "/value/matrix",
        origin: (
            "Computed once a day from the orders up to a year ago and since (job value.past)",
            "每日由一年前及此后的订单计算（任务 value.past）",
        ),
        source: Source::Past,
        is_for: sees_the_company,
        figures: MATRIX,
    },
    Page {
        label: ("Life cycle", "生命周期"),
        href: "/value/life-cycle",
        origin: (
            "Moves and drivers computed from the warehouse when the page is opened; what customers are worth by stage once a day (job value.past)",
            "阶段变动与相关因素在打开页面时由数据仓库计算；各阶段的客户价值每日计算（任务 value.past）",
        ),
        source: Source::Past,
        is_for: sees_the_company,
        figures: LIFE_CYCLE,
    },
    Page {
        label: ("Back-test", "预测回测"),
        href: "/value/backtest",
        origin: (
            "Computed with each fit: models and rules learn the time before and forecast months held back",
            "每次拟合时计算：模型与规则只学习此前的数据，预测预留的月份",
        ),
        source: Source::Fit,
        is_for: sees_the_company,
        figures: BACKTEST,
    },
];

const OVERVIEW: &[Shown] = &[
    helped("value.customers", "value.customers_help", "count", ORDERS),
    helped("value.buyers_soon", "value.buyers_soon_help", "count", "account_figures.p_buy_13w"),
    helped("value.customers_for_80", "value.customers_for_80_help", "count", "account_figures.gross_sales"),
    own(
        "pareto_share",
        ("Share of sales of the best 20 %", "前 20% 客户的销售占比"),
        "share",
        "account_figures.gross_sales",
        "exact",
        (
            "Customers from the largest gross sales down; the curve is their cumulated share of all gross sales, the title that of the first fifth.",
            "客户按销售总额由大到小排列，曲线为累计占全部销售总额的比例，标题为前五分之一的占比。",
        ),
    ),
    own(
        "rfm_cell",
        ("Customers of an RFM cell", "RFM 单元客户数"),
        "count",
        "account_figures.rfm_recency, rfm_frequency",
        "exact",
        (
            "Number of customers with each pair of scores (1 to 5) of recency and frequency.",
            "最近购买与频次得分（各 1 到 5）每种组合的客户数。",
        ),
    ),
    own(
        "class_size",
        ("Customers of a class", "各分类客户数"),
        "count",
        "account_figures.stage, account.importance, account_figures.value_quadrant",
        "by_rule",
        (
            "Number of customers in each life-cycle stage, class of importance and value quadrant on the as-of date.",
            "截至统计日各生命周期阶段、重要程度和价值象限的客户数。",
        ),
    ),
    told("value.net_sales", "money", "account_figures.net_sales"),
    told("value.clv", "money", "account_figures.clv_52w"),
    told("value.p_alive", "share", "account_figures.p_alive"),
    told("value.p_churn", "share", "account_figures.p_churn_52w"),
    told("value.overdue_times", "quantity", "account_figures.overdue"),
    told("value.estimate", "quantity", ORDERS),
    told("value.standard_error", "quantity", ORDERS),
];

const MATRIX: &[Shown] = &[
    told("value.customers", "count", ORDERS),
    told("value.matrix.before", "money", "sales.net, returns.net, sales.margin"),
    told("value.matrix.forecast", "money", ORDERS),
    told("value.matrix.after", "money", "sales.net, returns.net, sales.margin"),
    told("value.matrix.kept", "share", "sales.net, returns.net, sales.margin"),
    told("value.matrix.came_back", "share", "sales"),
    own(
        "matrix_stays",
        ("Customers still in their quadrant", "仍在原象限的客户占比"),
        "share",
        "account_figures.value_quadrant",
        "share",
        (
            "Share of the customers of a year ago who are in the same quadrant today; the chart has every move from quadrant to quadrant.",
            "一年前的客户如今仍在同一象限的比例；图中为各象限之间的变动。",
        ),
    ),
];

const LIFE_CYCLE: &[Shown] = &[
    helped("value.customers", "value.life.at_beginning", "count", ORDERS),
    told("value.life.part", "share", "account_figures.stage"),
    told("value.life.reward", "money", "sales.net, sales.margin"),
    helped("value.life.worth", "value.life.worth_help", "money", "sales.net, sales.margin"),
    own(
        "transition",
        ("Transition probability", "转移概率"),
        "share",
        "sales.day, returns.day",
        "share",
        (
            "Share of the customers in one stage at the beginning of the period who are in another at its end, with its 95 % interval (Wilson). Stages follow from the orders up to each day by the rule in force.",
            "期初处于某阶段的客户在期末处于另一阶段的比例，附 95% 区间（Wilson）；各日的阶段由截至当日的订单按现行规则判定。",
        ),
    ),
    told("value.life.rate", "share", "sales.day"),
    told("value.life.active", "count", "sales.day"),
    told("value.life.lost", "count", "sales.day"),
    helped("value.life.ratio", "value.life.groups_help", "quantity", "sales.day, account"),
    told("value.driver.with", "count", DRIVERS),
    told("value.driver.rates", "share", DRIVERS),
    helped("value.driver.odds", "value.driver.help", "quantity", DRIVERS),
    told("value.driver.change", "share", DRIVERS),
];

const BACKTEST: &[Shown] = &[
    helped("value.customers", "value.backtest.customers.is", "count", ORDERS),
    told("value.backtest.score", "quantity", ORDERS),
    told("value.backtest.often", "quantity", ORDERS),
    told("value.backtest.whether", "quantity", ORDERS),
    told("value.backtest.bias", "share", ORDERS),
    told("value.backtest.money_bias", "share", ORDERS),
    told("value.backtest.money_mae", "money", ORDERS),
    own(
        "backtest_mae",
        ("MAE", "MAE"),
        "quantity",
        ORDERS,
        "trial",
        ("Mean absolute error of a customer's number of purchases.", "每位客户购买次数的平均绝对误差。"),
    ),
    own(
        "backtest_rmse",
        ("RMSE", "RMSE"),
        "quantity",
        ORDERS,
        "trial",
        (
            "Root of the mean squared error of a customer's number of purchases.",
            "每位客户购买次数的均方根误差。",
        ),
    ),
    own(
        "backtest_brier",
        ("Brier", "Brier"),
        "quantity",
        ORDERS,
        "trial",
        ("Mean squared error of the probability to buy.", "购买概率的均方误差。"),
    ),
    told("value.backtest.rank", "quantity", ORDERS),
    told("value.backtest.gini", "quantity", ORDERS),
    told("value.backtest.money_rmse", "money", ORDERS),
    told("value.backtest.perfect_capture", "share", ORDERS),
    told("value.backtest.capture", "share", ORDERS),
    told("value.backtest.parameters", "count", ORDERS),
    told("value.backtest.log_likelihood", "quantity", ORDERS),
    own(
        "backtest_aic",
        ("AIC", "AIC"),
        "quantity",
        ORDERS,
        "fit",
        (
            "Akaike's criterion: twice the number of parameters less twice the log-likelihood; smaller is better.",
            "赤池信息准则：参数个数的两倍减去对数似然的两倍，越小越好。",
        ),
    ),
    own(
        "backtest_bic",
        ("BIC", "BIC"),
        "quantity",
        ORDERS,
        "fit",
        (
            "Schwarz's criterion: number of parameters times the logarithm of the number of customers less twice the log-likelihood; smaller is better.",
            "施瓦茨信息准则：参数个数乘以客户数的对数，减去对数似然的两倍，越小越好。",
        ),
    ),
    helped("value.backtest.forecast_share", "value.backtest.calibration_help", "share", ORDERS),
    told("value.backtest.actual_share", "share", ORDERS),
    helped("backtest_skill", "value.backtest.skill_help", "share", ORDERS)
        .named(("Error saved", "减少的误差")),
];
