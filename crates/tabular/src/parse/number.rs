//! Numbers in the spellings of accountants, shops and spreadsheets of several countries.
//!
//! Ambiguity: `1,234` is a thousand or one and a bit. A cell with both marks tells (the last is the decimal one);
//! otherwise the column's style does, which [`crate::style`] infers from its other cells; without evidence a comma
//! parts thousands.

use std::borrow::Cow;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{CellError, shown, value};
use crate::ColumnStyle;
use crate::headers::narrow;

const CURRENCIES: [&str; 26] = [
    "人民币",
    "美元",
    "欧元",
    "港币",
    "CN¥",
    "HK$",
    "US$",
    "NT$",
    "RMB",
    "CNY",
    "USD",
    "EUR",
    "GBP",
    "HKD",
    "JPY",
    "TWD",
    "¥",
    "￥",
    "$",
    "€",
    "£",
    "₩",
    "₹",
    "元",
    "圆",
    "块",
];

/// A decimal number: grouping, currency signs, `(12.5)` and `12.5-` for negative, `15%` = 0.15, 万 = 10⁴, 亿 = 10⁸.
pub fn decimal(cell: &str, style: &ColumnStyle) -> Result<Option<Decimal>, CellError> {
    let Some(text) = value(cell)? else { return Ok(None) };
    // Nearly every number of a large file is plain.
    let plain =
        text.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || b == b'.' || (i == 0 && b == b'-'));
    let has_decimal_comma = style.decimal_comma && text.contains('.');
    if plain
        && !has_decimal_comma
        && let Ok(number) = Decimal::from_str(text)
    {
        return Ok(Some(number));
    }
    let bare = bare_number(text).ok_or_else(|| CellError::NotANumber(shown(text)))?;
    let digits = without_grouping(&bare.digits, style.decimal_comma)
        .ok_or_else(|| CellError::BadGrouping(shown(text)))?;
    let number = if digits.contains(['e', 'E']) {
        Decimal::from_scientific(&digits)
    } else {
        Decimal::from_str(&digits)
    };
    let out_of_range = || CellError::NumberOutOfRange(shown(text));
    let number = number.map_err(|_| out_of_range())?;
    let scaled = number.checked_mul(bare.factor).ok_or_else(out_of_range)?.normalize();
    Ok(Some(if bare.negative { -scaled } else { scaled }))
}

/// A whole number; `6.0` is one.
pub fn integer(cell: &str, style: &ColumnStyle) -> Result<Option<i64>, CellError> {
    let Some(number) = decimal(cell, style)? else { return Ok(None) };
    let text = || shown(super::trimmed(cell));
    if !number.fract().is_zero() {
        return Err(CellError::NotWhole(text()));
    }
    number.to_i64().map(Some).ok_or_else(|| CellError::NumberOutOfRange(text()))
}

/// A number stripped of sign, currency and unit: digits with marks and perhaps an exponent remain.
pub(crate) struct BareNumber {
    pub(crate) digits: String,
    negative: bool,
    factor: Decimal,
}

pub(crate) fn bare_number(text: &str) -> Option<BareNumber> {
    let narrowed = narrow(text);
    let mut rest = narrowed.trim();
    let mut negative = false;
    let mut factor = Decimal::ONE;
    if let Some(inside) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        (rest, negative) = (inside.trim(), true);
    }
    // Signs, currencies and units stand in any order: -¥5, ¥-5, 5元-, 1.2万元.
    loop {
        let before = rest;
        for minus in ['-', '−', '–', '﹣'] {
            if let Some(r) = rest.strip_prefix(minus).or_else(|| rest.strip_suffix(minus)) {
                if negative {
                    return None;
                }
                (rest, negative) = (r.trim(), true);
            }
        }
        rest = rest.strip_prefix('+').unwrap_or(rest).trim();
        for currency in CURRENCIES {
            rest = strip_word(rest, currency).trim();
        }
        for (unit, times) in [
            ('%', Decimal::new(1, 2)),
            ('‰', Decimal::new(1, 3)),
            ('万', Decimal::from(10_000)),
            ('亿', Decimal::from(100_000_000)),
        ] {
            if let Some(r) = rest.strip_suffix(unit) {
                (rest, factor) = (r.trim(), factor.checked_mul(times)?);
            }
        }
        if rest == before {
            break;
        }
    }
    let is_space =
        |c: char| c == ' ' || c == '\u{A0}' || c == '\u{202F}' || c == '\u{2009}' || c == '\'' || c == '’';
    let digits: String = rest.chars().filter(|&c| !is_space(c)).collect();
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | 'e' | 'E' | '+' | '-');
    let starts_well = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    let has_digit = digits.contains(|c: char| c.is_ascii_digit());
    let exponents = digits.matches(['e', 'E']).count();
    let is_number = starts_well && has_digit && digits.chars().all(allowed) && exponents <= 1;
    let signs_belong = exponents == 1 || !digits.contains(['+', '-']);
    (is_number && signs_belong).then_some(BareNumber { digits, negative, factor })
}

fn strip_word<'a>(text: &'a str, word: &str) -> &'a str {
    let starts = text.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    if starts {
        return &text[word.len()..];
    }
    let end = text.len().saturating_sub(word.len());
    match text.get(end..) {
        Some(tail) if tail.eq_ignore_ascii_case(word) => &text[..end],
        _ => text,
    }
}

/// Digits with a decimal point only; `None` when the groups make no sense.
fn without_grouping(digits: &str, decimal_comma: bool) -> Option<Cow<'_, str>> {
    let last = |mark: char| digits.rfind(mark);
    let decimal_mark = match (last('.'), last(',')) {
        (None, None) => return Some(Cow::Borrowed(digits)),
        (Some(point), Some(comma)) => {
            if point > comma {
                '.'
            } else {
                ','
            }
        }
        _ if decimal_comma => ',',
        _ => '.',
    };
    let group_mark = if decimal_mark == '.' { ',' } else { '.' };
    let (whole, fraction) = match digits.split_once(decimal_mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    if fraction.is_some_and(|f| f.contains(['.', ','])) || !well_grouped(whole, group_mark) {
        return None;
    }
    let mut out: String = whole.chars().filter(|&c| c != group_mark).collect();
    if let Some(fraction) = fraction.filter(|f| !f.is_empty()) {
        out.push('.');
        out.push_str(fraction);
    }
    Some(Cow::Owned(out))
}

/// 1,234,567 and the Indian 12,34,567: the last group has three digits, the others two or three.
pub(crate) fn well_grouped(whole: &str, mark: char) -> bool {
    let groups: Vec<&str> = whole.split(mark).collect();
    match groups.as_slice() {
        [_] => true,
        [first, middle @ .., last] => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && middle.iter().all(|g| g.len() == 2 || g.len() == 3)
        }
        [] => false,
    }
}
