//! From the tables a database has to the tables the metadata wants.

use super::{Column, Index, Table};
use crate::{Error, Result};

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    CreateTable(Table),
    AddColumn {
        table: String,
        column: Column,
    },
    CreateIndex {
        table: String,
        index: Index,
    },
    DropIndex {
        index: String,
    },
    /// One row in `table` for each live record of `entity`, with the values of `columns`, each with the table that had it: the
    /// entity's own, or another beside it.
    Fill {
        table: String,
        entity: String,
        columns: Vec<(String, String)>,
    },
}

/// The steps from `old` to `new`. Columns and tables that are no longer declared stay: data is never dropped by an upgrade.
/// A column whose type changed is refused, for no step could keep its data for certain.
pub fn diff(old: &[Table], new: &[Table]) -> Result<Vec<Step>> {
    let mut steps = vec![];
    for table in new {
        match old.iter().find(|candidate| candidate.name == table.name) {
            None => {
                steps.push(Step::CreateTable(table.clone()));
                steps.extend(fill(old, table));
            }
            Some(before) => alter(before, table, &mut steps)?,
        }
    }
    Ok(steps)
}

fn fill(old: &[Table], table: &Table) -> Option<Step> {
    let entity = table.beside.as_ref()?;
    let before = old.iter().find(|candidate| candidate.name == *entity)?;
    let beside = old.iter().filter(|other| other.beside.as_ref() == Some(entity));
    // A figure that moved once more left an older copy of itself in the entity's own table.
    let places: Vec<&Table> = beside.chain([before]).collect();
    let had = |column: &Column| {
        let own = column.name == "id";
        let place = places.iter().find(|place| {
            (!own || place.name == *entity) && place.columns.iter().any(|old| old.name == column.name)
        })?;
        Some((place.name.clone(), column.name.clone()))
    };
    let columns = table.columns.iter().filter_map(had).collect();
    Some(Step::Fill { table: table.name.clone(), entity: entity.clone(), columns })
}

fn alter(before: &Table, table: &Table, steps: &mut Vec<Step>) -> Result<()> {
    if before.key != table.key {
        return Err(Error::Internal(format!(
            "schema upgrade: the key of table {} cannot change",
            table.name
        )));
    }
    for column in &table.columns {
        match before.columns.iter().find(|candidate| candidate.name == column.name) {
            None => steps.push(Step::AddColumn {
                table: table.name.clone(),
                column: Column { required: false, ..column.clone() },
            }),
            Some(old) if old.kind != column.kind => {
                return Err(Error::Internal(format!(
                    "schema upgrade: {}.{} is stored as {:?} and cannot become {:?}; give the new field another name",
                    table.name, column.name, old.kind, column.kind
                )));
            }
            Some(_) => {}
        }
    }
    for index in &before.indexes {
        if !table.indexes.contains(index) {
            steps.push(Step::DropIndex { index: index.name.clone() });
        }
    }
    for index in &table.indexes {
        if !before.indexes.contains(index) {
            steps.push(Step::CreateIndex { table: table.name.clone(), index: index.clone() });
        }
    }
    Ok(())
}

/// What the database holds after the steps: `new` plus whatever `old` had that is no longer declared.
pub fn merged(old: &[Table], new: &[Table]) -> Vec<Table> {
    let mut result = new.to_vec();
    for before in old {
        match result.iter_mut().find(|table| table.name == before.name) {
            None => result.push(before.clone()),
            Some(table) => {
                for column in &before.columns {
                    if !table.columns.iter().any(|candidate| candidate.name == column.name) {
                        table.columns.push(column.clone());
                    }
                }
            }
        }
    }
    result
}
