//! DataFusion over the newest manifest: one session for all questions until the next manifest.

use crate::{
    Manifest, Table, count_keys, dates, functions, internal, manifest,
    read::schema,
    seen::Sets,
    semantic::{Codes, CompanyCalendar},
    storage::{self, Files},
    table::Source,
    tables,
};
use datafusion::{
    datasource::{
        MemTable,
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    },
    execution::{
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::FairSpillPool,
        object_store::ObjectStoreUrl,
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
    logical_expr::ScalarUDF,
    prelude::{SessionConfig, SessionContext},
};
use engine::{Engine, Error, Priority, Result};
use meta::label;
use object_store::ObjectStore;
use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Memory for all questions together unless another limit is chosen; beyond it they write to disk, or fail where they cannot.
pub(crate) const MEMORY_BYTES: usize = 1 << 30;
/// Another process may have refreshed: how old what we know may be.
const KNOWN_FOR: Duration = Duration::from_secs(2);
const PLACE: &str = "warehouse://files/";

/// The warehouse as of one manifest.
pub(crate) struct Open {
    pub manifest: Manifest,
    pub tables: Vec<Table>,
    pub context: SessionContext,
    /// By which the table of days was made.
    calendar: CompanyCalendar,
    pub memory_bytes: usize,
    pub codes: Codes,
    pub seen: Sets,
}

#[derive(Default)]
struct Newest(Mutex<Option<(Arc<Open>, Instant)>>);

/// Chosen before the first question.
struct Memory(AtomicUsize);

impl Default for Memory {
    fn default() -> Self {
        Memory(AtomicUsize::new(MEMORY_BYTES))
    }
}

/// Says how much memory all questions together may take.
pub fn limit_memory(engine: &Engine, bytes: usize) {
    engine.extension::<Memory>().0.store(bytes, Ordering::Relaxed);
}

/// Where questions are computed, so that pages need not wait behind them. In the background nobody does: there it is where they are asked.
pub(crate) fn workers() -> Result<Handle> {
    static WORKERS: OnceLock<std::result::Result<Runtime, String>> = OnceLock::new();
    if Priority::current() != Priority::Foreground {
        return Ok(Handle::current());
    }
    let made = WORKERS.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.thread_name("warehouse").enable_all().build().map_err(|error| error.to_string())
    });
    made.as_ref().map(|runtime| runtime.handle().clone()).map_err(internal)
}

/// What questions are computed in, wherever they are: memory, disk, and the files.
pub(crate) fn runtime(root: &Arc<dyn ObjectStore>, memory_bytes: usize) -> Result<Arc<RuntimeEnv>> {
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::OsTmpDirectory);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .with_disk_manager_builder(disk)
        .build_arc()
        .map_err(internal)?;
    let url = ObjectStoreUrl::parse(PLACE).map_err(internal)?;
    runtime.register_object_store(url.as_ref(), root.clone());
    Ok(runtime)
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::new().with_information_schema(true);
    configure(&mut config);
    config
}

pub(crate) fn configure(config: &mut SessionConfig) {
    let options = config.options_mut();
    // DataFusion 55.2 panics on some `ORDER BY … LIMIT` with it.
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.sql_parser.enable_ident_normalization = true;
}

/// A session without tables.
pub(crate) fn empty(runtime: Arc<RuntimeEnv>) -> SessionContext {
    let context = SessionContext::new_with_config_rt(config(), runtime);
    functions::all().into_iter().for_each(|function| context.register_udf(function));
    count_keys::all().into_iter().for_each(|function| context.register_udaf(function));
    context
}

/// The session with further functions, which only who has this one can call.
pub(crate) fn with(context: SessionContext, functions: Vec<ScalarUDF>) -> SessionContext {
    if functions.is_empty() {
        return context;
    }
    let context = SessionContext::new_with_state(context.state());
    functions.into_iter().for_each(|function| context.register_udf(function));
    context
}

/// Makes a manifest the one that is asked.
pub(crate) async fn publish(engine: &Engine, manifest: Manifest) {
    let opened = async { open(engine, manifest, CompanyCalendar::of(engine).await?).await };
    match opened.await {
        Ok(open) => keep(engine, Arc::new(open)),
        Err(error) => tracing::warn!("the refreshed warehouse cannot be opened: {error}"),
    }
}

fn keep(engine: &Engine, open: Arc<Open>) {
    let newest = engine.extension::<Newest>();
    *newest.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((open, Instant::now()));
}

/// The newest warehouse there is; [`Error::NotReady`] before the first refresh.
pub(crate) async fn newest(engine: &Engine) -> Result<Arc<Open>> {
    let calendar = CompanyCalendar::of(engine).await?;
    let known = engine.extension::<Newest>().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let known = known.filter(|(open, _)| open.calendar == calendar);
    if let Some((open, at)) = &known
        && at.elapsed() < KNOWN_FOR
    {
        return Ok(open.clone());
    }
    let store = storage::store(engine)?;
    let number = manifest::newest_number(&store).await?;
    if let Some((open, _)) = known.filter(|(open, _)| Some(open.manifest.number) == number) {
        keep(engine, open.clone());
        return Ok(open);
    }
    let manifest = manifest::newest(&store).await?.ok_or_else(|| {
        Error::NotReady(label(
            "The warehouse has not been filled yet: run `zhike warehouse refresh`, or wait for its next refresh.",
            "数据仓库尚未装载：请运行 zhike warehouse refresh，或等待下一次刷新。",
        ))
    })?;
    let open = Arc::new(self::open(engine, manifest, calendar).await?);
    keep(engine, open.clone());
    Ok(open)
}

async fn open(engine: &Engine, manifest: Manifest, calendar: CompanyCalendar) -> Result<Open> {
    let zone = engine.time_zone().await?;
    let files = storage::files(engine)?;
    let memory_bytes = engine.extension::<Memory>().0.load(Ordering::Relaxed);
    let context = empty(runtime(&files.root, memory_bytes)?);
    let mut tables = tables(engine.registry());
    for table in &mut tables {
        let kept = manifest.tables.get(&table.name);
        if kept.is_some_and(|kept| kept.fingerprint != table.fingerprint(zone.name())) {
            // Files of another version may not say it, and unknown is not false.
            table.columns.retain(|column| column.source != Source::First);
        }
        register(&context, &files, table, &manifest)?;
    }
    let days = dates::days(calendar)?;
    let days = MemTable::try_new(days.schema(), vec![vec![days]]).map_err(internal)?;
    context.register_table(dates::TABLE, Arc::new(days)).map_err(internal)?;
    Ok(Open {
        manifest,
        tables,
        context,
        calendar,
        memory_bytes,
        codes: Codes::default(),
        seen: Sets::new(memory_bytes),
    })
}

/// A table of the files the manifest names. Its columns are those of the files, which another version of the program may
/// have written: what this version adds appears with the next refresh.
fn register(context: &SessionContext, files: &Files, table: &Table, manifest: &Manifest) -> Result<()> {
    let segments = manifest.tables.get(&table.name).map(|kept| kept.segments.as_slice()).unwrap_or_default();
    if segments.is_empty() {
        let empty = MemTable::try_new(schema(table), vec![vec![]]).map_err(internal)?;
        context.register_table(table.name.as_str(), Arc::new(empty)).map_err(internal)?;
        return Ok(());
    }
    let paths = segments
        .iter()
        .map(|segment| ListingTableUrl::parse(format!("{PLACE}{}{}", files.below, segment.file)));
    let paths = paths.collect::<datafusion::error::Result<Vec<_>>>().map_err(internal)?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(paths)
        .with_listing_options(options)
        .with_schema(schema(table));
    // Or every question would work out the statistics of every file anew.
    let known = context.runtime_env().cache_manager.get_file_statistic_cache();
    let files = ListingTable::try_new(config).map_err(internal)?.with_cache(known);
    context.register_table(table.name.as_str(), Arc::new(files)).map_err(internal)?;
    Ok(())
}
