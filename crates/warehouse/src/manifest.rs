//! What the warehouse consists of at one moment. A manifest is never changed: a refresh writes the next one, under a number
//! nobody else can take, and readers keep the one they began with. Files it no longer names are deleted after a while.

use crate::{
    internal,
    storage::{self, Store},
};
use engine::Result;
use meta::{DateTime, Id, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::service_cost::Rates;

const FOLDER: &str = "manifest";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub number: u64,
    /// Every entry of the change log up to this one is in the files.
    pub position: i64,
    /// Up to here figures that followed their records late are in the files, too.
    pub before: i64,
    pub refreshed_at: DateTime<Utc>,
    pub tables: BTreeMap<String, Kept>,
    /// By entity: files with the keys given to its records, in order.
    pub keys: BTreeMap<String, Vec<KeyFile>>,
    /// What costs in the files were computed by.
    #[serde(default)]
    pub rates: Rates,
    /// Files that are there and not used, and since when.
    pub retired: Vec<(String, DateTime<Utc>)>,
}

/// The files of one table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub fingerprint: String,
    /// Which fit figures are of; how often what stands beside the records was changed.
    pub fit: i64,
    pub refreshed_at: DateTime<Utc>,
    pub segments: Vec<Segment>,
}

/// All rows whose head's id is at least `from` and less than the next segment's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub from: Id,
    pub file: String,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyFile {
    pub file: String,
    pub rows: u64,
}

impl Kept {
    pub fn rows(&self) -> u64 {
        self.segments.iter().map(|segment| segment.rows).sum()
    }
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

impl Manifest {
    fn path(number: u64) -> String {
        format!("{FOLDER}/{number:012}.json")
    }

    /// Every file it needs.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let segments =
            self.tables.values().flat_map(|table| &table.segments).map(|segment| segment.file.as_str());
        segments.chain(self.keys.values().flatten().map(|keys| keys.file.as_str()))
    }

    /// Makes it the newest; `false` if another refresh was faster.
    pub(crate) async fn publish(&self, store: &Store) -> Result<bool> {
        storage::put_new(store, &Self::path(self.number), serde_json::to_vec(self)?).await
    }

    /// Removes the manifests before this one and the one before it, which readers may be about to open, and those a process left half
    /// written, which a folder lists as `….json#1`.
    pub(crate) async fn forget_older(&self, store: &Store) -> Result<()> {
        for path in storage::list(store, Some(FOLDER)).await? {
            let whole = path.split('#').next().unwrap_or_default();
            if number_of(whole).is_some_and(|number| number + 1 < self.number) {
                storage::delete(store, &path).await?;
            }
        }
        Ok(())
    }
}

fn number_of(path: &str) -> Option<u64> {
    path.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".json")?.parse().ok()
}

/// The newest manifest; none before the first refresh.
pub(crate) async fn newest(store: &Store) -> Result<Option<Manifest>> {
    let mut gone = None;
    loop {
        let Some(number) = newest_number(store).await? else { return Ok(None) };
        if gone.replace(number) == Some(number) {
            return Err(internal(format!("manifest {number} is listed and cannot be read")));
        }
        // Gone if two more were published since it was listed.
        if let Some(bytes) = storage::read(store, &Manifest::path(number)).await? {
            return storage::parsed(&bytes).map(Some);
        }
    }
}

/// Its number, without reading it.
pub(crate) async fn newest_number(store: &Store) -> Result<Option<u64>> {
    Ok(storage::list(store, Some(FOLDER)).await?.iter().filter_map(|path| number_of(path)).max())
}
