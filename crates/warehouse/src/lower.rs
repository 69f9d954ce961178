//! A condition of the common language as SQL over a table of the warehouse. Logic is two-valued as everywhere: a comparison
//! with an empty field is false, and only `!=` and `== null` hold for one.

use crate::table::{Column, ColumnKind, Source, Table};
use engine::condition::{Condition, Operator, Path, Place};
use meta::{Field, Value};

/// Where the columns of a condition are found.
pub(crate) trait Columns {
    /// The SQL of a field of the record itself or of one it points to; `None` if the table does not have it.
    fn column(&self, path: &Path) -> Option<Found>;
    /// Rows whose `reference` points to a record of `entity` that satisfies `inner`.
    fn reaches(&self, reference: &Field, entity: &str, inner: &Condition) -> Option<String>;
}

/// A column in SQL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub sql: String,
    /// For a key: the table in which ids are looked up.
    pub keys_of: Option<String>,
}

/// `None` if the condition asks for what the table does not have.
pub(crate) fn lower(condition: &Condition, columns: &impl Columns) -> Option<String> {
    let all = |parts: &[Condition], between: &str, none: &str| {
        let parts = parts.iter().map(|part| lower(part, columns)).collect::<Option<Vec<_>>>()?;
        Some(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(between)) })
    };
    Some(match condition {
        Condition::Always(flag) => flag.to_string(),
        Condition::All(parts) => all(parts, " AND ", "true")?,
        Condition::Any(parts) => all(parts, " OR ", "false")?,
        Condition::Not(inner) => format!("(NOT {})", lower(inner, columns)?),
        Condition::Compare { path, operator, value } => compare(&columns.column(path)?, *operator, value)?,
        Condition::In { path, values } => among(&columns.column(path)?, values)?,
        Condition::Empty { path } => format!("({} IS NULL)", columns.column(path)?.sql),
        Condition::Text { path, place, text } => contains(&columns.column(path)?.sql, *place, text),
        Condition::Search { .. } => return None,
        Condition::Reaches { reference, entity, inner, .. } => columns.reaches(reference, entity, inner)?,
    })
}

fn compare(column: &Found, operator: Operator, value: &Value) -> Option<String> {
    let column_sql = &column.sql;
    if value.is_null() {
        return Some(match operator {
            Operator::Equal => format!("({column_sql} IS NULL)"),
            Operator::NotEqual => format!("({column_sql} IS NOT NULL)"),
            _ => "false".to_owned(),
        });
    }
    if let (Some(table), Value::Id(id)) = (&column.keys_of, value) {
        let inside = format!(
            "coalesce({column_sql} IN (SELECT \"key\" FROM {} WHERE \"id\" = id('{id}')), false)",
            quoted(table)
        );
        return match operator {
            Operator::Equal => Some(inside),
            Operator::NotEqual => Some(format!("(NOT {inside})")),
            _ => None,
        };
    }
    let literal = literal(value)?;
    Some(match operator {
        Operator::NotEqual => format!("({column_sql} IS DISTINCT FROM {literal})"),
        _ => format!("coalesce({column_sql} {} {literal}, false)", sign(operator)),
    })
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

fn among(column: &Found, values: &[Value]) -> Option<String> {
    let (empty, given): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|value| value.is_null());
    let literals = given.into_iter().map(literal).collect::<Option<Vec<_>>>()?.join(", ");
    let mut parts = vec![];
    if !literals.is_empty() {
        parts.push(match &column.keys_of {
            Some(table) => {
                format!(
                    "coalesce({} IN (SELECT \"key\" FROM {} WHERE \"id\" IN ({literals})), false)",
                    column.sql,
                    quoted(table)
                )
            }
            None => format!("coalesce({} IN ({literals}), false)", column.sql),
        });
    }
    if !empty.is_empty() {
        parts.push(format!("({} IS NULL)", column.sql));
    }
    Some(if parts.is_empty() { "false".to_owned() } else { format!("({})", parts.join(" OR ")) })
}

/// The case of A–Z is ignored.
fn contains(column: &str, place: Place, text: &str) -> String {
    let (column, text) = (plain(column), text_literal(&text.to_ascii_lowercase()));
    let found = match place {
        Place::Contains => format!("strpos({column}, {text}) > 0"),
        Place::StartsWith => format!("starts_with({column}, {text})"),
        Place::EndsWith => format!("ends_with({column}, {text})"),
    };
    format!("coalesce({found}, false)")
}

fn plain(column: &str) -> String {
    format!("translate({column}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')")
}

fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text_literal(text),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Date(day) => format!("DATE '{day}'"),
        Value::Instant(at) => {
            format!("TIMESTAMP '{}'", at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        }
        Value::Id(id) => format!("id('{id}')"),
        Value::Null | Value::Json(_) => return None,
    })
}

pub(crate) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The columns of one table without joins, for rights: what another record holds is asked of that record's own table.
pub(crate) struct Own<'t> {
    pub table: &'t Table,
    /// The entity the condition speaks of.
    pub entity: &'t str,
}

impl Own<'_> {
    fn of(&self, name: &str) -> Option<&Column> {
        let id = |column: &&Column| {
            name == "id" && column.name == self.table.head_column && column.kind == ColumnKind::Id
        };
        let field = |column: &&Column| {
            column.origin.as_ref().is_some_and(|(entity, field)| entity == self.entity && field == name)
                && !matches!(column.source, Source::Day(_) | Source::Share(_) | Source::Cost(_))
        };
        self.table.columns.iter().find(|column| id(column) || field(column))
    }

    fn found(&self, name: &str) -> Option<Found> {
        let column = self.of(name)?;
        let keys_of = if column.kind == ColumnKind::Key { column.target.clone() } else { None };
        Some(Found { sql: quoted(&column.name), keys_of })
    }
}

impl Columns for Own<'_> {
    fn column(&self, path: &Path) -> Option<Found> {
        if path.through.is_some() { None } else { self.found(&path.field.name) }
    }

    fn reaches(&self, reference: &Field, entity: &str, inner: &Condition) -> Option<String> {
        let found = self.found(&reference.name)?;
        let inner = of_records(entity, inner)?;
        let wanted = if found.keys_of.is_some() { "key" } else { "id" };
        Some(format!(
            "coalesce({} IN (SELECT \"{wanted}\" FROM {} WHERE {inner}), false)",
            found.sql,
            quoted(entity)
        ))
    }
}

/// A condition on the records of an entity, over the entity's own table; its columns are named as its fields.
pub(crate) fn of_records(entity: &str, condition: &Condition) -> Option<String> {
    lower(condition, &Records { entity })
}

struct Records<'e> {
    entity: &'e str,
}

impl Columns for Records<'_> {
    fn column(&self, path: &Path) -> Option<Found> {
        let plain = path.through.is_none() && path.field.apart.is_none();
        plain.then(|| Found {
            sql: format!("{}.{}", quoted(self.entity), quoted(&path.field.name)),
            keys_of: None,
        })
    }

    fn reaches(&self, reference: &Field, entity: &str, inner: &Condition) -> Option<String> {
        let inner = of_records(entity, inner)?;
        let from = format!("{}.{}", quoted(self.entity), quoted(&reference.name));
        Some(format!("coalesce({from} IN (SELECT \"id\" FROM {} WHERE {inner}), false)", quoted(entity)))
    }
}
