//! Quality checks of the newest files: what is missing, impossible or does not agree with the operational store. Looked at
//! after each refresh and kept beside the manifest.
//!
//! [`rows`] says what must hold of the rows of a table, [`source`] compares tables with the operational store. A table whose
//! files, and those of what it refers to, are still the same is not looked at again.

mod rows;
mod source;

use crate::{
    Limits, Manifest, Table, query, session,
    storage::{self, Store},
    tables,
};
use engine::{Actor, Engine, Result};
use meta::{DateTime, Label, Utc, Value};
use rows::Check;
use serde::{Deserialize, Serialize};
use source::Compared;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

const FILE: &str = "quality.json";
/// What others have found out about the warehouse; a refresh leaves it.
const NOTED: &str = "quality-noted.json";
/// Raised when checks are made in another way.
const FORM: u32 = 2;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    pub table: String,
    pub name: String,
    pub label: Label,
    /// Rows that are not as they should be, or the difference of a sum.
    pub found: String,
    pub good: bool,
    /// Rows it looked at.
    #[serde(default)]
    pub cases: Option<u64>,
    #[serde(default)]
    pub looked_at: Option<DateTime<Utc>>,
    /// A SELECT of the rows that are not as they should be.
    #[serde(default)]
    pub rows_sql: Option<String>,
}

impl Quality {
    /// Of rows: good without any.
    pub fn of_rows(table: &str, name: &str, label: Label, found: u64) -> Quality {
        Quality {
            table: table.to_owned(),
            name: name.to_owned(),
            label,
            found: found.to_string(),
            good: found == 0,
            cases: None,
            looked_at: None,
            rows_sql: None,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    manifest: u64,
    checks: Vec<Quality>,
    /// By table: what its checks rest on.
    #[serde(default)]
    basis: BTreeMap<String, u64>,
    /// By table: stretches of files held against the operational store.
    #[serde(default)]
    compared: BTreeMap<String, Vec<Compared>>,
}

/// What the last look found, and what others did; empty before the first.
pub(crate) async fn kept(store: &Store) -> Result<Vec<Quality>> {
    let mut checks = vec![];
    for file in [FILE, NOTED] {
        checks.extend(read(store, file).await?.checks);
    }
    Ok(checks)
}

async fn read(store: &Store, file: &str) -> Result<Kept> {
    let bytes = storage::read(store, file).await?;
    Ok(bytes.as_deref().map(storage::parsed::<Kept>).transpose()?.unwrap_or_default())
}

/// Puts checks that somebody else makes into the catalog, in place of those he put there before.
pub async fn note(engine: &Engine, checks: Vec<Quality>) -> Result<()> {
    let now = engine.clock().now();
    let at = |check: Quality| Quality { looked_at: check.looked_at.or(Some(now)), ..check };
    let checks = checks.into_iter().map(at).collect();
    let manifest = session::newest(engine).await?.manifest.number;
    let kept = Kept { manifest, checks, ..Kept::default() };
    engine.is_still_alone().await?;
    storage::put(&storage::store(engine)?, NOTED, serde_json::to_vec(&kept)?).await
}

pub(crate) async fn look(engine: &Engine) -> Result<()> {
    let store = &storage::store(engine)?;
    let open = session::newest(engine).await?;
    let manifest = &open.manifest;
    let tables = tables(engine.registry());
    // What another version of the program kept in another form is looked at anew.
    let old = read(store, FILE).await.unwrap_or_default();
    let now = engine.clock().now();
    let today = now.with_timezone(&engine.time_zone().await?).date_naive().to_string();
    let mut kept = Kept { manifest: manifest.number, ..Kept::default() };
    for table in &tables {
        let basis = basis(table, manifest, &today);
        let same = old.basis.get(&table.name) == Some(&basis);
        let of_table = |check: &&Quality| check.table == table.name && check.name != source::NAME;
        if same {
            kept.checks.extend(old.checks.iter().filter(of_table).cloned());
            kept.basis.insert(table.name.clone(), basis);
        } else {
            let mut found = of_rows(engine, table, &tables, &today).await?;
            let sum = source::sum_of(engine, table, manifest).await?;
            // A sum that could not be taken, because records moved on, is taken with the next refresh.
            if !source::Sum::Moved.eq(&sum) {
                kept.basis.insert(table.name.clone(), basis);
            }
            if let source::Sum::Found(sum) = sum {
                found.push(*sum);
            }
            kept.checks.extend(found.into_iter().map(|check| Quality { looked_at: Some(now), ..check }));
        }
    }
    // Each time another table is the first, so that none waits for ever behind those that are always new.
    let mut budget = source::BUDGET;
    let first = usize::try_from(manifest.number).unwrap_or(0) % tables.len().max(1);
    for table in tables[first..].iter().chain(&tables[..first]) {
        let before = old.compared.get(&table.name).cloned().unwrap_or_default();
        let compared = source::compare(engine, table, manifest, before, &mut budget).await?;
        kept.checks.extend(source::check(table, manifest, &compared, now));
        kept.compared.insert(table.name.clone(), compared);
    }
    engine.is_still_alone().await?;
    storage::put(store, FILE, serde_json::to_vec(&kept)?).await
}

/// Differs whenever a check of the table's rows could find something else.
fn basis(table: &Table, manifest: &Manifest, today: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    FORM.hash(&mut hasher);
    today.hash(&mut hasher);
    let named = [table.name.as_str()].into_iter().chain(table.keyed());
    for kept in named.filter_map(|name| manifest.tables.get(name)) {
        kept.fingerprint.hash(&mut hasher);
        kept.segments.iter().for_each(|segment| segment.file.hash(&mut hasher));
    }
    hasher.finish()
}

/// All that can be counted in one walk is, each reference in one of its own.
async fn of_rows(engine: &Engine, table: &Table, tables: &[Table], today: &str) -> Result<Vec<Quality>> {
    let checks = rows::checks(table, today);
    let counted: Vec<&str> = checks.iter().map(|check| check.counted.as_str()).collect();
    let counts = if counted.is_empty() { String::new() } else { format!(", {}", counted.join(", ")) };
    let sql = format!("SELECT count(*){counts} FROM {} f", crate::lower::quoted(&table.name));
    let row = first(engine, &sql).await?;
    let number = |at: usize| row.get(at).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
    let cases = number(0);
    let mut found = vec![];
    for (at, Check { name, label, rows, .. }) in checks.into_iter().enumerate() {
        let quality = Quality::of_rows(&table.name, name, label, number(at + 1).unwrap_or(0));
        found.push(Quality { cases, rows_sql: Some(rows), ..quality });
    }
    for reference in rows::references(table, tables) {
        let missing = first(engine, &format!("SELECT count(*) {}", reference.from)).await?;
        let missing = missing.first().and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
        let quality = Quality::of_rows(&table.name, &reference.name, reference.label, missing.unwrap_or(0));
        let rows_sql = Some(format!("SELECT f.* {}", reference.from));
        found.push(Quality { cases, rows_sql, ..quality });
    }
    Ok(found)
}

/// The first row of an answer.
async fn first(engine: &Engine, sql: &str) -> Result<Vec<Value>> {
    let answer = query(engine, &Actor::system(), sql, Limits::PAGE).await?;
    Ok(answer.values().next().transpose()?.unwrap_or_default())
}
