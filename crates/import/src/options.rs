//! How one file is to be imported: what the user chose, kept with the run.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tabular::ReadOptions;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The system the file comes from; numbers in it are unique per source.
    pub source: String,
    /// Header → target; an empty target leaves the column out. What is not named is recognised.
    pub mapping: BTreeMap<String, String>,
    /// Of money without a currency column; otherwise the company's.
    pub currency: Option<String>,
    /// Dates like 3/4/2024 have the day first; otherwise found out from the column.
    pub day_first: Option<bool>,
    /// The zone of times without one, like `Asia/Shanghai`; otherwise the company's.
    pub time_zone: Option<String>,
    /// More rows with errors than this end the run.
    pub error_limit: Option<u64>,
    pub read: ReadOptions,
    /// Language of the reasons in the error file.
    pub chinese: bool,
}

pub const DEFAULT_SOURCE: &str = "import";

impl Default for Options {
    fn default() -> Self {
        Options {
            source: DEFAULT_SOURCE.to_owned(),
            mapping: BTreeMap::new(),
            currency: None,
            day_first: None,
            time_zone: None,
            error_limit: None,
            read: ReadOptions::default(),
            chinese: false,
        }
    }
}
