//! What SQL here can do beyond DataFusion's own functions.

use datafusion::{
    arrow::{
        array::{Array, AsArray, FixedSizeBinaryBuilder, StringArray},
        datatypes::DataType,
    },
    error::{DataFusionError, Result},
    logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf},
};
use meta::{Id, Kind};
use std::sync::Arc;

pub(crate) fn all() -> [ScalarUDF; 2] {
    [id(), masked()]
}

/// `id('0197…')`: a record's id as the columns hold it.
fn id() -> ScalarUDF {
    let to = DataType::FixedSizeBinary(16);
    create_udf("id", vec![DataType::Utf8], to, Volatility::Immutable, Arc::new(ids_of))
}

/// `masked('phone', column)`: as a reader sees it who may see it only in part.
pub(crate) const MASKED: &str = "masked";

fn masked() -> ScalarUDF {
    let text = DataType::Utf8;
    create_udf(MASKED, vec![text.clone(), text.clone()], text, Volatility::Immutable, Arc::new(masked_texts))
}

fn masked_texts(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let [kinds, texts] = arrays.as_slice() else {
        return Err(DataFusionError::Plan("masked takes a kind and a text".into()));
    };
    let kind_of = |name: &str| match name {
        "phone" => Kind::Phone,
        "email" => Kind::Email,
        _ => Kind::LongText,
    };
    let pairs = kinds.as_string::<i32>().iter().zip(texts.as_string::<i32>());
    let seen = pairs.map(|(kind, text)| Some(engine::masked(&kind_of(kind?), text?)));
    Ok(ColumnarValue::Array(Arc::new(seen.collect::<StringArray>())))
}

fn ids_of(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let scalar = matches!(arguments, [ColumnarValue::Scalar(_)]);
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let [texts] = arrays.as_slice() else {
        return Err(DataFusionError::Plan("id takes one text".into()));
    };
    let mut ids = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
    for text in texts.as_string::<i32>() {
        match text {
            Some(text) => {
                let id: Id =
                    text.parse().map_err(|_| DataFusionError::Execution(format!("“{text}” is no id")))?;
                ids.append_value(id.as_bytes())?;
            }
            None => ids.append_null(),
        }
    }
    let ids = ids.finish();
    if scalar {
        return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&ids, 0)?));
    }
    Ok(ColumnarValue::Array(Arc::new(ids)))
}
