//! Reading one column of a row.

use meta::{DateTime, Id, NaiveDate, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

/// What a column may be read as. Like [`FromSql`], but dates and instants are expected in the one form `bind` gives them,
/// which is much faster to read than any form.
pub(in crate::db) trait FromColumn: Sized {
    fn from_column(value: ValueRef<'_>) -> FromSqlResult<Self>;
}

macro_rules! as_sqlite_has_it {
    ($($kind:ty),*) => {$(
        impl FromColumn for $kind {
            fn from_column(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value)
            }
        }
    )*};
}
as_sqlite_has_it!(Id, i64, f64, String, Vec<u8>, bool);

impl FromColumn for NaiveDate {
    fn from_column(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

impl FromColumn for DateTime<Utc> {
    fn from_column(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = DateTime::parse_from_rfc3339(value.as_str()?);
        at.map(|at| at.to_utc()).map_err(FromSqlError::other)
    }
}
