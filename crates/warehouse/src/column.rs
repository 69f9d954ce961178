//! Values on their way from a row of the operational store to a column of Arrow.

use crate::table::ColumnKind;
use datafusion::arrow::{
    array::{
        ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder, Int32Builder,
        Int64Builder, StringViewBuilder, TimestampMicrosecondBuilder,
    },
    datatypes::{DataType, TimeUnit},
    error::ArrowError,
};
use engine::{Result, Row};
use meta::NaiveDate;
use std::sync::Arc;

/// One value as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Cell {
    #[default]
    Null,
    Id([u8; 16]),
    /// A number as stored, a day since 1970, microseconds: the column's kind says which.
    Int(i64),
    Bool(bool),
    Text(String),
}

impl Cell {
    pub fn number(&self) -> Option<i64> {
        if let Cell::Int(number) = self { Some(*number) } else { None }
    }

    pub fn read(row: &Row, at: usize, kind: ColumnKind) -> Result<Cell> {
        Ok(match kind {
            ColumnKind::Id | ColumnKind::Key => row.opt_id(at)?.map(|id| Cell::Id(id.into_bytes())),
            ColumnKind::Int | ColumnKind::Decimal(_) => row.opt_int(at)?.map(Cell::Int),
            ColumnKind::Bool => row.opt_bool(at)?.map(Cell::Bool),
            ColumnKind::Date => row.opt_date(at)?.map(|day| Cell::Int(i64::from(day_number(day)))),
            ColumnKind::Instant => row.opt_instant(at)?.map(|instant| Cell::Int(instant.timestamp_micros())),
            ColumnKind::Text => row.opt_text(at)?.map(Cell::Text),
        }
        .unwrap_or_default())
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(day: NaiveDate) -> i32 {
    datafusion::arrow::datatypes::Date32Type::from_naive_date(day)
}

/// Decimals are whole numbers of 64 bits in the files whatever their scale.
const PRECISION: u8 = 18;

pub(crate) fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Id => DataType::FixedSizeBinary(16),
        ColumnKind::Key => DataType::Int32,
        ColumnKind::Int => DataType::Int64,
        ColumnKind::Decimal(scale) => DataType::Decimal128(PRECISION, i8::try_from(scale).unwrap_or(0)),
        ColumnKind::Bool => DataType::Boolean,
        ColumnKind::Date => DataType::Date32,
        ColumnKind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnKind::Text => DataType::Utf8View,
    }
}

/// A column being filled.
pub(crate) enum Filling {
    Id(FixedSizeBinaryBuilder),
    Key(Int32Builder),
    Int(Int64Builder),
    Decimal(Decimal128Builder),
    Bool(BooleanBuilder),
    Date(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Text(StringViewBuilder),
}

impl Filling {
    pub fn new(kind: ColumnKind) -> Filling {
        match kind {
            ColumnKind::Id => Filling::Id(FixedSizeBinaryBuilder::new(16)),
            ColumnKind::Key => Filling::Key(Int32Builder::new()),
            ColumnKind::Int => Filling::Int(Int64Builder::new()),
            ColumnKind::Decimal(_) => {
                Filling::Decimal(Decimal128Builder::new().with_data_type(data_type(kind)))
            }
            ColumnKind::Bool => Filling::Bool(BooleanBuilder::new()),
            ColumnKind::Date => Filling::Date(Date32Builder::new()),
            ColumnKind::Instant => {
                Filling::Instant(TimestampMicrosecondBuilder::new().with_data_type(data_type(kind)))
            }
            ColumnKind::Text => Filling::Text(StringViewBuilder::new().with_deduplicate_strings()),
        }
    }

    /// A cell of another kind is left empty; the kinds come from one definition.
    pub fn push(&mut self, cell: &Cell) -> Result<(), ArrowError> {
        match (self, cell) {
            (Filling::Id(column), Cell::Id(id)) => column.append_value(id)?,
            (Filling::Id(column), _) => column.append_null(),
            (Filling::Key(column), Cell::Int(number)) => column.append_option(i32::try_from(*number).ok()),
            (Filling::Key(column), _) => column.append_null(),
            (Filling::Int(column), cell) => column.append_option(cell.number()),
            (Filling::Decimal(column), cell) => column.append_option(cell.number().map(i128::from)),
            (Filling::Bool(column), Cell::Bool(flag)) => column.append_value(*flag),
            (Filling::Bool(column), _) => column.append_null(),
            (Filling::Date(column), cell) => {
                column.append_option(cell.number().and_then(|day| i32::try_from(day).ok()));
            }
            (Filling::Instant(column), cell) => column.append_option(cell.number()),
            (Filling::Text(column), Cell::Text(text)) => column.append_value(text),
            (Filling::Text(column), _) => column.append_null(),
        }
        Ok(())
    }

    pub fn finish(&mut self) -> ArrayRef {
        match self {
            Filling::Id(column) => Arc::new(column.finish()),
            Filling::Key(column) => Arc::new(column.finish()),
            Filling::Int(column) => Arc::new(column.finish()),
            Filling::Decimal(column) => Arc::new(column.finish()),
            Filling::Bool(column) => Arc::new(column.finish()),
            Filling::Date(column) => Arc::new(column.finish()),
            Filling::Instant(column) => Arc::new(column.finish()),
            Filling::Text(column) => Arc::new(column.finish()),
        }
    }
}
