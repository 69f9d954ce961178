//! Where the files are: a folder, or anything else `object_store` reaches.

use crate::internal;
use engine::{Engine, Error, Result};
use futures::TryStreamExt;
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, local::LocalFileSystem, path::Path,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

pub(crate) type Store = Arc<dyn ObjectStore>;

/// Chosen before the first use; the company's data folder if nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Place {
    #[default]
    DataFolder,
    Folder(PathBuf),
}

#[derive(Default)]
struct Chosen(Mutex<(Place, Option<Store>)>);

/// Says where the warehouse of this company is kept.
pub fn place_in(engine: &Engine, place: Place) {
    *engine.extension::<Chosen>().0.lock().unwrap_or_else(PoisonError::into_inner) = (place, None);
}

pub(crate) fn store(engine: &Engine) -> Result<Store> {
    let chosen = engine.extension::<Chosen>();
    let mut chosen = chosen.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(store) = &chosen.1 {
        return Ok(store.clone());
    }
    let folder = match &chosen.0 {
        Place::DataFolder => engine.data_dir().join("warehouse"),
        Place::Folder(folder) => folder.clone(),
    };
    let cannot = |error: &dyn std::fmt::Display| {
        Error::Unavailable(format!("the warehouse folder {} cannot be used: {error}", folder.display()))
    };
    std::fs::create_dir_all(&folder).map_err(|error| cannot(&error))?;
    let local = LocalFileSystem::new_with_prefix(&folder).map_err(|error| cannot(&error))?;
    let store: Store = Arc::new(local);
    chosen.1 = Some(store.clone());
    Ok(store)
}

pub(crate) fn unavailable(error: object_store::Error) -> Error {
    Error::Unavailable(format!("the warehouse's files: {error}"))
}

pub(crate) async fn put(store: &Store, path: &str, bytes: Vec<u8>) -> Result<()> {
    store.put(&Path::from(path), PutPayload::from(bytes)).await.map(drop).map_err(unavailable)
}

/// Whether the file is ours: `false` if there is one of this name already.
pub(crate) async fn put_new(store: &Store, path: &str, bytes: Vec<u8>) -> Result<bool> {
    let options = PutOptions::from(PutMode::Create);
    match store.put_opts(&Path::from(path), PutPayload::from(bytes), options).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}

pub(crate) async fn read(store: &Store, path: &str) -> Result<Option<Vec<u8>>> {
    match store.get(&Path::from(path)).await {
        Ok(found) => Ok(Some(found.bytes().await.map_err(unavailable)?.to_vec())),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// One that is gone already is as well.
pub(crate) async fn delete(store: &Store, path: &str) -> Result<()> {
    match store.delete(&Path::from(path)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

/// The names of all files below a folder.
pub(crate) async fn list(store: &Store, folder: Option<&str>) -> Result<Vec<String>> {
    let prefix = folder.map(Path::from);
    let found: Vec<_> = store.list(prefix.as_ref()).try_collect().await.map_err(unavailable)?;
    Ok(found.into_iter().map(|meta| meta.location.to_string()).collect())
}

pub(crate) fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(internal)
}
