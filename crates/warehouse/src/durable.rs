//! Files of a folder that are on the disk and not only in the memory of the system: after a power cut a manifest names nothing that
//! is not there. And what else is in it: a list of `object_store` does not show what was left half written.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Brings files of `folder` to the disk, and that they are there.
pub(crate) fn sync(folder: &Path, files: &[String]) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for file in files {
        let path = folder.join(file);
        File::options().write(true).open(&path)?.sync_all()?;
        folders.extend(
            path.ancestors().skip(1).take_while(|above| above.starts_with(folder)).map(Path::to_owned),
        );
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Gives a file its name once all of it is on the disk; `false` if there is one of this name already.
pub(crate) fn create(folder: &Path, file: &str, bytes: &[u8]) -> io::Result<bool> {
    let path = folder.join(file);
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    let (mut staged, staged_at) = stage(&path)?;
    let named = staged
        .write_all(bytes)
        .and_then(|()| staged.sync_all())
        .and_then(|()| fs::hard_link(&staged_at, &path));
    fs::remove_file(&staged_at)?;
    match named {
        Ok(()) => sync(folder, &[file.to_owned()]).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// A new file beside `path`, named as `object_store` names those it has not finished.
fn stage(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 1_u64;
    loop {
        let mut staged = path.as_os_str().to_owned();
        staged.push(format!("#{number}"));
        match File::create_new(&staged) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|file| (file, staged.into())),
        }
    }
}

/// The names of all files below `below`, as paths from `folder`; of those too that have not been finished.
pub(crate) fn list(folder: &Path, below: &str) -> io::Result<Vec<String>> {
    let (mut found, mut open) = (vec![], vec![folder.join(below)]);
    while let Some(next) = open.pop() {
        let entries = match fs::read_dir(&next) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
                found.push(parts.join("/"));
            }
        }
    }
    Ok(found)
}

/// One that is gone already is as well.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_whole_or_not_at_all_and_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let manifests = folder.path().join("manifest");
        // Left by a process that died.
        fs::create_dir(&manifests).unwrap();
        fs::write(manifests.join("1.json#1"), "half").unwrap();
        assert!(create(folder.path(), "manifest/1.json", b"first").unwrap());
        assert!(!create(folder.path(), "manifest/1.json", b"second").unwrap());
        assert_eq!(fs::read(manifests.join("1.json")).unwrap(), b"first");
        assert_eq!(names(&manifests), ["1.json", "1.json#1"]);
    }

    #[test]
    fn what_was_left_half_written_is_listed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(list(folder.path(), "tables").unwrap(), Vec::<String>::new());
        fs::create_dir_all(folder.path().join("tables/sales")).unwrap();
        fs::write(folder.path().join("tables/sales/one.parquet#1"), "half").unwrap();
        fs::write(folder.path().join("checks.json"), "{}").unwrap();
        assert_eq!(list(folder.path(), "tables").unwrap(), ["tables/sales/one.parquet#1"]);
        assert_eq!(list(folder.path(), "").unwrap().len(), 2);
        for _ in 0..2 {
            remove(&folder.path().join("tables/sales/one.parquet#1")).unwrap();
        }
        assert_eq!(list(folder.path(), "").unwrap(), ["checks.json"]);
    }

    #[test]
    fn what_is_not_there_is_not_synced() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("tables/sales")).unwrap();
        let files = ["one", "two"].map(|name| format!("tables/sales/{name}.parquet"));
        fs::write(folder.path().join(&files[0]), "rows").unwrap();
        sync(folder.path(), &files[..1]).unwrap();
        assert_eq!(sync(folder.path(), &files).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
