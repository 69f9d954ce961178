//! The one condition language, in CEL syntax: `kind == 'company' && clv_52w > 1000 && account.city.contains('青')`.
//!
//! A text is parsed by the `cel` crate and checked against the metadata into a [`Condition`]; that is translated to SQL
//! where it selects and evaluated in process where it triggers. Both have two-valued logic: a comparison with an empty
//! field is false, `field == null` asks for emptiness, and `!` is plain negation. `contains`, `startsWith` and `endsWith`
//! ignore the case of A–Z.

mod evaluate;
mod parse;
mod sql;

pub use evaluate::matches;
pub(crate) use parse::kept_bytes;
pub use parse::{Context, parse};
pub(crate) use sql::{bind, column_of, plain, table_of, to_sql, to_test};

use crate::schema;
use meta::{Entity, Field, Value};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Always(bool),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        path: Path,
        operator: Operator,
        value: Value,
    },
    In {
        path: Path,
        values: Vec<Value>,
    },
    Empty {
        path: Path,
    },
    Text {
        path: Path,
        place: Place,
        text: String,
    },
    Search {
        text: String,
    },
    /// What a reference points to is there (indexes have only live records) and satisfies `inner`; `found` if an index finds
    /// it. Made by rights on records, not by filters.
    Reaches {
        reference: Field,
        entity: String,
        inner: Box<Condition>,
        found: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Contains,
    StartsWith,
    EndsWith,
}

/// A field of the record itself, or of the record that one of its references points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub through: Option<Through>,
    pub field: Field,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub reference: String,
    pub entity: String,
}

/// A declared field or one of the columns every record has.
pub fn field_of<'e>(entity: &'e Entity, name: &str) -> Option<Cow<'e, Field>> {
    // CEL reserves words like `return`: a field of that name is written with an underscore behind it.
    let plain = name.strip_suffix('_').filter(|_| entity.get(name).is_none()).unwrap_or(name);
    if let Some(field) = entity.get(plain) {
        return Some(Cow::Borrowed(field));
    }
    if !schema::is_system_column(name) {
        return None;
    }
    Some(Cow::Owned(match name {
        "created_at" => meta::instant(name).label("Created", "创建时间").indexed(),
        "updated_at" => meta::instant(name).label("Changed", "修改时间").indexed(),
        "deleted_at" => meta::instant(name).label("Deleted", "删除时间"),
        "created_by" => meta::reference(name, "user").label("Created by", "创建人"),
        "run_id" => meta::reference(name, "import_run").label("Import", "导入批次"),
        "version" => meta::integer(name).label("Version", "版本"),
        _ => meta::reference(name, &entity.name).label("Id", "编号"),
    }))
}

impl Condition {
    /// Whether its answer depends on search documents.
    pub(crate) fn searches(&self) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(Condition::searches),
            Condition::Not(inner) => inner.searches(),
            Condition::Search { .. } => true,
            _ => false,
        }
    }

    /// Whether a comparison holds for an empty field.
    pub(crate) fn holds_for_empty(&self) -> bool {
        match self {
            Condition::Empty { .. } => true,
            Condition::Compare { operator, .. } => *operator == Operator::NotEqual,
            Condition::In { values, .. } => values.iter().any(Value::is_null),
            _ => false,
        }
    }
}
