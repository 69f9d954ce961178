//! What stands in a personal field after the erasure: nothing, or where something must stand, a pseudonym that says nothing.

use meta::{Decimal, Field, Id, Kind, Lang, NaiveDate, Value};

/// What an erased person is called from now on: tells two of them apart and nothing else.
pub(super) fn pseudonym(id: Id, lang: Lang) -> String {
    let end = id.simple().to_string().split_off(24).to_uppercase();
    match lang {
        Lang::En => format!("Erased {end}"),
        Lang::Zh => format!("已擦除 {end}"),
    }
}

pub(super) fn replacement(field: &Field, id: Id, lang: Lang) -> Value {
    if !field.required {
        return Value::Null;
    }
    match &field.kind {
        Kind::Text { limit } => pseudonym(id, lang).chars().take(*limit).collect::<String>().into(),
        Kind::LongText => pseudonym(id, lang).into(),
        // Unique, and of no domain there can be (RFC 2606).
        Kind::Email => format!("erased-{}@erased.invalid", id.simple()).into(),
        Kind::Url => format!("https://erased.invalid/{}", id.simple()).into(),
        Kind::Phone => format!("+000{}", id.as_u128() % 10_000_000_000).into(),
        Kind::Integer => Value::Int(0),
        Kind::Decimal { .. } | Kind::Money | Kind::Percent => Value::Decimal(Decimal::ZERO),
        Kind::Bool => Value::Bool(false),
        Kind::Date => NaiveDate::default().into(),
        Kind::Instant => meta::DateTime::<meta::Utc>::default().into(),
        Kind::Choice(choices) => choices.first().map(|choice| choice.value.as_str()).into(),
        Kind::Json => Value::Json(serde_json::json!({})),
        // Whom a required reference names is the record's matter, not a text about somebody.
        Kind::Reference { .. } => Value::Null,
    }
}
