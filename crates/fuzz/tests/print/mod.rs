//! Conditions as text: printed from what was read, and grown from bytes.

use engine::condition::{Condition, Operator, Path, Place};
use meta::Value;

pub fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Always(flag) => flag.to_string(),
        Condition::All(parts) => joined(parts, " && "),
        Condition::Any(parts) => joined(parts, " || "),
        Condition::Not(inner) => match &**inner {
            Condition::Empty { path: field } => format!("{} != null", path(field)),
            other => format!("!({})", self::condition(other)),
        },
        Condition::Compare { path: field, operator, value } => {
            format!("{} {} {}", path(field), sign(*operator), literal(value))
        }
        Condition::In { path: field, values } => {
            format!("{} in [{}]", path(field), values.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Condition::Empty { path: field } => format!("{} == null", path(field)),
        Condition::Text { path: field, place, text } => {
            let function = match place {
                Place::Contains => "contains",
                Place::StartsWith => "startsWith",
                Place::EndsWith => "endsWith",
            };
            format!("{}.{function}({})", path(field), quoted(text))
        }
        Condition::Search { text } => format!("search({})", quoted(text)),
        Condition::Reaches { .. } => unreachable!("no filter makes it"),
    }
}

fn joined(parts: &[Condition], between: &str) -> String {
    format!("({})", parts.iter().map(condition).collect::<Vec<_>>().join(between))
}

fn path(path: &Path) -> String {
    match &path.through {
        Some(through) => format!("{}.{}", through.reference, path.field.name),
        None => path.field.name.clone(),
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        // As text: a number may have more digits than a double holds.
        Value::Int(number) => quoted(&number.to_string()),
        Value::Decimal(number) => quoted(&number.to_string()),
        Value::Text(text) => quoted(text),
        Value::Date(day) => quoted(&day.to_string()),
        Value::Instant(at) => quoted(&at.to_rfc3339()),
        Value::Id(id) => quoted(&id.to_string()),
        Value::Json(json) => quoted(&json.to_string()),
    }
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|letter| match letter {
            '\\' => "\\\\".into(),
            '\'' => "\\'".into(),
            other if other.is_control() => format!("\\u{:04x}", u32::from(other)),
            other => other.to_string(),
        })
        .collect();
    format!("'{escaped}'")
}

/// A condition grown from bytes: each choice takes one; without more it is the simplest.
pub fn grown(bytes: &mut impl Iterator<Item = u8>, depth: usize) -> String {
    let mut choose = |of: &[&str]| of[usize::from(bytes.next().unwrap_or(0)) % of.len()].to_owned();
    let form = choose(&["leaf", "leaf", "and", "or", "not"]);
    if depth > 0 && form != "leaf" {
        let first = grown(bytes, depth - 1);
        return match form.as_str() {
            "not" => format!("!({first})"),
            "and" => format!("({first} && {})", grown(bytes, depth - 1)),
            _ => format!("({first} || {})", grown(bytes, depth - 1)),
        };
    }
    let through = choose(&["", "parent."]);
    let texts =
        ["'alpha'", "'Beijing'", "'青岛'", "''", "'%'", "'a'", "'_'", "'\\\\'", "'É'", "'é'", "'\\''"];
    let numbers = ["0", "1", "-1", "0.5", "-2.25", "1.0", "9223372036854775807", "'-9223372036854775808'"];
    let signs = ["==", "!=", "<", "<=", ">", ">="];
    match choose(&[
        "text", "staff", "score", "day", "part", "flag", "null", "in", "in null", "search", "kind", "moment",
    ])
    .as_str()
    {
        "text" => format!("{through}{} {} {}", choose(&["name", "city"]), choose(&signs), choose(&texts)),
        "staff" => {
            format!("{through}staff {} {}", choose(&signs), choose(&["0", "1", "-1", numbers[6], numbers[7]]))
        }
        "score" => format!("{through}score {} {}", choose(&signs), choose(&numbers[..6])),
        "day" => format!(
            "{} {} {through}since_on",
            choose(&["'2025-01-01'", "today()", "days_ago(3)", "days_ahead(400)"]),
            choose(&signs)
        ),
        "part" => format!(
            "{through}{}.{}({})",
            choose(&["name", "city"]),
            choose(&["contains", "startsWith", "endsWith"]),
            choose(&texts)
        ),
        "flag" => format!("{through}vip"),
        "null" => format!(
            "{through}{} {} null",
            choose(&["city", "staff", "vip", "since_on", "parent"]),
            choose(&["==", "!="])
        ),
        "in" => format!("{through}city in [{}, {}]", choose(&texts), choose(&texts)),
        "in null" => format!("{through}city in [{}, null]", choose(&texts)),
        "search" => format!("search({})", choose(&["'hw'", "'be'", "'果品'", "''", "'100%'", "'\"'", "'*'"])),
        "kind" => format!("{through}kind {} {}", choose(&["==", "!="]), choose(&["'person'", "'company'"])),
        _ => format!(
            "{through}created_at {} {}",
            choose(&signs),
            choose(&["now()", "today()", "'2026-11-21T10:00:00Z'"])
        ),
    }
}
