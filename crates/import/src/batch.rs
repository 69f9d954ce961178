//! Writes batches: each one transaction with its records, its progress and its lines of the error file. What the database
//! refuses is narrowed down by halves to the row that causes it, so that one bad row never costs another.

use crate::{
    Importer, Progress, RowProblem,
    problem::language,
    reader::{Batch, Entry},
    store::{Access, Counts, Store},
};
use engine::{Actor, BoxFuture, Engine, Error, Result};
use meta::{Id, Lang};
use std::{ops::Range, path::PathBuf, sync::Arc, time::Duration};
use tabular::{ErrorFile, Format};
use tokio::sync::Mutex;

/// Where the bad rows go.
#[derive(Clone)]
pub struct ErrorLayout {
    pub path: PathBuf,
    pub format: Format,
    pub headers: Vec<String>,
    pub lang: Lang,
}

impl ErrorLayout {
    fn open(&self, at: tabular::ErrorCheckpoint) -> Result<ErrorFile> {
        ErrorFile::new(self.path.clone(), &self.format, &self.headers, language(self.lang))
            .resume(at)
            .map_err(|error| self.failed(&error))
    }
    fn failed(&self, error: &std::io::Error) -> Error {
        Error::Unavailable(format!("the error file {} cannot be written: {error}", self.path.display()))
    }
}

pub struct Writer<I: Importer> {
    pub engine: Engine,
    pub actor: Actor,
    pub run: Id,
    pub source: String,
    pub importer: Arc<I>,
    pub progress: Progress,
    state: Arc<Mutex<I::State>>,
    errors: Arc<Mutex<ErrorFile>>,
    /// The error file holds what was written to it in a transaction that failed.
    spoiled: bool,
    layout: ErrorLayout,
}

const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

impl<I: Importer> Writer<I> {
    pub fn new(
        engine: Engine,
        actor: Actor,
        run: Id,
        source: String,
        importer: Arc<I>,
        progress: Progress,
        layout: ErrorLayout,
    ) -> Result<Self> {
        let errors = Arc::new(Mutex::new(layout.open(progress.error_file)?));
        let state = Arc::new(Mutex::new(importer.state()));
        Ok(Writer { engine, actor, run, source, importer, progress, state, errors, spoiled: false, layout })
    }

    /// `seconds`: working time so far.
    pub async fn write(&mut self, batch: Batch<I::Item>, seconds: f64) -> Result<()> {
        (self.progress.bytes_read, self.progress.bytes_total) = (batch.bytes_read, batch.bytes_total);
        self.progress.seconds = seconds;
        let entries = Arc::new(batch.entries);
        let all = 0..entries.len();
        self.write_range(entries, all).await
    }

    fn write_range(
        &mut self,
        entries: Arc<Vec<Entry<I::Item>>>,
        range: Range<usize>,
    ) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut attempt = 0;
            loop {
                attempt += 1;
                let error = match self.attempt(entries.clone(), range.clone(), None).await {
                    Ok(()) => return Ok(()),
                    Err(error) => error,
                };
                // What was remembered in this transaction is not there any more.
                I::forget(&mut *self.state.lock().await);
                self.spoiled = true;
                match error {
                    error
                        if (error.is_outage() || matches!(error, Error::Conflict { .. }))
                            && attempt < ATTEMPTS =>
                    {
                        tokio::time::sleep(PAUSE * attempt).await;
                    }
                    Error::Invalid(problems) if range.len() > 1 => {
                        tracing::debug!(?problems, rows = range.len(), "a part of the batch was refused");
                        let middle = range.start + range.len() / 2;
                        self.write_range(entries.clone(), range.start..middle).await?;
                        return self.write_range(entries, middle..range.end).await;
                    }
                    Error::Invalid(problems) => {
                        let problem = self.row_problem(&problems);
                        return self.attempt(entries, range, Some(problem)).await;
                    }
                    error => return Err(error),
                }
            }
        })
    }

    fn row_problem(&self, problems: &[meta::FieldProblem]) -> RowProblem {
        let Some(first) = problems.first() else { return RowProblem::new("", "was refused", "被拒绝") };
        // Problems of several records name them as `[index].field`.
        let field = first.field.rsplit('.').next().unwrap_or_default();
        RowProblem::field(&self.importer.column_of(field), &first.problem)
    }

    /// One transaction over the rows of `range`; with `refused`, only the note that its row is bad.
    async fn attempt(
        &mut self,
        entries: Arc<Vec<Entry<I::Item>>>,
        range: Range<usize>,
        refused: Option<RowProblem>,
    ) -> Result<()> {
        let (importer, state, errors) = (self.importer.clone(), self.state.clone(), self.errors.clone());
        let (run, source, layout) = (self.run, self.source.clone(), self.layout.clone());
        let (mut progress, spoiled) = (self.progress.clone(), self.spoiled);
        let progress = self
            .engine
            .write(&self.actor, move |tx| {
                Box::pin(async move {
                    tx.import(run, importer.entity());
                    tx.trust();
                    let Some(entries) = entries.get(range) else { return Ok(progress) };
                    let (counts, problems) = match refused {
                        Some(problem) => (Counts::new(), vec![(0, problem)]),
                        None => {
                            let store = Store::new(Access::Write(tx), &source, run);
                            write_entries(&*importer, store, &mut *state.lock().await, entries).await?
                        }
                    };
                    let mut errors = errors.lock().await;
                    // Not sooner: another process may have taken over, and the file with it.
                    if spoiled {
                        *errors = layout.open(progress.error_file)?;
                    }
                    for (index, problem) in &problems {
                        let Some(entry) = entries.get(*index) else { continue };
                        errors
                            .write(&entry.row, &problem.column, problem.reason.get(layout.lang))
                            .map_err(|error| layout.failed(&error))?;
                    }
                    progress.error_file = errors.checkpoint().map_err(|error| layout.failed(&error))?;
                    progress.row = entries.last().map_or(progress.row, |entry| entry.row.number);
                    progress.rows += entries.len() as u64;
                    progress.errors += problems.len() as u64;
                    progress.imported += (entries.len() - problems.len()) as u64;
                    progress.add(&counts);
                    tx.set_figures("import_run", &[(run, progress.figures()?)]).await?;
                    Ok(progress)
                })
            })
            .await?;
        (self.progress, self.spoiled) = (progress, false);
        Ok(())
    }
}

/// Writes what was understood; returns the counts and all problems by index among `entries`, in their order.
pub async fn write_entries<I: Importer>(
    importer: &I,
    mut store: Store<'_>,
    state: &mut I::State,
    entries: &[Entry<I::Item>],
) -> Result<(Counts, Vec<(usize, RowProblem)>)> {
    let mut problems: Vec<(usize, RowProblem)> = vec![];
    let (mut items, mut places) = (vec![], vec![]);
    for (index, entry) in entries.iter().enumerate() {
        match &entry.parsed {
            Ok(item) => {
                items.push(item);
                places.push(index);
            }
            Err(problem) => problems.push((index, problem.clone())),
        }
    }
    let refused = importer.write(&mut store, state, &items).await?;
    problems.extend(refused.into_iter().filter_map(|(item, problem)| Some((*places.get(item)?, problem))));
    problems.sort_by_key(|(index, _)| *index);
    Ok((store.counts, problems))
}
