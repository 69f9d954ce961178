//! What was summed or counted in one group, and in several together.

use crate::{
    cells, internal,
    key_set::{KeySet, Stored},
};
use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType,
};
use engine::Result;
use meta::Decimal;

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Number(Decimal),
    /// So many different records; which they are stands in the answer of the database.
    Keys {
        number: Decimal,
        sets: ArrayRef,
        at: usize,
    },
}

impl Part {
    /// From row `at` of an answer's column.
    pub fn of(column: &ArrayRef, at: usize) -> Result<Option<Part>> {
        if *column.data_type() != DataType::LargeBinary {
            return Ok(cells::value(column, at)?.as_decimal().map(Part::Number));
        }
        let number = stored(column, at)?.count().into();
        Ok(Some(Part::Keys { number, sets: column.clone(), at }))
    }

    pub fn number(&self) -> Decimal {
        match self {
            Part::Number(number) | Part::Keys { number, .. } => *number,
        }
    }
}

/// One part of several groups.
#[derive(Default)]
pub(crate) struct Together {
    sum: Option<Decimal>,
    keys: Option<KeySet>,
}

impl Together {
    pub fn take(&mut self, part: &Part) -> Result<()> {
        match part {
            Part::Number(number) => {
                self.sum = self.sum.map_or(Some(*number), |sum| sum.checked_add(*number));
            }
            Part::Keys { sets, at, .. } => {
                self.keys.get_or_insert_default().merge(stored(sets, *at)?);
            }
        }
        Ok(())
    }

    pub fn part(self) -> Option<Part> {
        let different = self.keys.map(|mut keys| keys.count().into());
        different.or(self.sum).map(Part::Number)
    }
}

fn stored(sets: &ArrayRef, at: usize) -> Result<Stored<'_>> {
    let bytes = sets.as_binary_opt::<i64>().map(|sets| sets.value(at));
    bytes.and_then(Stored::of).ok_or_else(|| internal("a set of keys cannot be read"))
}
