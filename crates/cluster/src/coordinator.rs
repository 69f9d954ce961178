//! Asks the workers: once, and if something fails, the whole question anew of those that are left.

use crate::{
    channels::Channels,
    link::Link,
    panics,
    workers::{Member, Workers},
};
use datafusion_distributed::{
    ChannelResolver, DistributedExec, DistributedExt, SessionStateBuilderExt, WorkerResolver,
};
use engine::{BoxFuture, Engine, Error, Result};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use url::Url;
use warehouse::{
    Elsewhere, Planned, Rows, collect,
    datafusion::{
        catalog::memory::DataSourceExec,
        datasource::physical_plan::FileScanConfig,
        error::DataFusionError,
        execution::SessionStateBuilder,
        physical_plan::{ExecutionPlan, execute_stream},
    },
};

/// How workers are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Bytes of files for each processor of a machine; a question that reads less than one machine's is computed here,
    /// unless workers are required.
    pub bytes_per_processor: usize,
    /// Until a worker that was lost is tried again.
    pub lost_for: Duration,
    /// Every question that reads files is theirs, however little it is; without workers there is an error instead of an answer
    /// computed here.
    pub required: bool,
}

pub struct Coordinator {
    workers: Arc<Workers>,
    channels: Arc<Channels>,
    manner: Manner,
    counts: Counts,
    /// Not while the last comparison found that they answer otherwise than this process.
    trusted: AtomicBool,
}

/// Since the program began.
#[derive(Debug, Default)]
pub struct Counts {
    /// Questions workers answered.
    pub answered: AtomicU64,
    /// Times a question was asked anew.
    pub anew: AtomicU64,
    /// Questions computed here because no worker could be asked, or none is trusted.
    pub here: AtomicU64,
}

struct Team(Vec<Url>);

impl WorkerResolver for Team {
    fn get_urls(&self) -> Result<Vec<Url>, DataFusionError> {
        Ok(self.0.clone())
    }
}

impl Coordinator {
    pub fn new(urls: Vec<Url>, link: Link, manner: Manner) -> Coordinator {
        panics::count();
        let channels = Arc::new(Channels::new(link));
        let workers = Arc::new(Workers::new(urls, channels.clone(), manner.lost_for));
        Coordinator { workers, channels, manner, counts: Counts::default(), trusted: AtomicBool::new(true) }
    }

    /// The same workers, asked everything, however little it is; an error if they cannot be.
    pub(crate) fn always(&self) -> Coordinator {
        let manner = Manner { bytes_per_processor: 0, required: true, ..self.manner };
        let (workers, channels) = (self.workers.clone(), self.channels.clone());
        Coordinator { workers, channels, manner, counts: Counts::default(), trusted: AtomicBool::new(true) }
    }

    /// Whether they are asked from now on.
    pub(crate) fn trust(&self, trusted: bool) {
        if self.trusted.swap(trusted, Ordering::Relaxed) != trusted {
            tracing::warn!(trusted, "what workers answer is as the catalog's last comparison says");
        }
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    async fn ask(&self, planned: Planned) -> Result<Option<Rows>> {
        let least = if self.manner.required { 1 } else { self.manner.bytes_per_processor };
        if bytes(&planned.here) < least {
            return Ok(None);
        }
        if !self.trusted.load(Ordering::Relaxed) {
            return self.without_workers("they answered otherwise than this process (see the data catalog)");
        }
        let mut failed = String::new();
        // Each time somebody is lost, so that there is an end; the asker's patience ends it sooner.
        for _ in 0..=self.workers.number() {
            let team = self.workers.team().await;
            if team.is_empty() {
                break;
            }
            let before = panics::seen();
            let answer = self.attempt(&planned, &team).await;
            let error = match answer {
                Ok(rows) if panics::seen() == before => {
                    self.counts.answered.fetch_add(rows.is_some().into(), Ordering::Relaxed);
                    return Ok(rows);
                }
                Ok(_) => DataFusionError::External("something panicked here meanwhile".into()),
                Err(error) => error,
            };
            let lost = self.workers.lost(&team).await;
            if lost.is_empty() && !is_of_the_way(&error) {
                return Err(warehouse::explain(error));
            }
            failed = error.strip_backtrace();
            self.counts.anew.fetch_add(1, Ordering::Relaxed);
            let lost: Vec<String> = lost.iter().map(Url::to_string).collect();
            tracing::warn!(lost = lost.join(" "), "a question is asked anew: {failed}");
        }
        if failed.is_empty() {
            failed = self.workers.complaints();
        }
        self.without_workers(&failed)
    }

    fn without_workers(&self, why: &str) -> Result<Option<Rows>> {
        if self.manner.required {
            return Err(Error::Unavailable(format!("the warehouse's workers cannot be asked: {why}")));
        }
        self.counts.here.fetch_add(1, Ordering::Relaxed);
        tracing::warn!("a question is computed without workers: {why}");
        Ok(None)
    }

    async fn attempt(&self, planned: &Planned, team: &[Member]) -> Result<Option<Rows>, DataFusionError> {
        let channels: Arc<dyn ChannelResolver + Send + Sync> = self.channels.clone();
        let mut team: Vec<Url> = team.iter().map(|member| member.url.clone()).collect();
        // The engine shares out among two at least; one worker alone does both parts.
        if let [one] = &team[..] {
            team = vec![one.clone(); 2];
        }
        let share = self.manner.bytes_per_processor.max(1);
        // What must be theirs is cut smaller where it would not fill one machine.
        let shares = if self.manner.required { vec![share, 1] } else { vec![share] };
        for share in shares {
            let state = SessionStateBuilder::new_from_existing(planned.state.clone())
                .with_distributed_worker_resolver(Team(team.clone()))
                .with_distributed_channel_resolver(channels.clone())
                .with_distributed_file_scan_config_bytes_per_partition(share)?
                .with_distributed_metrics_collection(false)?
                .with_distributed_planner()
                .build();
            let plan = state.create_physical_plan(&planned.question).await?;
            if plan.is::<DistributedExec>() {
                return collect(execute_stream(plan, state.task_ctx())?, planned.rows_limit).await.map(Some);
            }
        }
        // There is nothing in it to share out.
        Ok(None)
    }
}

#[derive(Default)]
struct Asked(Mutex<Option<Arc<Coordinator>>>);

/// Large questions of this company go to its workers from now on.
pub fn ask_workers(engine: &Engine, coordinator: Arc<Coordinator>) {
    warehouse::compute_with(engine, coordinator.clone());
    *engine.extension::<Asked>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(coordinator);
}

pub(crate) fn of(engine: &Engine) -> Option<Arc<Coordinator>> {
    engine.extension::<Asked>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Elsewhere for Coordinator {
    fn rows(&self, planned: Planned) -> BoxFuture<'_, Result<Option<Rows>>> {
        Box::pin(self.ask(planned))
    }
}

/// Of the files it reads.
fn bytes(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let scan = plan.downcast_ref::<DataSourceExec>();
    if let Some(files) = scan.and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>()) {
        let files = files.file_groups.iter().flat_map(|group| group.files());
        return files.map(|file| file.effective_size() as usize).sum();
    }
    plan.children().into_iter().map(bytes).sum()
}

/// Of the way to the workers, not of the question.
fn is_of_the_way(error: &DataFusionError) -> bool {
    matches!(
        error.find_root(),
        DataFusionError::External(_) | DataFusionError::IoError(_) | DataFusionError::ObjectStore(_)
    )
}
