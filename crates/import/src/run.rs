//! A run of an import from beginning to end: started, driven batch by batch, taken up again after a crash, cancelled.

use crate::{
    FileProblem, Importer, Kind, Layout, Options, Progress,
    batch::{ErrorLayout, Writer},
    currency, layout, mapping,
    orders::Orders,
    own,
    plain::Plain,
    reader,
};
use engine::{Actor, BoxFuture, Engine, Error};
use meta::{Id, Label, Lang, Record, Value, Values, label};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// What a caller watches and may stop.
pub struct Control {
    pub cancelled: Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>,
    pub progress: Box<dyn Fn(&Progress) + Send + Sync>,
}

impl Control {
    /// Nobody watches.
    pub fn none() -> Self {
        Control { cancelled: Box::new(|| Box::pin(async { false })), progress: Box::new(|_| {}) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Queued,
    Running,
    Finished,
    Cancelled,
    Failed,
    Reverting,
    Reverted,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Finished => "finished",
            State::Cancelled => "cancelled",
            State::Failed => "failed",
            State::Reverting => "reverting",
            State::Reverted => "reverted",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Outcome {
    pub run: Id,
    pub state: State,
    pub progress: Progress,
    pub error_path: Option<PathBuf>,
    /// Why a run failed.
    pub message: Option<Label>,
}

/// Looks at the file and decides on its columns; nothing is written.
pub async fn inspect(
    engine: &Engine,
    kind: Kind,
    path: &Path,
    options: &mut Options,
) -> Result<Layout, FileProblem> {
    mapping::recall(engine, kind, options).await?;
    let zone = match &options.time_zone {
        None => engine.time_zone().await?,
        Some(name) => name.parse().map_err(|_| {
            FileProblem::refused(
                format!("“{name}” is no time zone: write it like Asia/Shanghai"),
                format!("“{name}”不是时区，请写成 Asia/Shanghai 这样"),
            )
        })?,
    };
    let (path, options, own) = (path.to_owned(), options.clone(), own::fields(engine, kind)?);
    tokio::task::spawn_blocking(move || layout::layout(&path, kind, &options, zone, own))
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
}

/// Makes the record of a run; the file stays where it is.
pub async fn create(
    engine: &Engine,
    actor: &Actor,
    kind: Kind,
    path: &Path,
    file_name: &str,
    options: &Options,
) -> Result<Id, FileProblem> {
    let mut values = Values::from([
        ("file_name".to_owned(), file_name.into()),
        ("kind".to_owned(), kind.name().into()),
        ("source".to_owned(), options.source.as_str().into()),
        ("file_path".to_owned(), path.to_string_lossy().as_ref().into()),
    ]);
    values.insert("mapping", serde_json::to_value(options).map_err(Error::from)?.into());
    let created = engine.write(actor, move |tx| {
        tx.trust();
        Box::pin(async move { tx.create("import_run", values).await })
    });
    Ok(created.await?)
}

pub async fn set_state(engine: &Engine, run: Id, state: State, mut more: Values) -> Result<(), Error> {
    more.insert("state", state.name().into());
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { tx.update("import_run", run, None, more).await.map(drop) })
        })
        .await
}

/// Kind, options and file of a run.
pub(crate) fn read_run(run: &Record) -> Result<(Kind, Options, PathBuf), FileProblem> {
    let kind = Kind::parse(run.text("kind")).ok_or_else(|| {
        FileProblem::refused(format!("unknown kind of import {}", run.text("kind")), "未知的导入类型")
    })?;
    let options = match run.get("mapping") {
        Value::Json(json) => serde_json::from_value(json.clone()).map_err(Error::from)?,
        _ => Options::default(),
    };
    Ok((kind, options, PathBuf::from(run.text("file_path"))))
}

pub fn read_progress(run: &Record) -> Progress {
    match run.get("progress") {
        Value::Json(json) => serde_json::from_value(json.clone()).unwrap_or_default(),
        _ => Progress::default(),
    }
}

/// Where the error file of a run lies.
pub fn error_path(engine: &Engine, run: Id, layout: &Layout) -> Result<PathBuf, FileProblem> {
    let folder = engine.data_dir().join("imports");
    std::fs::create_dir_all(&folder).map_err(|error| {
        Error::Unavailable(format!("cannot make the folder {}: {error}", folder.display()))
    })?;
    let ending = if layout.format.delimiter == '\t' { "tsv" } else { "csv" };
    Ok(folder.join(format!("{run}.errors.{ending}")))
}

/// Runs an import that was created, or goes on with one that was interrupted. Problems of the file end in state `failed`.
pub async fn execute(
    engine: &Engine,
    actor: &Actor,
    run: Id,
    control: &Control,
) -> Result<Outcome, FileProblem> {
    let record = engine.get(&Actor::system(), "import_run", run).await?;
    let progress = read_progress(&record);
    if let Some(state) = over(&record) {
        let path = record.text("error_path");
        let error_path = (!path.is_empty()).then(|| PathBuf::from(path));
        return Ok(Outcome { run, state, progress, error_path, message: None });
    }
    let started = match record.get("started_at") {
        Value::Null => Value::from(engine.clock().now()),
        known => known.clone(),
    };
    let values = Values::from([("started_at".to_owned(), started), ("message".to_owned(), Value::Null)]);
    set_state(engine, run, State::Running, values).await?;
    let result = start(engine, actor, &record, progress.clone(), control).await;
    let outcome = match result {
        Ok(outcome) => outcome,
        // The run is as whole as after a crash: it goes on when the database does.
        Err(FileProblem::Engine(error)) if error.is_interruption() => return Err(error.into()),
        Err(problem) => {
            let latest = engine.get(&Actor::system(), "import_run", run).await?;
            let message = label(problem.message(Lang::En), problem.message(Lang::Zh));
            let error_path = None;
            Outcome {
                run,
                state: State::Failed,
                progress: read_progress(&latest),
                error_path,
                message: Some(message),
            }
        }
    };
    finish(engine, actor, &outcome).await?;
    Ok(outcome)
}

/// The state of a run that has ended; a job may be run again after a crash at its very end.
fn over(run: &Record) -> Option<State> {
    [State::Finished, State::Cancelled, State::Failed, State::Reverting, State::Reverted]
        .into_iter()
        .find(|state| state.name() == run.text("state"))
}

async fn finish(engine: &Engine, actor: &Actor, outcome: &Outcome) -> Result<(), FileProblem> {
    let message =
        outcome.message.as_ref().map(|message| message.get(actor.lang).chars().take(255).collect::<String>());
    let values = Values::from([
        ("finished_at".to_owned(), engine.clock().now().into()),
        ("message".to_owned(), message.into()),
        (
            "error_path".to_owned(),
            outcome.error_path.as_ref().map(|path| path.to_string_lossy().into_owned()).into(),
        ),
    ]);
    Ok(set_state(engine, outcome.run, outcome.state, values).await?)
}

async fn start(
    engine: &Engine,
    actor: &Actor,
    run: &Record,
    progress: Progress,
    control: &Control,
) -> Result<Outcome, FileProblem> {
    let (kind, mut options, path) = read_run(run)?;
    let layout = Arc::new(inspect(engine, kind, &path, &mut options).await?);
    layout.check()?;
    let job = Job { engine, actor, run: run.id, layout, options, path, control };
    match kind {
        Kind::Orders => {
            let currency = currency::settle(engine, &job.options, false).await?;
            let known = currency::known(engine).await?;
            let importer = Orders::new(engine, job.layout.clone(), currency, known)?;
            job.drive(importer, progress).await
        }
        _ => {
            let currency = currency::settle(engine, &job.options, false).await?;
            let importer = Plain::new(engine, job.layout.clone(), currency)?;
            job.drive(importer, progress).await
        }
    }
}

struct Job<'a> {
    engine: &'a Engine,
    actor: &'a Actor,
    run: Id,
    layout: Arc<Layout>,
    options: Options,
    path: PathBuf,
    control: &'a Control,
}

impl Job<'_> {
    async fn drive<I: Importer>(&self, importer: I, progress: Progress) -> Result<Outcome, FileProblem> {
        let importer = Arc::new(importer);
        let error_path = error_path(self.engine, self.run, &self.layout)?;
        let errors = ErrorLayout {
            path: error_path.clone(),
            format: self.layout.format.clone(),
            headers: self.layout.headers.clone(),
            lang: if self.options.chinese { Lang::Zh } else { Lang::En },
        };
        let read = layout::read_options(self.layout.kind, &self.options);
        let mut batches = reader::read(importer.clone(), self.path.clone(), read, progress.row);
        let before = progress.seconds;
        let (engine, source) = (self.engine.clone(), self.options.source.clone());
        let mut writer =
            Writer::new(engine, self.actor.clone(), self.run, source, importer, progress, errors)?;
        let began = Instant::now();
        let mut state = State::Finished;
        let mut message = None;
        while let Some(batch) = batches.recv().await {
            if (self.control.cancelled)().await || self.stopped().await? {
                state = State::Cancelled;
                break;
            }
            writer.write(batch?, before + began.elapsed().as_secs_f64()).await?;
            (self.control.progress)(&writer.progress);
            if self.options.error_limit.is_some_and(|limit| writer.progress.errors > limit) {
                state = State::Failed;
                message = Some(self.too_many_errors(&writer.progress));
                break;
            }
        }
        writer.progress.seconds = before + began.elapsed().as_secs_f64();
        self.remember(&writer.progress).await?;
        let error_path = (writer.progress.errors > 0).then_some(error_path);
        Ok(Outcome { run: self.run, state, progress: writer.progress, error_path, message })
    }

    /// Somebody has stopped it by its record, from another process.
    async fn stopped(&self) -> Result<bool, FileProblem> {
        let run = self.engine.get(&Actor::system(), "import_run", self.run).await?;
        Ok(run.text("state") != State::Running.name())
    }

    fn too_many_errors(&self, progress: &Progress) -> Label {
        let limit = self.options.error_limit.unwrap_or_default();
        label(
            format!(
                "stopped at row {}: more than {limit} rows have errors; what was imported stays, see the error file",
                progress.row
            ),
            format!("在第 {} 行停止：错误行超过 {limit} 行；已导入的保留，详见错误文件", progress.row),
        )
    }

    async fn remember(&self, progress: &Progress) -> Result<(), FileProblem> {
        let (layout, source) = (self.layout.clone(), self.options.source.clone());
        let (run, figures) = (self.run, progress.figures()?);
        self.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    tx.set_figures("import_run", &[(run, figures)]).await?;
                    mapping::remember(tx, &layout, &source).await
                })
            })
            .await?;
        Ok(())
    }
}
