//! What an import would make, without making it: the same code looks at the database as it is and remembers what it would
//! have made.

use crate::{
    FileProblem, Importer, Kind, Layout, Options, Progress, RowProblem,
    batch::write_entries,
    currency, layout,
    orders::Orders,
    plain::Plain,
    reader,
    run::{Control, inspect},
    store::{Access, Made, Store},
};
use engine::{Actor, Engine};
use meta::Id;
use std::{path::Path, sync::Arc, time::Instant};

pub struct DryRun {
    pub progress: Progress,
    /// The first problems, with the row's number.
    pub problems: Vec<(u64, RowProblem)>,
    pub cancelled: bool,
}

const PROBLEMS_SHOWN: usize = 100;

pub async fn dry_run(
    engine: &Engine,
    actor: &Actor,
    kind: Kind,
    path: &Path,
    options: &Options,
    control: &Control,
) -> Result<DryRun, FileProblem> {
    let mut options = options.clone();
    let layout = Arc::new(inspect(engine, kind, path, &mut options).await?);
    layout.check()?;
    match kind {
        Kind::Orders => {
            let currency = currency::settle(engine, &options, true).await?;
            let mut known = currency::known(engine).await?;
            known.insert(currency.clone());
            let importer = Orders::new(engine, layout.clone(), currency, known)?;
            drive((engine, actor), importer, path, &layout, &options, control).await
        }
        _ => {
            let currency = currency::settle(engine, &options, true).await?;
            let importer = Plain::new(engine, layout.clone(), currency)?;
            drive((engine, actor), importer, path, &layout, &options, control).await
        }
    }
}

async fn drive<I: Importer>(
    (engine, actor): (&Engine, &Actor),
    importer: I,
    path: &Path,
    layout: &Layout,
    options: &Options,
    control: &Control,
) -> Result<DryRun, FileProblem> {
    let importer = Arc::new(importer);
    let read = layout::read_options(layout.kind, options);
    let mut batches = reader::read(importer.clone(), path.to_owned(), read, 0);
    let mut state = importer.state();
    let mut made = Made::new();
    let mut dry = DryRun { progress: Progress::default(), problems: vec![], cancelled: false };
    let began = Instant::now();
    while let Some(batch) = batches.recv().await {
        if (control.cancelled)().await {
            dry.cancelled = true;
            break;
        }
        let batch = batch?;
        let store = Store::new(Access::Look(engine, &mut made, actor), &options.source, Id::nil());
        let (counts, problems) = write_entries(&*importer, store, &mut state, &batch.entries).await?;
        let progress = &mut dry.progress;
        progress.rows += batch.entries.len() as u64;
        progress.errors += problems.len() as u64;
        progress.imported += (batch.entries.len() - problems.len()) as u64;
        progress.add(&counts);
        (progress.bytes_read, progress.bytes_total) = (batch.bytes_read, batch.bytes_total);
        progress.seconds = began.elapsed().as_secs_f64();
        let room = PROBLEMS_SHOWN - dry.problems.len();
        for (index, problem) in problems.into_iter().take(room) {
            if let Some(entry) = batch.entries.get(index) {
                dry.problems.push((entry.row.number, problem));
            }
        }
        (control.progress)(&dry.progress);
    }
    Ok(dry)
}
