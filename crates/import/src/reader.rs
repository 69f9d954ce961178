//! Reads and understands the file on a thread of its own, a few batches ahead of the database.

use crate::{FileProblem, Importer, RowProblem};
use std::{path::PathBuf, sync::Arc};
use tabular::{ReadOptions, Row};
use tokio::sync::mpsc;

pub struct Entry<T> {
    pub row: Row,
    pub parsed: Result<T, RowProblem>,
}

pub struct Batch<T> {
    pub entries: Vec<Entry<T>>,
    /// Of the file as it lies on the disk.
    pub bytes_read: u64,
    pub bytes_total: u64,
}

/// Rows of a batch, unless a group of rows belongs together.
const BATCH_ROWS: usize = 4_000;
const BATCH_LIMIT: usize = 9_000;
/// Batches read ahead; bounds the memory of an import.
const AHEAD: usize = 2;

pub type Batches<T> = mpsc::Receiver<Result<Batch<T>, FileProblem>>;

/// Rows after the one numbered `after`; the receiver's end stops the reading.
pub fn read<I: Importer>(
    importer: Arc<I>,
    path: PathBuf,
    options: ReadOptions,
    after: u64,
) -> Batches<I::Item> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(problem) = read_all(&*importer, &path, &options, after, &sender) {
            // Nobody listens to the problem of an import that was given up.
            let _ = sender.blocking_send(Err(problem));
        }
    });
    receiver
}

fn read_all<I: Importer>(
    importer: &I,
    path: &std::path::Path,
    options: &ReadOptions,
    after: u64,
    sender: &mpsc::Sender<Result<Batch<I::Item>, FileProblem>>,
) -> Result<(), FileProblem> {
    let mut table = tabular::open(path, options)?;
    let mut entries: Vec<Entry<I::Item>> = Vec::with_capacity(BATCH_ROWS);
    while let Some(row) = table.next() {
        let row = row?;
        if row.number <= after {
            continue;
        }
        let parsed = importer.parse(&row);
        if entries.len() >= BATCH_ROWS
            && (entries.len() >= BATCH_LIMIT || !continues(importer, entries.last(), &parsed))
        {
            let full = std::mem::replace(&mut entries, Vec::with_capacity(BATCH_ROWS));
            let (bytes_read, bytes_total) = (table.bytes_read(), table.bytes_total());
            if sender.blocking_send(Ok(Batch { entries: full, bytes_read, bytes_total })).is_err() {
                return Ok(());
            }
        }
        entries.push(Entry { row, parsed });
    }
    let bytes_total = table.bytes_total();
    if !entries.is_empty() {
        let _ = sender.blocking_send(Ok(Batch { entries, bytes_read: bytes_total, bytes_total }));
    }
    Ok(())
}

fn continues<I: Importer>(
    importer: &I,
    last: Option<&Entry<I::Item>>,
    next: &Result<I::Item, RowProblem>,
) -> bool {
    match (last.map(|entry| &entry.parsed), next) {
        (Some(Ok(last)), Ok(next)) => {
            importer.group(last).is_some() && importer.group(last) == importer.group(next)
        }
        _ => false,
    }
}
