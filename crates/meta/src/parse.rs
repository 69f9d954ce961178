//! Input → value: what a form, the API or an import gives becomes a typed value or a problem with its remedy.

use crate::{Field, Kind, Problem, Value, scaled};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use std::borrow::Cow;
use uuid::Uuid;

const LONG_TEXT_LIMIT: usize = 100_000;
const EMAIL_LIMIT: usize = 254;
const URL_LIMIT: usize = 2_000;
const EXTENSION_LIMIT: usize = 10;

impl Field {
    /// A value of this field from the text of a form, a filter or a cell; blank is empty.
    pub fn parse_text(&self, given: &str) -> Result<Value, Problem> {
        // PostgreSQL cannot store NUL, and no user means it.
        let given =
            if given.contains('\0') { Cow::Owned(given.replace('\0', "")) } else { Cow::Borrowed(given) };
        let text = given.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let shown = || text.chars().take(80).collect::<String>();
        match &self.kind {
            Kind::Text { limit } => limited(text, *limit),
            Kind::LongText => limited(text, LONG_TEXT_LIMIT),
            Kind::Email => normalise_email(text)
                .filter(|email| email.len() <= EMAIL_LIMIT)
                .map(Value::Text)
                .ok_or_else(|| Problem::NotAnEmail { given: shown() }),
            Kind::Phone => {
                normalise_phone(text).map(Value::Text).ok_or_else(|| Problem::NotAPhone { given: shown() })
            }
            Kind::Url => url(text),
            Kind::Integer => {
                text.parse().map(Value::Int).map_err(|_| Problem::NotAnInteger { given: shown() })
            }
            Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
                let number: Decimal =
                    text.replace(',', "").parse().map_err(|_| Problem::NotANumber { given: shown() })?;
                self.check_decimal(number)
            }
            Kind::Bool => match text.to_lowercase().as_str() {
                "true" | "on" | "1" | "yes" | "是" => Ok(Value::Bool(true)),
                "false" | "off" | "0" | "no" | "否" => Ok(Value::Bool(false)),
                _ => Err(Problem::NotABoolean { given: shown() }),
            },
            Kind::Date => text
                .parse::<NaiveDate>()
                .ok()
                .filter(sensible_year)
                .map(Value::Date)
                .ok_or_else(|| Problem::NotADate { given: shown() }),
            Kind::Instant => {
                instant(text).map(Value::Instant).ok_or_else(|| Problem::NotAnInstant { given: shown() })
            }
            Kind::Choice(choices) => {
                if choices.iter().any(|choice| choice.value == text) {
                    Ok(Value::Text(text.to_owned()))
                } else {
                    let allowed = choices.iter().map(|choice| choice.value.clone()).collect();
                    Err(Problem::NotAChoice { given: shown(), allowed })
                }
            }
            Kind::Reference { .. } => {
                text.parse::<Uuid>().map(Value::Id).map_err(|_| Problem::NotAReference { given: shown() })
            }
            Kind::Json => serde_json::from_str(text)
                .map(Value::Json)
                .map_err(|_| Problem::WrongType { expected: "JSON" }),
        }
    }

    /// A value of this field from the API's JSON.
    pub fn parse_json(&self, given: &Json) -> Result<Value, Problem> {
        match (&self.kind, given) {
            (_, Json::Null) => Ok(Value::Null),
            (Kind::Json, json) => Ok(Value::Json(json.clone())),
            (Kind::Bool, Json::Bool(flag)) => Ok(Value::Bool(*flag)),
            // JSON knows one kind of number: 3.0 is whole.
            (Kind::Integer, Json::Number(number)) if whole(number).is_some() => Ok(whole(number).into()),
            (kind, Json::Number(number)) if kind.is_numeric() => self.parse_text(&number.to_string()),
            (Kind::Bool, _) => Err(Problem::WrongType { expected: "boolean" }),
            (Kind::Integer, _) => Err(Problem::WrongType { expected: "integer" }),
            (_, Json::String(text)) => self.parse_text(text),
            (kind, _) if kind.is_numeric() => {
                Err(Problem::WrongType { expected: "decimal string or number" })
            }
            _ => Err(Problem::WrongType { expected: "string" }),
        }
    }

    /// Whether an already typed value fits this field; what rules and imports hand over.
    pub fn check(&self, value: Value) -> Result<Value, Problem> {
        match (&self.kind, value) {
            (_, Value::Null) => Ok(Value::Null),
            (kind, Value::Text(text)) if kind.is_textual() => self.parse_text(&text),
            (Kind::Integer, Value::Int(number)) => Ok(Value::Int(number)),
            (Kind::Decimal { .. } | Kind::Money | Kind::Percent, value) => match value.as_decimal() {
                Some(number) => self.check_decimal(number),
                None => Err(Problem::WrongType { expected: "decimal" }),
            },
            (Kind::Bool, value @ Value::Bool(_))
            | (Kind::Date, value @ Value::Date(_))
            | (Kind::Instant, value @ Value::Instant(_))
            | (Kind::Reference { .. }, value @ Value::Id(_))
            | (Kind::Json, value @ Value::Json(_)) => Ok(value),
            (kind, _) => Err(Problem::WrongType { expected: kind.name() }),
        }
    }

    fn check_decimal(&self, number: Decimal) -> Result<Value, Problem> {
        let limit = self.scale().unwrap_or(0);
        if number.normalize().scale() > limit {
            return Err(Problem::TooManyDecimals { limit });
        }
        scaled(number, limit).map(|_| Value::Decimal(number.normalize())).ok_or(Problem::OutOfRange)
    }
}

/// `None` unless it is written with a fraction that is zero, and a double holds it exactly.
fn whole(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    let double = number.as_f64().filter(|double| number.is_f64() && double.abs() <= EXACT)?;
    (double.fract() == 0.0).then_some(double as i64)
}

fn limited(text: &str, limit: usize) -> Result<Value, Problem> {
    if text.chars().count() > limit {
        return Err(Problem::TooLong { limit });
    }
    Ok(Value::Text(text.to_owned()))
}

fn sensible_year(date: &NaiveDate) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&date.year())
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc)).ok().or_else(|| {
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| text.parse::<NaiveDate>().ok().and_then(|date| date.and_hms_opt(0, 0, 0)))
            .map(|at| at.and_utc())
    });
    parsed.filter(|at| sensible_year(&at.date_naive()))
}

fn url(text: &str) -> Result<Value, Problem> {
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let host = full.strip_prefix("https://").or_else(|| full.strip_prefix("http://")).unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let plausible = host.contains('.')
        && !host.contains(char::is_whitespace)
        && !full.contains(char::is_control)
        && full.len() <= URL_LIMIT;
    if plausible {
        Ok(Value::Text(full))
    } else {
        Err(Problem::NotAUrl { given: text.chars().take(80).collect() })
    }
}

/// Lower-cased and trimmed; `None` if it cannot be an address.
pub fn normalise_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let plausible = !local.is_empty()
        && !email.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || "<>(),;:\"".contains(letter)
        })
        && domain.contains('.')
        && domain.split('.').all(|part| !part.is_empty());
    plausible.then_some(email)
}

/// Digits with an optional leading `+` and an extension after `x`; every spelling of a number becomes one. Eleven digits
/// starting with 1 are a Chinese mobile and get +86; `00` in front is `+`.
pub fn normalise_phone(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .map(|letter| match letter {
            '０'..='９' => char::from_u32(letter as u32 - '０' as u32 + '0' as u32).unwrap_or(letter),
            '＋' => '+',
            other => other,
        })
        .collect();
    let lower = plain.to_lowercase();
    let (number, extension) = match lower.split_once(['x', '转', '#']) {
        Some((number, extension)) => (number.trim_end_matches(['e', 't', '.', ' ']), digits(extension)),
        None => (lower.as_str(), String::new()),
    };
    if number.chars().any(|letter| !letter.is_ascii_digit() && !" +-().（）/—–·\u{a0}".contains(letter))
    {
        return None;
    }
    let mut number_digits = digits(number);
    let international = number.trim_start().starts_with('+') || number_digits.starts_with("00");
    if number_digits.starts_with("00") {
        while let Some(rest) = number_digits.strip_prefix("00") {
            number_digits = rest.to_owned();
        }
    } else if !international && number_digits.len() == 11 && number_digits.starts_with('1') {
        number_digits.insert_str(0, "86");
        return finish(true, &number_digits, &extension);
    }
    finish(international, &number_digits, &extension)
}

fn finish(international: bool, digits: &str, extension: &str) -> Option<String> {
    if !(3..=15).contains(&digits.len()) || extension.len() > EXTENSION_LIMIT {
        return None;
    }
    let plus = if international { "+" } else { "" };
    let extension = if extension.is_empty() { String::new() } else { format!("x{extension}") };
    Some(format!("{plus}{digits}{extension}"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{choice, email, integer, money, phone};

    #[test]
    fn every_spelling_of_a_phone_is_one_number() {
        for spelling in [
            "13800008000",
            "138 0000 8000",
            "+86 138-0000-8000",
            "0086 138 0000 8000",
            "１３８００００８０００",
        ] {
            assert_eq!(normalise_phone(spelling).as_deref(), Some("+8613800008000"), "{spelling}");
        }
        assert_eq!(normalise_phone("(010) 6000-0000 转 123").as_deref(), Some("01060000000x123"));
        assert_eq!(normalise_phone("+44 20 7946 0958 ext. 7").as_deref(), Some("+442079460958x7"));
        assert_eq!(normalise_phone("call me"), None);
    }

    #[test]
    fn bad_input_says_what_is_wrong() {
        assert_eq!(email("e").parse_text("a@b"), Err(Problem::NotAnEmail { given: "a@b".into() }));
        assert_eq!(money("m").parse_text("1.23456"), Err(Problem::TooManyDecimals { limit: 4 }));
        assert_eq!(money("m").parse_text("1,234.50"), Ok(Value::Decimal("1234.5".parse().unwrap())));
        assert!(matches!(integer("i").parse_json(&Json::from(1.5)), Err(Problem::NotAnInteger { .. })));
        assert!(matches!(integer("i").parse_json(&Json::from(1e300)), Err(Problem::NotAnInteger { .. })));
        assert_eq!(integer("i").parse_json(&Json::from(-306_746.0)), Ok(Value::Int(-306_746)));
        assert!(matches!(
            choice("c", &[("a", "A", "甲", "grey")]).parse_text("b"),
            Err(Problem::NotAChoice { .. })
        ));
        assert!(phone("p").parse_text("").unwrap().is_null());
    }
}
