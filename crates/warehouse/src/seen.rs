//! Which records somebody sees, a bit for each key. Rights say `key IN (SELECT "key" …)`, several times in one question: joins of ten
//! million lines with all customers. Each such set is read once a version of the warehouse and looked up where it is asked.

use crate::{
    internal, memory,
    query::{in_background, wrong_here},
};
use datafusion::{
    arrow::{
        array::{Array, AsArray, BooleanArray, Int32Array},
        buffer::{BooleanBuffer, Buffer},
        datatypes::{DataType, Int32Type},
    },
    common::tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    error::DataFusionError,
    execution::TaskContext,
    logical_expr::{
        ColumnarValue, Expr, LogicalPlan, ScalarUDF, Volatility, create_udf,
        expr::{InSubquery, ScalarFunction},
    },
    prelude::{DataFrame, SessionContext},
};
use engine::{Recent, Result};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::OnceCell;
use value::by_key;

/// What a query takes in memory, roughly.
const QUERY_BYTES: usize = 16 << 10;

/// The sets of one version, by the queries that give their keys.
pub(crate) struct Sets {
    kept: Recent<LogicalPlan, Arc<SeenKeys>>,
    /// Sets that are being read: whoever wants one of them waits for it.
    read: Mutex<HashMap<LogicalPlan, Weak<OnceCell<Arc<SeenKeys>>>>>,
    memory_bytes: usize,
}

/// 64 keys in a word, the lowest first.
pub(crate) struct SeenKeys(Vec<u64>);

impl SeenKeys {
    async fn of(keys: DataFrame) -> datafusion::error::Result<SeenKeys> {
        let (state, query) = keys.into_parts();
        let plan = state.create_physical_plan(&query).await?;
        let rows = memory::rows(plan, TaskContext::from(&state), usize::MAX).await?;
        let mut seen: Vec<u64> = vec![];
        for batch in &rows.batches {
            for key in batch.column(0).as_primitive::<Int32Type>().iter().flatten() {
                let Ok(key) = usize::try_from(key) else { continue };
                if key / 64 >= seen.len() {
                    seen.resize(key / 64 + 1, 0);
                }
                seen[key / 64] |= 1 << (key % 64);
            }
        }
        Ok(SeenKeys(seen))
    }

    /// Says of a key whether it is among them, of no key neither yes nor no; what rights ask is never without an answer (`coalesce`).
    fn function(self: Arc<Self>) -> ScalarUDF {
        // No two sets are taken for the same one.
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("seen_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let has = move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let [keys] = arrays.as_slice() else {
                return Err(DataFusionError::Plan("whether a key is seen is asked of one key".into()));
            };
            let keys: &Int32Array = keys.as_primitive();
            let told = BooleanArray::new(self.told(keys.values()), keys.nulls().cloned());
            Ok(ColumnarValue::Array(Arc::new(told)))
        };
        create_udf(&name, vec![DataType::Int32], DataType::Boolean, Volatility::Immutable, Arc::new(has))
    }

    pub fn told(&self, keys: &[i32]) -> BooleanBuffer {
        BooleanBuffer::new(Buffer::from_vec(by_key::among(&self.0, keys)), 0, keys.len())
    }
}

impl Sets {
    /// `memory_bytes` is what all questions together may take.
    pub fn new(memory_bytes: usize) -> Self {
        // A set is right as long as its version is asked.
        let kept = Recent::for_at_most(Duration::MAX)
            .weighing(|_, seen: &Arc<SeenKeys>| seen.0.len() * 8 + QUERY_BYTES);
        Sets { kept, read: Mutex::default(), memory_bytes }
    }

    /// The keys that a query of this version gives.
    pub async fn keys(&self, context: &SessionContext, query: &LogicalPlan) -> Result<Arc<SeenKeys>> {
        if let Some(known) = self.kept.get(query, 0) {
            return Ok(known);
        }
        let reading = {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.retain(|_, reading| reading.strong_count() > 0);
            let known = read.get(query).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let reading = Arc::new(OnceCell::new());
                read.insert(query.clone(), Arc::downgrade(&reading));
                reading
            })
        };
        let frame = DataFrame::new(context.state(), query.clone());
        let memory_bytes = self.memory_bytes;
        let wrong = move |error| wrong_here(error, memory_bytes);
        let seen = reading.get_or_try_init(|| {
            in_background(async move { SeenKeys::of(frame).await.map(Arc::new).map_err(wrong) })
        });
        let seen = seen.await?.clone();
        self.kept.put(query.clone(), 0, seen.clone());
        Ok(seen)
    }

    /// The same rows, asked without joins where it is only asked whether a key is among others.
    pub async fn looked_up(&self, context: &SessionContext, plan: LogicalPlan) -> Result<LogicalPlan> {
        let mut asked: HashMap<LogicalPlan, Option<Arc<ScalarUDF>>> = HashMap::new();
        let found = plan.apply(|node| {
            node.apply_expressions(|expression| {
                expression.apply(|part| {
                    if let Some((_, query)) = among_keys(part) {
                        asked.insert(query.clone(), None);
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        });
        found.map_err(internal)?;
        for (query, function) in &mut asked {
            *function = Some(Arc::new(self.keys(context, query).await?.function()));
        }
        let looked_up = |part: &Expr| {
            let (key, query) = among_keys(part)?;
            let function = asked.get(query)?.clone()?;
            Some(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![key.clone()])))
        };
        let plan = plan.transform_down(|node| {
            node.map_expressions(|expression| {
                expression.transform_down(|part| {
                    Ok(looked_up(&part).map_or_else(|| Transformed::no(part), Transformed::yes))
                })
            })
        });
        Ok(plan.map_err(internal)?.data)
    }
}

/// Of `key IN (SELECT "key" …)` the key and the query. A record's key is never unknown.
fn among_keys(expression: &Expr) -> Option<(&Expr, &LogicalPlan)> {
    let Expr::InSubquery(InSubquery { expr, subquery, negated: false }) = expression else { return None };
    let query = subquery.subquery.as_ref();
    let of_keys = match query.schema().fields().as_ref() {
        [field] => field.name() == "key" && *field.data_type() == DataType::Int32,
        _ => false,
    };
    let plain = matches!(**expr, Expr::Column(_)) && subquery.outer_ref_columns.is_empty();
    (of_keys && plain).then_some((expr.as_ref(), query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::{
        array::ArrayRef,
        datatypes::{Field, Schema},
        record_batch::RecordBatch,
        util::pretty::pretty_format_batches,
    };

    fn table(columns: [(&str, Vec<Option<i32>>); 2]) -> RecordBatch {
        let fields = columns.iter().map(|(name, _)| Field::new(*name, DataType::Int32, true));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let columns = columns.into_iter().map(|(_, values)| Arc::new(Int32Array::from(values)) as ArrayRef);
        RecordBatch::try_new(Arc::new(schema), columns.collect()).expect("columns of one length")
    }

    async fn rows(context: &SessionContext, plan: LogicalPlan) -> String {
        let batches = DataFrame::new(context.state(), plan).collect().await.expect("an answer");
        pretty_format_batches(&batches).expect("text").to_string()
    }

    #[tokio::test]
    async fn what_is_looked_up_is_what_a_join_finds() {
        let context = SessionContext::new();
        let customers = table([
            ("key", vec![Some(0), Some(1), Some(3), Some(70)]),
            ("region", vec![Some(1), Some(2), Some(1), None]),
        ]);
        let lines = table([
            ("customer", vec![Some(0), Some(1), None, Some(2), Some(3), Some(70), Some(500), Some(-1)]),
            ("amount", (10..18).map(Some).collect()),
        ]);
        context.register_batch("customers", customers).expect("registered");
        context.register_batch("lines", lines).expect("registered");
        let sets = Sets::new(1 << 30);
        let of = |region: &str| format!("customer IN (SELECT \"key\" FROM customers WHERE region {region})");
        let (one, two, none) = (of("= 1"), of("= 2"), of("IS NULL"));
        // With what a join finds worked out by hand: lines 10 to 17 are of customers 0, 1, nobody, 2, 3, 70, 500 and -1.
        for (condition, expected) in [
            (format!("coalesce({one}, false)"), vec![10, 14]),
            (format!("coalesce({one}, false) OR coalesce({none}, false)"), vec![10, 14, 15]),
            (format!("NOT coalesce({two}, false)"), vec![10, 12, 13, 14, 15, 16, 17]),
            (format!("NOT ({two})"), vec![10, 13, 14, 15, 16, 17]),
            (format!("{} OR {two}", of("= 1 AND false")), vec![11]),
        ] {
            let select = format!("SELECT amount FROM lines WHERE {condition} ORDER BY amount");
            let plan = context.sql(&select).await.expect("a plan").into_unoptimized_plan();
            let asked = sets.looked_up(&context, plan.clone()).await.expect("looked up");
            let text = asked.display_indent().to_string();
            assert!(text.contains("seen_") && !text.contains("Subquery"), "{text}");
            let expected =
                RecordBatch::try_from_iter([("amount", Arc::new(Int32Array::from(expected)) as ArrayRef)]);
            let expected = pretty_format_batches(&[expected.expect("rows")]).expect("text").to_string();
            assert_eq!(rows(&context, asked).await, expected, "{condition}");
            assert_eq!(rows(&context, plan).await, expected, "{condition}");
        }
        let query = context.sql("SELECT \"key\" FROM customers WHERE region = 1").await.expect("a plan");
        let first = sets.keys(&context, query.logical_plan()).await.expect("keys");
        let second = sets.keys(&context, query.logical_plan()).await.expect("keys");
        assert!(Arc::ptr_eq(&first, &second), "read twice");
    }

    #[tokio::test]
    async fn other_questions_stay_as_they_are() {
        let context = SessionContext::new();
        let customers = table([("key", vec![Some(0)]), ("region", vec![Some(1)])]);
        context.register_batch("customers", customers).expect("registered");
        for condition in [
            "region IN (SELECT region FROM customers)",
            "region NOT IN (SELECT \"key\" FROM customers)",
            "region + 1 IN (SELECT \"key\" FROM customers)",
        ] {
            let select = format!("SELECT region FROM customers WHERE {condition}");
            let plan = context.sql(&select).await.expect("a plan").into_unoptimized_plan();
            let asked = Sets::new(1 << 30).looked_up(&context, plan.clone()).await.expect("the same");
            assert_eq!(asked, plan, "{condition}");
        }
    }
}
