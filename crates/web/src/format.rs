//! Numbers, money and time as readers write them, in both languages.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use meta::{Decimal, Lang};

/// Where the reader's clock stands, as minutes east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    pub offset_minutes: i32,
}

impl Default for Zone {
    /// China, until the browser has said otherwise.
    fn default() -> Self {
        Zone { offset_minutes: 480 }
    }
}

impl Zone {
    /// The cookie's text; `None` if it is no offset on earth.
    pub fn parse(text: &str) -> Option<Zone> {
        let offset_minutes: i32 = text.trim().parse().ok()?;
        (-12 * 60..=14 * 60).contains(&offset_minutes).then_some(Zone { offset_minutes })
    }

    pub fn local(self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        match FixedOffset::east_opt(self.offset_minutes * 60) {
            Some(offset) => at.with_timezone(&offset),
            None => at.fixed_offset(),
        }
    }
}

/// How one reader sees values.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub lang: Lang,
    pub zone: Zone,
}

const SYMBOLS: [(&str, &str); 9] = [
    ("CNY", "¥"),
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "JP¥"),
    ("HKD", "HK$"),
    ("TWD", "NT$"),
    ("SGD", "S$"),
    ("KRW", "₩"),
];

impl Format {
    /// `1,234.5`: grouped, with the decimals it has.
    pub fn number(self, number: Decimal) -> String {
        grouped(&number.normalize().to_string())
    }

    /// Grouped, with exactly `decimals` after the point.
    pub fn fixed(self, number: Decimal, decimals: u32) -> String {
        let rounded =
            number.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        grouped(&format!("{rounded:.*}", decimals as usize))
    }

    /// `¥1,234.50`; a minus stands before the symbol.
    pub fn money(self, amount: Decimal, currency: &str) -> String {
        signed(amount, currency, &self.fixed(amount.abs(), decimals(currency)))
    }

    /// The same, but finer than the coin where the price is: `¥0.0425`.
    pub fn price(self, price: Decimal, currency: &str) -> String {
        let decimals = price.normalize().scale().clamp(decimals(currency), meta::MONEY_SCALE);
        signed(price, currency, &self.fixed(price.abs(), decimals))
    }

    /// `¥123.5万`, `$1.2M`: for tiles and charts.
    pub fn money_short(self, amount: Decimal, currency: &str) -> String {
        signed(amount, currency, &self.short(amount.abs()))
    }

    /// `123.5万`, `1.2M`.
    pub fn short(self, number: Decimal) -> String {
        let units: &[(i64, &str)] = match self.lang {
            Lang::Zh => &[(100_000_000, "亿"), (10_000, "万")],
            Lang::En => &[(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")],
        };
        for (size, unit) in units {
            if number.abs() >= Decimal::from(*size) {
                let scaled = (number / Decimal::from(*size)).round_dp(1).normalize();
                return format!("{}{unit}", grouped(&scaled.to_string()));
            }
        }
        self.number(number.round_dp(2))
    }

    /// A share as `12.5%`.
    pub fn percent(self, share: Decimal) -> String {
        let hundredfold = (share * Decimal::ONE_HUNDRED).round_dp(2).normalize();
        format!("{}%", grouped(&hundredfold.to_string()))
    }

    pub fn date(self, date: NaiveDate) -> String {
        date.format("%Y-%m-%d").to_string()
    }

    /// In the reader's time zone, to the minute.
    pub fn instant(self, at: DateTime<Utc>) -> String {
        self.zone.local(at).format("%Y-%m-%d %H:%M").to_string()
    }

    /// `5 minutes ago`, `yesterday`, `in 3 days`; further away the date itself.
    pub fn relative(self, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let seconds = (now - at).num_seconds();
        let minutes = seconds.abs() / 60;
        if minutes < 1 {
            return self.pick("just now", "刚刚");
        }
        let days = (self.zone.local(now).date_naive() - self.zone.local(at).date_naive()).num_days();
        if days == 0 || minutes < 60 {
            let (number, unit, zh) =
                if minutes < 60 { (minutes, "minute", "分钟") } else { (minutes / 60, "hour", "小时") };
            return self.away(seconds > 0, number, unit, zh);
        }
        self.relative_days(days).unwrap_or_else(|| self.date(self.zone.local(at).date_naive()))
    }

    /// The same for a date without time.
    pub fn relative_date(self, date: NaiveDate, now: DateTime<Utc>) -> String {
        let days = (self.zone.local(now).date_naive() - date).num_days();
        match days {
            0 => self.pick("today", "今天"),
            _ => self.relative_days(days).unwrap_or_else(|| self.date(date)),
        }
    }

    fn relative_days(self, days: i64) -> Option<String> {
        const DAYS_LIMIT: i64 = 30;
        match days {
            1 => Some(self.pick("yesterday", "昨天")),
            -1 => Some(self.pick("tomorrow", "明天")),
            _ if days.abs() <= DAYS_LIMIT => Some(self.away(days > 0, days.abs(), "day", "天")),
            _ => None,
        }
    }

    fn away(self, past: bool, number: i64, unit: &str, zh: &str) -> String {
        let plural = if number == 1 { "" } else { "s" };
        match (self.lang, past) {
            (Lang::En, true) => format!("{number} {unit}{plural} ago"),
            (Lang::En, false) => format!("in {number} {unit}{plural}"),
            (Lang::Zh, true) => format!("{number} {zh}前"),
            (Lang::Zh, false) => format!("{number} {zh}后"),
        }
    }

    fn pick(self, en: &str, zh: &str) -> String {
        match self.lang {
            Lang::En => en.to_owned(),
            Lang::Zh => zh.to_owned(),
        }
    }
}

/// Digits after the point that the currency's coins have.
fn decimals(currency: &str) -> u32 {
    if matches!(currency, "JPY" | "KRW" | "VND") { 0 } else { 2 }
}

fn signed(amount: Decimal, currency: &str, shown: &str) -> String {
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
    match SYMBOLS.iter().find(|(code, _)| *code == currency) {
        Some((_, symbol)) => format!("{sign}{symbol}{shown}"),
        None if currency.is_empty() => format!("{sign}{shown}"),
        None => format!("{sign}{currency} {shown}"),
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(lang: Lang) -> Format {
        Format { lang, zone: Zone::default() }
    }
    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn money_is_grouped_with_its_currency() {
        assert_eq!(format(Lang::Zh).money(number("1234.5"), "CNY"), "¥1,234.50");
        assert_eq!(format(Lang::En).money(number("-1234567.895"), "USD"), "-$1,234,567.90");
        assert_eq!(format(Lang::En).money(number("0"), "CHF"), "CHF 0.00");
        assert_eq!(format(Lang::En).money(number("370474"), "JPY"), "JP¥370,474");
        assert_eq!(format(Lang::En).price(number("0.0425"), "CNY"), "¥0.0425");
        assert_eq!(format(Lang::En).price(number("12.5"), "CNY"), "¥12.50");
    }

    #[test]
    fn short_numbers_use_the_units_of_the_language() {
        assert_eq!(format(Lang::Zh).money_short(number("1234567"), "CNY"), "¥123.5万");
        assert_eq!(format(Lang::Zh).short(number("312000000")), "3.1亿");
        assert_eq!(format(Lang::En).short(number("-1234567")), "-1.2M");
        assert_eq!(format(Lang::En).short(number("999")), "999");
    }

    #[test]
    fn a_share_is_shown_in_percent() {
        assert_eq!(format(Lang::En).percent(number("0.125")), "12.5%");
        assert_eq!(format(Lang::En).percent(number("1")), "100%");
    }

    #[test]
    fn time_is_relative_when_near() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-21T10:00:00Z");
        let english = format(Lang::En);
        assert_eq!(english.relative(at("2026-11-21T09:59:40Z"), now), "just now");
        assert_eq!(english.relative(at("2026-11-21T09:55:00Z"), now), "5 minutes ago");
        assert_eq!(english.relative(at("2026-11-21T12:00:00Z"), now), "in 2 hours");
        // In China the 20th ended at 16:00 UTC.
        assert_eq!(english.relative(at("2026-11-20T15:00:00Z"), now), "yesterday");
        assert_eq!(format(Lang::Zh).relative(at("2026-11-18T10:00:00Z"), now), "3 天前");
        assert_eq!(english.relative(at("2026-01-18T10:00:00Z"), now), "2026-01-18");
        assert_eq!(english.instant(at("2026-11-20T15:00:00Z")), "2026-11-20 23:00");
    }

    #[test]
    fn a_zone_not_on_earth_is_refused() {
        assert_eq!(Zone::parse("-300"), Some(Zone { offset_minutes: -300 }));
        assert_eq!(Zone::parse("9000"), None);
        assert_eq!(Zone::parse("Asia/Shanghai"), None);
    }
}
