//! How far a run is: kept on the run itself, written in the transaction of each batch.

use crate::{Reverting, store::Counts};
use meta::Values;
use serde::{Deserialize, Serialize};
use tabular::ErrorCheckpoint;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Number of the last row dealt with; a run that was interrupted goes on after it.
    pub row: u64,
    pub rows: u64,
    pub imported: u64,
    pub errors: u64,
    pub counts: Counts,
    pub error_file: ErrorCheckpoint,
    pub bytes_read: u64,
    pub bytes_total: u64,
    /// Working time, over all interruptions.
    pub seconds: f64,
    /// Set once the run is being taken back.
    pub reverting: Option<Reverting>,
}

impl Progress {
    pub fn share(&self) -> f64 {
        if self.bytes_total == 0 { 0.0 } else { self.bytes_read as f64 / self.bytes_total as f64 }
    }
    pub fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.rows as f64 / self.seconds } else { 0.0 }
    }
    /// Estimated from the bytes of the file.
    pub fn seconds_left(&self) -> Option<f64> {
        let share = self.share();
        (share > 0.0).then(|| self.seconds * (1.0 - share) / share)
    }
    pub fn made(&self, entity: &str) -> u64 {
        self.counts.get(entity).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, counts: &Counts) {
        for (what, number) in counts {
            *self.counts.entry(what.clone()).or_default() += number;
        }
    }

    pub(crate) fn figures(&self) -> engine::Result<Values> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Ok([
            ("rows".to_owned(), number(self.rows).into()),
            ("rows_imported".to_owned(), number(self.imported).into()),
            ("errors".to_owned(), number(self.errors).into()),
            ("counts".to_owned(), serde_json::to_value(&self.counts)?.into()),
            ("progress".to_owned(), serde_json::to_value(self)?.into()),
        ]
        .into())
    }
}
