//! A record as the engine hands it out.

use crate::{Id, Value};
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use litemap::{Entry, LiteMap};
use std::ops::{Deref, DerefMut, Index};

type Store = Vec<(CompactString, Value)>;
type Iter<'a> = std::iter::Map<
    std::slice::Iter<'a, (CompactString, Value)>,
    fn(&'a (CompactString, Value)) -> (&'a str, &'a Value),
>;
type Map = LiteMap<CompactString, Value, Store>;

/// Field name → value, in the order of the names. A name that is absent means "not given", `Value::Null` means "empty".
/// All of a record's are one allocation: names of up to 24 bytes stand in the map itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Map);

impl Values {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn with_capacity(fields: usize) -> Self {
        Self(Map::with_capacity(fields))
    }
    /// In the order of the names it only appends.
    pub fn insert(&mut self, field: impl Into<CompactString>, value: Value) -> Option<Value> {
        let (field, value) = self.0.try_append(field.into(), value)?;
        self.0.insert(field, value)
    }
    pub fn entry(&mut self, field: impl Into<CompactString>) -> Entry<'_, CompactString, Value, Store> {
        self.0.entry(field.into())
    }
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }
    /// Where a field stands.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.0.as_slice().binary_search_by(|(known, _)| known.as_str().cmp(field)).ok()
    }
    /// The same as `get`, at once if the field stands where it does in another record of the same fields.
    pub fn get_near(&self, place: Option<usize>, field: &str) -> Option<&Value> {
        match place.and_then(|place| self.0.as_slice().get(place)) {
            Some((known, value)) if known == field => Some(value),
            _ => self.get(field),
        }
    }
    pub fn get_mut(&mut self, field: &str) -> Option<&mut Value> {
        self.0.get_mut(field)
    }
    pub fn contains_key(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
    pub fn iter(&self) -> Iter<'_> {
        self.0.as_slice().iter().map(|(field, value)| (field.as_str(), value))
    }
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(CompactString::as_str)
    }
    pub fn remove(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field)
    }
}

impl Deref for Values {
    type Target = Map;
    fn deref(&self) -> &Map {
        &self.0
    }
}

impl DerefMut for Values {
    fn deref_mut(&mut self) -> &mut Map {
        &mut self.0
    }
}

impl Index<&str> for Values {
    type Output = Value;
    /// What is not given reads as empty.
    fn index(&self, field: &str) -> &Value {
        self.get(field).unwrap_or(&NULL)
    }
}

/// Of two values of one name the later counts. Made of names in order it is made at once.
impl<K: Into<CompactString>> FromIterator<(K, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(values: I) -> Self {
        Self(values.into_iter().map(|(field, value)| (field.into(), value)).collect())
    }
}

impl<K: Into<CompactString>, const N: usize> From<[(K, Value); N]> for Values {
    fn from(values: [(K, Value); N]) -> Self {
        values.into_iter().collect()
    }
}

impl<K: Into<CompactString>> Extend<(K, Value)> for Values {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, values: I) {
        self.0.extend(values.into_iter().map(|(field, value)| (field.into(), value)));
    }
}

impl IntoIterator for Values {
    type Item = (CompactString, Value);
    type IntoIter = <Map as IntoIterator>::IntoIter;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Values {
    type Item = (&'a str, &'a Value);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

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
