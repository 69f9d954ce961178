//! The pages of customer value: overview, value matrix, life cycle, back-test.
//! Long because it is a table: one entry per figure, with its definition in two languages.

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
        (
            "Number of customers in each life-cycle stage, class of importance and value quadrant on the as-of date.",
            "截至统计日各生命周期阶段、重要程度和价值象限的客户数。",
        ),
    ),
    told(
        "value.net_sales",
        "money",
        "account_figures.net_sales",
        ("Net sales of the customer: gross sales less returns.", "客户的净销售额：销售总额减去退货。"),
    ),
    told(
        "value.clv",
        "money",
        "account_figures.clv_52w",
        (
            "Sales expected from the customer within the next 52 weeks, discounted to the as-of date.",
            "预计该客户未来 52 周带来的销售额，折现到统计日。",
        ),
    ),
    told(
        "value.p_alive",
        "share",
        "account_figures.p_alive",
        ("Probability that the customer has not silently stopped buying.", "客户尚未悄然停止购买的概率。"),
    ),
    told(
        "value.overdue_times",
        "quantity",
        "account_figures.overdue",
        (
            "Days since the last purchase divided by the customer's own mean interval.",
            "距最近购买的天数除以该客户自己的平均间隔。",
        ),
    ),
    told(
        "value.estimate",
        "quantity",
        ORDERS,
        (
            "Value of a model's parameter that makes the observed purchases most likely (maximum likelihood).",
            "使观察到的购买最可能出现的模型参数值（极大似然估计）。",
        ),
    ),
    told(
        "value.standard_error",
        "quantity",
        ORDERS,
        (
            "Standard error of the parameter, from the curvature of the likelihood at its maximum.",
            "参数的标准误，由似然函数在极大值处的曲率得出。",
        ),
    ),
];

const MATRIX: &[Shown] = &[
    told(
        "value.customers",
        "count",
        ORDERS,
        ("Customers who were in the quadrant a year ago.", "一年前处于该象限的客户数。"),
    ),
    told(
        "value.matrix.before",
        "money",
        "sales.net, returns.net",
        (
            "Net sales of the quadrant's customers in the 52 weeks before that day.",
            "该象限客户在当日之前 52 周的净销售额。",
        ),
    ),
    told(
        "value.matrix.forecast",
        "money",
        ORDERS,
        (
            "What the model, fitted to the orders up to that day, forecast for the 52 weeks after it.",
            "以截至当日的订单拟合的模型对此后 52 周的预测。",
        ),
    ),
    told(
        "value.matrix.after",
        "money",
        "sales.net, returns.net",
        (
            "Net sales of the same customers in the 52 weeks after that day.",
            "同一批客户在此后 52 周的净销售额。",
        ),
    ),
    told(
        "value.matrix.kept",
        "share",
        "sales.net, returns.net",
        ("Net sales after that day over those before.", "此后净销售额与此前净销售额之比。"),
    ),
    told(
        "value.matrix.came_back",
        "share",
        "sales",
        (
            "Share of the quadrant's customers who bought in the 52 weeks after that day.",
            "该象限客户在此后 52 周内再次购买的比例。",
        ),
    ),
    own(
        "matrix_stays",
        ("Customers still in their quadrant", "仍在原象限的客户占比"),
        "share",
        "account_figures.value_quadrant",
        (
            "Share of the customers of a year ago who are in the same quadrant today; the chart has every move from quadrant to quadrant.",
            "一年前的客户如今仍在同一象限的比例；图中为各象限之间的变动。",
        ),
    ),
];

const LIFE_CYCLE: &[Shown] = &[
    told(
        "value.customers",
        "count",
        ORDERS,
        (
            "Customers in the stage, or of the group, at the beginning of the period.",
            "时段开始时处于该阶段（或属于该客户群）的客户数。",
        ),
    ),
    told(
        "value.life.part",
        "share",
        "account_figures.stage",
        ("Share of all customers who are in the stage on the day.", "当日处于该阶段的客户占全部客户的比例。"),
    ),
    told(
        "value.life.reward",
        "money",
        "sales.net, sales.margin",
        (
            "Mean purchases in the quarter after being in the stage, times the margin rate, less the marketing cost.",
            "处于该阶段后一个季度的平均购买额乘以毛利率，减去营销成本。",
        ),
    ),
    helped("value.life.worth", "value.life.worth_help", "money", "sales.net, sales.margin"),
    own(
        "transition",
        ("Transition probability", "转移概率"),
        "share",
        "sales.day, returns.day",
        (
            "Share of the customers in one stage at the beginning of the period who are in another at its end, with its 95 % interval (Wilson). Stages follow from the orders up to each day by the rule in force.",
            "期初处于某阶段的客户在期末处于另一阶段的比例，附 95% 区间（Wilson）；各日的阶段由截至当日的订单按现行规则判定。",
        ),
    ),
    told(
        "value.life.rate",
        "share",
        "sales.day",
        (
            "Share of the group's active customers at the beginning who were lost at the end.",
            "该客户群期初活跃、期末已流失的客户比例。",
        ),
    ),
    told(
        "value.life.active",
        "count",
        "sales.day",
        (
            "Customers of the group who were in exploration, formation, stability or decline at the beginning of the period.",
            "期初处于考察期、形成期、稳定期或退化期的该组客户数。",
        ),
    ),
    told(
        "value.life.lost",
        "count",
        "sales.day",
        ("Those of them who were lost at the end of the period.", "其中期末已流失的客户数。"),
    ),
    helped("value.life.ratio", "value.life.groups_help", "quantity", "sales.day, account"),
    told(
        "value.driver.with",
        "count",
        DRIVERS,
        (
            "Active customers at the beginning who had the trait, or more of it than the threshold.",
            "期初活跃客户中具有该因素（或数值高于分界）的客户数。",
        ),
    ),
    told(
        "value.driver.rates",
        "share",
        DRIVERS,
        (
            "Share lost at the end of the period of those with the trait, and of those without it; adjusted for nothing.",
            "具有与不具有该因素的客户期末流失的比例，未作调整。",
        ),
    ),
    helped("value.driver.odds", "value.driver.help", "quantity", DRIVERS),
    told(
        "value.driver.change",
        "share",
        DRIVERS,
        (
            "By how much the probability of breaking up changes with the trait on the mean of all customers, all other traits as they are (average marginal effect), with its 95 % interval.",
            "其他因素不变时，该因素使流失概率平均改变的幅度（平均边际效应），附 95% 区间。",
        ),
    ),
];

const BACKTEST: &[Shown] = &[
    told(
        "value.customers",
        "count",
        ORDERS,
        (
            "Customers of the test, or of a group by forecast probability.",
            "参与检验的客户数，或某一预测概率组的客户数。",
        ),
    ),
    told(
        "value.backtest.score",
        "quantity",
        ORDERS,
        (
            "Error over that of giving everybody the average, half from the number of purchases, half from whether there is one: 1 is no better, 0 perfect.",
            "与人人取平均的误差之比，购买次数与是否购买各占一半：1 表示并不更好，0 为完美。",
        ),
    ),
    told(
        "value.backtest.often",
        "quantity",
        ORDERS,
        (
            "Squared error of the number of purchases over that of the average rule.",
            "购买次数的平方误差与人人取平均之比。",
        ),
    ),
    told(
        "value.backtest.whether",
        "quantity",
        ORDERS,
        (
            "Brier score of the probability to buy over that of the average rule.",
            "购买概率的 Brier 分数与人人取平均之比。",
        ),
    ),
    told(
        "value.backtest.bias",
        "share",
        ORDERS,
        ("Forecast number of purchases over the actual one, less one.", "预测购买总数与实际总数之比减一。"),
    ),
    told(
        "value.backtest.money_bias",
        "share",
        ORDERS,
        ("Forecast amount over the actual one, less one.", "预测金额与实际金额之比减一。"),
    ),
    told(
        "value.backtest.money_mae",
        "money",
        ORDERS,
        ("Mean absolute error of a customer's forecast amount.", "每位客户预测金额的平均绝对误差。"),
    ),
    own(
        "backtest_mae",
        ("MAE", "MAE"),
        "quantity",
        ORDERS,
        ("Mean absolute error of a customer's number of purchases.", "每位客户购买次数的平均绝对误差。"),
    ),
    own(
        "backtest_rmse",
        ("RMSE", "RMSE"),
        "quantity",
        ORDERS,
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
        ("Mean squared error of the probability to buy.", "购买概率的均方误差。"),
    ),
    told(
        "value.backtest.rank",
        "quantity",
        ORDERS,
        (
            "Rank correlation (Spearman) of forecast and actual purchases: whether the order of customers is right.",
            "预测与实际购买次数的秩相关（Spearman）：客户排序是否正确。",
        ),
    ),
    told(
        "value.backtest.gini",
        "quantity",
        ORDERS,
        ("How much of the perfect order of customers by money was found.", "金额排序达到完美排序的程度。"),
    ),
    told(
        "value.backtest.money_rmse",
        "money",
        ORDERS,
        (
            "Root of the mean squared error of a customer's forecast amount: large errors count more than in the mean absolute one.",
            "每位客户预测金额误差平方均值的平方根：与平均绝对误差相比，更看重大的误差。",
        ),
    ),
    told(
        "value.backtest.perfect_capture",
        "share",
        ORDERS,
        (
            "What the best fifth would have brought had everybody been put in the right order: no forecast can capture more.",
            "若排序完全正确，前五分之一客户会带来的金额占比：任何预测都不可能更高。",
        ),
    ),
    told(
        "value.backtest.capture",
        "share",
        ORDERS,
        (
            "Share of the actual money that the best fifth by forecast brought.",
            "预测最好的五分之一客户实际带来的金额占比。",
        ),
    ),
    told(
        "value.backtest.parameters",
        "count",
        ORDERS,
        ("Number of parameters the model learns.", "模型学习的参数个数。"),
    ),
    told(
        "value.backtest.log_likelihood",
        "quantity",
        ORDERS,
        (
            "Logarithm of the probability of the observed purchase days under the model.",
            "观察到的购买日期在模型下的概率的对数。",
        ),
    ),
    own(
        "backtest_aic",
        ("AIC", "AIC"),
        "quantity",
        ORDERS,
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
        (
            "Schwarz's criterion: number of parameters times the logarithm of the number of customers less twice the log-likelihood; smaller is better.",
            "施瓦茨信息准则：参数个数乘以客户数的对数，减去对数似然的两倍，越小越好。",
        ),
    ),
    helped("value.backtest.forecast_share", "value.backtest.calibration_help", "share", ORDERS),
    told(
        "value.backtest.actual_share",
        "share",
        ORDERS,
        ("Share of the group that bought in the months held back.", "该组在预留月份内实际购买的比例。"),
    ),
    helped("backtest_skill", "value.backtest.skill_help", "share", ORDERS)
        .named(("Error saved", "减少的误差")),
];
