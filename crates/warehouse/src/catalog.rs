//! The metadata of the warehouse as a person may see it: tables, columns, measures and dimensions with their meaning and origin, and how
//! fresh and how good the files are.

use crate::{
    checks,
    checks::Quality,
    dates, manifest, rights, semantic, storage,
    table::{Column, Table},
};
use engine::{Actor, Engine, Result};
use meta::{DateTime, Label, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catalog {
    /// `None` before the first refresh.
    pub refreshed_at: Option<DateTime<Utc>>,
    pub tables: Vec<CatalogTable>,
    pub measures: Vec<CatalogMeasure>,
    pub dimensions: Vec<CatalogDimension>,
    pub checks: Vec<Quality>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatalogTable {
    pub name: String,
    pub label: Label,
    pub definition: Label,
    pub rows: u64,
    pub bytes: u64,
    pub files: usize,
    pub refreshed_at: Option<DateTime<Utc>>,
    pub columns: Vec<CatalogColumn>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatalogColumn {
    pub name: String,
    pub label: Label,
    pub definition: Label,
    pub kind: &'static str,
    /// `order.ordered_at`: the field it is read from, or what it is computed of.
    pub origin: String,
    /// The table it points to.
    pub target: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatalogMeasure {
    pub name: &'static str,
    pub label: Label,
    pub definition: Label,
    pub unit: &'static str,
    /// SQL over the fact, or other measures.
    pub formula: String,
    pub facts: Vec<String>,
    /// Of all its facts.
    pub rows: u64,
    /// Of the fact whose files are the oldest; `None` while one has none.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// The checks of its facts that found something, as `sales.future_day`.
    pub failed_checks: Vec<String>,
    /// The names of those it can be cut by.
    pub dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatalogDimension {
    pub name: String,
    pub label: Label,
    pub definition: Label,
    pub levels: Vec<&'static str>,
    /// Those that have it.
    pub facts: Vec<String>,
}

pub async fn catalog(engine: &Engine, actor: &Actor) -> Result<Catalog> {
    let store = storage::store(engine)?;
    let manifest = manifest::newest(&store).await?;
    let mut seen: Vec<CatalogTable> = vec![];
    for table in crate::tables(engine.registry()) {
        let Some(columns) = rights::visible(engine, actor, &table)? else { continue };
        let kept = manifest.as_ref().and_then(|manifest| manifest.tables.get(&table.name));
        seen.push(CatalogTable {
            columns: columns.iter().map(|(column, _)| of_column(&table, column)).collect(),
            rows: kept.map(|kept| kept.rows()).unwrap_or(0),
            bytes: kept.map(|kept| kept.bytes()).unwrap_or(0),
            files: kept.map(|kept| kept.segments.len()).unwrap_or(0),
            refreshed_at: kept.map(|kept| kept.refreshed_at),
            ..of_table(&table)
        });
    }
    seen.push(dates::described());
    let has = |fact: &str| seen.iter().any(|table| table.name == fact);
    let mut checks = checks::kept(&store).await?;
    checks.retain(|check| has(&check.table));
    // Nothing made of what is hidden from the reader.
    let model = semantic::askable(engine, actor)?;
    Ok(Catalog {
        refreshed_at: manifest.map(|manifest| manifest.refreshed_at),
        measures: measures(&model, &seen, &checks),
        dimensions: dimensions(&model, &seen),
        tables: seen,
        checks,
    })
}

fn of_table(table: &Table) -> CatalogTable {
    CatalogTable {
        name: table.name.clone(),
        label: table.label.clone(),
        definition: table.definition.clone(),
        rows: 0,
        bytes: 0,
        files: 0,
        refreshed_at: None,
        columns: vec![],
    }
}

fn of_column(table: &Table, column: &Column) -> CatalogColumn {
    CatalogColumn {
        name: column.name.clone(),
        label: column.label.clone(),
        definition: column.definition.clone(),
        kind: column.kind.name(),
        origin: table.origin_of(column),
        target: column.target.clone(),
    }
}

fn measures(model: &semantic::Model, tables: &[CatalogTable], checks: &[Quality]) -> Vec<CatalogMeasure> {
    let one = |measure: &semantic::Measure| {
        let facts = model.facts_of(measure.name);
        let is_of_facts = |table: &str| facts.contains(&table);
        let of_facts = || tables.iter().filter(|table| is_of_facts(&table.name));
        let failed = checks.iter().filter(|check| !check.good && is_of_facts(&check.table));
        let dimensions = model.common(&[measure.name.to_owned()]);
        CatalogMeasure {
            name: measure.name,
            label: measure.label.clone(),
            definition: measure.definition.clone(),
            unit: measure.unit.name(),
            formula: measure.formula(),
            rows: of_facts().map(|table| table.rows).sum(),
            // `None` is before every moment.
            refreshed_at: of_facts().map(|table| table.refreshed_at).min().flatten(),
            failed_checks: failed.map(|check| format!("{}.{}", check.table, check.name)).collect(),
            dimensions: dimensions.into_iter().map(|dimension| dimension.name.clone()).collect(),
            facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
        }
    };
    model.measures.iter().map(one).collect()
}

/// Each once, by its name.
fn dimensions(model: &semantic::Model, tables: &[CatalogTable]) -> Vec<CatalogDimension> {
    let mut found: BTreeMap<&str, CatalogDimension> = BTreeMap::new();
    let mut definitions: BTreeMap<&str, Vec<(&str, &Label)>> = BTreeMap::new();
    for (fact, dimensions) in &model.dimensions {
        for dimension in dimensions {
            let known = found.entry(&dimension.name).or_insert_with(|| CatalogDimension {
                name: dimension.name.clone(),
                label: dimension.label.clone(),
                definition: dimension.definition.clone(),
                levels: dimension.levels.iter().map(|level| level.name()).collect(),
                facts: vec![],
            });
            known.facts.push(fact.clone());
            definitions.entry(&dimension.name).or_default().push((fact, &dimension.definition));
        }
    }
    for (name, definitions) in &definitions {
        if let Some(known) = found.get_mut(name) {
            known.definition = of_facts(definitions, tables);
        }
    }
    found.into_values().collect()
}

/// What it means in all its facts; where that differs, each meaning after the facts it is of.
fn of_facts(definitions: &[(&str, &Label)], tables: &[CatalogTable]) -> Label {
    let mut meanings: Vec<(&Label, Vec<&Label>)> = vec![];
    for (fact, definition) in definitions {
        let table = tables.iter().find(|table| table.name == *fact).map(|table| &table.label);
        match meanings.iter_mut().find(|(known, _)| known == definition) {
            Some((_, facts)) => facts.extend(table),
            None => meanings.push((definition, table.into_iter().collect())),
        }
    }
    if let [(only, _)] = meanings.as_slice() {
        return (*only).clone();
    }
    let joined = |of: fn(&Label) -> &str, [and, colon, space]: [&str; 3]| {
        let one = |(definition, facts): &(&Label, Vec<&Label>)| {
            let facts: Vec<&str> = facts.iter().map(|fact| of(fact)).collect();
            format!("{}{colon}{}", facts.join(and), of(definition))
        };
        meanings.iter().map(one).collect::<Vec<String>>().join(space)
    };
    meta::label(joined(|label| &label.en, [", ", ": ", " "]), joined(|label| &label.zh, ["、", "：", ""]))
}
