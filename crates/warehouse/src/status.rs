//! How the warehouse is: as of when, how large, what went wrong last.

use crate::{JOB, manifest, storage};
use engine::{Engine, Failure, Result};
use meta::{DateTime, Utc};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// `None` before the first refresh.
    pub refreshed_at: Option<DateTime<Utc>>,
    pub manifest: u64,
    /// Everything in the change log up to this entry is in it …
    pub position: i64,
    /// … and this is the newest entry.
    pub newest_change: i64,
    pub rows: u64,
    pub bytes: u64,
    pub tables: Vec<TableStatus>,
    /// The last refresh failed.
    pub failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableStatus {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    pub files: usize,
    /// When its rows last changed.
    pub refreshed_at: DateTime<Utc>,
}

pub async fn status(engine: &Engine) -> Result<Status> {
    let manifest = manifest::newest(&storage::store(engine)?).await?;
    let filled = manifest.is_some();
    let manifest = manifest.unwrap_or_default();
    let tables = manifest.tables.iter().map(|(name, kept)| TableStatus {
        name: name.clone(),
        rows: kept.rows(),
        bytes: kept.bytes(),
        files: kept.segments.len(),
        refreshed_at: kept.refreshed_at,
    });
    let tables: Vec<TableStatus> = tables.collect();
    Ok(Status {
        refreshed_at: filled.then_some(manifest.refreshed_at),
        manifest: manifest.number,
        position: manifest.position,
        newest_change: engine.last_change().await?,
        rows: tables.iter().map(|table| table.rows).sum(),
        bytes: tables.iter().map(|table| table.bytes).sum(),
        tables,
        failure: engine.failure(JOB).await?,
    })
}
