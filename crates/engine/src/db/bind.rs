//! Parameters of SQLite's statements.

use crate::{Error, Result};
use chrono::SecondsFormat;
use meta::{DateTime, Utc};
use rusqlite::{
    Statement,
    types::{ToSqlOutput, ValueRef},
};
use sea_query::{Value as Bound, Values};

/// Gives a statement its parameters as the file keeps them; the same forms as ever, so that a file goes on being read.
pub(super) fn bind(statement: &mut Statement<'_>, values: &Values) -> Result<()> {
    if statement.parameter_count() != values.0.len() {
        let (wanted, given) = (statement.parameter_count(), values.0.len());
        return Err(Error::Internal(format!("{given} parameters for a statement of {wanted}")));
    }
    // Rows written together have one moment in common.
    let mut moment: Option<(DateTime<Utc>, String)> = None;
    for (index, bound) in values.0.iter().enumerate() {
        let text: String;
        let stored = match bound {
            Bound::Bool(flag) => flag.map(|flag| ValueRef::Integer(flag.into())),
            Bound::Int(number) => number.map(|number| ValueRef::Integer(number.into())),
            Bound::BigInt(number) => number.map(ValueRef::Integer),
            Bound::Unsigned(number) => number.map(|number| ValueRef::Integer(number.into())),
            Bound::BigUnsigned(number) => match number.map(i64::try_from).transpose() {
                Ok(number) => number.map(ValueRef::Integer),
                Err(error) => return Err(Error::Internal(error.to_string())),
            },
            Bound::Double(number) => number.map(ValueRef::Real),
            Bound::String(text) => text.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
            Bound::Bytes(bytes) => bytes.as_ref().map(|bytes| ValueRef::Blob(bytes)),
            Bound::Uuid(id) => id.as_ref().map(|id| ValueRef::Blob(id.as_bytes())),
            Bound::ChronoDateTimeUtc(Some(at)) => {
                let known = match moment.take() {
                    Some(known) if known.0 == *at => known,
                    _ => (*at, at.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
                };
                Some(ValueRef::Text(moment.insert(known).1.as_bytes()))
            }
            Bound::ChronoDate(Some(date)) => {
                text = date.to_string();
                Some(ValueRef::Text(text.as_bytes()))
            }
            Bound::Json(Some(json)) => {
                text = json.to_string();
                Some(ValueRef::Text(text.as_bytes()))
            }
            Bound::ChronoDateTimeUtc(None) | Bound::ChronoDate(None) | Bound::Json(None) => None,
            other => return Err(Error::Internal(format!("SQLite keeps no {other:?}"))),
        };
        let stored = ToSqlOutput::Borrowed(stored.unwrap_or(ValueRef::Null));
        statement.raw_bind_parameter(index + 1, stored)?;
    }
    Ok(())
}
