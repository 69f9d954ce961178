//! Search documents of many new records are made on another thread while their rows are written: they cost as much.

use super::record_tokens;
use crate::{Error, Result};
use meta::{Entity, Values};
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Fewer are made at once: to wake a thread takes as long as some documents.
const MANY: usize = 100;

pub(crate) enum Making {
    Made(Vec<String>),
    Another(JoinHandle<Vec<String>>),
}

impl Making {
    /// `numbers` in other systems: one for each record, or none.
    pub fn begin(entity: Arc<Entity>, records: Arc<Vec<Values>>, numbers: Arc<Vec<String>>) -> Making {
        if records.len() < MANY {
            return Making::Made(make(&entity, &records, &numbers));
        }
        Making::Another(spawn_blocking(move || make(&entity, &records, &numbers)))
    }

    pub async fn end(self) -> Result<Vec<String>> {
        match self {
            Making::Made(documents) => Ok(documents),
            Making::Another(thread) => thread
                .await
                .map_err(|error| Error::Internal(format!("search documents could not be made: {error}"))),
        }
    }
}

fn make(entity: &Entity, records: &[Values], numbers: &[String]) -> Vec<String> {
    let numbers = |index: usize| numbers.get(index..=index).unwrap_or_default();
    let records = records.iter().enumerate();
    records.map(|(index, values)| record_tokens(entity, values, numbers(index))).collect()
}
