//! One field as an input: what it shows, and how what was typed becomes a value.

use super::{Reader, cell::is_input};
use chrono::NaiveDateTime;
use meta::{Decimal, Entity, Field, Kind, NaiveDate, Problem, Value};
use serde::Serialize;

/// See `templates/field_input.html`.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    pub name: String,
    pub label: String,
    pub kind: &'static str,
    pub value: String,
    /// Title of the chosen record.
    pub text: String,
    pub required: bool,
    pub readonly: bool,
    pub help: Option<String>,
    /// Personal data in the sense of the law.
    pub personal: bool,
    pub error: Option<String>,
    pub wide: bool,
    pub choices: Option<Vec<Choice>>,
    pub lookup: Option<String>,
    pub currency: Option<String>,
    pub currencies: Option<Vec<String>>,
    pub max_length: Option<usize>,
    pub min: Option<String>,
    pub max: Option<String>,
    pub step: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// Currencies offered beside the company's own and those that have a rate.
pub const CURRENCIES: [&str; 8] = ["CNY", "USD", "EUR", "GBP", "HKD", "JPY", "KRW", "SGD"];

/// The field that says in which currency the record's money is.
pub fn is_currency(field: &Field) -> bool {
    field.name == "currency" && matches!(field.kind, Kind::Text { .. })
}

/// Fields a form asks for. `required` first would tear sections apart, so the declared order stands.
pub fn inputs(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.values().filter(|field| is_input(field) && field.kind != Kind::Json)
}

pub fn input(reader: &Reader, field: &Field, name: String, value: String) -> Input {
    let choices = if is_currency(field) {
        Some(currency_choices(reader, &value))
    } else if let Kind::Choice(choices) = &field.kind {
        let word = |choice: &meta::Choice| choice.label.get(reader.lang).to_owned();
        Some(choices.iter().map(|c| Choice { value: c.value.clone(), label: word(c) }).collect())
    } else {
        None
    };
    let numbered = field.numbered.is_some() && value.is_empty();
    let help = if numbered {
        Some(reader.say("Left empty, it is numbered by itself.", "留空则自动编号。").to_owned())
    } else {
        field.help.as_ref().map(|help| help.get(reader.lang).to_owned())
    };
    let percent = field.kind == Kind::Percent;
    Input {
        name,
        label: field.label.get(reader.lang).to_owned() + if percent { " %" } else { "" },
        kind: if is_currency(field) { "choice" } else { field.kind.name() },
        value,
        text: String::new(),
        required: field.required && field.numbered.is_none(),
        readonly: false,
        help,
        personal: field.personal,
        error: None,
        wide: field.kind == Kind::LongText,
        choices,
        lookup: field.target().map(|target| format!("/lookup/{target}")),
        currency: (field.kind == Kind::Money).then(|| reader.currency.clone()),
        currencies: None,
        max_length: if let Kind::Text { limit } = field.kind { Some(limit) } else { None },
        min: None,
        max: None,
        step: None,
    }
}

fn currency_choices(reader: &Reader, chosen: &str) -> Vec<Choice> {
    let mut codes = vec![reader.currency.as_str()];
    for code in CURRENCIES.into_iter().chain([chosen]) {
        if !code.is_empty() && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.into_iter().map(|code| Choice { value: code.to_owned(), label: code.to_owned() }).collect()
}

/// A value as its input shows it; [`read`] understands it.
pub fn shown(reader: &Reader, field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (Kind::Percent, value) => value
            .as_decimal()
            .map(|share| (share * Decimal::ONE_HUNDRED).normalize().to_string())
            .unwrap_or_default(),
        (Kind::Money, value) => value.as_decimal().map(plain_money).unwrap_or_default(),
        (_, Value::Instant(at)) => reader.local(*at).format("%Y-%m-%dT%H:%M").to_string(),
        (_, Value::Decimal(number)) => number.normalize().to_string(),
        (_, value) => match value.to_json() {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        },
    }
}

/// `1234.50`, finer if it is.
fn plain_money(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount.to_string()
}

/// What was typed, as a value of `field`.
pub fn read(reader: &Reader, field: &Field, typed: &str) -> Result<Value, Problem> {
    let typed = typed.trim();
    match &field.kind {
        Kind::Money | Kind::Decimal { .. } | Kind::Integer => field.parse_text(&plain_number(typed)),
        Kind::Percent if !typed.is_empty() => {
            let plain = plain_number(typed.trim_end_matches(['%', '％']));
            let number: Decimal =
                plain.parse().map_err(|_| Problem::NotANumber { given: typed.chars().take(80).collect() })?;
            field.check(Value::Decimal(number / Decimal::ONE_HUNDRED))
        }
        Kind::Date => match any_date(typed) {
            Some(date) => field.parse_text(&date.to_string()),
            None => field.parse_text(typed),
        },
        Kind::Instant => match local_instant(typed) {
            Some(local) => field.parse_text(&reader.utc(local).to_rfc3339()),
            None => field.parse_text(typed),
        },
        _ if is_currency(field) => field.parse_text(&typed.to_uppercase()),
        _ => field.parse_text(typed),
    }
}

/// Without currency signs, group separators and full-width digits.
fn plain_number(typed: &str) -> String {
    typed
        .chars()
        .filter_map(|letter| match letter {
            '０'..='９' => char::from_digit(letter as u32 - '０' as u32, 10),
            '．' => Some('.'),
            '－' | '−' => Some('-'),
            ',' | '，' | ' ' | '\u{a0}' | '¥' | '￥' | '$' | '€' | '£' | '元' => None,
            other => Some(other),
        })
        .collect()
}

fn any_date(typed: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = typed
        .split(['-', '/', '.', '年', '月', '日'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn local_instant(typed: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let moment = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(typed, format).ok());
    moment.or_else(|| any_date(typed)?.and_hms_opt(0, 0, 0))
}

/// A problem as a sentence of its own, for under a field.
pub fn sentence(reader: &Reader, problem: &Problem) -> String {
    let text = problem.message(reader.lang);
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Lang;

    fn reader() -> Reader {
        Reader::example(Lang::Zh)
    }

    #[test]
    fn numbers_may_be_typed_as_people_write_them() {
        let money = meta::money("amount");
        for typed in ["¥1,234.50", "1234.5", "１２３４．５", "1，234.5 元"] {
            let expected = Value::Decimal("1234.5".parse().unwrap());
            assert_eq!(read(&reader(), &money, typed), Ok(expected), "{typed}");
        }
        let share = meta::percent("discount");
        assert_eq!(read(&reader(), &share, "12.5%"), Ok(Value::Decimal("0.125".parse().unwrap())));
        assert_eq!(read(&reader(), &share, ""), Ok(Value::Null));
        assert!(matches!(read(&reader(), &share, "many"), Err(Problem::NotANumber { .. })));
    }

    #[test]
    fn instants_are_in_the_readers_time() {
        let field = meta::instant("ordered_at");
        let value = read(&reader(), &field, "2026-11-21T08:30").unwrap();
        assert_eq!(value, Value::Instant("2026-11-21T00:30:00Z".parse().unwrap()));
        assert_eq!(shown(&reader(), &field, &value), "2026-11-21T08:30");
    }

    #[test]
    fn dates_may_be_written_in_chinese() {
        let field = meta::date("birth_on");
        for typed in ["2026-01-05", "2026/1/5", "2026年1月5日", "2026.1.5"] {
            assert_eq!(read(&reader(), &field, typed).unwrap().to_json(), "2026-01-05", "{typed}");
        }
        assert!(matches!(read(&reader(), &field, "5 Jan"), Err(Problem::NotADate { .. })));
    }

    #[test]
    fn what_is_shown_is_read_back_as_the_same_value() {
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        for (field, value) in [
            (meta::money("m"), decimal("1234.5678")),
            (meta::percent("p"), decimal("0.0825")),
            (meta::decimal("d", 8), decimal("0.13998")),
            (meta::boolean("b"), Value::Bool(false)),
            (meta::integer("i"), Value::Int(-42)),
        ] {
            assert_eq!(read(&reader(), &field, &shown(&reader(), &field, &value)), Ok(value));
        }
    }
}
