//! The normalisers of e-mail addresses and telephone numbers, and every other kind of field that reads text.
#![allow(clippy::unwrap_used)]

use meta::{
    Field, Value, boolean, choice, date, decimal, email, instant, integer, long_text, money, percent, phone,
    text, url,
};

const WORDS: &[&str] = &[
    "+",
    "00",
    "0086",
    "86",
    "138 0000 8000",
    "x",
    "转",
    "ext.",
    "#",
    "（",
    "－",
    "１",
    "＋",
    "\0",
    " ",
    "\u{a0}",
    "\u{3000}",
    "@",
    ".",
    "..",
    "://",
    "https://",
    "İ",
    "ß",
    "-",
    "e5",
    ",",
    "9999",
    "T",
    "Z",
    "12:30",
    "1.23456",
];

fuzz::target!(values, 20_000, WORDS, |bytes: &[u8]| {
    let given = String::from_utf8_lossy(bytes);
    for field in fields() {
        let Ok(value) = field.parse_text(&given) else { continue };
        let printed = printed(&value);
        assert_eq!(field.parse_text(&printed), Ok(value.clone()), "{} {given:?}", field.name);
        assert_eq!(field.check(value.clone()), Ok(value.clone()), "{} {given:?}", field.name);
        assert!(!printed.contains('\0'), "{} keeps a NUL, which PostgreSQL refuses: {given:?}", field.name);
        if let Value::Text(text) = value {
            assert!(!text.is_empty(), "{} {given:?}: an empty text is no value", field.name);
            shape(&field, &text);
        }
    }
});

fn fields() -> [Field; 14] {
    [
        text("text"),
        long_text("long_text"),
        email("email"),
        phone("phone"),
        url("url"),
        integer("integer"),
        decimal("decimal", 2),
        money("money"),
        percent("percent"),
        boolean("boolean"),
        date("date"),
        instant("instant"),
        choice("choice", &[("a", "A", "甲", "grey"), ("b c", "B", "乙", "blue")]),
        meta::reference("reference", "account"),
    ]
}

/// As forms, files and the API write it.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Date(day) => day.to_string(),
        Value::Instant(at) => at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        Value::Id(id) => id.to_string(),
        Value::Json(json) => json.to_string(),
    }
}

fn shape(field: &Field, text: &str) {
    match field.name.as_str() {
        "phone" => {
            let number = text.strip_prefix('+').unwrap_or(text);
            let (number, extension) = number.split_once('x').unwrap_or((number, "0"));
            let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            assert!(is_digits(number) && is_digits(extension), "{text:?} is no number");
            assert!(text.len() <= 40, "{text:?} is too long");
            // Everyday spellings of the same number are the same number.
            let spaced: String =
                text.split('x').next().unwrap().chars().flat_map(|digit| [digit, ' ']).collect();
            assert_eq!(
                field.parse_text(&spaced),
                field.parse_text(text.split('x').next().unwrap()),
                "{text:?}"
            );
        }
        "email" => {
            assert!(text.len() <= 254 && text.matches('@').count() >= 1, "{text:?}");
            assert_eq!(text.to_lowercase(), text, "{text:?} is not in lower case");
            assert!(!text.contains(char::is_whitespace) && !text.contains(char::is_control), "{text:?}");
        }
        "url" => assert!(
            (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_control),
            "{text:?}"
        ),
        "text" => assert!(text.chars().count() <= 255),
        _ => {}
    }
}
