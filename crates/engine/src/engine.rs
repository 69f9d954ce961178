//! The engine: opens the database, holds the metadata, answers reads and runs write transactions.

use crate::{
    Actor, Customs, Database, Dialect, Error, Module, Priority, Recent, Registry, Result, Row, Tx, access,
    audit, core, custom,
    db::{self, Conn, Link, Pool},
    jobs,
    lease::Lease,
    log::Gaps,
    schema, search,
    store::{
        Counts, number, text_of,
        writer::{self, Writer},
    },
};
use futures::{future::BoxFuture, stream::BoxStream};
use meta::{Clock, Entity, Id, Label};
use sea_query::SelectStatement;
use serde_json::Value as Json;
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{broadcast, watch},
    task::JoinSet,
};

pub(crate) const ESTIMATE_AGE: Duration = Duration::from_secs(60);

pub struct Options {
    pub database: Database,
    /// Where the SQLite file, uploads and error files live; made if absent.
    pub data_dir: PathBuf,
    /// Connections to PostgreSQL at most. A write holds one, and its rules may read by another.
    pub connections: u32,
    /// The same database, open already in this process, whose place this engine will take.
    pub instead_of: Option<Engine>,
}

impl Options {
    pub fn new(database: Database, data_dir: impl Into<PathBuf>) -> Options {
        let (connections, instead_of) = (db::POSTGRES_CONNECTIONS, None);
        Options { database, data_dir: data_dir.into(), connections, instead_of }
    }
}

/// Records that got new figures; none named: too many to name.
#[derive(Clone, Debug)]
pub struct Figures {
    pub entity: String,
    pub ids: Vec<Id>,
}

/// Announcements kept for a listener that is slow to take them.
const FIGURES_KEPT: usize = 256;
/// More records than this are not named one by one.
pub(crate) const FIGURES_NAMED: usize = 1_000;

/// Cheap to clone. With the leases it holds: what it writes is kept as long as it does (see [`Engine::alone`]).
#[derive(Clone)]
pub struct Engine(Arc<Shared>, Vec<Lease>);

struct Shared {
    registry: Registry,
    customs: Customs,
    pool: Pool,
    writer: Option<Writer>,
    clock: Clock,
    data_dir: PathBuf,
    heard: Arc<Heard>,
    gaps: Gaps,
    estimates: Recent<String, u64>,
    counts: Counts,
    settings: Recent<(), Arc<HashMap<String, Json>>>,
    rights: access::Known,
    extensions: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// What engines of one database in one process tell each other, while one takes the place of the other: what the old one still
/// writes moves what the new one has read, and its notes are written after nobody writes its own any more.
struct Heard {
    moved: watch::Sender<i64>,
    changes: Mutex<HashMap<String, u64>>,
    figures: broadcast::Sender<Arc<Figures>>,
    notes: audit::Queue,
}

impl Default for Heard {
    fn default() -> Heard {
        Heard {
            moved: watch::Sender::new(0),
            changes: Mutex::default(),
            figures: broadcast::Sender::new(FIGURES_KEPT),
            notes: audit::Queue::default(),
        }
    }
}

/// What works for a company while its server runs.
#[must_use = "dropped, the tasks end"]
pub struct Background {
    tasks: JoinSet<()>,
    engine: Engine,
}

impl Background {
    /// Runs another task until then.
    pub fn also(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &Priority::Background.runtime());
    }

    /// Ends the tasks and keeps what they would have: what was seen until now, sealed.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
        let kept = async {
            self.engine.write_notes().await?;
            self.engine.seal_audit().await
        };
        if let Err(error) = kept.await {
            tracing::error!("the last entries of the audit are not kept: {error}");
        }
    }
}

/// Brings the schema up to what the modules and the company declare. What cannot be taken up of the company's own is left out, the
/// latest change first: or nobody could come in to correct it. Beside an engine that works as before nothing is: there is time.
async fn upgrade(conn: &mut Conn, modules: &[Module], beside: bool) -> Result<(Registry, Customs, usize)> {
    let (mut left_out, mut reason) = (0, None);
    loop {
        schema::begin(conn, beside).await?;
        let mut declared = Customs::default();
        let done = upgrade_without(conn, modules, left_out, &mut declared).await;
        match schema::end(conn, done).await {
            Ok((registry, steps)) => {
                if let Some(reason) = reason {
                    let names = declared.latest(left_out).join(", ");
                    tracing::error!("left out of what the company declared: {names}: {reason}");
                }
                return Ok((registry, declared, steps));
            }
            Err(error) => {
                let error = reason.unwrap_or(error);
                if beside || error.is_outage() || left_out >= declared.len() {
                    return Err(error);
                }
                (left_out, reason) = (left_out + 1, Some(error));
            }
        }
    }
}

/// `declared` is all the company did, whether it can be taken up or not.
async fn upgrade_without(
    conn: &mut Conn,
    modules: &[Module],
    left_out: usize,
    declared: &mut Customs,
) -> Result<(Registry, usize)> {
    let steps = schema::upgrade(conn, &custom::tables()).await?;
    *declared = Customs::read(conn).await?;
    let registry = Registry::build(modules.to_vec(), &declared.without_latest(left_out))?;
    let more = schema::upgrade(conn, &schema::tables(&registry)).await?;
    Ok((registry, steps + more))
}

impl Engine {
    /// Opens the database and brings its schema up to the metadata of the modules and the company.
    pub async fn open(options: Options, modules: Vec<Module>, clock: Clock) -> Result<Engine> {
        std::fs::create_dir_all(&options.data_dir).map_err(|error| {
            Error::Unavailable(format!("cannot make the data folder {}: {error}", options.data_dir.display()))
        })?;
        let mut all = vec![core::module()];
        all.extend(modules);
        let (pool, sqlite) = db::open(&options.database, &options.data_dir, options.connections).await?;
        let mut conn = match (sqlite, &pool) {
            (Some(conn), _) => Conn::Sqlite(conn),
            (None, Pool::Postgres(pool)) => Conn::Postgres(Link::of(pool).await?),
            (None, Pool::Sqlite(_)) => return Err(Error::Internal("no writer".into())),
        };
        let beside = options.instead_of.is_some();
        let (registry, customs, steps) = upgrade(&mut conn, &all, beside).await?;
        if steps > 0 {
            tracing::info!(steps, "schema brought up to date");
        }
        let writer = match conn {
            Conn::Sqlite(_) => Some(writer::start(conn, &options.data_dir)),
            Conn::Postgres(_) => None,
        };
        let shared = Shared {
            registry,
            customs,
            pool,
            writer,
            clock,
            data_dir: options.data_dir,
            heard: options.instead_of.map_or_else(Arc::default, |other| other.0.heard.clone()),
            gaps: Gaps::default(),
            estimates: Recent::for_at_most(ESTIMATE_AGE).weighing(|text: &String, _| text.len()),
            counts: Counts::default(),
            settings: Recent::default(),
            rights: access::Known::default(),
            extensions: Mutex::default(),
        };
        let engine = Engine(Arc::new(shared), vec![]);
        search::rebuild::rebuild_if_changed(&engine).await?;
        Ok(engine)
    }

    /// Starts the job runner and every module's background tasks, once in a server. They end when what is returned is dropped;
    /// a job that is running is finished.
    pub fn start(&self) -> Background {
        let mut background = Background { tasks: JoinSet::new(), engine: self.clone() };
        background.also(jobs::run_forever(self.clone()));
        background.also(audit::keep(self.clone()));
        if let Pool::Sqlite(readers) = self.pool() {
            background.also(readers.clone().rest());
        }
        for start in &self.0.registry.starts {
            background.also(start(self.clone()));
        }
        background
    }

    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }
    pub fn entity(&self, name: &str) -> Result<&Arc<Entity>> {
        self.0.registry.entity(name)
    }
    /// What a module calls the numbers in a field.
    pub async fn number_names(&self, entity: &str, field: &str) -> Result<BTreeMap<i64, Label>> {
        let known = &self.0.registry.number_names;
        match known.iter().find(|(of, name, _)| *of == entity && *name == field) {
            Some((.., names)) => names(self).await,
            None => Ok(BTreeMap::new()),
        }
    }
    pub(crate) fn customs(&self) -> &Customs {
        &self.0.customs
    }
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
    pub fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }
    pub fn dialect(&self) -> Dialect {
        self.0.pool.dialect()
    }
    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }
    pub(crate) fn writer(&self) -> Option<&Writer> {
        self.0.writer.as_ref()
    }
    pub(crate) fn leases(&self) -> &[Lease] {
        &self.1
    }
    /// With one lease more.
    pub(crate) fn holding(&self, lease: Lease) -> Engine {
        Engine(self.0.clone(), self.1.iter().cloned().chain([lease]).collect())
    }
    pub fn without_leases(&self) -> Engine {
        Engine(self.0.clone(), vec![])
    }

    /// Moves on each commit of this process that logged changes; a hint, for other processes write too.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.heard.moved.subscribe()
    }
    pub(crate) fn announce(&self, entities: &BTreeSet<String>) {
        if entities.is_empty() {
            return;
        }
        let mut changes = self.0.heard.changes.lock().unwrap_or_else(PoisonError::into_inner);
        entities.iter().for_each(|entity| *changes.entry(entity.clone()).or_default() += 1);
        drop(changes);
        self.0.heard.moved.send_modify(|count| *count += 1);
    }

    /// How often this process has changed records of `entity`: what was read of them may be kept until it moves, if it may be
    /// a little old where other processes write too.
    pub fn changes_to(&self, entity: &str) -> u64 {
        let changes = self.0.heard.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.get(entity).copied().unwrap_or(0)
    }

    /// Figures leave no entry in the log; who shows them hears of those written by this process here, after the commit.
    pub fn figures(&self) -> broadcast::Receiver<Arc<Figures>> {
        self.0.heard.figures.subscribe()
    }
    pub(crate) fn announce_figures(&self, written: Vec<Figures>) {
        for figures in written {
            // Nobody listening is no fault.
            let _ = self.0.heard.figures.send(Arc::new(figures));
        }
    }

    /// A module's own SELECT, without access check: for figures and bookkeeping, never for records shown to a user.
    pub async fn fetch(&self, select: &SelectStatement) -> Result<Vec<Row>> {
        self.0.pool.fetch(select).await
    }

    pub(crate) async fn fetch_by_kept_plan(&self, select: &SelectStatement) -> Result<Vec<Row>> {
        self.0.pool.fetch_by_kept_plan(select).await
    }

    /// [`Engine::fetch`] for more rows than should be held at once, in the order and of the moment the stream began.
    pub fn stream(&self, select: &SelectStatement) -> BoxStream<'_, Result<Row>> {
        self.0.pool.stream(select)
    }

    /// A count that need not be newer than a minute.
    pub(crate) async fn estimate(&self, count: &SelectStatement) -> Result<u64> {
        let key = text_of(count, self.dialect());
        if let Some(known) = self.0.estimates.get(&key, 0) {
            return Ok(known);
        }
        let counted = number(&self.fetch(count).await?)?;
        self.0.estimates.put(key, 0, counted);
        Ok(counted)
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// What a module keeps in memory for this engine: one value of each type.
    pub fn extension<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut extensions = self.0.extensions.lock().unwrap_or_else(PoisonError::into_inner);
        let one = extensions.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone();
        drop(extensions);
        one.downcast().unwrap_or_default()
    }

    pub(crate) fn notes(&self) -> &audit::Queue {
        &self.0.heard.notes
    }

    pub(crate) fn gaps(&self) -> &Gaps {
        &self.0.gaps
    }

    pub(crate) fn known_rights(&self) -> &access::Known {
        &self.0.rights
    }

    pub(crate) fn recent_settings(&self) -> &Recent<(), Arc<HashMap<String, Json>>> {
        &self.0.settings
    }

    /// The same for SQL text without parameters (plans, pragmas, health).
    pub async fn fetch_text(&self, sql: &str) -> Result<Vec<Row>> {
        self.0.pool.fetch_text(sql).await
    }

    /// Runs `work` in one transaction: everything it does is kept, or nothing.
    pub async fn write<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        writer::write(self, actor, work).await
    }
}
