//! One value of one field.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// Money is stored as an integer number of ten-thousandths, so that sums are exact and fast on every database.
pub const MONEY_SCALE: u32 = 4;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Text(String),
    Int(i64),
    Decimal(Decimal),
    Bool(bool),
    Date(NaiveDate),
    Instant(DateTime<Utc>),
    Id(Uuid),
    Json(serde_json::Value),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(number) = self { Some(*number) } else { None }
    }
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Decimal(number) => Some(*number),
            Value::Int(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(flag) = self { Some(*flag) } else { None }
    }
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Value::Date(date) => Some(*date),
            Value::Instant(at) => Some(at.date_naive()),
            _ => None,
        }
    }
    pub fn as_instant(&self) -> Option<DateTime<Utc>> {
        if let Value::Instant(at) = self { Some(*at) } else { None }
    }
    pub fn as_id(&self) -> Option<Uuid> {
        if let Value::Id(id) = self { Some(*id) } else { None }
    }

    pub fn to_json(&self) -> serde_json::Value {
        // Nothing of this cannot be said in JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The JSON the API speaks: decimals as strings, so that no reader rounds them.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Decimal(number) => serializer.collect_str(&number.normalize()),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Date(date) => serializer.collect_str(date),
            Value::Instant(at) => serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Value::Id(id) => serializer.collect_str(id),
            Value::Json(json) => json.serialize(serializer),
        }
    }
}

macro_rules! value_from {
    ($($kind:ty => $variant:ident),* $(,)?) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self { Value::$variant(value) }
        }
    )*};
}
value_from!(String => Text, i64 => Int, Decimal => Decimal, bool => Bool, NaiveDate => Date,
    DateTime<Utc> => Instant, Uuid => Id, serde_json::Value => Json);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// `number` × 10^`scale` as stored; `None` if it has more decimals than `scale` or does not fit 64 bits.
pub fn scaled(number: Decimal, scale: u32) -> Option<i64> {
    let shifted = number.checked_mul(Decimal::from(10_i64.checked_pow(scale)?))?;
    if !shifted.fract().is_zero() {
        return None;
    }
    i64::try_from(shifted.trunc().mantissa() / 10_i128.pow(shifted.trunc().scale())).ok()
}

/// The inverse of [`scaled`].
pub fn unscaled(stored: i64, scale: u32) -> Decimal {
    Decimal::new(stored, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_survives_storage() {
        for text in ["0", "1", "-12.5", "8911407.9040", "-0.0001"] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(unscaled(scaled(number, 4).unwrap(), 4), number);
        }
        assert_eq!(scaled("0.00001".parse().unwrap(), 4), None);
        assert_eq!(scaled(Decimal::MAX, 4), None);
    }
}
