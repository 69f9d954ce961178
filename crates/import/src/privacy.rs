//! Copies of people in files: of rows with errors, and uploads that wait to be imported. A file that names somebody who is
//! erased goes as a whole; who needs the rest has the file it came from.

use crate::run::State;
use engine::{BoxFuture, Erasing, Error, Found, Query, Result, Tx, Words};
use meta::{Record, Values};
use std::path::{Path, PathBuf};
use tabular::{ReadOptions, TableError};

/// Runs looked at in one go.
const PAGE: usize = 500;
const UPLOADS: &str = "uploads";
const ERRORS: &str = "imports";

pub fn copies<'t>(tx: &'t mut Tx, erasing: &'t Erasing) -> BoxFuture<'t, Result<Vec<Found>>> {
    Box::pin(async move {
        let folder = tx.engine().data_dir().to_owned();
        let uploads = files(folder.join(UPLOADS), &erasing.words).await?;
        let errors = files(folder.join(ERRORS), &erasing.words).await?;
        let found = vec![
            Found::new("Files of rows with errors", "错误行文件", errors.len() as u64),
            Found::new("Uploaded files waiting to be imported", "等待导入的文件", uploads.len() as u64),
        ];
        if erasing.dry || uploads.is_empty() && errors.is_empty() {
            return Ok(found);
        }
        let runs = runs(tx).await?;
        let of = |path: &PathBuf, field: &str| runs.iter().find(|run| Path::new(run.text(field)) == path);
        for path in uploads {
            if let Some(run) = of(&path, "file_path") {
                refuse_while_at_work(run)?;
                if run.text("state") == "mapping" {
                    change(tx, run, [("state".to_owned(), State::Cancelled.name().into())]).await?;
                }
            }
            remove(&path).await?;
        }
        for path in errors {
            if let Some(run) = of(&path, "error_path") {
                refuse_while_at_work(run)?;
                change(tx, run, [("error_path".to_owned(), meta::Value::Null)]).await?;
            }
            remove(&path).await?;
        }
        Ok(found)
    })
}

/// Files in this part of the data folder that have one of the words, whether a run knows of them or not.
async fn files(folder: PathBuf, words: &Words) -> Result<Vec<PathBuf>> {
    let words = words.clone();
    let look = move || {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path()).filter(|path| path.is_file());
        files.filter(|path| any_sheet_names(path, &words)).collect()
    };
    tokio::task::spawn_blocking(look).await.map_err(|error| Error::Internal(error.to_string()))
}

async fn runs(tx: &mut Tx) -> Result<Vec<Record>> {
    let (mut runs, mut after) = (vec![], None);
    loop {
        let page = tx.list(&Query::new("import_run").sort("id").after(after).limit(PAGE)).await?;
        runs.extend(page.records);
        after = page.next;
        if after.is_none() {
            return Ok(runs);
        }
    }
}

fn refuse_while_at_work(run: &Record) -> Result<()> {
    let at_work = [State::Queued, State::Running, State::Reverting].map(State::name);
    if !at_work.contains(&run.text("state")) {
        return Ok(());
    }
    let file = run.text("file_name");
    Err(Error::rule(
        "id",
        format!("stands in the file “{file}”, which is being imported: wait until it is done, or cancel it"),
        format!("出现在正在导入的文件“{file}”中，请等导入完成或先取消导入"),
    ))
}

async fn change<const N: usize>(tx: &mut Tx, run: &Record, values: [(String, meta::Value); N]) -> Result<()> {
    tx.trust();
    tx.update("import_run", run.id, None, Values::from(values)).await.map(drop)
}

async fn remove(path: &Path) -> Result<()> {
    let unremovable =
        |error| Error::Unavailable(format!("the file {} cannot be removed: {error}", path.display()));
    tokio::fs::remove_file(path).await.map_err(unremovable)
}

/// What cannot be read as a table is looked through as it is.
fn any_sheet_names(path: &Path, words: &Words) -> bool {
    let look = |sheet: Option<String>| -> Result<(bool, Vec<String>), TableError> {
        // Without a header every row is a row, titles and column names included.
        let options = ReadOptions { header_row: Some(0), sheet, ..ReadOptions::default() };
        let mut table = tabular::open(path, &options)?;
        let sheets = table.format.sheets.clone();
        for row in table.by_ref() {
            if row?.cells.iter().any(|cell| words.are_in(cell)) {
                return Ok((true, sheets));
            }
        }
        Ok((false, sheets))
    };
    let found = look(None).and_then(|(found, sheets)| {
        if found {
            return Ok(true);
        }
        for sheet in sheets {
            if look(Some(sheet))?.0 {
                return Ok(true);
            }
        }
        Ok(false)
    });
    found.unwrap_or_else(|_| {
        std::fs::read(path).is_ok_and(|bytes| words.are_in(&String::from_utf8_lossy(&bytes)))
    })
}
