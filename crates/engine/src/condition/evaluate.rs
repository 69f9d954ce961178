//! Condition → yes or no for a record in hand.

use super::{Condition, Operator, Path, Place};
use crate::search;
use meta::{Entity, Record, Value};
use std::{cmp::Ordering, collections::HashMap};

/// Whether `record` satisfies `condition`; `related` holds the records its references point to, by field name.
pub fn matches(
    condition: &Condition,
    entity: &Entity,
    record: &Record,
    related: &HashMap<String, Record>,
) -> bool {
    let value = |path: &Path| match &path.through {
        None => system_or_field(record, &path.field.name),
        Some(through) => related
            .get(&through.reference)
            .map_or(Value::Null, |other| system_or_field(other, &path.field.name)),
    };
    match condition {
        Condition::Always(flag) => *flag,
        Condition::All(parts) => parts.iter().all(|part| matches(part, entity, record, related)),
        Condition::Any(parts) => parts.iter().any(|part| matches(part, entity, record, related)),
        Condition::Not(inner) => !matches(inner, entity, record, related),
        Condition::Empty { path } => value(path).is_null(),
        Condition::In { path, values } => {
            let own = value(path);
            values.iter().any(|candidate| {
                compare(&own, candidate) == Some(Ordering::Equal) || (own.is_null() && candidate.is_null())
            })
        }
        Condition::Compare { path, operator, value: wanted } => {
            let order = compare(&value(path), wanted);
            match operator {
                Operator::Equal => order == Some(Ordering::Equal),
                Operator::NotEqual => order != Some(Ordering::Equal),
                Operator::Less => order == Some(Ordering::Less),
                Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                Operator::Greater => order == Some(Ordering::Greater),
                Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            }
        }
        Condition::Text { path, place, text } => {
            let own = value(path);
            let Some(own) = own.as_text().map(str::to_ascii_lowercase) else { return false };
            let text = text.to_ascii_lowercase();
            match place {
                Place::Contains => own.contains(&text),
                Place::StartsWith => own.starts_with(&text),
                Place::EndsWith => own.ends_with(&text),
            }
        }
        Condition::Reaches { reference, inner, .. } => {
            related.get(&reference.name).is_some_and(|other| matches(inner, entity, other, &HashMap::new()))
        }
        Condition::Search { text } => search::record_matches(entity, record, text),
    }
}

fn system_or_field(record: &Record, name: &str) -> Value {
    match name {
        "id" => Value::Id(record.id),
        "version" => Value::Int(record.version),
        "created_at" => Value::Instant(record.created_at),
        "updated_at" => Value::Instant(record.updated_at),
        "created_by" => record.created_by.into(),
        "deleted_at" => record.deleted_at.into(),
        _ => record.get(name).clone(),
    }
}

/// `None` if either is empty or the kinds differ.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Id(a), Value::Id(b)) => Some(a.cmp(b)),
        (Value::Json(a), Value::Json(b)) => (a == b).then_some(Ordering::Equal),
        (a, b) => Some(a.as_decimal()?.cmp(&b.as_decimal()?)),
    }
}
