//! SQLite's write-ahead log (WAL), in which commits are written first.

use super::Sqlite;
use crate::{Error, Result};

/// In pages.
pub(crate) struct LogLength {
    pub pages: i64,
    /// Of which the database has so many.
    pub copied: i64,
}

impl LogLength {
    pub fn waiting(&self) -> i64 {
        self.pages - self.copied
    }
}

impl Sqlite {
    pub fn log_length(&self) -> Result<LogLength> {
        Ok(self.checkpoint("NOOP")?.1)
    }

    /// Copies of the log what no reader still needs to find there.
    pub fn copy_log(&self) -> Result<LogLength> {
        Ok(self.checkpoint("PASSIVE")?.1)
    }

    /// Copies all of the log and leaves none; waits for readers.
    pub fn cut_log(&self) -> Result<()> {
        match self.checkpoint("TRUNCATE")? {
            (false, _) => Ok(()),
            (true, _) => Err(Error::Unavailable("the database's log is in use and was not cut off".into())),
        }
    }

    /// Whether others were in the way, and how long the log is.
    fn checkpoint(&self, mode: &str) -> Result<(bool, LogLength)> {
        let told = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, LogLength { pages: row.get(1)?, copied: row.get(2)? }))
        };
        Ok(self.0.query_row(&format!("PRAGMA wal_checkpoint({mode})"), (), told)?)
    }
}
