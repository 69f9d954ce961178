//! Imports run by the program that was asked for them, such as the command line: under a lock that ends with the process, so
//! that a run whose process died is known and gone on with.

use crate::{
    Control, FileProblem, Kind, Options, Outcome,
    run::{create, execute, read_progress, read_run},
};
use engine::{Actor, Engine, Error, Query};
use meta::{Id, Record};
use std::{fs::File, path::Path};

/// Runs over the same file that were left running are looked for among the last ones.
const LOOKED_AT: usize = 100;

/// Held as long as a run is worked on.
pub struct Lock(#[expect(dead_code, reason = "open files hold the lock")] File);

/// `None` if another process works on the run.
pub fn lock(engine: &Engine, run: Id) -> Result<Option<Lock>, FileProblem> {
    let folder = engine.data_dir().join("imports");
    let wrong = |error: std::io::Error| {
        FileProblem::from(Error::Unavailable(format!(
            "the folder {} is not writable: {error}",
            folder.display()
        )))
    };
    std::fs::create_dir_all(&folder).map_err(wrong)?;
    let file = File::create(folder.join(format!("{run}.lock"))).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(wrong(error)),
    }
}

/// Imports a file here and now; goes on with the run of the same file and source that was interrupted, if there is one.
pub async fn import_file(
    engine: &Engine,
    actor: &Actor,
    kind: Kind,
    path: &Path,
    file_name: &str,
    options: &Options,
    control: &Control,
) -> Result<Outcome, FileProblem> {
    let (run, _lock) = match interrupted(engine, kind, path, options).await? {
        Some((run, lock)) => {
            let row = read_progress(&run).row;
            tracing::info!(run = %run.id, row, "going on with the import that was interrupted");
            (run.id, Some(lock))
        }
        None => {
            let run = create(engine, actor, kind, path, file_name, options).await?;
            (run, lock(engine, run)?)
        }
    };
    let outcome = execute(engine, actor, run, control).await;
    let _ = std::fs::remove_file(engine.data_dir().join("imports").join(format!("{run}.lock")));
    outcome
}

/// A run of this very file (path, size, options) that is marked as running while nobody works on it.
async fn interrupted(
    engine: &Engine,
    kind: Kind,
    path: &Path,
    options: &Options,
) -> Result<Option<(Record, Lock)>, FileProblem> {
    let query = Query::new("import_run").filter("state == 'running'").limit(LOOKED_AT);
    let bytes = std::fs::metadata(path).map(|file| file.len()).unwrap_or_default();
    for run in engine.list(&Actor::system(), &query).await?.records {
        let (run_kind, run_options, run_path) = read_run(&run)?;
        let progress = read_progress(&run);
        let same = run_kind == kind
            && run_path == path
            && serde_json::to_value(&run_options).ok() == serde_json::to_value(options).ok()
            && (progress.bytes_total == bytes || progress.bytes_total == 0);
        let by_job = !run.text("job").is_empty();
        if same
            && !by_job
            && let Some(lock) = lock(engine, run.id)?
        {
            return Ok(Some((run, lock)));
        }
    }
    Ok(None)
}
