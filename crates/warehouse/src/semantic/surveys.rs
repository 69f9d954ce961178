//! Measures of what customers answer: satisfaction, the net promoter score, and the questions of loyalty.

use super::{
    interval::Sampled,
    measure::{Expression, Expression::Ratio, Measure, Unit, different_customers, measure, sum},
};

type Words = (&'static str, &'static str);

/// The sum of answers, and how many there are: parts of a mean.
fn part(name: &'static str, unit: Unit, labels: Words, definition: Words, expression: Expression) -> Measure {
    Measure { part: true, ..measure(name, unit, labels, definition, expression) }
}

/// A mean with its words, and its parts: sum, number, squares.
struct Mean {
    name: &'static str,
    unit: Unit,
    labels: Words,
    definition: Words,
    sum: (&'static str, &'static str, Words),
    count: (&'static str, &'static str, Words),
    /// Of whole numbers, so many of which make one.
    squares: (&'static str, &'static str, Words),
    unit_of_squares: u32,
}

const MEANS: [Mean; 5] = [
    Mean {
        name: "recommendation",
        unit: Unit::Quantity,
        labels: ("Would recommend, mean", "推荐意愿均值"),
        definition: (
            "Mean of the answers from 0 to 10 how likely customers would recommend us.",
            "推荐意愿回答（0 到 10）的平均数。",
        ),
        sum: ("recommend_sum", "sum(f.recommend)", ("Would recommend, sum", "推荐意愿合计")),
        count: ("recommend_answers", "count(f.recommend)", ("Would recommend, answers", "推荐意愿回答数")),
        squares: (
            "recommend_squares",
            "sum(f.recommend * f.recommend)",
            ("Would recommend, squares", "推荐意愿平方和"),
        ),
        unit_of_squares: 1,
    },
    Mean {
        name: "repurchase",
        unit: Unit::Quantity,
        labels: ("Would buy again, mean", "再购意愿均值"),
        definition: (
            "Mean of the answers from 0 to 10 how likely customers will buy again.",
            "再购意愿回答（0 到 10）的平均数。",
        ),
        sum: ("repurchase_sum", "sum(f.repurchase)", ("Would buy again, sum", "再购意愿合计")),
        count: ("repurchase_answers", "count(f.repurchase)", ("Would buy again, answers", "再购意愿回答数")),
        squares: (
            "repurchase_squares",
            "sum(f.repurchase * f.repurchase)",
            ("Would buy again, squares", "再购意愿平方和"),
        ),
        unit_of_squares: 1,
    },
    Mean {
        name: "price_tolerance",
        unit: Unit::Quantity,
        labels: ("Would stay if dearer, mean", "价格容忍度均值"),
        definition: (
            "Mean of the answers from 0 to 10 how likely customers would stay if prices rose by 5 %.",
            "价格容忍度回答（0 到 10，涨价 5% 后仍购买的可能性）的平均数。",
        ),
        sum: (
            "price_tolerance_sum",
            "sum(f.price_tolerance)",
            ("Would stay if dearer, sum", "价格容忍度合计"),
        ),
        count: (
            "price_tolerance_answers",
            "count(f.price_tolerance)",
            ("Would stay if dearer, answers", "价格容忍度回答数"),
        ),
        squares: (
            "price_tolerance_squares",
            "sum(f.price_tolerance * f.price_tolerance)",
            ("Would stay if dearer, squares", "价格容忍度平方和"),
        ),
        unit_of_squares: 1,
    },
    Mean {
        name: "first_choice",
        unit: Unit::Quantity,
        labels: ("First choice, mean", "首选程度均值"),
        definition: (
            "Mean of the answers from 0 to 10 how far we are the first customers think of.",
            "首选程度回答（0 到 10）的平均数。",
        ),
        sum: ("first_choice_sum", "sum(f.first_choice)", ("First choice, sum", "首选程度合计")),
        count: ("first_choice_answers", "count(f.first_choice)", ("First choice, answers", "首选程度回答数")),
        squares: (
            "first_choice_squares",
            "sum(f.first_choice * f.first_choice)",
            ("First choice, squares", "首选程度平方和"),
        ),
        unit_of_squares: 1,
    },
    Mean {
        name: "share_of_wallet",
        unit: Unit::Share,
        labels: ("Buys here, mean", "采购份额均值"),
        definition: (
            "Mean of the shares of what they need that customers say they buy from us; each answer counts the same.",
            "客户自述采购份额的平均数，每条回答权重相同。",
        ),
        sum: ("share_of_wallet_sum", "sum(f.share_of_wallet)", ("Buys here, sum", "采购份额合计")),
        count: (
            "share_of_wallet_answers",
            "count(f.share_of_wallet)",
            ("Buys here, answers", "采购份额回答数"),
        ),
        squares: ("share_of_wallet_squares", WALLET_SQUARES, ("Buys here, squares", "采购份额平方和")),
        unit_of_squares: 10_000,
    },
];

/// C of an answer in thousandths, rounded as `value::satisfaction::ratio_thousandths` rounds it: whole numbers, so that a mean is
/// the same here and on the pages.
const SATISFACTION_SUM: &str = "CAST(sum(CASE WHEN f.expected > 0 THEN (f.perceived * 1000 + f.expected / 2) / f.expected END) AS DECIMAL(18, 3)) \
     / CAST(1000 AS DECIMAL(4, 0))";
const SATISFACTION_SQUARES: &str = "sum(CASE WHEN f.expected > 0 THEN ((f.perceived * 1000 + f.expected / 2) / f.expected) * ((f.perceived * 1000 + f.expected / 2) / f.expected) END)";
/// In ten-thousandths.
const WALLET_SQUARES: &str =
    "sum(CAST(f.share_of_wallet * 10000 AS BIGINT) * CAST(f.share_of_wallet * 10000 AS BIGINT))";
/// In points: what is left of a hundred for each promoter and minus a hundred for each detractor.
const NPS_POINTS: &str = "sum(CASE WHEN f.recommend >= 9 THEN 100 WHEN f.recommend <= 6 THEN -100 WHEN f.recommend IS NOT NULL THEN 0 END)";
const ANSWERED: &str = "count(coalesce(f.expected, f.recommend, f.repurchase, f.price_tolerance, f.first_choice, CAST(f.share_of_wallet AS BIGINT)))";

pub(super) fn surveys() -> Vec<Measure> {
    let count =
        |name, labels, definition, sql| measure(name, Unit::Count, labels, definition, sum("surveys", sql));
    let mut all = vec![
        Measure {
            sampled: Some(Sampled::Mean { squares: "satisfaction_squares", unit: 1_000 }),
            ..measure(
                "satisfaction",
                Unit::Quantity,
                ("Satisfaction C", "满意度 C"),
                (
                    "Mean of perceived over expected (b / a) of all answers; 1 is what customers expected.",
                    "全部回答中感知值与期望值之比（b / a）的平均数，等于 1 表示符合期望。",
                ),
                Ratio("satisfaction_sum", "satisfaction_answers"),
            )
        },
        part(
            "satisfaction_squares",
            Unit::Quantity,
            ("Satisfaction C, squares", "满意度平方和"),
            (
                "Sum of the squares of perceived over expected in thousandths: how far answers lie apart.",
                "感知值与期望值之比（以千分之一计）的平方和，用于计算离散程度。",
            ),
            sum("surveys", SATISFACTION_SQUARES),
        ),
        part(
            "satisfaction_sum",
            Unit::Quantity,
            ("Satisfaction C, sum", "满意度合计"),
            (
                "Sum of perceived over expected, each answer rounded to thousandths.",
                "感知值与期望值之比的合计，每条回答取三位小数。",
            ),
            sum("surveys", SATISFACTION_SUM),
        ),
        count(
            "satisfaction_answers",
            ("Answers on satisfaction", "满意度回答数"),
            (
                "Number of answers with what was expected and how it was found: what satisfaction is the mean of.",
                "同时有期望值和感知值的回答数，即满意度均值的样本数。",
            ),
            "count(CASE WHEN f.expected > 0 THEN f.perceived END)",
        ),
        Measure {
            sampled: Some(Sampled::Promoters),
            ..measure(
                "nps",
                Unit::Points,
                ("Net promoter score", "净推荐值 NPS"),
                (
                    "Share of promoters (9 or 10) less share of detractors (0 to 6) among those asked whether they would recommend us, in points from −100 to 100.",
                    "推荐意愿回答中推荐者（9–10 分）占比减去贬损者（0–6 分）占比，以 −100 到 100 的分数表示。",
                ),
                Ratio("nps_points", "recommend_answers"),
            )
        },
        part(
            "nps_points",
            Unit::Points,
            ("Net promoter score, sum", "净推荐值合计"),
            (
                "A hundred for each promoter less a hundred for each detractor.",
                "每位推荐者计 100，每位贬损者计 −100。",
            ),
            sum("surveys", NPS_POINTS),
        ),
        count(
            "promoters",
            ("Promoters", "推荐者"),
            ("Answers of 9 or 10 to “would you recommend us”.", "推荐意愿为 9–10 分的回答数。"),
            "count(CASE WHEN f.recommend >= 9 THEN 1 END)",
        ),
        count(
            "passives",
            ("Passives", "中立者"),
            ("Answers of 7 or 8 to “would you recommend us”.", "推荐意愿为 7–8 分的回答数。"),
            "count(CASE WHEN f.recommend BETWEEN 7 AND 8 THEN 1 END)",
        ),
        count(
            "detractors",
            ("Detractors", "贬损者"),
            ("Answers of 0 to 6 to “would you recommend us”.", "推荐意愿为 0–6 分的回答数。"),
            "count(CASE WHEN f.recommend <= 6 THEN 1 END)",
        ),
        count(
            "survey_answers",
            ("Survey answers", "调查回答数"),
            (
                "Number of answers with at least one question answered; what was erased does not count.",
                "至少回答一项的回答数，已擦除的不计。",
            ),
            ANSWERED,
        ),
        measure(
            "surveyed_customers",
            Unit::Count,
            ("Customers who answered", "回答客户数"),
            ("Number of different customers with an answer.", "有调查回答的不同客户数。"),
            different_customers("surveys"),
        ),
        Measure {
            part: true,
            ..count(
                "survey_records",
                ("Records of answers", "调查回答记录数"),
                (
                    "Number of records of answers, those whose answers were erased, too.",
                    "调查回答记录数，含回答已擦除的记录。",
                ),
                "count(*)",
            )
        },
    ];
    for mean in MEANS {
        let ((summed, sum_sql, sum_label), (counted, count_sql, count_label)) = (mean.sum, mean.count);
        let (squares, squares_sql, squares_label) = mean.squares;
        all.push(Measure {
            sampled: Some(Sampled::Mean { squares, unit: mean.unit_of_squares }),
            ..measure(mean.name, mean.unit, mean.labels, mean.definition, Ratio(summed, counted))
        });
        let of_squares = (
            "Sum of the squares of the answers: how far they lie apart.",
            "各条回答的平方和，用于计算离散程度。",
        );
        all.push(part(squares, Unit::Quantity, squares_label, of_squares, sum("surveys", squares_sql)));
        let of_sum = ("Sum of the answers: part of a mean.", "各条回答之和，用于计算平均数。");
        let of_count = ("Number of the answers: part of a mean.", "回答条数，用于计算平均数。");
        all.push(part(summed, Unit::Quantity, sum_label, of_sum, sum("surveys", sum_sql)));
        all.push(part(counted, Unit::Count, count_label, of_count, sum("surveys", count_sql)));
    }
    all
}
