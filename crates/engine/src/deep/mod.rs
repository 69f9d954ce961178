//! Does what the database holds agree with itself: for `zhike doctor --deep`. Everything is read in one snapshot, so that
//! writes made meanwhile raise no false alarm, and in batches, so that memory stays small whatever the database holds.
//!
//! Here is what follows from the metadata alone; what a module's own rules promise it checks itself ([`crate::Module::check`]).

mod beside;
mod log;
mod numbers;
mod records;
mod search;
mod unique;
mod words;

use crate::{Actor, Dialect, Engine, Result, Tx, db};
use futures::future::BoxFuture;

/// What a module looks at, inside the snapshot.
pub type Check = for<'t> fn(&'t mut Tx) -> BoxFuture<'t, Result<Vec<Verdict>>>;

/// Disagreements told one by one; the rest is only counted.
const EXAMPLES_LIMIT: usize = 5;
/// Records read at once.
const BATCH_LIMIT: u64 = 1_000;

/// What one check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub check: &'static str,
    /// How many were looked at, of what.
    pub checked: u64,
    pub unit: &'static str,
    pub wrong: u64,
    /// The first few that are wrong, with what is wrong with them.
    pub examples: Vec<String>,
    pub remedy: &'static str,
    /// Why the disagreement may be work that is not done yet, and no damage.
    pub under_way: Option<String>,
}

impl Verdict {
    pub fn new(check: &'static str, unit: &'static str, remedy: &'static str) -> Self {
        Verdict { check, checked: 0, unit, wrong: 0, examples: vec![], remedy, under_way: None }
    }
    pub fn saw(&mut self, count: usize) {
        self.checked += count as u64;
    }
    pub fn wrong(&mut self, what: impl Into<String>) {
        self.wrong += 1;
        if self.examples.len() < EXAMPLES_LIMIT {
            self.examples.push(what.into());
        }
    }
}

impl Engine {
    /// Looks at everything and changes nothing.
    pub async fn examine(&self) -> Result<Vec<Verdict>> {
        let conn = db::snapshot(self.pool(), self.data_dir()).await?;
        let mut tx = Tx::new(conn, self.clone(), Actor::system());
        let found = examine(&mut tx).await;
        tx.conn.run("ROLLBACK").await?;
        found
    }
}

async fn examine(tx: &mut Tx) -> Result<Vec<Verdict>> {
    let mut verdicts = vec![];
    if tx.dialect() == Dialect::Sqlite {
        verdicts.push(integrity(tx).await?);
    }
    verdicts.extend(records::examine(tx).await?);
    verdicts.push(beside::figures(tx).await?);
    verdicts.push(unique::examine(tx).await?);
    verdicts.push(numbers::examine(tx).await?);
    verdicts.push(log::examine(tx).await?);
    verdicts.push(crate::audit::examine(tx).await?);
    verdicts.push(search::examine(tx).await?);
    let engine = tx.engine.clone();
    for check in &engine.registry().checks {
        verdicts.extend(check(tx).await?);
    }
    Ok(verdicts)
}

/// Pages, indexes, and the full-text index, as SQLite sees them.
async fn integrity(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "stop Zhike and bring back the data folder from a backup";
    let mut verdict = Verdict::new("integrity", "files", remedy);
    verdict.saw(1);
    for row in tx.conn.fetch_text("PRAGMA integrity_check(20)").await? {
        let line = row.text(0)?;
        if line != "ok" {
            verdict.wrong(line);
        }
    }
    Ok(verdict)
}
