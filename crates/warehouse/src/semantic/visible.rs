//! What of the model one person may ask: nothing made of tables or columns that are hidden from him.

use super::{Dimension, DimensionKind, Expression, Measure, Model, checked::names, model::declared};
use crate::{Table, rights};
use engine::{Actor, Engine, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Measures and dimensions as far as the actor may see what they are made of.
pub fn askable(engine: &Engine, actor: &Actor) -> Result<Model> {
    let model = visible(engine, actor, declared(engine).model.clone())?;
    let measures = model.measures.iter().filter(|one| of_seen_columns(engine, actor, &model, one));
    let measures = measures.cloned().collect();
    Ok(Model { measures, ..Arc::unwrap_or_clone(model) })
}

/// The model without dimensions the actor may not see, and without the facts.
pub(super) fn visible(engine: &Engine, actor: &Actor, model: Arc<Model>) -> Result<Arc<Model>> {
    if actor.limits().is_none() {
        return Ok(model);
    }
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in &declared(engine).tables {
        if let Some(columns) = rights::visible(engine, actor, table)? {
            seen.insert(table.name.clone(), columns.iter().map(|(column, _)| column.name.clone()).collect());
        }
    }
    let has = |table: &str, column: &str| seen.get(table).is_some_and(|columns| columns.contains(column));
    let reaches = |fact: &str, dimension: &Dimension| {
        let mut at = fact;
        for step in &dimension.path {
            if !has(at, &step.key) {
                return false;
            }
            at = &step.table;
        }
        let climbs = match (&dimension.above, &dimension.kind) {
            (Some(above), DimensionKind::Record { entity }) => has(entity, &above.parent),
            _ => true,
        };
        climbs && has(dimension.beside.as_deref().unwrap_or(at), &dimension.column)
    };
    let mut model = Arc::unwrap_or_clone(model);
    for (fact, dimensions) in &mut model.dimensions {
        dimensions.retain(|dimension| reaches(fact, dimension));
    }
    Ok(Arc::new(model))
}

fn of_seen_columns(engine: &Engine, actor: &Actor, model: &Model, measure: &Measure) -> bool {
    model.parts(measure).iter().all(|part| is_of_seen(engine, actor, model, part))
}

pub(super) fn is_of_seen(engine: &Engine, actor: &Actor, model: &Model, part: &Measure) -> bool {
    let Expression::Aggregate { table, sql, .. } = &part.expression else { return true };
    let Some(table) = model.facts.get(*table) else { return false };
    reads(engine, actor, table, sql)
}

/// Whether the actor may see every column of the fact that the SQL names.
fn reads(engine: &Engine, actor: &Actor, fact: &Table, sql: &str) -> bool {
    let Ok(Some(seen)) = rights::visible(engine, actor, fact) else { return false };
    let hidden = |name: &str| !seen.iter().any(|(column, _)| column.name == name);
    !fact.columns.iter().any(|column| names(sql, &column.name) && hidden(&column.name))
}
