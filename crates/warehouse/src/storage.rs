//! Where the files are: a folder, or a bucket that speaks S3.

use crate::{durable, internal};
use engine::{Engine, Error, Result};
use futures::TryStreamExt;
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, local::LocalFileSystem, path::Path,
    prefix::PrefixStore,
};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

type Objects = Arc<dyn ObjectStore>;

/// The files of one company.
#[derive(Clone)]
pub(crate) struct Store {
    objects: Objects,
    /// Where they are, if that is a folder: what is written there has to be brought to the disk.
    folder: Option<PathBuf>,
}

/// Chosen before the first use; the company's data folder if nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Place {
    #[default]
    DataFolder,
    Folder(PathBuf),
    Bucket(Bucket),
}

/// A place in a bucket: `s3://bucket/folder`.
#[derive(Clone, PartialEq)]
pub struct Bucket {
    pub url: String,
    /// As `object_store` names them: `aws_endpoint`, `aws_access_key_id`, … Secrets are among them.
    pub options: Vec<(String, String)>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Bucket").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The store all questions are asked of, and in which folder of it this company's files are.
#[derive(Clone)]
pub(crate) struct Files {
    /// A folder or a whole bucket: what DataFusion asks must know files by their whole path, which those of a
    /// [`PrefixStore`] do not.
    pub root: Objects,
    /// Empty, or ends in `/`.
    pub below: String,
    /// What is in that folder.
    pub store: Store,
}

#[derive(Default)]
struct Chosen(Mutex<(Place, String, Option<Files>)>);

/// Says where the warehouse of this company is kept: in this folder below the place, or in the place itself.
pub fn place_in(engine: &Engine, place: Place, below: Option<&str>) {
    let below = below.map(|name| format!("{name}/")).unwrap_or_default();
    *engine.extension::<Chosen>().0.lock().unwrap_or_else(PoisonError::into_inner) = (place, below, None);
}

pub(crate) fn files(engine: &Engine) -> Result<Files> {
    let chosen = engine.extension::<Chosen>();
    let mut chosen = chosen.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(files) = &chosen.2 {
        return Ok(files.clone());
    }
    let files = match &chosen.0 {
        Place::DataFolder => Files::in_folder(&engine.data_dir().join("warehouse"), chosen.1.clone())?,
        place => within(place, &chosen.1)?,
    };
    chosen.2 = Some(files.clone());
    Ok(files)
}

impl Files {
    fn below(root: Objects, below: String) -> Files {
        let objects: Objects = match below.is_empty() {
            true => root.clone(),
            false => Arc::new(PrefixStore::new(root.clone(), below.as_str())),
        };
        Files { root, below, store: Store { objects, folder: None } }
    }

    fn in_folder(path: &std::path::Path, below: String) -> Result<Files> {
        let mut files = Files::below(folder(path)?, below);
        files.store.folder = Some(path.join(&files.below));
        Ok(files)
    }
}

/// What is in this folder of a place, without knowing any company.
pub(crate) fn within(place: &Place, below: &str) -> Result<Files> {
    match place {
        Place::DataFolder => Err(Error::Unavailable("the warehouse's files have no place".into())),
        Place::Folder(path) => Files::in_folder(path, below.to_owned()),
        Place::Bucket(place) => {
            let (root, path) = bucket(place)?;
            let path = if path.as_ref().is_empty() { String::new() } else { format!("{path}/") };
            Ok(Files::below(root, format!("{path}{below}")))
        }
    }
}

pub(crate) fn store(engine: &Engine) -> Result<Store> {
    files(engine).map(|files| files.store)
}

/// Whether a place can be read, and whether a company's warehouse is there.
pub async fn look_at(place: &Place, below: Option<&str>) -> Result<bool> {
    if matches!(place, Place::Folder(path) if !path.exists()) {
        return Ok(false);
    }
    let below = below.map(|name| format!("{name}/")).unwrap_or_default();
    let store = within(place, &below)?.store;
    Ok(crate::manifest::newest_number(&store).await?.is_some())
}

/// Deletes what a company has in a place that many share.
pub async fn empty(place: &Place, below: &str) -> Result<()> {
    let store = within(place, &format!("{below}/"))?.store;
    for file in list(&store, None).await? {
        delete(&store, &file).await?;
    }
    Ok(())
}

fn folder(folder: &std::path::Path) -> Result<Objects> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::Unavailable(format!("the warehouse folder {} cannot be used: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let local = LocalFileSystem::new_with_prefix(folder).map_err(|error| cannot(&error))?;
    Ok(Arc::new(local))
}

#[cfg(feature = "s3")]
fn bucket(place: &Bucket) -> Result<(Objects, Path)> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::Unavailable(format!("the warehouse's bucket {} cannot be used: {error}", place.url))
    };
    let url = url::Url::parse(&place.url).map_err(|error| cannot(&error))?;
    let options = place.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let (bucket, path) = object_store::parse_url_opts(&url, options).map_err(|error| cannot(&error))?;
    Ok((Arc::from(bucket), path))
}

#[cfg(not(feature = "s3"))]
fn bucket(place: &Bucket) -> Result<(Objects, Path)> {
    Err(Error::Unavailable(format!(
        "the warehouse cannot be kept in {}: this program was built without S3, build it with `--features cluster`",
        place.url
    )))
}

pub(crate) fn unavailable(error: object_store::Error) -> Error {
    Error::Unavailable(format!("the warehouse's files: {error}"))
}

pub(crate) async fn put(store: &Store, path: &str, bytes: Vec<u8>) -> Result<()> {
    store.objects.put(&Path::from(path), PutPayload::from(bytes)).await.map(drop).map_err(unavailable)
}

/// Whether the file is ours: `false` if there is one of this name already.
pub(crate) async fn put_new(store: &Store, path: &str, bytes: Vec<u8>) -> Result<bool> {
    if let Some(folder) = store.folder.clone() {
        let path = path.to_owned();
        return on_disk(move || durable::create(&folder, &path, &bytes)).await;
    }
    let options = PutOptions::from(PutMode::Create);
    match store.objects.put_opts(&Path::from(path), PutPayload::from(bytes), options).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}

/// What is in a bucket is durable once it is put; files of a folder are after this.
pub(crate) async fn sync(store: &Store, files: Vec<String>) -> Result<()> {
    match store.folder.clone() {
        Some(folder) => on_disk(move || durable::sync(&folder, &files)).await,
        None => Ok(()),
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(internal)?;
    done.map_err(|error| Error::Unavailable(format!("the warehouse's files: {error}")))
}

pub(crate) async fn read(store: &Store, path: &str) -> Result<Option<Vec<u8>>> {
    match store.objects.get(&Path::from(path)).await {
        Ok(found) => Ok(Some(found.bytes().await.map_err(unavailable)?.to_vec())),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// One that is gone already is as well.
pub(crate) async fn delete(store: &Store, path: &str) -> Result<()> {
    if let Some(folder) = &store.folder {
        let path = folder.join(path);
        return on_disk(move || durable::remove(&path)).await;
    }
    match store.objects.delete(&Path::from(path)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

/// The names of all files below a folder, of those too that a process left half written.
pub(crate) async fn list(store: &Store, folder: Option<&str>) -> Result<Vec<String>> {
    if let Some(root) = store.folder.clone() {
        let below = folder.unwrap_or_default().to_owned();
        return on_disk(move || durable::list(&root, &below)).await;
    }
    let prefix = folder.map(Path::from);
    let found: Vec<_> = store.objects.list(prefix.as_ref()).try_collect().await.map_err(unavailable)?;
    Ok(found.into_iter().map(|meta| meta.location.to_string()).collect())
}

pub(crate) fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(internal)
}
