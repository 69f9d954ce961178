//! Carries the rules out, once a night.

use super::{Ending, Rule};
use crate::{
    Actor, Engine, JobContext, Result, night,
    privacy::{
        ahead::{self, Whom},
        entities::{self, Request},
        erase,
    },
    store::{by_ids, decode_all},
};
use meta::{Id, Persons};
use serde_json::json;
use std::time::Duration;

pub(crate) const JOB: &str = "privacy.retention";
const HOUR: u32 = 2;
const LOOK: Duration = Duration::from_secs(600);
/// Records emptied in one transaction; people go one by one, for each may have thousands of records.
const BATCH: u64 = 200;
/// The setting that says which night was the last.
const LAST: &str = "privacy.retention_last_on";

/// Queues the job in the first minutes of the night, by the company's clock.
pub(super) async fn every_night(engine: Engine) {
    loop {
        if let Err(error) = queue_if_due(&engine).await {
            tracing::warn!("retention rules wait for the database: {error}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Engine {
    /// Queues the rules' job if it is night and it was not yet done tonight.
    pub async fn queue_retention(&self) -> Result<bool> {
        queue_if_due(self).await
    }
}

async fn queue_if_due(engine: &Engine) -> Result<bool> {
    if engine.retention_rules().await?.is_empty() {
        return Ok(false);
    }
    night::queue_once(engine, LAST, JOB, HOUR).await
}

/// Broken off, it goes on with what is still due.
pub(super) async fn run(context: JobContext) -> anyhow::Result<()> {
    for rule in context.engine.retention_rules().await? {
        let mut done = 0;
        loop {
            let ids = context.engine.due(&rule, BATCH).await?;
            if ids.is_empty() || context.cancelled().await? {
                break;
            }
            done += ids.len() as u64;
            context.engine.end(&rule, ids).await?;
            context.progress(json!({ "entity": rule.entity, "done": done })).await?;
        }
        if done > 0 {
            tracing::info!(entity = rule.entity, records = done, "retention rule carried out");
        }
    }
    Ok(())
}

impl Engine {
    /// Ends the time of these records, and notes it in the same transactions.
    async fn end(&self, rule: &Rule, ids: Vec<Id>) -> Result<()> {
        let persons = self.entity(&rule.entity)?.persons != Persons::None;
        let batches: Vec<Vec<Id>> =
            if persons { ids.into_iter().map(|id| vec![id]).collect() } else { vec![ids] };
        for ids in batches {
            let rule = rule.clone();
            let entity = rule.entity.clone();
            let whom = match ids.first() {
                Some(id) if persons => Whom::Person { entity, id: *id },
                _ => Whom::Records { entity, ids: ids.clone() },
            };
            let ahead = ahead::look(self, &Actor::system(), whom).await?;
            self.write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let entity = tx.engine.entity(&rule.entity)?.clone();
                    // First, so that the erasure is the last write to the record.
                    if rule.ending == Ending::Delete {
                        tx.delete_many(&entity.name, &ids).await?;
                    }
                    let counts = match (persons, ids.first()) {
                        (true, Some(id)) => erase::erase_person(tx, &entity.name, *id, ahead).await?,
                        _ => {
                            let rows = tx.conn.fetch(&by_ids(&entity, &ids)).await?;
                            erase::erase_records(tx, &entity, decode_all(&entity, rows)?, ahead).await?
                        }
                    };
                    let reason = format!("{} > {}", String::from(rule.since.clone()), rule.months);
                    let record = ids.first().copied().filter(|_| persons);
                    let entity = &entity.name;
                    let request = Request { kind: "retention", entity, record, reason: &reason, counts };
                    entities::record(tx, request).await.map(drop)
                })
            })
            .await?;
        }
        Ok(())
    }
}
