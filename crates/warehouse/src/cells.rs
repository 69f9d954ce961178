//! Cells of an answer as the product's values.

use crate::Answer;
use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{
        DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
        UInt64Type,
    },
    util::display::{ArrayFormatter, FormatOptions},
};
use engine::Result;
use meta::{DateTime, Decimal, Id, NaiveDate, Value};
use serde_json::{Map, Value as Json};

/// The value in row `at` of a column: ids as ids, numbers exact, anything unusual as text; what is no number is empty.
pub fn value(column: &ArrayRef, at: usize) -> Result<Value> {
    if column.is_null(at) {
        return Ok(Value::Null);
    }
    let cast =
        |to: &DataType| datafusion::arrow::compute::cast(&column.slice(at, 1), to).map_err(crate::internal);
    Ok(match column.data_type() {
        DataType::FixedSizeBinary(16) => {
            Id::from_slice(column.as_fixed_size_binary().value(at)).map_err(crate::internal)?.into()
        }
        DataType::Boolean => column.as_boolean().value(at).into(),
        DataType::Date32 => {
            let day = Date32Type::to_naive_date_opt(column.as_primitive::<Date32Type>().value(at));
            day.map_or(Value::Null, |day: NaiveDate| day.into())
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(&DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let instant =
                DateTime::from_timestamp_micros(micros.as_primitive::<TimestampMicrosecondType>().value(0));
            instant.map_or(Value::Null, Into::into)
        }
        DataType::Decimal128(_, scale) => {
            let (number, scale) =
                (column.as_primitive::<Decimal128Type>().value(at), u32::try_from(*scale).unwrap_or(0));
            match Decimal::try_from_i128_with_scale(number, scale) {
                Ok(number) => number.normalize().into(),
                Err(_) => text(column, at)?.into(),
            }
        }
        DataType::UInt64 => match i64::try_from(column.as_primitive::<UInt64Type>().value(at)) {
            Ok(number) => number.into(),
            Err(_) => text(column, at)?.into(),
        },
        kind if kind.is_integer() => cast(&DataType::Int64)?.as_primitive::<Int64Type>().value(0).into(),
        kind if kind.is_floating() => {
            let number = cast(&DataType::Float64)?.as_primitive::<Float64Type>().value(0);
            serde_json::Number::from_f64(number)
                .map_or(Value::Null, |number| Value::Json(Json::Number(number)))
        }
        _ => text(column, at)?.into(),
    })
}

fn text(column: &ArrayRef, at: usize) -> Result<String> {
    let formatter =
        ArrayFormatter::try_new(column.as_ref(), &FormatOptions::default()).map_err(crate::internal)?;
    formatter.value(at).try_to_string().map_err(crate::internal)
}

impl Answer {
    /// The names of the columns.
    pub fn columns(&self) -> Vec<&str> {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    /// Row after row.
    pub fn values(&self) -> impl Iterator<Item = Result<Vec<Value>>> {
        self.batches.iter().flat_map(|batch| {
            (0..batch.num_rows())
                .map(move |at| batch.columns().iter().map(|column| value(column, at)).collect())
        })
    }

    /// Rows as the API speaks them: decimals as text.
    pub fn objects(&self) -> impl Iterator<Item = Result<Json>> {
        let columns: Vec<String> = self.columns().into_iter().map(str::to_owned).collect();
        self.values().map(move |row| {
            let cells = columns.iter().cloned().zip(row?.into_iter().map(|value| value.to_json()));
            Ok(Json::Object(cells.collect::<Map<_, _>>()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{
        Decimal128Array, FixedSizeBinaryArray, Float64Array, StringViewArray, UInt64Array,
    };
    use std::sync::Arc;

    #[test]
    fn every_kind_of_number_is_kept_exactly() {
        let money: ArrayRef =
            Arc::new(Decimal128Array::from(vec![-125_000]).with_precision_and_scale(18, 4).unwrap());
        assert_eq!(value(&money, 0).unwrap(), Value::Decimal("-12.5".parse().unwrap()));
        let huge: ArrayRef =
            Arc::new(Decimal128Array::from(vec![i128::MAX / 2]).with_precision_and_scale(38, 4).unwrap());
        assert_eq!(value(&huge, 0).unwrap().as_text(), Some("8507059173023461586584365185794205.2863"));
        let count: ArrayRef = Arc::new(UInt64Array::from(vec![7, u64::MAX]));
        assert_eq!(value(&count, 0).unwrap(), Value::Int(7));
        assert_eq!(value(&count, 1).unwrap().as_text(), Some("18446744073709551615"));
    }

    #[test]
    fn what_is_no_number_is_empty_and_ids_are_ids() {
        let ratio: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, 0.5]));
        assert!(value(&ratio, 0).unwrap().is_null() && value(&ratio, 1).unwrap().is_null());
        assert_eq!(value(&ratio, 2).unwrap().to_json(), serde_json::json!(0.5));
        let id = Id::from_u128(5);
        let ids = FixedSizeBinaryArray::try_from_iter([id.as_bytes()].into_iter()).unwrap();
        let ids: ArrayRef = Arc::new(ids);
        assert_eq!(value(&ids, 0).unwrap(), Value::Id(id));
        let words: ArrayRef = Arc::new(StringViewArray::from(vec![Some("华东"), None]));
        assert_eq!(
            (value(&words, 0).unwrap().as_text(), value(&words, 1).unwrap().is_null()),
            (Some("华东"), true)
        );
    }
}
