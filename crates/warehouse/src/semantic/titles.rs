//! The names of the records rows are grouped by, and of the numbers that have one.

use super::{
    answer::Cell,
    checked::Asked,
    dimension::{Dimension, DimensionKind},
    member::{Code, Titles, both},
};
use crate::{Limits, lower::quoted};
use engine::{Engine, Result};
use meta::{Label, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Titles looked up in one statement.
const TITLES: usize = 1_000;

impl Dimension {
    /// What its numbers are called, as of now; none of what is named otherwise.
    pub async fn number_names(&self, engine: &Engine) -> Result<BTreeMap<i64, Label>> {
        match (&self.kind, self.path.last()) {
            (DimensionKind::Number, Some(step)) => engine.number_names(&step.table, &self.column).await,
            _ => Ok(BTreeMap::new()),
        }
    }
}

impl Asked<'_> {
    /// The names of what rows are grouped by, one map for each cut.
    pub async fn titles(
        &self,
        rows: &[(Vec<Code>, Vec<Cell>)],
        rest: &[(Vec<Code>, Vec<Cell>)],
    ) -> Result<Vec<Titles>> {
        let mut all = vec![];
        for (at, cut) in self.all_chosen()?.iter().enumerate() {
            let names = cut.dimension.number_names(self.engine).await?;
            let mut titles: Titles = names.into_iter().map(|(number, name)| (number, (None, name))).collect();
            if let DimensionKind::Record { entity } = &cut.dimension.kind {
                let of_rows = rows.iter().take(super::ask::ROWS_LIMIT).filter_map(|(codes, _)| codes.get(at));
                let of_rest = rest.iter().filter_map(|(codes, _)| codes.get(at.checked_sub(1)?));
                let keys: BTreeSet<i64> = of_rows
                    .chain(of_rest)
                    .filter_map(|code| if let Code::Number(key) = code { Some(*key) } else { None })
                    .collect();
                let keys: Vec<i64> = keys.into_iter().collect();
                for keys in keys.chunks(TITLES) {
                    titles.extend(self.titles_of(entity, keys).await?);
                }
            }
            all.push(titles);
        }
        Ok(all)
    }

    async fn titles_of(&self, entity: &str, keys: &[i64]) -> Result<Titles> {
        let title = &self.engine.entity(entity)?.title;
        let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
        let sql = format!(
            "SELECT \"key\", \"id\", CAST({} AS VARCHAR) FROM {} WHERE \"key\" IN ({})",
            quoted(title),
            quoted(entity),
            keys.join(", ")
        );
        let answer = self.query(&sql, Limits::PAGE.rows).await?;
        let mut titles = Titles::new();
        for row in answer.values() {
            let row = row?;
            let key = row.first().and_then(Value::as_int).unwrap_or(-1);
            let title = both(row.get(2).and_then(Value::as_text).unwrap_or_default());
            titles.insert(key, (row.get(1).and_then(Value::as_id), title));
        }
        Ok(titles)
    }
}
