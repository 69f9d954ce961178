//! A record as the engine hands it out.

use crate::{Id, Value};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Field name → value. A name that is absent means "not given", `Value::Null` means "empty".
pub type Values = BTreeMap<String, Value>;

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub entity: String,
    pub id: Id,
    /// Counts the writes; an update that names an older version is refused (optimistic concurrency).
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub created_by: Option<Id>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub values: Values,
}

static NULL: Value = Value::Null;

impl Record {
    pub fn get(&self, field: &str) -> &Value {
        self.values.get(field).unwrap_or(&NULL)
    }
    pub fn text(&self, field: &str) -> &str {
        self.get(field).as_text().unwrap_or_default()
    }
    pub fn reference(&self, field: &str) -> Option<Id> {
        self.get(field).as_id()
    }
}
