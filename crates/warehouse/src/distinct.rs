//! `distinct_keys(key)`: how many different records, exactly. What `count(DISTINCT key)` answers, several times as fast: the
//! keys of a table are dense, so that a set of them is a compressed bitmap.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, PrimitiveArray},
        datatypes::{DataType, Field, FieldRef, Int32Type},
    },
    error::{DataFusionError, Result},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
        utils::format_state_name,
    },
    scalar::ScalarValue,
};
use roaring::RoaringBitmap;
use std::sync::Arc;

pub(crate) const DISTINCT_KEYS: &str = "distinct_keys";

pub(crate) fn distinct_keys() -> AggregateUDF {
    let signature = Signature::exact(vec![DataType::Int32], Volatility::Immutable);
    AggregateUDF::new_from_impl(DistinctKeys { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DistinctKeys {
    signature: Signature,
}

impl AggregateUDFImpl for DistinctKeys {
    fn name(&self) -> &str {
        DISTINCT_KEYS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(arguments.name, "keys"), DataType::Binary, false))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Keys::default()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Keys::default()))
    }
}

/// The keys seen, of each group; without groups of the first.
#[derive(Debug, Default)]
struct Keys {
    of: Vec<RoaringBitmap>,
    /// In all groups together.
    count: u64,
}

/// A key takes no more, less where they are many.
const KEY_BYTES: usize = 2;

impl Keys {
    /// Adds the keys of `values`; row `r` belongs to the group `group(r)`.
    fn add(
        &mut self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
        group: impl Fn(usize) -> usize,
        groups: usize,
    ) -> Result<()> {
        self.of.resize_with(Ord::max(groups, self.of.len()), RoaringBitmap::new);
        let keys: &PrimitiveArray<Int32Type> = only(values)?.as_primitive();
        for (row, key) in keys.iter().enumerate() {
            let wanted = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if let (Some(key), true) = (key, wanted) {
                // Bit for bit: none is lost, whatever its sign.
                self.count += u64::from(self.of[group(row)].insert(key.cast_unsigned()));
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], group: impl Fn(usize) -> usize, groups: usize) -> Result<()> {
        self.of.resize_with(Ord::max(groups, self.of.len()), RoaringBitmap::new);
        let states: &BinaryArray = only(states)?.as_binary();
        for (row, state) in states.iter().enumerate() {
            if let Some(state) = state {
                let keys = &mut self.of[group(row)];
                let before = keys.len();
                *keys |= RoaringBitmap::deserialize_from(state)?;
                self.count += keys.len() - before;
            }
        }
        Ok(())
    }

    fn emit(&mut self, emit: EmitTo) -> Vec<RoaringBitmap> {
        let groups = emit.take_needed(&mut self.of);
        self.count -= groups.iter().map(RoaringBitmap::len).sum::<u64>();
        groups
    }

    fn bytes(&self) -> usize {
        let keys = usize::try_from(self.count).unwrap_or(usize::MAX).saturating_mul(KEY_BYTES);
        keys.saturating_add(self.of.capacity() * size_of::<RoaringBitmap>())
    }
}

fn only(arrays: &[ArrayRef]) -> Result<&ArrayRef> {
    let [array] = arrays else {
        return Err(DataFusionError::Internal(format!("{DISTINCT_KEYS} takes one column")));
    };
    Ok(array)
}

fn count(keys: &RoaringBitmap) -> Result<i64> {
    i64::try_from(keys.len()).map_err(|error| DataFusionError::Execution(error.to_string()))
}

fn stored(keys: &RoaringBitmap) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(keys.serialized_size());
    keys.serialize_into(&mut bytes)?;
    Ok(bytes)
}

impl Accumulator for Keys {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values, None, |_| 0, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.merge(states, |_| 0, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.of.first().map_or(Ok(0), count)?)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(stored(self.of.first().unwrap_or(&RoaringBitmap::new()))?))])
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

impl GroupsAccumulator for Keys {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.add(values, filter, |row| groups[row], total)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.merge(states, |row| groups[row], total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let counts = self.emit(emit).iter().map(count).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(Int64Array::from(counts)))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = self.emit(emit).iter().map(stored).collect::<Result<Vec<_>>>()?;
        Ok(vec![Arc::new(BinaryArray::from_iter_values(states))])
    }

    /// A group for each row.
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = Keys::default();
        let count = only(values)?.len();
        rows.add(values, filter, |row| row, count)?;
        GroupsAccumulator::state(&mut rows, EmitTo::All)
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::{SessionConfig, SessionContext};

    /// As often as there are rows, in partitions that are put together, with and without groups, filters and NULLs.
    #[tokio::test]
    async fn it_answers_what_a_count_of_distinct_values_answers() {
        let config = SessionConfig::new().with_target_partitions(3).with_batch_size(64);
        let context = SessionContext::new_with_config(config);
        context.register_udaf(distinct_keys());
        let rows = "SELECT value % 7 AS part, CASE WHEN value % 11 > 0 THEN \
                    CAST((value * 7919) % 1237 - 200 AS INT) END AS key FROM generate_series(1, 5000)";
        for question in [
            "SELECT {} FROM rows",
            "SELECT {} FROM rows WHERE part > 9",
            "SELECT part, {} FROM rows GROUP BY part ORDER BY part",
            "SELECT part, {} FILTER (WHERE key < 300) FROM rows GROUP BY part ORDER BY part",
            "SELECT part, key, {} FROM rows GROUP BY part, key ORDER BY part, key",
        ] {
            let mut answers = vec![];
            for counted in ["count(DISTINCT key)", "distinct_keys(key)"] {
                let sql = format!("WITH rows AS ({rows}) {}", question.replace("{}", counted));
                let batches = context.sql(&sql).await.unwrap().collect().await.unwrap();
                let columns = batches[0].num_columns();
                let table: Vec<Vec<ScalarValue>> = batches
                    .iter()
                    .flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)))
                    .map(|(batch, row)| {
                        (0..columns)
                            .map(|column| ScalarValue::try_from_array(batch.column(column), row).unwrap())
                            .collect()
                    })
                    .collect();
                answers.push(table);
            }
            assert!(!answers[0].is_empty(), "{question}");
            assert_eq!(answers[0], answers[1], "{question}");
        }
    }
}
