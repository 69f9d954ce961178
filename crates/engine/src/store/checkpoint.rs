//! SQLite writes each commit to its write-ahead log (WAL) first. That is copied into the database here (a checkpoint), beside the
//! writer, so that nobody's commit waits for it. SQLite has the disk take what was copied, and begins the log anew, only where all of
//! it is copied while nobody writes; so when it has grown long the writer copies what little is left.

use super::writer::Order;
use crate::{
    Result,
    db::{LogLength, Sqlite, aside, open_existing},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time::{sleep, timeout},
};

/// Pages worth the trouble.
const WORTH_COPYING: i64 = 4_000;
/// Pages from which on the log is to begin anew: SQLite keeps a file of that size.
const LONG: i64 = 16_000;
/// What was written meanwhile is mostly so little that nobody writes while it is copied; then the disk takes it before the writer
/// would have to wait for that.
const ROUNDS: usize = 3;
const PAUSE: Duration = Duration::from_millis(50);
const AFTER_ERROR: Duration = Duration::from_secs(2);
/// A company in which nobody writes much needs no connection for it.
const CLOSED_AFTER: Duration = Duration::from_secs(10);

pub(super) struct Log {
    pub folder: PathBuf,
    /// Pages that are in the log alone, after each commit; closed when the writer has ended.
    pub waiting: watch::Receiver<i64>,
    pub writer: mpsc::WeakSender<Order>,
    /// Held while pages are copied.
    pub copying: Arc<Mutex<()>>,
}

impl Log {
    pub async fn keep_short(mut self) {
        let mut conn = None;
        loop {
            match timeout(CLOSED_AFTER, self.waiting.changed()).await {
                Ok(Ok(())) if *self.waiting.borrow_and_update() >= WORTH_COPYING => {}
                Ok(Ok(())) => continue,
                Ok(Err(_)) => return,
                Err(_) => {
                    conn = None;
                    continue;
                }
            }
            let pause = match self.copy(&mut conn).await {
                Ok(()) => PAUSE,
                Err(error) => {
                    tracing::warn!("the log is not copied into the database: {error}");
                    AFTER_ERROR
                }
            };
            sleep(pause).await;
        }
    }

    async fn copy(&self, conn: &mut Option<Sqlite>) -> Result<()> {
        let conn = match conn {
            Some(conn) => conn,
            None => conn.insert(open_existing(&self.folder)?),
        };
        let mut log = self.copy_some(conn).await?;
        if log.pages < LONG {
            return Ok(());
        }
        for _ in 1..ROUNDS {
            log = self.copy_some(conn).await?;
        }
        // What somebody still reads there the writer cannot copy either.
        if log.waiting() < WORTH_COPYING
            && let Some(writer) = self.writer.upgrade()
        {
            let (done, copied) = oneshot::channel();
            if writer.send(Order::CopyLog(done)).await.is_ok() {
                // A writer that has ended has nothing to copy.
                return copied.await.unwrap_or(Ok(()));
            }
        }
        Ok(())
    }

    async fn copy_some(&self, conn: &mut Sqlite) -> Result<LogLength> {
        let _copying = self.copying.lock().await;
        aside(|| conn.copy_log())
    }
}
