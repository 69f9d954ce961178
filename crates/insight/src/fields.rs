//! The figures added to the account: name, unit, label, and the definition a reader opens with the question mark.
//! Long because it is a table: one entry per figure, with its definition in two languages.

use crate::weekday;
use meta::{Field, choice, date, decimal, integer, money, percent, text};

/// The life-cycle stage.
pub const STAGE: &str = "stage";

pub const STAGES: [(&str, &str, &str, &str); 6] = [
    ("prospect", "Prospect", "尚未购买", "grey"),
    ("exploration", "Exploration", "考察期", "blue"),
    ("formation", "Formation", "形成期", "purple"),
    ("stability", "Stability", "稳定期", "green"),
    ("decline", "Decline", "退化期", "orange"),
    ("lost", "Lost", "已流失", "red"),
];

pub const QUADRANTS: [(&str, &str, &str, &str); 4] = [
    ("core", "Core", "核心客户", "green"),
    ("growing", "Growth", "潜力客户", "blue"),
    ("fading", "Cash", "现值客户", "orange"),
    ("small", "Small", "一般客户", "grey"),
];

/// The classes the account itself declares and this module computes, unless a person chose one.
pub const CLASSES: [&str; 3] = ["importance", "loyalty", "value_behaviour"];

/// Every figure this module adds to an account, in the order pages show them.
pub fn account_figures() -> Vec<Field> {
    let mut fields = history();
    fields.extend(crate::profitability::fields());
    fields.extend(crate::satisfaction::fields());
    fields.extend(scores());
    fields.extend(forecasts().into_iter().map(Field::moving));
    fields.extend(crate::profitability::future::fields());
    fields.extend(classes());
    let placed = |field: Field| if field.apart.is_some() { field } else { field.apart() };
    let mut fields: Vec<Field> = fields.into_iter().map(|field| placed(field).indexed()).collect();
    // Nobody looks for customers by these.
    fields.extend(deviations().into_iter().map(Field::moving));
    fields.into_iter().map(|field| field.section("Value", "客户价值")).collect()
}

fn history() -> Vec<Field> {
    vec![
        integer("orders").zh("订单数").help(
            "Number of confirmed, shipped or completed orders with an amount, up to the as-of date.",
            "截至统计日已确认、已发货或已完成且金额大于零的订单数。",
        ).sure("exact"),
        date("first_order_on").label("First order", "首次购买").help("Day of the first order.", "第一张订单的日期。").sure("exact"),
        date("last_order_on").label("Last order", "最近购买").help("Day of the latest order.", "最近一张订单的日期。").sure("exact"),
        money("gross_sales").in_company_currency().zh("销售总额").help(
            "Sum of these orders in the company currency, without tax, before returns.",
            "上述订单金额之和（本位币，不含税），未扣除退货。",
        ).sure("exact"),
        money("net_sales").in_company_currency().zh("净销售额").help(
            "Gross sales less returns. A return counts on the day it came back.",
            "销售总额减去退货；退货按退回当日计入。",
        ).sure("exact"),
        money("margin").in_company_currency().zh("毛利").help(
            "Net sales less the cost of what was sold and not given back, of orders and returns whose costs are all known: one line without a cost leaves its order out. Empty if there is none.",
            "净销售额减去已售未退商品的成本，只含各行成本全部已知的订单和退货：有一行成本未知，整张订单不计入。全部未知则为空。",
        ).sure("exact"),
        money("sales_52w").in_company_currency().label("Sales, last 52 weeks", "近一年净销售额").help(
            "Net sales of the 52 weeks up to the as-of date: what the customer is worth today, unless the company measures value by profit.",
            "截至统计日近 52 周的净销售额；除非公司选择按利润衡量，即客户的当前价值。",
        ).sure("exact"),
        decimal("interval_days", 1).label("Purchase interval (days)", "购买间隔（天）").help(
            "Mean number of days between purchase days. Several orders on one day are one purchase.",
            "相邻两个购买日之间的平均天数；同一天的多张订单算一次购买。",
        ).sure("exact"),
        choice(weekday::FIELD, &weekday::CHOICES).label("Usual weekday", "惯常购买日").help(
            "Day of the week on which the customer buys, where he clearly keeps to one: from eight purchase days on, and only if so many of them would fall on that day by chance, a fifth on each working day, with a probability of 1 % at most.",
            "该客户惯常在星期几购买：至少八个购买日，且若五个工作日机会均等，该日出现这么多购买日的概率不超过 1%；没有明显习惯的为空。",
        ).sure("by_rule"),
        date("next_purchase_on").label("Next purchase", "预计下次购买").help(
            "Day of the last purchase plus the customer's own typical interval (geometric mean), as on the purchase cycle; from four purchase days on, and only if he buys regularly.",
            "最近购买日加上该客户自己的典型间隔（几何平均），与“购买周期”一致；至少四个购买日，且购买有规律。",
        ).sure("rhythm"),
        decimal("overdue", 2).moving().label("Overdue", "超期倍数").help(
            "Days since the last purchase divided by the customer's own typical interval: 1 on the day of the next purchase, above it he is later than usual. Empty where no next purchase is told.",
            "距最近购买的天数除以该客户自己的典型间隔：预计下次购买日为 1，大于 1 表示比往常晚；无法预计下次购买时为空。",
        ).sure("rhythm"),
        integer("new_products").label("New products bought", "购买的新产品数").help(
            "Products he bought that were new: first sold after the company's first 26 weeks of sales and at least 13 weeks ago, those 13 weeks not over before his own first purchase. As of the last fit.",
            "该客户买过的新产品数：首次售出在公司有销售记录的前 26 周之后、且已满 13 周，且该 13 周结束时他已是客户。以最近一次拟合为准。",
        ).sure("exact"),
        integer("new_products_early").label("New products bought early", "早期购买的新产品数").help(
            "Of the new products he bought, those he first bought within 13 weeks of their first sale. As of the last fit.",
            "买过的新产品中，在首次售出后 13 周内即购买的个数。以最近一次拟合为准。",
        ).sure("exact"),
    ]
}

fn scores() -> Vec<Field> {
    let score = |name: &str, en: &str, zh: &str, of_en: &str, of_zh: &str| {
        integer(name)
            .label(en, zh)
            .help(
                &format!("1 to 5, 5 is best: the customer's fifth by {of_en} among all customers."),
                &format!("1 到 5 分，5 分最好：按{of_zh}在全部客户中所处的五分位。"),
            )
            .sure("exact")
    };
    vec![
        text("rfm")
            .label("RFM", "RFM")
            .help(
                "Recency, frequency and money as three scores from 1 to 5; 555 is best.",
                "最近一次购买、购买频次、购买金额三项得分，各 1 到 5 分，555 最好。",
            )
            .sure("exact"),
        score("rfm_recency", "Recency score", "最近购买得分", "the day of the last purchase", "最近购买日"),
        score("rfm_frequency", "Frequency score", "购买频次得分", "the number of purchase days", "购买天数"),
        score("rfm_monetary", "Money score", "购买金额得分", "gross sales", "销售总额"),
    ]
}

fn forecasts() -> Vec<Field> {
    vec![
        percent("p_alive").label("Still a customer", "仍是客户的概率").help(
            "Probability that he has not silently stopped buying. 100 % for everybody if no one is seen to stop, and with BG/NBD after a single purchase, because that model lets a customer stop only after a repeat purchase. Empty where a rule of thumb forecasts churn better than any model: a rule knows no such probability.",
            "客户尚未悄然停止购买的概率。若数据中看不出客户流失，则人人为 100%；采用 BG/NBD 模型时，只买过一次的客户恒为 100%，因为该模型假定客户只会在重复购买后停止。若某条简单规则对流失的预测比模型更准，则此项留空，因为规则没有这一概率。",
        ).sure("customer_forecast"),
        decimal("expected_purchases_52w", 4).label("Purchases, 52 weeks", "未来一年购买次数").help(
            "Number of purchase days expected within the next 52 weeks, by the model or rule of thumb that forecasts this company's customers best (page Back-test).",
            "未来 52 周内预计的购买次数，由对本公司客户预测最准的模型或简单规则算出（见“预测回测”页）。",
        ).sure("customer_forecast"),
        percent("p_buy_13w").label("Buys within 13 weeks", "三个月内购买概率").help(
            "Probability of at least one purchase within the next 13 weeks, by the model or rule of thumb that forecasts best (page Back-test).",
            "未来 13 周内至少购买一次的概率，由预测最准的模型或简单规则算出（见“预测回测”页）。",
        ).sure("customer_forecast"),
        percent("p_churn_52w").label("Buys no more, 52 weeks", "未来一年不再购买的概率").help(
            "Probability of no purchase within the next 52 weeks: the churn score. It counts who has stopped and who buys too seldom. By the model or rule of thumb that forecasts best (page Back-test).",
            "未来 52 周内一次都不购买的概率，即流失评分；既包括已停止购买的，也包括购买太少的；由预测最准的模型或简单规则算出（见“预测回测”页）。",
        ).sure("customer_forecast"),
        money("expected_spend").in_company_currency().label("Amount per purchase", "预计单次金额").help(
            "Mean amount of a future purchase (Gamma-Gamma): the customer's own mean drawn towards everybody's, the less the more he bought.",
            "未来每次购买的平均金额（Gamma-Gamma 模型）：以客户自己的均值为主，购买越少越向总体均值靠拢。",
        ).sure("customer_forecast"),
        money("clv_52w").in_company_currency().label("Value, 52 weeks", "未来一年价值").help(
            "Sales expected from the customer within the next 52 weeks, discounted to the as-of date; purchases by the model or rule of thumb that forecasts best (page Back-test).",
            "预计该客户未来 52 周带来的销售额，折现到统计日；购买次数由预测最准的模型或简单规则算出（见“预测回测”页）。",
        ).sure("expected"),
        money("clv_52w_low").in_company_currency().label("Value, low end", "未来一年价值（下限）").help(
            "Lower end of the interval in which the value of the next 52 weeks lies with a probability of about 80 %. Empty where a rule of thumb is in force, which gives none.",
            "未来一年价值约有八成把握落入的区间的下限；采用简单规则时没有区间，留空。",
        ).sure("expected"),
        money("clv_52w_high").in_company_currency().label("Value, high end", "未来一年价值（上限）").help(
            "Upper end of the interval in which the value of the next 52 weeks lies with a probability of about 80 %. Empty where a rule of thumb is in force, which gives none.",
            "未来一年价值约有八成把握落入的区间的上限；采用简单规则时没有区间，留空。",
        ).sure("expected"),
    ]
}

/// What the interval of a sum over customers is worked out from.
fn deviations() -> Vec<Field> {
    vec![
        decimal("purchases_52w_deviation", 4).label("Purchases, standard deviation", "未来一年购买次数（标准差）").help(
            "Standard deviation of the number of purchase days within the next 52 weeks, with the model's parameters as they are. Of customers together: the root of the sum of the squares, if each goes his own way. Empty where a rule of thumb is in force, which gives none.",
            "未来 52 周购买次数的标准差（模型参数视为已知）。多位客户合计时，假定各自独立，为平方和的平方根。采用简单规则时留空。",
        ).sure("customer_forecast"),
        money("clv_52w_deviation").in_company_currency().label("Value, standard deviation", "未来一年价值（标准差）").help(
            "Standard deviation of the value of the next 52 weeks, with the models' parameters as they are. Of customers together: the root of the sum of the squares, if each goes his own way. Empty where a rule of thumb is in force, and where amounts differ so much that a customer who bought but a few times has none.",
            "未来一年价值的标准差（模型参数视为已知）。多位客户合计时，假定各自独立，为平方和的平方根。采用简单规则时留空；金额差异过大、而客户只买过几次时标准差不存在，也留空。",
        ).sure("expected"),
    ]
}

fn classes() -> Vec<Field> {
    vec![
        choice("stage", &STAGES).label("Life-cycle stage", "生命周期阶段").help(
            "Stage of the relation by a stated rule: the first condition that holds decides.",
            "按公开的规则判定的关系阶段：依次检查各条件，第一个成立的条件决定阶段。",
        ).sure("by_rule"),
        choice("value_quadrant", &QUADRANTS).label("Value and potential", "价值象限").help(
            "What the last 52 weeks brought (value today) against what is expected of the next 52 (potential), both in sales or both in profit, as the company chose; high means among the best fifth. Core: both high. Growth: only the potential. Cash: only today's. Small: neither. Empty where profit was chosen and the customer's is unknown.",
            "以近 52 周带来的为当前价值、未来 52 周预计带来的为增值潜力，均按公司的选择以销售额或利润衡量，前五分之一为高。核心：两者皆高；潜力：仅潜力高；现值：仅当前价值高；一般：两者皆低。选择利润而该客户利润未知时为空。",
        ).sure("quadrant"),
    ]
}
