//! Numbers for records, given in the order they are first met and never given again: files of facts hold them instead of ids.
//! Kept in files that are only ever added to: the ids, sixteen bytes each, in the order of their keys.

use crate::{
    internal,
    manifest::{KeyFile, Manifest},
    storage::{self, Store},
};
use engine::{Engine, Error, Result};
use meta::label;
use std::collections::{BTreeMap, HashMap, btree_map};

/// More files than this are made one.
const FILES_LIMIT: usize = 20;

#[derive(Default)]
struct Known {
    keys: HashMap<[u8; 16], i32>,
    /// Each at the place of its key; those from `kept` on are new.
    ids: Vec<[u8; 16]>,
    kept: usize,
}

/// The keys of every entity a refresh met.
#[derive(Default)]
pub(crate) struct Keys(BTreeMap<String, Known>);

impl Keys {
    /// Loads what earlier refreshes gave to records of `entity`.
    pub async fn load(&mut self, store: &Store, manifest: &Manifest, entity: &str) -> Result<()> {
        let btree_map::Entry::Vacant(slot) = self.0.entry(entity.to_owned()) else { return Ok(()) };
        let mut known = Known::default();
        for file in manifest.keys.get(entity).into_iter().flatten() {
            let bytes = storage::read(store, &file.file).await?;
            let bytes = bytes.ok_or_else(|| internal(format!("{} is gone", file.file)))?;
            known.ids.extend(bytes.as_chunks::<16>().0);
        }
        known.keys = known.ids.iter().enumerate().map(|(at, id)| (*id, number(at))).collect();
        known.kept = known.ids.len();
        slot.insert(known);
        Ok(())
    }

    /// The key of a record, given now if it has none.
    pub fn of(&mut self, entity: &str, id: [u8; 16]) -> Result<i32> {
        let known =
            self.0.get_mut(entity).ok_or_else(|| internal(format!("keys of {entity} are not loaded")))?;
        if let Some(key) = known.keys.get(&id) {
            return Ok(*key);
        }
        let key = number(known.ids.len());
        if key == i32::MAX {
            return Err(Error::Limit(label(
                format!("the warehouse cannot number more than {key} records of {entity}"),
                format!("数据仓库最多为 {entity} 的 {key} 条记录编号"),
            )));
        }
        known.keys.insert(id, key);
        known.ids.push(id);
        Ok(key)
    }

    /// Writes the new keys and names their files in the manifest.
    pub async fn keep(self, engine: &Engine, store: &Store, manifest: &mut Manifest) -> Result<()> {
        for (entity, known) in self.0 {
            if known.kept == known.ids.len() {
                continue;
            }
            let files = manifest.keys.entry(entity.clone()).or_default();
            let from = if files.len() < FILES_LIMIT {
                known.kept
            } else {
                files.clear();
                0
            };
            let ids = &known.ids[from..];
            let file = format!("keys/{entity}/{}.ids", engine.clock().new_id());
            storage::put(store, &file, ids.concat()).await?;
            files.push(KeyFile { file, rows: ids.len() as u64 });
        }
        Ok(())
    }
}

fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
