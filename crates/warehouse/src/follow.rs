//! Queues a refresh when the company's records have moved, but not more often than the setting says.

use crate::{JOB, manifest, storage, tables, unused};
use engine::{BoxFuture, Engine, Result};
use std::time::Duration;

const LOOK: Duration = Duration::from_secs(5);
/// Minutes between two refreshes.
pub const EVERY_MINUTES: &str = "warehouse.every_minutes";
const EVERY_MINUTES_DEFAULT: i64 = 10;
const AFTER_FAILURE: chrono::Duration = chrono::Duration::minutes(10);

pub(crate) fn start(engine: Engine) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = queue_if_due(&engine).await {
                tracing::warn!("the warehouse waits: {error}");
            }
        }
    })
}

/// Queues a refresh if one is due; answers whether it did.
pub(crate) async fn queue_if_due(engine: &Engine) -> Result<bool> {
    let Some(idle) = engine.idle(JOB).await? else { return Ok(false) };
    Ok(is_due(engine).await? && engine.queue_if_idle(idle).await?)
}

async fn is_due(engine: &Engine) -> Result<bool> {
    let now = engine.clock().now();
    let recently = |at, rest| at <= now && now - at < rest;
    let failed_at = engine.failure(JOB).await?.and_then(|failure| failure.at);
    if failed_at.is_some_and(|at| recently(at, AFTER_FAILURE)) {
        return Ok(false);
    }
    let Some(manifest) = manifest::newest(&storage::store(engine)?).await? else { return Ok(true) };
    let minutes = engine.setting(EVERY_MINUTES).await?.and_then(|value| value.as_i64());
    let rest = chrono::Duration::minutes(Ord::max(minutes.unwrap_or(EVERY_MINUTES_DEFAULT), 1));
    if recently(manifest.refreshed_at, rest) {
        return Ok(false);
    }
    let newest = engine.last_change().await?;
    let mut moved =
        newest > manifest.position || manifest.position > manifest.before || unused::is_due(&manifest, now);
    for table in tables(engine.registry()) {
        let Some(beside) = table.beside else { continue };
        let fit = engine.position(&beside.reader).await?;
        moved |= manifest.tables.get(&table.name).is_some_and(|kept| kept.fit != fit);
    }
    Ok(moved)
}

/// Whether a refresh waits or runs.
pub async fn in_progress(engine: &Engine) -> Result<bool> {
    Ok(engine.idle(JOB).await?.is_none())
}
