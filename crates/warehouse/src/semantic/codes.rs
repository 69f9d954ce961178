//! What the records that facts refer to say of themselves, as small numbers by the record's key. To look a number up in an array is
//! several times as fast as to join ten million lines with a million customers and to group them by text; what the numbers mean is
//! told once a group.

use super::{
    checked::Asked,
    dimension::{Dimension, DimensionKind},
    member::Code,
    sql::Joins,
};
use crate::{
    Limits, cells, elsewhere, internal,
    lower::quoted,
    query::query_at,
    rights::{self, Shown},
    seen::SeenKeys,
    session::Open,
};
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch},
        compute::cast,
        datatypes::{DataType, Int32Type},
    },
    error::DataFusionError,
    logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf},
};
use engine::{Actor, Engine, Result};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use value::by_key;

/// Of a table with more records they would take more memory than they are worth.
const RECORDS_LIMIT: u64 = 8_000_000;
/// More different members are no classes any more.
const MEMBERS_LIMIT: usize = 200_000;
/// Attributes of one version of the warehouse.
const KEPT_LIMIT: usize = 12;
/// The place of [`Code::Empty`]: of records that say nothing, and of no record.
const EMPTY: i32 = 0;

pub(crate) struct Codes {
    /// By key the place of its member.
    of: Vec<i32>,
    members: Vec<Code>,
    /// The name of the function of SQL that gives the number of a key.
    function: String,
}

/// By table and column; `None` of what has too many members.
type ByColumn = HashMap<(String, String), Option<Arc<Codes>>>;

/// What was read of one version.
#[derive(Default)]
pub(crate) struct Known(Mutex<ByColumn>);

/// What tells an attribute's number in one fact.
#[derive(Clone)]
pub(crate) struct Coded {
    codes: Arc<Codes>,
    /// The records the asker sees, unless he sees all: of others nothing is told.
    seen: Option<Arc<SeenKeys>>,
    /// The SQL expression for it.
    pub sql: String,
}

impl Coded {
    /// What the expression calls.
    pub fn function(&self) -> ScalarUDF {
        let own = self.clone();
        let of_keys = move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let [keys] = arrays.as_slice() else {
                return Err(DataFusionError::Plan(format!("{} takes one key", own.codes.function)));
            };
            Ok(ColumnarValue::Array(Arc::new(own.codes(keys.as_primitive()))))
        };
        let number = DataType::Int32;
        let name = &self.codes.function;
        create_udf(name, vec![number.clone()], number, Volatility::Immutable, Arc::new(of_keys))
    }

    /// Of no key it is that of nothing, so that no answer has gaps.
    fn codes(&self, keys: &Int32Array) -> Int32Array {
        let mut codes = by_key::at(&self.codes.of, keys.values(), EMPTY);
        let seen = self.seen.as_ref().map(|seen| seen.told(keys.values()));
        let known = keys.nulls().map(|nulls| nulls.inner().clone());
        for shown in [seen, known].into_iter().flatten() {
            for (code, shown) in codes.iter_mut().zip(&shown) {
                if !shown {
                    *code = EMPTY;
                }
            }
        }
        codes.into()
    }

    pub fn member(&self, numbers: &ArrayRef, at: usize) -> Code {
        let numbers = numbers.as_primitive_opt::<Int32Type>();
        let member = numbers.and_then(|numbers| usize::try_from(numbers.value(at)).ok());
        member.and_then(|member| self.codes.members.get(member)).cloned().unwrap_or(Code::Empty)
    }
}

/// `None` where rows have to be joined: for whoever sees the attribute masked, on other machines, and where a value is worked out further.
pub(super) async fn coded(
    asked: &Asked<'_>,
    dimension: &Dimension,
    joins: &mut Joins,
) -> Result<Option<Coded>> {
    let plain = matches!(
        dimension.kind,
        DimensionKind::Choice(_) | DimensionKind::Text | DimensionKind::Record { .. }
    );
    let Some((last, before)) = dimension.path.split_last() else { return Ok(None) };
    if !plain || dimension.then || dimension.above.is_some() || elsewhere::of(asked.engine).is_some() {
        return Ok(None);
    }
    let table = dimension.beside.as_ref().unwrap_or(&last.table);
    let (open, column) = (asked.open, (table.as_str(), dimension.column.as_str()));
    let shown = rights::shown(asked.engine, asked.actor, open, column, asked.limits.exporting).await?;
    if matches!(shown, Shown::Otherwise) {
        return Ok(None);
    }
    let Some(codes) = known(asked.engine, open, table, &dimension.column).await? else { return Ok(None) };
    let seen = match shown {
        Shown::Of(query) => Some(open.seen.keys(&open.context, &query).await?),
        _ => None,
    };
    let from = before
        .iter()
        .fold("f".to_owned(), |from, step| joins.to(&step.table, &format!("{from}.{}", quoted(&step.key))));
    let sql = format!("{}({from}.{})", codes.function, quoted(&last.key));
    Ok(Some(Coded { codes, seen, sql }))
}

async fn known(engine: &Engine, open: &Arc<Open>, table: &str, column: &str) -> Result<Option<Arc<Codes>>> {
    let name = (table.to_owned(), column.to_owned());
    {
        let known = open.codes.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&name) {
            Some(codes) => return Ok(codes.clone()),
            None if known.len() >= KEPT_LIMIT => return Ok(None),
            None => {}
        }
    }
    let segments = open.manifest.tables.get(table).map(|kept| kept.segments.as_slice()).unwrap_or_default();
    let records: u64 = segments.iter().map(|segment| segment.rows).sum();
    let codes = if records == 0 || records > RECORDS_LIMIT {
        None
    } else {
        let sql = format!("SELECT \"key\", {} FROM {}", quoted(column), quoted(table));
        let answer = query_at(open.clone(), engine, &Actor::system(), &sql, Limits::JOB).await?.whole()?;
        Codes::of(&answer.batches, function_of(table, column))?.map(Arc::new)
    };
    open.codes.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, codes.clone());
    Ok(codes)
}

/// Names have no two underscores in a row, so that no two columns share a function.
fn function_of(table: &str, column: &str) -> String {
    format!("code_of_{table}__{column}")
}

impl Codes {
    /// From rows of key and attribute; `None` if there are too many members.
    fn of(batches: &[RecordBatch], function: String) -> Result<Option<Codes>> {
        let mut codes = Codes { of: vec![], members: vec![Code::Empty], function };
        let mut places = HashMap::from([(Code::Empty, EMPTY)]);
        for batch in batches {
            let [keys, values] = batch.columns() else { return Err(internal("neither key nor attribute")) };
            let Some(keys) = keys.as_primitive_opt::<Int32Type>() else { return Ok(None) };
            let kind = if values.data_type().is_integer() { values.data_type() } else { &DataType::Utf8 };
            let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(kind.clone()));
            let values = cast(values, &kind).map_err(internal)?;
            let values = values.as_dictionary::<Int32Type>();
            let mut members = Vec::with_capacity(values.values().len());
            for at in 0..values.values().len() {
                let code = Code::of(&cells::value(values.values(), at)?);
                members.push(*places.entry(code).or_insert_with_key(|code| {
                    codes.members.push(code.clone());
                    codes.members.len() as i32 - 1
                }));
            }
            if codes.members.len() > MEMBERS_LIMIT {
                return Ok(None);
            }
            for (key, member) in keys.iter().zip(values.keys()) {
                let (Some(key), Some(member)) = (key, member) else { continue };
                let (Ok(key), Ok(member)) = (usize::try_from(key), usize::try_from(member)) else { continue };
                if key >= codes.of.len() {
                    codes.of.resize(key + 1, EMPTY);
                }
                codes.of[key] = members[member];
            }
        }
        Ok(Some(codes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::{
        array::StringViewArray,
        datatypes::{Field, Schema},
    };

    fn batch(keys: Vec<i32>, values: ArrayRef) -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("key", DataType::Int32, false),
            Field::new("value", values.data_type().clone(), true),
        ]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int32Array::from(keys)), values]).expect("rows")
    }

    #[test]
    fn a_key_has_the_number_of_its_member_whichever_file_it_stands_in() {
        let texts = |texts: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringViewArray::from(texts)) };
        let batches = [
            batch(vec![3, 1], texts(vec![Some("266000"), None])),
            batch(vec![0, 7, 4], texts(vec![Some("100000"), Some("266000"), Some("")])),
        ];
        let codes = Arc::new(Codes::of(&batches, "code_of".into()).expect("read").expect("few"));
        let text = |text: &str| Code::Text(text.to_owned());
        let keys =
            Int32Array::from(vec![Some(3), Some(7), Some(0), Some(4), Some(1), Some(2), Some(8), None]);
        let coded = Coded { codes, seen: None, sql: String::new() };
        let numbers: ArrayRef = Arc::new(coded.codes(&keys));
        let members: Vec<Code> = (0..keys.len()).map(|at| coded.member(&numbers, at)).collect();
        let known = [text("266000"), text("266000"), text("100000"), text("")];
        assert_eq!((&members[..4], &members[4..]), (&known[..], &[const { Code::Empty }; 4][..]));
    }

    #[test]
    fn columns_whose_names_run_together_have_functions_of_their_own() {
        assert_ne!(function_of("account", "figures_stage"), function_of("account_figures", "stage"));
    }

    #[test]
    fn keys_are_members_too_and_too_many_are_none() {
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(5)]));
        let codes =
            Codes::of(&[batch(vec![0, 1, 2], numbers)], "code_of".into()).expect("read").expect("few");
        assert_eq!((codes.of, codes.members), (vec![1, EMPTY, 1], vec![Code::Empty, Code::Number(5)]));
        let many = 0..=MEMBERS_LIMIT as i32;
        let different: ArrayRef = Arc::new(many.clone().collect::<Int32Array>());
        assert!(Codes::of(&[batch(many.collect(), different)], "code_of".into()).expect("read").is_none());
    }
}
