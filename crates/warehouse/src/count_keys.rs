//! `count_keys(key)` is `count(DISTINCT key)` for the warehouse's own keys, without hashing: a bit for each record.
//! `key_set(key)` gives the sets themselves, from which groups are counted together without reading the facts once more. Long because an
//! aggregate has two forms, of one group and of many, and their test is a third of the file.

use crate::key_set::{KeySet, Stored, store_one};
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, LargeBinaryArray},
        buffer::{NullBuffer, OffsetBuffer},
        compute::prep_null_mask_filter,
        datatypes::{DataType, Field, FieldRef, Int32Type},
    },
    common::ScalarValue,
    error::{DataFusionError, Result},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature,
        Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
        utils::{AggregateOrderSensitivity, format_state_name},
    },
};
use std::{slice, sync::Arc};

pub(crate) const COUNT_KEYS: &str = "count_keys";
pub(crate) const KEY_SET: &str = "key_set";

pub(crate) fn all() -> [AggregateUDF; 2] {
    [Gives::Number, Gives::Set].map(|gives| {
        let signature = Signature::exact(vec![DataType::Int32], Volatility::Immutable);
        AggregateUDF::new_from_impl(Keys { signature, gives })
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Keys {
    signature: Signature,
    gives: Gives,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Gives {
    Number,
    Set,
}

impl AggregateUDFImpl for Keys {
    fn name(&self) -> &str {
        match self.gives {
            Gives::Number => COUNT_KEYS,
            Gives::Set => KEY_SET,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.gives {
            Gives::Number => DataType::Int64,
            Gives::Set => DataType::LargeBinary,
        })
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        self.gives.scalar(&mut KeySet::default())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(arguments.name, "keys");
        // Large: the sets of all groups together may be more than 2 GB.
        Ok(vec![Arc::new(Field::new(name, DataType::LargeBinary, false))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Ungrouped { set: KeySet::default(), gives: self.gives }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { sets: vec![], bytes: 0, gives: self.gives }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

impl Gives {
    fn scalar(self, set: &mut KeySet) -> Result<ScalarValue> {
        Ok(match self {
            Gives::Number => ScalarValue::Int64(Some(whole(set.count())?)),
            Gives::Set => {
                let mut bytes = vec![];
                set.store(&mut bytes);
                ScalarValue::LargeBinary(Some(bytes))
            }
        })
    }

    fn column(self, mut sets: Vec<KeySet>) -> Result<ArrayRef> {
        Ok(match self {
            Gives::Number => {
                let counts = sets.iter_mut().map(|set| whole(set.count()));
                Arc::new(Int64Array::from(counts.collect::<Result<Vec<i64>>>()?))
            }
            Gives::Set => stored(sets.iter_mut(), KeySet::store),
        })
    }
}

/// Everything as one group.
#[derive(Debug)]
struct Ungrouped {
    set: KeySet,
    gives: Gives,
}

impl Accumulator for Ungrouped {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let keys = keys_of(values)?;
        let sets = slice::from_mut(&mut self.set);
        match keys.nulls() {
            None => add(sets, keys.values().iter().map(|key| (*key, 0)))?,
            Some(known) => add(sets, known.valid_indices().map(|row| (keys.value(row), 0)))?,
        };
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for bytes in sets_of(states)?.iter().flatten() {
            self.set.merge(read(bytes)?);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![Gives::Set.scalar(&mut self.set)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.gives.scalar(&mut self.set)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.set.bytes()
    }
}

struct Groups {
    sets: Vec<KeySet>,
    /// What the sets hold beside themselves.
    bytes: usize,
    gives: Gives,
}

impl Groups {
    fn have(&mut self, groups: usize) {
        if self.sets.len() < groups {
            self.sets.resize_with(groups, KeySet::default);
        }
    }

    fn take(&mut self, emit: EmitTo) -> Vec<KeySet> {
        let taken = emit.take_needed(&mut self.sets);
        self.bytes = self.bytes.saturating_sub(taken.iter().map(KeySet::bytes).sum());
        taken
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.have(total_num_groups);
        let keys = keys_of(values)?;
        let grown = match counted(keys, opt_filter) {
            None => add(&mut self.sets, keys.values().iter().copied().zip(group_indices.iter().copied()))?,
            Some(rows) => {
                let pair = |row| (keys.value(row), group_indices[row]);
                add(&mut self.sets, rows.valid_indices().map(pair))?
            }
        };
        self.bytes = self.bytes.saturating_add_signed(grown);
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.have(total_num_groups);
        for (bytes, group) in sets_of(values)?.iter().zip(group_indices) {
            let grown = self.sets[*group].merge(read(bytes.unwrap_or_default())?);
            self.bytes = self.bytes.saturating_add_signed(grown);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.gives.column(self.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Gives::Set.column(self.take(emit_to))?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let keys = keys_of(values)?;
        let rows = counted(keys, opt_filter);
        let is_counted = |row| rows.as_ref().is_none_or(|rows| rows.is_valid(row));
        let mut of_rows = vec![];
        for row in 0..keys.len() {
            of_rows.push(if is_counted(row) { Some(unsigned(keys.value(row))?) } else { None });
        }
        let sets = stored(of_rows.into_iter(), |key, bytes| {
            if let Some(key) = key {
                store_one(key, bytes);
            }
        });
        Ok(vec![sets])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sets.capacity() * size_of::<KeySet>() + self.bytes
    }
}

/// Adds keys to the sets of their groups, and says by how many bytes these grew. The lines of a document stand together and have
/// the same customer.
fn add(sets: &mut [KeySet], pairs: impl Iterator<Item = (i32, usize)>) -> Result<isize> {
    let (mut grown, mut last) = (0, None);
    for (key, group) in pairs {
        if last != Some((key, group)) {
            grown += sets[group].add(unsigned(key)?);
            last = Some((key, group));
        }
    }
    Ok(grown)
}

/// The rows that are counted; all if there is nothing to say.
fn counted(keys: &Int32Array, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    let passed = filter.map(|filter| match filter.null_count() {
        0 => filter.values().clone(),
        _ => prep_null_mask_filter(filter).values().clone(),
    });
    NullBuffer::union(keys.nulls(), passed.map(NullBuffer::new).as_ref())
}

fn stored<T>(sets: impl Iterator<Item = T>, store: impl Fn(T, &mut Vec<u8>)) -> ArrayRef {
    let (mut bytes, mut lengths) = (vec![], vec![]);
    for set in sets {
        let from = bytes.len();
        store(set, &mut bytes);
        lengths.push(bytes.len() - from);
    }
    Arc::new(LargeBinaryArray::new(OffsetBuffer::from_lengths(lengths), bytes.into(), None))
}

fn keys_of(values: &[ArrayRef]) -> Result<&Int32Array> {
    values
        .first()
        .and_then(|keys| keys.as_primitive_opt::<Int32Type>())
        .ok_or_else(|| DataFusionError::Execution(format!("{COUNT_KEYS} counts keys of records")))
}

fn sets_of(states: &[ArrayRef]) -> Result<&LargeBinaryArray> {
    let sets = states.first().and_then(|sets| sets.as_binary_opt::<i64>());
    sets.ok_or_else(|| DataFusionError::Internal(format!("{COUNT_KEYS} was handed on as something else")))
}

fn read(bytes: &[u8]) -> Result<Stored<'_>> {
    Stored::of(bytes).ok_or_else(|| DataFusionError::Internal(format!("{COUNT_KEYS} was handed on spoilt")))
}

fn unsigned(key: i32) -> Result<u32> {
    u32::try_from(key).map_err(|_| {
        DataFusionError::Execution(format!(
            "{COUNT_KEYS} counts keys of records, which are not negative: {key}"
        ))
    })
}

fn whole(number: usize) -> Result<i64> {
    i64::try_from(number).map_err(|_| DataFusionError::Execution("too many to count".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_set::numbers;
    use datafusion::{
        arrow::{
            array::RecordBatch,
            datatypes::{Schema, SchemaRef},
            util::pretty::pretty_format_batches,
        },
        datasource::MemTable,
        execution::{memory_pool::FairSpillPool, runtime_env::RuntimeEnvBuilder},
        prelude::{SessionConfig, SessionContext},
    };

    const ROWS: usize = 3_000;
    const PARTITIONS: usize = 3;

    /// Random keys with holes, every so often the same again and again; groups by `few` and by `many`; and what a filter asks.
    fn rows(seed: u64, keys: u32) -> Vec<Vec<RecordBatch>> {
        let mut random = numbers(seed);
        let mut next = move |limit: u32| random.next().unwrap_or_default() % limit;
        let fields = [("key", DataType::Int32), ("few", DataType::Int32), ("many", DataType::Int32)];
        let mut fields: Vec<Field> = fields.map(|(name, kind)| Field::new(name, kind, true)).into();
        fields.push(Field::new("asked", DataType::Boolean, true));
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let mut batch = |_| {
            let (mut columns, mut asked) = ([vec![], vec![], vec![]], vec![]);
            let mut row = [None; 3];
            for at in 0..ROWS {
                if at == 0 || next(3) > 0 {
                    row = [keys, 7, 100_000].map(|limit| {
                        let number = next(limit).cast_signed();
                        (next(10) > 0).then_some(number)
                    });
                }
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
                asked.push(Some(next(2) == 0).filter(|_| next(4) > 0));
            }
            let columns = columns.map(|column| Arc::new(Int32Array::from(column)) as ArrayRef);
            let asked = Arc::new(BooleanArray::from(asked)) as ArrayRef;
            RecordBatch::try_new(schema.clone(), columns.into_iter().chain([asked]).collect()).unwrap()
        };
        (0..PARTITIONS).map(|_| (0..4).map(&mut batch).collect()).collect()
    }

    fn context(rows: Vec<Vec<RecordBatch>>, memory: usize, passes_on: bool) -> SessionContext {
        let mut config = SessionConfig::new().with_target_partitions(PARTITIONS).with_batch_size(500);
        let execution = &mut config.options_mut().execution;
        // Whether groups that are hardly fewer than rows are passed on as they are.
        execution.skip_partial_aggregation_probe_rows_threshold = if passes_on { 1_000 } else { usize::MAX };
        execution.skip_partial_aggregation_probe_ratio_threshold = 0.3;
        execution.sort_spill_reservation_bytes = 64 << 10;
        let pool = Arc::new(FairSpillPool::new(memory));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc().unwrap();
        let context = SessionContext::new_with_config_rt(config, runtime);
        all().into_iter().for_each(|function| context.register_udaf(function));
        let table = MemTable::try_new(rows[0][0].schema(), rows).unwrap();
        context.register_table("t", Arc::new(table)).unwrap();
        context
    }

    fn computed(context: &SessionContext, sql: &str) -> Result<String> {
        let batches = tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { context.sql(sql).await?.collect().await })?;
        Ok(pretty_format_batches(&batches)?.to_string())
    }

    #[test]
    fn counts_as_count_distinct_does() {
        for (seed, keys) in [(1, 1), (2, 60), (3, 5_000), (4, 900_000), (5, 1 << 31)] {
            for passes_on in [false, true] {
                let context = context(rows(seed, keys), 1 << 30, passes_on);
                for groups in ["", "few", "many", "many % 1000", "key", "few, many % 5"] {
                    let by = |columns: &str| {
                        if groups.is_empty() {
                            format!("SELECT {columns} FROM t")
                        } else {
                            format!("SELECT {groups}, {columns} FROM t GROUP BY {groups} ORDER BY {groups}")
                        }
                    };
                    let counts = |count: &str, end: &str| {
                        format!(
                            "{count}key{end} AS n, {count}key{end} FILTER (WHERE asked) AS asked, \
                             {count}key{end} FILTER (WHERE few = 9) AS nobody, count(*) AS lines"
                        )
                    };
                    let expected = computed(&context, &by(&counts("count(DISTINCT ", ")"))).unwrap();
                    let found = computed(&context, &by(&counts("count_keys(", ")"))).unwrap();
                    assert!(expected == found, "{keys} by {groups:?}");
                    assert!(expected.lines().count() > 4);
                }
            }
        }
    }

    #[test]
    fn of_no_rows_there_are_none_and_columns_are_as_before() {
        let context = context(rows(1, 10), 1 << 30, true);
        for of in ["FROM t WHERE few = 9", "FROM t WHERE key IS NULL", "FROM t"] {
            let counted = computed(&context, &format!("SELECT count_keys(key) AS n {of}"));
            let expected = computed(&context, &format!("SELECT count(DISTINCT key) AS n {of}"));
            assert_eq!(counted.unwrap(), expected.unwrap());
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let schema = |sql| runtime.block_on(context.sql(sql)).unwrap().schema().as_arrow().clone();
        assert_eq!(
            schema("SELECT few, count_keys(key) AS n FROM t GROUP BY 1"),
            schema("SELECT few, count(DISTINCT key) AS n FROM t GROUP BY 1")
        );
    }

    #[test]
    fn what_memory_does_not_hold_goes_by_disk() {
        let sql = "SELECT sum(n * (many % 97)), sum(n), count(*) FROM \
                   (SELECT many, count_keys(key) AS n FROM t GROUP BY many)";
        let (small, large) =
            (context(rows(6, 900_000), 2 << 20, false), context(rows(6, 900_000), 1 << 30, false));
        assert_eq!(computed(&small, sql).unwrap(), computed(&large, sql).unwrap());
        let spilt = |context| {
            let plan = computed(context, &format!("EXPLAIN ANALYZE {sql}")).unwrap();
            plan.split("spill_count=").skip(1).any(|after| !after.starts_with('0'))
        };
        assert!(spilt(&small) && !spilt(&large));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let context = context(rows(1, 10), 1 << 30, true);
        let refused = |sql: &str| computed(&context, sql).unwrap_err().strip_backtrace();
        for sql in [
            "SELECT count_keys(CAST(key - 5 AS INT)) FROM t",
            "SELECT few, count_keys(CAST(key - 5 AS INT)) FROM t GROUP BY few",
        ] {
            assert!(refused(sql).contains("not negative"), "{}", refused(sql));
        }
        for sql in ["SELECT count_keys('x') FROM t", "SELECT count_keys(asked) FROM t"] {
            assert!(refused(sql).contains("count_keys"), "{}", refused(sql));
        }
    }
}
