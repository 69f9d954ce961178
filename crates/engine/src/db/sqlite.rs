//! SQLite, called where the statement is wanted: a statement takes some ten microseconds, less than handing it to a thread and
//! waiting for its answer. What reads a whole table is a stream on a thread of its own.

mod column;
mod log;

use super::{ACQUIRE_TIMEOUT, Row, aside::aside, bind::bind};
use crate::{Error, Result};
use column::FromColumn;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use rusqlite::{
    Connection, OpenFlags, Statement,
    config::DbConfig,
    types::{Value, ValueRef},
};
use sea_query::Values;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{sleep, timeout},
};

pub(crate) use log::LogLength;

const READERS: usize = 4;
/// In KiB (SQLite writes it as a negative number).
const READER_CACHE: &str = "-16384";
/// Bytes of the file a reader sees without asking the kernel for each page: in a company of a million customers a list looks at
/// thousands. What is mapped counts as the program's memory, once for each reader; so readers with nothing to do give it back,
/// and what they have cached. They stay open: to read the schema again takes longer than a page.
const READER_MAPPING: u64 = 256 << 30;
/// After this time in which nobody was served.
const REST_AFTER: Duration = Duration::from_secs(5);
/// Readings in that time by which nobody is served: the program looks now and then whether there is something to do.
const OWN_READINGS: u64 = 100;
/// The writer for some rows, and for whole tables: what is sorted in pieces of a processor's cache, on the disk, takes half the time; VACUUM copies there, too.
pub(crate) const WRITES: &str = "PRAGMA temp_store = memory; PRAGMA threads = 0; PRAGMA cache_size = -65536";
pub(crate) const SORTS: &str = "PRAGMA temp_store = file; PRAGMA threads = 1; PRAGMA cache_size = -4096";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS_KEPT: usize = 200;
/// Rows a stream hands over at once.
const BATCH: usize = 500;

/// One connection.
pub(crate) struct Sqlite(Connection);

/// A row's values by position.
pub struct SqliteRow(Box<[Value]>);

fn open(folder: &Path, flags: OpenFlags) -> Result<Sqlite> {
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(folder.join("zhike.db"), flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Or SQLite plans by the number that is bound to LIMIT, and parses the statement anew each time it is run.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let conn = Sqlite(conn);
    conn.run(
        // Acknowledged writes survive a power cut; group commit makes the sync cheap.
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = off; \
         PRAGMA temp_store = memory; PRAGMA journal_size_limit = 67108864",
    )?;
    Ok(conn)
}

pub(super) fn open_writer(folder: &Path) -> Result<Sqlite> {
    let conn = open(folder, OpenFlags::SQLITE_OPEN_CREATE)?;
    conn.run(WRITES)?;
    // See `store/checkpoint.rs`.
    conn.run("PRAGMA wal_autocheckpoint = 0")?;
    Ok(conn)
}

pub(crate) fn open_existing(folder: &Path) -> Result<Sqlite> {
    open(folder, OpenFlags::empty())
}

impl Sqlite {
    pub fn fetch(&self, sql: &str, values: Values) -> Result<Vec<Row>> {
        let mut rows = vec![];
        self.each(sql, values, |row| {
            rows.push(Row::Sqlite(row));
            true
        })?;
        Ok(rows)
    }

    /// Until `take` has enough.
    fn each(&self, sql: &str, values: Values, mut take: impl FnMut(SqliteRow) -> bool) -> Result<()> {
        self.look_at_each(sql, values, |row, columns| {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(row.get(column)?);
            }
            Ok(take(SqliteRow(values.into())))
        })
    }

    /// The rows where SQLite has them, without a copy.
    pub fn look_at_each(
        &self,
        sql: &str,
        values: Values,
        mut look: impl FnMut(&rusqlite::Row<'_>, usize) -> rusqlite::Result<bool>,
    ) -> Result<()> {
        let mut statement = self.prepare(sql)?;
        let columns = statement.column_count();
        bind(&mut statement, &values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if !look(row, columns)? {
                break;
            }
        }
        Ok(())
    }

    /// How many rows a write changed.
    pub fn execute(&self, sql: &str, values: Values) -> Result<u64> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, &values)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        let changed = if statement.readonly() { 0 } else { self.0.changes() };
        Ok(changed)
    }

    /// Text without parameters, one statement or several.
    pub fn run(&self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn prepare(&self, sql: &str) -> Result<impl std::ops::DerefMut<Target = Statement<'_>>> {
        tracing::trace!(target: "engine::sql", sql);
        Ok(self.0.prepare_cached(sql)?)
    }
}

impl SqliteRow {
    pub(super) fn get<T: FromColumn>(&self, index: usize) -> Result<Option<T>> {
        let value = self.0.get(index).ok_or_else(|| Error::Internal(format!("no column {index}")))?;
        match ValueRef::from(value) {
            ValueRef::Null => Ok(None),
            value => T::from_column(value)
                .map(Some)
                .map_err(|error| Error::Internal(format!("column {index}: {error}"))),
        }
    }
}

impl SqliteRow {
    /// A text without a copy; it is read no second time.
    pub(super) fn take_text(&mut self, index: usize) -> Result<Option<String>> {
        match self.0.get_mut(index) {
            Some(Value::Text(text)) => Ok(Some(std::mem::take(text))),
            _ => self.get(index),
        }
    }
}

/// Readers: as many as [`READERS`], opened when first needed.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    idle: Mutex<Vec<Idle>>,
    permits: Arc<Semaphore>,
    readings: AtomicU64,
}

struct Idle {
    conn: Sqlite,
    /// Whether it sees the file without asking for each page.
    maps: bool,
}

/// A reader; goes back to the others when dropped.
struct Reader {
    conn: Option<Sqlite>,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn another(&self) -> Result<Sqlite> {
        let conn = open_existing(&self.folder)?;
        conn.run(&format!("PRAGMA cache_size = {READER_CACHE}; PRAGMA query_only = on"))?;
        Ok(conn)
    }
}

impl Reader {
    fn conn(&self) -> Result<&Sqlite> {
        self.conn.as_ref().ok_or_else(|| Error::Internal("a reader without connection".into()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.idle().extend(self.conn.take().map(|conn| Idle { conn, maps: true }));
    }
}

impl Readers {
    /// Opens the first, so that a file that cannot be read is found now.
    pub(super) fn open(folder: &Path) -> Result<Readers> {
        let shared = Shared {
            folder: folder.to_owned(),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(READERS)),
            readings: AtomicU64::new(0),
        };
        let conn = shared.another()?;
        shared.idle().push(Idle { conn, maps: false });
        Ok(Readers(Arc::new(shared)))
    }

    async fn reader(&self) -> Result<Reader> {
        let permit = timeout(ACQUIRE_TIMEOUT, self.0.permits.clone().acquire_owned()).await;
        let busy = || Error::Unavailable("all readers of the database are busy".into());
        let permit = permit.map_err(|_| busy())?.map_err(|_| busy())?;
        self.0.readings.fetch_add(1, Ordering::Relaxed);
        let idle = self.0.idle().pop();
        let Idle { conn, maps } = match idle {
            Some(idle) => idle,
            None => Idle { conn: self.0.another()?, maps: false },
        };
        if !maps {
            conn.run(&format!("PRAGMA mmap_size = {READER_MAPPING}"))?;
        }
        Ok(Reader { conn: Some(conn), shared: self.0.clone(), _permit: permit })
    }

    /// Readers give back their memory while nobody is served; ends with its task.
    pub async fn rest(self) {
        let mut seen = 0;
        loop {
            sleep(REST_AFTER).await;
            let readings = self.0.readings.load(Ordering::Relaxed);
            if readings - std::mem::replace(&mut seen, readings) <= OWN_READINGS {
                self.give_back();
            }
        }
    }

    fn give_back(&self) {
        for idle in self.0.idle().iter_mut().filter(|idle| idle.maps) {
            if let Err(error) = idle.conn.run("PRAGMA mmap_size = 0; PRAGMA shrink_memory") {
                tracing::warn!("a reader of the database keeps its memory: {error}");
            }
            idle.maps = false;
        }
    }

    pub async fn fetch(&self, sql: &str, values: Values) -> Result<Vec<Row>> {
        let reader = self.reader().await?;
        aside(|| reader.conn()?.fetch(sql, values))
    }

    /// The rows as a thread of its own reads them; dropped, it ends.
    pub fn stream(&self, sql: String, values: Values) -> BoxStream<'static, Result<Row>> {
        let readers = self.clone();
        let begin = async move {
            let reader = readers.reader().await?;
            let (sender, receiver) = mpsc::channel(2);
            tokio::task::spawn_blocking(move || {
                let read = reader.conn().and_then(|conn| send_batches(conn, &sql, values, &sender));
                if let Err(error) = read {
                    let _ = sender.blocking_send(Err(error));
                }
            });
            Ok::<_, Error>(rows_of(receiver))
        };
        stream::once(begin).try_flatten().boxed()
    }
}

fn send_batches(
    conn: &Sqlite,
    sql: &str,
    values: Values,
    sender: &mpsc::Sender<Result<Vec<Row>>>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    conn.each(sql, values, |row| {
        batch.push(Row::Sqlite(row));
        if batch.len() < BATCH {
            return true;
        }
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
        sender.blocking_send(Ok(full)).is_ok()
    })?;
    let _ = sender.blocking_send(Ok(batch));
    Ok(())
}

fn rows_of(receiver: mpsc::Receiver<Result<Vec<Row>>>) -> impl futures::Stream<Item = Result<Row>> + Send {
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        .map_ok(|batch| stream::iter(batch.into_iter().map(Ok)))
        .try_flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    async fn number(readers: &Readers, sql: &str) -> i64 {
        let rows = readers.fetch(sql, Values(vec![])).await.unwrap();
        rows[0].int(0).unwrap()
    }

    fn mapping(conn: &Sqlite) -> i64 {
        conn.fetch("PRAGMA mmap_size", Values(vec![])).unwrap()[0].int(0).unwrap()
    }

    #[test]
    fn a_statement_is_parsed_once_whatever_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(folder.path()).unwrap();
        writer.run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7), (8)").unwrap();
        let some = "SELECT n FROM t ORDER BY n LIMIT ?";
        for limit in [1_i64, 2, 1] {
            assert_eq!(writer.fetch(some, Values(vec![limit.into()])).unwrap().len() as i64, limit);
        }
        assert_eq!(writer.prepare(some).unwrap().get_status(StatementStatus::RePrepare), 0);
    }

    #[tokio::test]
    async fn readers_map_the_file_while_they_read_and_give_it_back_when_they_rest() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(folder.path()).unwrap();
        writer.run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)").unwrap();
        let readers = Readers::open(folder.path()).unwrap();
        assert_eq!(number(&readers, "SELECT n FROM t").await, 7);
        assert!(mapping(&readers.0.idle()[0].conn) > 0);
        readers.give_back();
        assert_eq!(mapping(&readers.0.idle()[0].conn), 0);
        writer.run("UPDATE t SET n = 8").unwrap();
        assert_eq!(number(&readers, "SELECT n FROM t").await, 8);
        assert!(mapping(&readers.0.idle()[0].conn) > 0);
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_gives_its_reader_back() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(folder.path()).unwrap();
        writer.run("CREATE TABLE t (n INTEGER)").unwrap();
        writer
            .run("WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 9000) INSERT INTO t SELECT n FROM up")
            .unwrap();
        let readers = Readers::open(folder.path()).unwrap();
        let all = readers.stream("SELECT n FROM t".to_owned(), Values(vec![]));
        assert_eq!(
            all.try_fold(0, |sum, row| async move { Ok(sum + row.int(0)?) }).await.unwrap(),
            40_504_500
        );
        for _ in 0..=READERS {
            let mut some = readers.stream("SELECT n FROM t".to_owned(), Values(vec![]));
            assert!(some.try_next().await.unwrap().is_some());
        }
        assert_eq!(number(&readers, "SELECT count(*) FROM t").await, 9_000);
    }
}
