//! Counts remembered for a short while, for choosing how a list finds its rows.

use crate::{Result, db::Pool, store::number};
use sea_query::{SelectStatement, SqliteQueryBuilder};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const AGE_LIMIT: Duration = Duration::from_secs(60);
/// When so many are kept, all are forgotten.
const KEPT_LIMIT: usize = 10_000;

#[derive(Default)]
pub(crate) struct Estimates(Mutex<HashMap<String, (u64, Instant)>>);

impl Estimates {
    pub async fn get(&self, pool: &Pool, count: &SelectStatement) -> Result<u64> {
        let key = count.to_string(SqliteQueryBuilder);
        if let Some((number, at)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key)
            && at.elapsed() < AGE_LIMIT
        {
            return Ok(*number);
        }
        let counted = number(&pool.fetch(count).await?)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_LIMIT {
            kept.clear();
        }
        kept.insert(key, (counted, Instant::now()));
        Ok(counted)
    }
}
