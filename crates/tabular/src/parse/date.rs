//! Dates and instants in the spellings tables use.
//!
//! Ambiguity: in `5/12/2010` day or month may come first. The style of the column decides, which [`crate::style`]
//! infers from all its cells; a month's name, or the year in front, needs no style. Two-digit years follow POSIX:
//! 69–99 are 19xx, 00–68 are 20xx. A bare number is a day count only in workbooks (day 1 = 1900-01-01 there).

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{CellError, shown, value};
use crate::ColumnStyle;
use crate::headers::narrow;

/// A point in time as written: local time, and its distance from UTC if the cell gave one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub local: NaiveDateTime,
    pub offset: Option<FixedOffset>,
    /// False when the cell was a date only.
    pub has_time: bool,
}

impl Moment {
    /// The instant, taking `zone` where the cell names none.
    pub fn to_utc(&self, zone: FixedOffset) -> DateTime<Utc> {
        let offset = i64::from(self.offset.unwrap_or(zone).local_minus_utc());
        (self.local - TimeDelta::seconds(offset)).and_utc()
    }
}

/// The day as written; a time of day beside it is dropped.
pub fn date(cell: &str, style: &ColumnStyle) -> Result<Option<NaiveDate>, CellError> {
    Ok(moment(cell, style)?.map(|moment| moment.local.date()))
}

pub fn moment(cell: &str, style: &ColumnStyle) -> Result<Option<Moment>, CellError> {
    let Some(text) = value(cell)? else { return Ok(None) };
    if let Some(local) = iso(text.as_bytes()) {
        return Ok(Some(Moment { local, offset: None, has_time: text.len() > 10 }));
    }
    if style.excel_serial
        && let Some(local) = serial(text)
    {
        return Ok(Some(Moment { local, offset: None, has_time: local.time() != NaiveTime::MIN }));
    }
    let written = Written::of(text).ok_or_else(|| CellError::NotADate(shown(text)))?;
    let day = written.date.to_date(style, text)?;
    let (time, offset) = match written.time.as_deref().map(str::trim) {
        None | Some("") => (None, None),
        Some(time) => {
            let (time, offset) = clock(time).ok_or_else(|| CellError::NotATime(shown(text)))?;
            (Some(time), offset)
        }
    };
    let local = day.and_time(time.unwrap_or(NaiveTime::MIN));
    Ok(Some(Moment { local, offset, has_time: time.is_some() }))
}

/// Days since 1899-12-30, right from 1900-03-01 on. Only what lies within 1954–2119 is taken for a date.
fn serial(text: &str) -> Option<NaiveDateTime> {
    let days: f64 = text.parse().ok()?;
    if !(20_000.0..80_000.0).contains(&days) {
        return None;
    }
    let start = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    start.checked_add_signed(TimeDelta::seconds((days * 86_400.0).round() as i64))
}

/// `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`, the spelling of nearly all large files.
fn iso(b: &[u8]) -> Option<NaiveDateTime> {
    if !matches!(b.len(), 10 | 19) || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let number = |range: &[u8]| {
        range.iter().try_fold(0u32, |n, c| c.is_ascii_digit().then(|| n * 10 + u32::from(c - b'0')))
    };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(&b[..4])?).ok()?,
        number(&b[5..7])?,
        number(&b[8..10])?,
    )?;
    if &b[..4] == b"0000" {
        return None;
    }
    if b.len() == 10 {
        return Some(date.and_time(NaiveTime::MIN));
    }
    if !matches!(b[10], b' ' | b'T') || b[13] != b':' || b[16] != b':' {
        return None;
    }
    date.and_hms_opt(number(&b[11..13])?, number(&b[14..16])?, number(&b[17..19])?)
}

/// The three numbers of a date, in the order that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateParts {
    YearMonthDay(u32, u32, u32),
    DayMonthName(u32, u32, i32),
    /// First and second number, year: which is the month is up to the column.
    Unordered(u32, u32, i32),
}

impl DateParts {
    fn to_date(self, style: &ColumnStyle, text: &str) -> Result<NaiveDate, CellError> {
        let (year, month, day) = match self {
            Self::YearMonthDay(y, m, d) => (i32::try_from(y).unwrap_or(i32::MAX), m, d),
            Self::DayMonthName(d, m, y) => (y, m, d),
            Self::Unordered(d, m, y) if style.day_first => (y, m, d),
            Self::Unordered(m, d, y) => (y, m, d),
        };
        if let Self::Unordered(..) = self
            && month > 12
            && day <= 12
        {
            return Err(CellError::MonthOutOfRange { cell: shown(text), day_first: style.day_first, month });
        }
        NaiveDate::from_ymd_opt(year, month, day)
            .filter(|_| (1..=9999).contains(&year))
            .ok_or_else(|| CellError::NoSuchDay(shown(text)))
    }
}

/// The parts of a numeric date, for finding out their order.
pub(crate) fn numeric_parts(cell: &str) -> Option<(DateParts, bool)> {
    let text = value(cell).ok()??;
    if iso(text.as_bytes()).is_some() {
        return Some((DateParts::YearMonthDay(0, 0, 0), false));
    }
    let written = Written::of(text)?;
    Some((written.date, text.contains('.')))
}

/// A date and the text of the time after it.
struct Written {
    date: DateParts,
    time: Option<String>,
}

impl Written {
    fn of(text: &str) -> Option<Self> {
        let plain = plain(text);
        let tokens = tokens(&plain);
        if let [(only, end)] = tokens.as_slice().get(..1)?
            && let Some(found) = compact(only, &plain[*end..])
        {
            return Some(found);
        }
        let (mut numbers, mut month, mut end) = (Vec::with_capacity(3), None, 0);
        for (token, token_end) in &tokens {
            match month_named(token) {
                Some(named) if month.is_none() => month = Some(named),
                _ if is_weekday(token) => continue,
                _ => numbers.push((token.parse::<u32>().ok()?, token.len())),
            }
            end = *token_end;
            if numbers.len() + usize::from(month.is_some()) == 3 {
                break;
            }
        }
        let date = match (numbers.as_slice(), month) {
            (&[(y, 4), (m, 1 | 2), (d, 1 | 2)], None) => DateParts::YearMonthDay(y, m, d),
            (&[(a, 1 | 2), (b, 1 | 2), (y, len @ (2 | 4))], None) => {
                DateParts::Unordered(a, b, year(y, len)?)
            }
            (&[(y, 4), (d, 1 | 2)], Some(m)) => DateParts::DayMonthName(d, m, year(y, 4)?),
            (&[(d, 1 | 2), (y, len @ (2 | 4))], Some(m)) => DateParts::DayMonthName(d, m, year(y, len)?),
            _ => return None,
        };
        let rest = plain[end..].trim_start_matches([',', '.', 't', ' ']);
        Some(Self { date, time: Some(rest.to_owned()) })
    }
}

/// Lower case, half-width; the Chinese signs as ASCII marks, without weekdays.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut text = narrow(text);
    for day in ["星期", "礼拜", "周"] {
        if let Some(at) = text.find(day) {
            let end = text[at + day.len()..].chars().next().map_or(0, char::len_utf8);
            text.replace_range(at..at + day.len() + end, " ");
        }
    }
    for c in text.chars() {
        match c {
            '年' | '月' => out.push('-'),
            '日' | '号' => out.push(' '),
            '时' | '点' | '分' => out.push(':'),
            '秒' => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    out.replace("上午", "am ").replace("下午", "pm ").replace("()", "").trim().to_owned()
}

/// The words and numbers at the beginning, each with where it ends, as far as a date can reach: `:` ends it.
fn tokens(plain: &str) -> Vec<(&str, usize)> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (i, c) in plain.char_indices().chain([(plain.len(), ' ')]) {
        let previous_digit = start.is_some_and(|s: usize| plain.as_bytes()[s].is_ascii_digit());
        let continues = c.is_alphanumeric() && (start.is_none() || c.is_ascii_digit() == previous_digit);
        if !continues && let Some(s) = start.take() {
            tokens.push((&plain[s..i], i));
        }
        if tokens.len() == 4 || c == ':' {
            break;
        }
        if c.is_alphanumeric() && start.is_none() {
            start = Some(i);
        }
    }
    tokens
}

/// `20101201`, `201012010826`, `20101201082600`, or the first with a time after it.
fn compact(token: &str, rest: &str) -> Option<Written> {
    if !matches!(token.len(), 8 | 12 | 14) || !token.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| token[from..to].parse::<u32>().ok();
    let date = DateParts::YearMonthDay(number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let plausible = matches!(date, DateParts::YearMonthDay(1800..=2200, 1..=12, 1..=31));
    let time = match token.len() {
        8 => rest.trim_start_matches(['t', ' ']).to_owned(),
        12 => format!("{}:{}", &token[8..10], &token[10..12]),
        _ => format!("{}:{}:{}", &token[8..10], &token[10..12], &token[12..14]),
    };
    plausible.then_some(Written { date, time: Some(time) })
}

fn year(number: u32, digits: usize) -> Option<i32> {
    let number = i32::try_from(number).ok()?;
    Some(match (digits, number) {
        (4, _) => number,
        (_, 0..=68) => 2000 + number,
        _ => 1900 + number,
    })
}

fn month_named(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    const CHINESE: [&str; 12] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
    if let Some(at) = CHINESE.iter().position(|month| *month == word) {
        return u32::try_from(at + 1).ok();
    }
    if word.len() < 3 || !word.is_ascii() {
        return None;
    }
    let word = if word == "sept" { "sep" } else { word };
    let at = MONTHS.iter().position(|month| *month == word || month[..3] == *word)?;
    u32::try_from(at + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| word.starts_with(day))
        || matches!(word, "st" | "nd" | "rd" | "th" | "of")
}

/// `8:26`, `08:26:00.123`, `8:26 pm`, `pm 8:26`, `08:26:00Z`, `08:26:00+08:00`.
fn clock(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let (text, afternoon) = half_of_day(text.trim());
    let (time, offset) = split_offset(text.trim())?;
    let mut parts = time.trim_end_matches(':').split(':');
    let mut hour: u32 = parts.next()?.trim().parse().ok()?;
    let minute: u32 = parts.next().map_or(Some(0), |m| m.trim().parse().ok())?;
    let (second, nano) = match parts.next().map(str::trim) {
        None => (0, 0),
        Some(seconds) => seconds_and_nanos(seconds)?,
    };
    // 下午14:30 is written too, and means what it says.
    match afternoon {
        Some(true) if hour <= 12 => hour = hour % 12 + 12,
        Some(false) if hour <= 12 => hour %= 12,
        _ => {}
    }
    let bare_hour = afternoon.is_none() && !time.contains(':');
    if parts.next().is_some() || bare_hour {
        return None;
    }
    Some((NaiveTime::from_hms_nano_opt(hour, minute, second, nano)?, offset))
}

fn half_of_day(text: &str) -> (&str, Option<bool>) {
    for (words, afternoon) in [(["am", "a.m."], false), (["pm", "p.m."], true)] {
        for word in words {
            if let Some(rest) = text.strip_suffix(word).or_else(|| text.strip_prefix(word)) {
                return (rest, Some(afternoon));
            }
        }
    }
    (text, None)
}

fn seconds_and_nanos(text: &str) -> Option<(u32, u32)> {
    let (seconds, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some((seconds.parse().ok()?, nanos.parse().ok()?))
}

fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    for utc in ["z", "utc", "gmt"] {
        if let Some(time) = text.strip_suffix(utc) {
            return Some((time.trim(), FixedOffset::east_opt(0)));
        }
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    let digits: String = text[at + 1..].chars().filter(|&c| c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minutes = match digits.len() {
        1 | 2 => digits.parse::<i32>().ok()? * 60,
        4 => digits[..2].parse::<i32>().ok()? * 60 + digits[2..].parse::<i32>().ok()?,
        _ => return None,
    };
    Some((text[..at].trim(), Some(FixedOffset::east_opt(sign * minutes * 60)?)))
}
