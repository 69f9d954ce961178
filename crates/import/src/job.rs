//! Imports as background jobs of the server: queued from the browser, gone on with after a restart.

use crate::{
    Control, FileProblem, Kind, Options, Progress, RowProblem, dry_run, execute, revert,
    run::{State, read_run, set_state},
};
use anyhow::anyhow;
use engine::{Action, Actor, Engine, Error, JobContext, Module, allow};
use meta::{Id, Lang, Values};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

const RUN: &str = "import.run";
const COUNT: &str = "import.count";
const REVERT: &str = "import.revert";

pub fn module() -> Module {
    Module::new("import")
        .labels("Import", "导入")
        .job(RUN, |context| Box::pin(run(context)))
        .job(COUNT, |context| Box::pin(count(context)))
        .copies(crate::privacy::copies)
        .job(REVERT, |context| Box::pin(take_back(context)))
}

/// Who asked, for the language of what the job does in his name; his rights are those he has when it runs.
#[derive(Serialize, Deserialize)]
struct Payload {
    run: Id,
    role: engine::Role,
    chinese: bool,
}

impl Payload {
    fn of(run: Id, actor: &Actor) -> Json {
        json!(Payload { run, role: actor.role, chinese: actor.lang == Lang::Zh })
    }
    async fn actor(&self, context: &JobContext) -> Result<Actor, Error> {
        let lang = if self.chinese { Lang::Zh } else { Lang::En };
        match context.job.user {
            Some(user) if self.role != engine::Role::System => context.engine.actor(user, lang).await,
            user => Ok(Actor { user, lang, ..Actor::system() }),
        }
    }
}

/// The right to import what the file holds.
pub fn may_import(engine: &Engine, actor: &Actor, kind: Kind) -> Result<(), Error> {
    allow(actor, engine.entity(crate::plain::entity_of(kind))?, Action::Import)
}

async fn check_right(engine: &Engine, actor: &Actor, run: Id) -> Result<(), Error> {
    let record = engine.get(actor, "import_run", run).await?;
    Kind::parse(record.text("kind")).map_or(Ok(()), |kind| may_import(engine, actor, kind))
}

async fn queue(
    engine: &Engine,
    actor: &Actor,
    run: Id,
    kind: &'static str,
    state: Option<State>,
) -> Result<(), Error> {
    let payload = Payload::of(run, actor);
    // Asked for twice at once, it is done once.
    let from: &[&str] = if kind == REVERT { &["finished", "cancelled", "failed"] } else { &["mapping"] };
    let as_system = Actor { role: engine::Role::System, ..actor.clone() };
    engine
        .write(&as_system, move |tx| {
            Box::pin(async move {
                let record = tx.get("import_run", run).await?;
                if !from.contains(&record.text("state")) {
                    return Ok(());
                }
                let job = tx.enqueue(kind, payload).await?;
                let mut values = Values::from([("job".to_owned(), job.to_string().into())]);
                if let Some(state) = state {
                    values.insert("state", state.name().into());
                }
                tx.update("import_run", run, Some(record.version), values).await.map(drop)
            })
        })
        .await
}

/// Starts an import that was created, in the background.
pub async fn start(engine: &Engine, actor: &Actor, run: Id) -> Result<(), Error> {
    check_right(engine, actor, run).await?;
    queue(engine, actor, run, RUN, Some(State::Queued)).await
}

/// Counts what the import would make, in the background; the job's progress is a [`Counted`].
pub async fn start_count(engine: &Engine, actor: &Actor, run: Id) -> Result<(), Error> {
    check_right(engine, actor, run).await?;
    queue(engine, actor, run, COUNT, None).await
}

/// Takes an import back, in the background.
pub async fn start_revert(engine: &Engine, actor: &Actor, run: Id) -> Result<(), Error> {
    queue(engine, actor, run, REVERT, Some(State::Reverting)).await
}

/// Asks a run to stop after its batch.
pub async fn cancel(engine: &Engine, run: Id) -> Result<(), Error> {
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let record = tx.get("import_run", run).await?;
                let state = record.text("state");
                let job: Result<Id, _> = record.text("job").parse();
                if let Ok(job) = job {
                    tx.cancel_job(job).await?;
                }
                // A queued one never starts, so nobody else would say so; the command line looks at the state.
                if state == State::Queued.name() || (job.is_err() && state == State::Running.name()) {
                    let values = Values::from([("state".to_owned(), State::Cancelled.name().into())]);
                    tx.update("import_run", run, None, values).await?;
                }
                Ok(())
            })
        })
        .await
}

fn control(context: &JobContext) -> Control {
    let context = context.clone();
    Control {
        cancelled: Box::new(move || {
            let context = context.clone();
            Box::pin(async move { context.cancelled().await.unwrap_or(false) })
        }),
        progress: Box::new(|_| {}),
    }
}

async fn run(context: JobContext) -> anyhow::Result<()> {
    let payload: Payload = serde_json::from_value(context.job.payload.clone())?;
    let actor = payload.actor(&context).await?;
    let outcome =
        execute(&context.engine, &actor, payload.run, &control(&context)).await.map_err(in_words)?;
    discard_upload(&context.engine, outcome.run).await;
    Ok(())
}

/// An import that is over needs its file no more; what lies elsewhere is not ours to remove.
async fn discard_upload(engine: &Engine, run: Id) {
    let Ok(record) = engine.get(&Actor::system(), "import_run", run).await else { return };
    let path = PathBuf::from(record.text("file_path"));
    if path.parent() == Some(&engine.data_dir().join("uploads")) {
        // Removed already when a finished job is run again.
        let _ = tokio::fs::remove_file(path).await;
    }
}

async fn take_back(context: JobContext) -> anyhow::Result<()> {
    let payload: Payload = serde_json::from_value(context.job.payload.clone())?;
    let actor = payload.actor(&context).await?;
    let done = revert(&context.engine, &actor, payload.run, &Control::none()).await;
    done.map(drop).map_err(in_words)
}

/// The engine's own error stays inside: jobs that only met an outage are tried again.
fn in_words(problem: FileProblem) -> anyhow::Error {
    let words = problem.message(Lang::En);
    match problem {
        FileProblem::Engine(error) => anyhow::Error::new(error).context(words),
        FileProblem::Refused(_) => anyhow!(words),
    }
}

/// What the page shows of a dry run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counted {
    pub progress: Progress,
    pub done: bool,
    /// Row, column, reason in English and Chinese.
    pub problems: Vec<(u64, String, String, String)>,
    /// Why the file cannot be imported at all.
    pub refused: Option<(String, String)>,
}

fn told(row: u64, problem: RowProblem) -> (u64, String, String, String) {
    (row, problem.column, problem.reason.en, problem.reason.zh)
}

async fn count(context: JobContext) -> anyhow::Result<()> {
    let payload: Payload = serde_json::from_value(context.job.payload.clone())?;
    let engine = &context.engine;
    let actor = payload.actor(&context).await?;
    let record = engine.get(&Actor::system(), "import_run", payload.run).await?;
    let (sender, mut receiver) = tokio::sync::watch::channel(Progress::default());
    let mut control = control(&context);
    control.progress = Box::new(move |progress| drop(sender.send_replace(progress.clone())));
    let showing = context.clone();
    let shown = tokio::spawn(async move {
        while receiver.changed().await.is_ok() {
            let progress = receiver.borrow_and_update().clone();
            let counted = Counted { progress, ..Counted::default() };
            let _ = showing.progress(json!(counted)).await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    });
    let result = match read_run(&record) {
        Ok((kind, options, path)) => counted((engine, &actor), kind, options, path, &control).await,
        Err(problem) => Err(problem),
    };
    drop(control);
    let _ = shown.await;
    let counted = result.unwrap_or_else(|problem| Counted {
        refused: Some((problem.message(Lang::En), problem.message(Lang::Zh))),
        done: true,
        ..Counted::default()
    });
    context.progress(json!(counted)).await?;
    Ok(())
}

async fn counted(
    (engine, actor): (&Engine, &Actor),
    kind: Kind,
    options: Options,
    path: PathBuf,
    control: &Control,
) -> Result<Counted, FileProblem> {
    let dry = dry_run(engine, actor, kind, &path, &options, control).await?;
    Ok(Counted {
        progress: dry.progress,
        done: !dry.cancelled,
        problems: dry.problems.into_iter().map(|(row, problem)| told(row, problem)).collect(),
        refused: None,
    })
}

/// A run marked as going on whose job has ended badly is put right when somebody looks.
pub async fn settle(engine: &Engine, run: Id) -> Result<(), Error> {
    let record = engine.get(&Actor::system(), "import_run", run).await?;
    let working = ["queued", "running", "reverting"].contains(&record.text("state"));
    let Ok(job) = record.text("job").parse::<Id>() else { return Ok(()) };
    if !working {
        return Ok(());
    }
    let job = engine.job(job).await?;
    if matches!(job.state, engine::JobState::Failed) {
        let message: String = job.error.unwrap_or_default().chars().take(255).collect();
        let values = Values::from([("message".to_owned(), message.into())]);
        set_state(engine, run, State::Failed, values).await?;
    }
    Ok(())
}
