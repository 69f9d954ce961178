//! The figures of satisfaction and loyalty on the account: declared, and computed from his answers and purchases.

use crate::scoring::{Scored, Scorer, number};
use meta::{Field, Value, decimal, integer};
use value::satisfaction::{Behaviour, Loyalty};

pub fn fields() -> Vec<Field> {
    let part = |name: &str, en: &str, zh: &str, of_en: &str, of_zh: &str| {
        integer(name)
            .label(en, zh)
            .help(&format!("0 to 100: {of_en}."), &format!("0 到 100：{of_zh}。"))
            .sure("index")
    };
    vec![
        decimal("satisfaction", 2).label("Satisfaction C", "满意度 C").help(
            "Mean of perceived over expected (b / a) of the customer's answers of the last 52 weeks; 1 is what he expected.",
            "该客户近 52 周各项回答中感知值与期望值之比（b / a）的平均数，等于 1 表示符合期望。",
        ).sure("answers"),
        decimal("recommendation", 1).label("Would recommend", "推荐意愿").help(
            "Mean of his answers from 0 to 10 of the last 52 weeks whether he would recommend us; 9 and 10 are promoters, 0 to 6 detractors.",
            "该客户近 52 周推荐意愿回答（0 到 10）的平均数；9–10 为推荐者，0–6 为贬损者。",
        ).sure("answers"),
        part(
            "loyalty_index",
            "Loyalty index",
            "忠诚指数",
            "mean of the parts of loyalty that are known: behavioural, emotional, cognitive",
            "行为、情感、认知三种忠诚中已知各项的平均值",
        )
        .moving(),
        part(
            "loyalty_behavioural",
            "Behavioural loyalty",
            "行为忠诚",
            "what he does: repeat buying, length of the relation, the share he says he buys here, times the probability that he buys within the next 52 weeks; empty as long as no forecast gives that probability",
            "购买行为：重复购买、关系长度、自述采购份额，再乘以未来 52 周内购买的概率；尚无预测给出该概率时为空",
        )
        .moving(),
        part(
            "loyalty_emotional",
            "Emotional loyalty",
            "情感忠诚",
            "what he feels: whether he would recommend us and buy again",
            "情感态度：推荐意愿与再购意愿",
        ),
        part(
            "loyalty_cognitive",
            "Cognitive loyalty",
            "认知忠诚",
            "what he thinks: whether he would stay if we were dearer, and whether we are his first choice",
            "理性判断：涨价后是否仍会购买，是否首先想到我们",
        ),
    ]
}

/// The parts of his loyalty that are known.
pub fn loyalty(scorer: &Scorer, scored: &Scored) -> Loyalty {
    let answers = &scored.statistics.answers;
    let tenth = |mean: f64| mean / f64::from(value::satisfaction::MOST);
    // The churn score is known by models and rules of thumb alike, P(alive) by models only.
    let p_churn = scored.figures.and_then(|figures| figures.p_churn);
    let behavioural = scored.statistics.summary.zip(p_churn).map(|(summary, p_churn)| {
        Behaviour {
            purchase_days: summary.orders,
            tenure_weeks: summary.observe(scorer.day).age,
            p_active: 1.0 - p_churn,
            share: answers.share.mean(),
        }
        .loyalty()
    });
    Loyalty {
        behavioural,
        emotional: answers.emotional.mean().map(tenth),
        cognitive: answers.cognitive.mean().map(tenth),
    }
}

/// Of every field of [`fields`].
pub fn values(scorer: &Scorer, scored: &Scored) -> [(&'static str, Value); 6] {
    let (answers, loyalty) = (&scored.statistics.answers, loyalty(scorer, scored));
    let whole = |number: Option<f64>| Value::from(number.map(|number| number.round() as i64));
    let percent = |part: Option<f64>| whole(part.map(|part| 100.0 * part));
    [
        ("satisfaction", number(answers.satisfaction.mean(), 2)),
        ("recommendation", number(answers.recommend.mean(), 1)),
        ("loyalty_index", whole(loyalty.index())),
        ("loyalty_behavioural", percent(loyalty.behavioural)),
        ("loyalty_emotional", percent(loyalty.emotional)),
        ("loyalty_cognitive", percent(loyalty.cognitive)),
    ]
}
