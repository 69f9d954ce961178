//! Jobs that are done once a night, by the company's clock.

use crate::{Actor, Engine, JobState, Result};
use chrono::Timelike;
use serde_json::json;
use std::time::Duration;

const LOOK: Duration = Duration::from_secs(600);

/// Queues `job` in the first minutes after `hour`; `last` is the setting that says which night was the last.
pub async fn every_night(engine: Engine, last: &'static str, job: &'static str, hour: u32) {
    loop {
        if let Err(error) = queue_once(&engine, last, job, hour).await {
            tracing::warn!(job, "the night's job waits for the database: {error}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Queues `job` if it is night and it was not yet queued tonight.
pub(crate) async fn queue_once(
    engine: &Engine,
    last: &'static str,
    job: &'static str,
    hour: u32,
) -> Result<bool> {
    let local = engine.clock().now().with_timezone(&engine.time_zone().await?);
    let night = json!(local.date_naive());
    if local.hour() < hour || engine.setting(last).await?.as_ref() == Some(&night) {
        return Ok(false);
    }
    let actor = Actor::system();
    let queue = engine.write(&actor, move |tx| {
        Box::pin(async move {
            tx.queue_in_turn().await?;
            // Another process may have been faster.
            if tx.setting(last).await?.as_ref() == Some(&night) {
                return Ok(false);
            }
            tx.set_setting(last, &night).await?;
            tx.enqueue_unless(&[JobState::Queued, JobState::Running], job, json!({})).await.map(|_| true)
        })
    });
    queue.await
}
