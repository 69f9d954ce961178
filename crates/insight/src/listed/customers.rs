//! The pages about profit, satisfaction, cycles, contracts, alarms, before and after, and the seven P.

use super::{Page, Shown, Source, Words, helped, own, sees_alarms, sees_answers, sees_the_company, told};

const AFTER_FIT: Words = (
    "Computed after each fit (job value.after_fit) from the warehouse",
    "每次拟合后从数据仓库计算（任务 value.after_fit）",
);
const SURVEYS: &str = "surveys.expected, perceived, recommend, repurchase, price_tolerance, first_choice";
const PROFIT: &str = "account_figures.net_profit";
const CONTRACTS: &str = "account.contract_start_on, account.contract_end_on";
const PERIODS: &str = "order, order_line, return, activity, survey_answer";

const fn after_fit(
    label: Words,
    href: &'static str,
    report: &'static str,
    figures: &'static [Shown],
) -> Page {
    Page { label, href, origin: AFTER_FIT, source: Source::Kept(report), is_for: sees_the_company, figures }
}

pub(super) const PAGES: &[Page] = &[
    Page {
        origin: (
            "Computed with each fit from orders, returns, contacts and the cost rates of their days",
            "每次拟合时由订单、退货、接触记录和当日成本费率计算",
        ),
        ..after_fit(("Profitability", "客户盈利"), "/value/profitability", "profitability", PROFITABILITY)
    },
    Page {
        is_for: sees_answers,
        ..after_fit(("Satisfaction", "满意与忠诚"), "/value/satisfaction", "satisfaction", SATISFACTION)
    },
    after_fit(("Purchase cycles", "购买周期"), "/value/cycles", "cycles", CYCLES),
    after_fit(("Contracts", "合同"), "/value/contracts", "contracts", CONTRACT),
    Page { is_for: sees_alarms, ..after_fit(("Alarms", "预警"), "/value/alarms", "alarms", ALARMS) },
    after_fit(("Before and after", "前后对比"), "/value/benefit", "benefit", BENEFIT),
    after_fit(("Seven P", "7P 看板"), "/value/seven-p", "seven_p", SEVEN_P),
];

const PROFITABILITY: &[Shown] = &[
    helped("profit.losers", "profit.losers_help", "count", PROFIT),
    own(
        "whale_peak",
        ("Whale curve: peak", "鲸鱼曲线：峰值"),
        "share",
        PROFIT,
        "extended",
        (
            "Customers from the largest net profit down: the highest point of their cumulated profit, share of the profit of all. What is above 100 % the others cost again.",
            "客户按净利润由大到小排列，累计利润的最高点占全部利润的比例；超过 100% 的部分被其余客户消耗。",
        ),
    ),
    own(
        "whale_winners",
        ("Whale curve: customers who earn", "鲸鱼曲线：盈利客户占比"),
        "share",
        PROFIT,
        "extended",
        (
            "Share of the customers with a purchase whose net profit is above zero.",
            "有购买记录的客户中净利润为正的比例。",
        ),
    ),
    own(
        "profit_steps",
        ("Where the margin goes", "毛利去向"),
        "money",
        "account_figures.margin, contribution, cost_to_serve",
        "extended",
        (
            "Margin of all customers, what selling, handling, returns and contacts take of it, and the net profit that is left.",
            "全部客户的毛利，扣除销售费用、订单处理、退货和接触成本后剩余的净利润。",
        ),
    ),
    own(
        "loss_causes",
        ("Losses by cause", "亏损原因"),
        "money",
        PROFIT,
        "extended",
        (
            "Losses of customers with a net profit below zero, each by the largest of his costs.",
            "净利润为负的客户的亏损额，按各自最大的成本项归类。",
        ),
    ),
    told("profit.piece", "money", "cost_rate.amount"),
    told("profit.minute", "money", "cost_rate.amount_per_minute"),
    told("profit.share", "share", "cost_rate.share_of_sales"),
];

const SATISFACTION: &[Shown] = &[
    helped("satisfaction.c", "satisfaction.c_help", "quantity", SURVEYS),
    told("satisfaction.c_short", "quantity", SURVEYS),
    helped("satisfaction.nps", "satisfaction.nps_help", "points", "surveys.recommend"),
    helped("satisfaction.answers", "satisfaction.answers_help", "count", "surveys"),
    helped("satisfaction.index", "satisfaction.index_help", "points", "account_figures.loyalty_index"),
    told("satisfaction.index_then", "points", "account_figures.loyalty_index"),
    helped("satisfaction.attitude", "satisfaction.attitude_help", "points", SURVEYS),
    helped("satisfaction_of_dimension", "satisfaction.dimensions_help", "quantity", SURVEYS)
        .named(("Satisfaction by dimension", "各维度满意度")),
];

const CYCLES: &[Shown] = &[
    helped("cycle.pairs", "cycle.pairs.is", "count", "sales.day, sales.account_key, sales.product_key"),
    helped("cycle.regular", "cycle.regular.is", "count", "sales.day, sales.account_key, sales.product_key"),
    helped("cycle.due", "cycle.due.is", "count", "sales.day, sales.account_key, sales.product_key"),
    helped("cycle.every", "cycle.panel_help", "days", "sales.day, sales.account_key, sales.product_key"),
    own(
        "cycle_regular",
        ("Share of regular cycles", "规律周期占比"),
        "share",
        "sales.day",
        "share",
        (
            "Cycles (a customer with a product, or with anything) whose gaps lie close to their own typical one, share of all cycles.",
            "间隔大多接近自身典型值的购买周期占全部周期（客户与产品，或客户与全部产品）的比例。",
        ),
    ),
    told("cycle.expected", "count", "sales.day"),
    told("cycle.range", "count", "sales.day"),
    told("cycle.behind", "count", "sales.day, sales.account_key, sales.product_key"),
    helped("cycle.quantity", "cycle.demand_help", "quantity", "sales.quantity"),
    told("cycle.purchases", "count", "sales.day"),
];

const CONTRACT: &[Shown] = &[
    helped("contract.figure.running", "contract.help.running", "count", CONTRACTS),
    helped("contract.figure.ended", "contract.help.ended", "count", CONTRACTS),
    helped("contract.figure.half", "contract.help.half", "months", CONTRACTS),
    helped("contract.figure.first", "contract.help.first", "share", CONTRACTS),
    helped("contract.figure.further", "contract.help.further", "count", CONTRACTS),
    told("contract.contracts", "count", CONTRACTS),
    helped("contract.after", "contract.cohorts_help", "share", CONTRACTS),
    helped("contract.renews", "contract.standings_help", "share", CONTRACTS),
    helped("contract.ratio", "contract.hazards_help", "quantity", CONTRACTS),
    told("contract.range", "quantity", CONTRACTS),
    told("contract.own.renewals", "count", CONTRACTS),
    told("contract.own.renews", "share", CONTRACTS),
    told("contract.own.further", "count", CONTRACTS),
    told("contract.own.value", "money", CONTRACTS),
    helped("contract_survival", "contract.curve_help", "share", CONTRACTS)
        .named(("Survival of contracts", "合同存续曲线")),
];

const ALARMS: &[Shown] = &[
    told("alarm.count", "count", "alarm"),
    told("alarm.still_open", "count", "alarm"),
    told("alarm.ended_well", "count", "alarm"),
    told("alarm.known", "count", "alarm, sales.day"),
    helped("alarm.bought_share", "alarm.worth_help", "share", "alarm, sales.day"),
    told("alarm.orders_after", "count", "alarm, sales.order"),
    told("alarm.sales_after", "money", "alarm, sales.net"),
];

const BENEFIT: &[Shown] = &[
    told("benefit.before", "quantity", PERIODS),
    told("benefit.after", "quantity", PERIODS),
    told("benefit.change", "quantity", PERIODS),
    helped("benefit.sales_per_rep", "benefit.help.sales_per_rep", "money", "sales.net, sales.owner_key"),
    helped("benefit.sales", "benefit.help.sales", "money", "sales.net, returns.net"),
    helped("benefit.margin", "benefit.help.margin", "share", "sales.margin, returns.margin"),
    helped(
        "benefit.cost",
        "benefit.help.cost",
        "share",
        "order_costs, return_costs, activities.service_cost",
    ),
    helped("benefit.returns", "benefit.help.returns", "share", "returns.net, sales.net"),
    helped("benefit.buyers", "benefit.help.buyers", "count", "sales.account_key"),
    helped("benefit.first_buyers", "benefit.help.first_buyers", "count", "sales.account_key"),
    helped("benefit.retention", "benefit.help.retention", "share", "sales.account_key, sales.day"),
    helped("benefit.contacts_per_order", "benefit.help.contacts_per_order", "quantity", "activities, sales"),
    helped("benefit.satisfaction", "benefit.help.satisfaction", "quantity", "surveys.expected, perceived"),
    helped("benefit.nps", "benefit.help.nps", "points", "surveys.recommend"),
    helped("benefit.answer_hours", "benefit.help.answer_hours", "hours", "activity.happened_at"),
    helped("benefit.win_rate", "benefit.help.win_rate", "share", "–"),
];

const SEVEN_P: &[Shown] = &[
    own(
        "retention",
        ("Retention", "客户保留率"),
        "share",
        "order.account_key, order.ordered_at",
        "share",
        (
            "Of the customers who bought in the 52 weeks before, the share that bought again in the last 52, with its 95 % interval; beside it the same a year earlier.",
            "前 52 周购买的客户中近 52 周再次购买的比例，附 95% 区间，并与一年前比较。",
        ),
    ),
    own(
        "first_buyers_by_month",
        ("First purchases by month", "每月首次购买客户数"),
        "count",
        "order.account_key, order.ordered_at",
        "exact",
        ("Customers whose first order that counts was in the month.", "首张有效订单在该月的客户数。"),
    ),
    told("seven.column.sales", "money", "sales.net"),
    told("seven.column.change", "share", "sales.net"),
    told("seven.column.orders", "count", "sales.order"),
    told("seven.column.margin_share", "share", "sales.margin"),
    told("seven.column.per_order", "money", "sales.net"),
    told("seven.column.return_share", "share", "returns.net, sales.net"),
    told("seven.column.returned", "money", "returns.net"),
    told("seven.column.both", "count", "sales.order, sales.product_key"),
    told("seven.column.confidence", "share", "sales.order, sales.product_key"),
    told("seven.column.lift", "quantity", "sales.order, sales.product_key"),
    told("seven.column.sales_before", "money", "order.net_base, order.account_key, order.ordered_at"),
    told("seven.column.fall", "money", "order.net_base, order.account_key, order.ordered_at"),
    told("seven.column.source_converts", "share", "account.source, account.created_at, first_order_on"),
    helped(
        "came_by_kind",
        "seven.came_region_title.is",
        "count",
        "account.source, account.relation, account.province, account.created_at, first_order_on",
    )
    .named(("Accounts that came, by source, relation and region", "新增客户，按来源、关系和区域")),
    told("seven.column.experiments", "count", "experiment"),
    told("seven.column.customers", "count", "experiment"),
    told("seven.column.treated", "share", "experiment"),
    told("seven.column.control", "share", "experiment"),
    told("seven.column.difference", "share", "experiment"),
    told("seven.column.interval", "share", "experiment"),
    told("seven.column.experiments_apart", "count", "experiment"),
    told("seven.column.customers_there", "count", "experiment"),
    told("seven.column.elsewhere", "share", "experiment"),
    told("seven.column.more_there", "share", "experiment"),
    told("seven.column.more_there_interval", "share", "experiment"),
    own(
        "returns_by_reason",
        ("Returns by reason", "各原因的退货金额"),
        "money",
        "returns.net, returns.reason",
        "exact",
        (
            "Amount and number of the returns of the period for each reason given.",
            "本期各退货原因的金额与次数。",
        ),
    ),
];
