//! What was noticed, as data, and the sentence for it in the reader's language.

use crate::holidays::Uneven;
use meta::{Decimal, Lang, NaiveDate, unscaled};
use serde::{Deserialize, Serialize};
use web::Format;

/// Money in ten-thousandths of the company currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Signal {
    /// Silent for longer than usual: longer than the days within which he buys with a probability.
    Late {
        usual_days: f64,
        silent_days: i32,
        times: f64,
        /// Alarms of earlier versions do not know it.
        #[serde(default)]
        within: Option<(f64, i32)>,
    },
    /// The probability of buying within 13 weeks fell.
    BuysLess { before: f64, now: f64, days: i32 },
    /// The value of the next 52 weeks fell.
    WorthLess { before: i64, now: i64, days: i32 },
    /// A purchase of a product is expected.
    Due {
        product: String,
        every_days: f64,
        last_on: NaiveDate,
        next_on: NaiveDate,
        from_on: NaiveDate,
        to_on: NaiveDate,
    },
    /// Fewer customers bought in 13 weeks than in the same ones a year ago.
    FewerBuyers { before: u64, now: u64, z: f64 },
    /// Fewer customers belong to a group of those who buy alike than 13 weeks ago.
    FewerMembers { before: u64, now: u64, z: f64 },
    /// Less was sold.
    LessSold { before: i64, now: i64, z: f64 },
    /// Less was sold than the lower end of what was forecast before the weeks.
    BelowForecast { expected: i64, low: i64, sold: i64, weeks: usize },
    /// What is said before it compares days with other holidays.
    OtherHolidays(Uneven),
}

impl Signal {
    pub fn text(&self, format: Format, currency: &str) -> String {
        let money = |amount: &i64| {
            let amount = unscaled(*amount, meta::MONEY_SCALE).round();
            format.money(amount, currency).trim_end_matches(".00").to_owned()
        };
        let percent = |share: f64| {
            Decimal::try_from(share)
                .map_or_else(|_| "–".to_owned(), |share| format.percent(share.round_dp(2)))
        };
        let fall = |before: f64, now: f64| percent(if before > 0.0 { 1.0 - now / before } else { 0.0 });
        let date = |day: &NaiveDate| format.date(*day);
        match (self, format.lang) {
            (Signal::Late { usual_days, silent_days, times, within }, Lang::En) => {
                let within = within
                    .map(|(chance, days)| format!(", with {} probability within {days}", percent(chance)))
                    .unwrap_or_default();
                format!(
                    "Late: usually buys every {usual_days:.0} days{within}, silent for {silent_days} ({times:.1} times as long)."
                )
            }
            (Signal::Late { usual_days, silent_days, times, within }, Lang::Zh) => {
                let within = within
                    .map(|(chance, days)| format!("，{} 的把握在 {days} 天内购买", percent(chance)))
                    .unwrap_or_default();
                format!(
                    "购买超期：通常每 {usual_days:.0} 天购买一次{within}，已有 {silent_days} 天未购买（{times:.1} 倍）。"
                )
            }
            (Signal::BuysLess { before, now, days }, Lang::En) => format!(
                "The probability of buying within 13 weeks fell from {} to {} in {days} days.",
                percent(*before),
                percent(*now)
            ),
            (Signal::BuysLess { before, now, days }, Lang::Zh) => {
                format!("三个月内购买概率在 {days} 天内由 {} 降至 {}。", percent(*before), percent(*now))
            }
            (Signal::WorthLess { before, now, days }, Lang::En) => format!(
                "The value of the next 52 weeks fell from {} to {} in {days} days.",
                money(before),
                money(now)
            ),
            (Signal::WorthLess { before, now, days }, Lang::Zh) => {
                format!("未来一年价值在 {days} 天内由 {} 降至 {}。", money(before), money(now))
            }
            (Signal::Due { product, every_days, last_on, next_on, from_on, to_on }, Lang::En) => format!(
                "{product}: bought every {every_days:.0} days, last on {}; expected on {} (80 %: {} to {}).",
                date(last_on),
                date(next_on),
                date(from_on),
                date(to_on)
            ),
            (Signal::Due { product, every_days, last_on, next_on, from_on, to_on }, Lang::Zh) => format!(
                "{product}：每 {every_days:.0} 天购买一次，上次 {}，预计 {}（80% 把握：{} 至 {}）。",
                date(last_on),
                date(next_on),
                date(from_on),
                date(to_on)
            ),
            (Signal::FewerBuyers { before, now, z }, Lang::En) => format!(
                "{now} customers bought in the last 13 weeks, {before} in the same weeks a year ago: {} fewer (z = {z:.1}, not by chance).",
                fall(*before as f64, *now as f64)
            ),
            (Signal::FewerBuyers { before, now, z }, Lang::Zh) => format!(
                "近 13 周有 {now} 位客户购买，去年同期 {before} 位，减少 {}（z = {z:.1}，并非偶然）。",
                fall(*before as f64, *now as f64)
            ),
            (Signal::FewerMembers { before, now, z }, Lang::En) => format!(
                "{now} customers buy as this group does, {before} did 13 weeks ago: {} fewer (z = {z:.1}, not by chance).",
                fall(*before as f64, *now as f64)
            ),
            (Signal::FewerMembers { before, now, z }, Lang::Zh) => format!(
                "该分群现有 {now} 位客户，13 周前 {before} 位，减少 {}（z = {z:.1}，并非偶然）。",
                fall(*before as f64, *now as f64)
            ),
            (Signal::LessSold { before, now, z }, Lang::En) => format!(
                "{} sold in the last 13 weeks, {} in the same weeks a year ago: {} less (z = {z:.1}, not by chance).",
                money(now),
                money(before),
                fall(*before as f64, *now as f64)
            ),
            (Signal::LessSold { before, now, z }, Lang::Zh) => format!(
                "近 13 周销售额 {}，去年同期 {}，下降 {}（z = {z:.1}，并非偶然）。",
                money(now),
                money(before),
                fall(*before as f64, *now as f64)
            ),
            (Signal::BelowForecast { expected, low, sold, weeks }, Lang::En) => format!(
                "Below forecast: {} sold in the last {weeks} whole weeks; {} was forecast before them, {} at least (80 % interval).",
                money(sold),
                money(expected),
                money(low)
            ),
            (Signal::BelowForecast { expected, low, sold, weeks }, Lang::Zh) => format!(
                "低于预测：最近 {weeks} 个完整周销售额 {}，事先预测 {}，80% 区间下限 {}。",
                money(sold),
                money(expected),
                money(low)
            ),
            (Signal::OtherHolidays(Uneven { holiday, now, before }), Lang::En) => format!(
                "{} takes {now} workdays from these weeks and {before} from those of a year ago: {}.",
                holiday.en,
                if now > before { "that may be part of it" } else { "the two compare poorly" }
            ),
            (Signal::OtherHolidays(Uneven { holiday, now, before }), Lang::Zh) => {
                let so = if now > before { "可能是部分原因" } else { "两期可比性有限" };
                format!("{}假期占用工作日：本期 {now} 天，去年同期 {before} 天，{so}。", holiday.zh)
            }
        }
    }
}

/// All of them, one a line.
pub fn text(signals: &[Signal], format: Format, currency: &str) -> String {
    signals.iter().map(|signal| signal.text(format, currency)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use web::Zone;

    #[test]
    fn a_signal_is_said_in_both_languages() {
        let late = Signal::Late { usual_days: 12.2, silent_days: 31, times: 2.54, within: None };
        let said = |lang| text(std::slice::from_ref(&late), Format { lang, zone: Zone::default() }, "CNY");
        assert_eq!(said(Lang::En), "Late: usually buys every 12 days, silent for 31 (2.5 times as long).");
        assert_eq!(said(Lang::Zh), "购买超期：通常每 12 天购买一次，已有 31 天未购买（2.5 倍）。");
        let late = Signal::Late { usual_days: 12.2, silent_days: 31, times: 2.54, within: Some((0.95, 19)) };
        let said = |lang| late.text(Format { lang, zone: Zone::default() }, "CNY");
        assert_eq!(
            said(Lang::En),
            "Late: usually buys every 12 days, with 95% probability within 19, silent for 31 (2.5 times as long)."
        );
        assert_eq!(
            said(Lang::Zh),
            "购买超期：通常每 12 天购买一次，95% 的把握在 19 天内购买，已有 31 天未购买（2.5 倍）。"
        );
        let less = Signal::LessSold { before: 2_000_000, now: 1_500_000, z: -3.0 };
        let shown = less.text(Format { lang: Lang::En, zone: Zone::default() }, "CNY");
        assert!(shown.starts_with("¥150 sold") && shown.contains("¥200") && shown.contains("25%"), "{shown}");
        let fewer = Signal::FewerMembers { before: 100, now: 70, z: -4.24 };
        let said = |lang| fewer.text(Format { lang, zone: Zone::default() }, "CNY");
        assert_eq!(
            said(Lang::En),
            "70 customers buy as this group does, 100 did 13 weeks ago: 30% fewer (z = -4.2, not by chance)."
        );
        assert_eq!(said(Lang::Zh), "该分群现有 70 位客户，13 周前 100 位，减少 30%（z = -4.2，并非偶然）。");
        let below = Signal::BelowForecast { expected: 2_000_000, low: 1_800_000, sold: 1_500_000, weeks: 5 };
        let said = |lang| below.text(Format { lang, zone: Zone::default() }, "CNY");
        assert_eq!(
            said(Lang::En),
            "Below forecast: ¥150 sold in the last 5 whole weeks; ¥200 was forecast before them, ¥180 at least (80 % interval)."
        );
        assert_eq!(
            said(Lang::Zh),
            "低于预测：最近 5 个完整周销售额 ¥150，事先预测 ¥200，80% 区间下限 ¥180。"
        );
        let uneven = |now, before| {
            let holiday = meta::label("Spring Festival", "春节");
            Signal::OtherHolidays(Uneven { holiday, now, before })
        };
        let said = |uneven: Signal, lang| uneven.text(Format { lang, zone: Zone::default() }, "CNY");
        assert_eq!(
            said(uneven(6, 0), Lang::En),
            "Spring Festival takes 6 workdays from these weeks and 0 from those of a year ago: that may be part of it."
        );
        assert_eq!(
            said(uneven(6, 0), Lang::Zh),
            "春节假期占用工作日：本期 6 天，去年同期 0 天，可能是部分原因。"
        );
        // Fewer days off do not explain that less was sold.
        assert!(said(uneven(0, 6), Lang::En).ends_with("the two compare poorly."));
        assert!(said(uneven(0, 6), Lang::Zh).ends_with("两期可比性有限。"));
        let uneven = uneven(6, 0);
        let kept: Signal = serde_json::from_value(serde_json::to_value(&uneven).unwrap()).unwrap();
        assert_eq!(kept, uneven);
    }
}
