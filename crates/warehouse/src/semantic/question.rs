//! What a person chooses to ask.

use super::{Compare, Level, Period};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// Names of measures, at least one.
    pub measures: Vec<String>,
    /// What they are cut by; the first may be limited to the largest.
    pub cuts: Vec<Cut>,
    /// In the condition language, on the fields of the fact and of what it refers to: `account.province == '山东'`.
    pub filter: String,
    pub period: Option<Period>,
    pub compare: Option<Compare>,
    /// Each value as a share of the total, too.
    pub share: bool,
    /// Each value added to those before it, too.
    pub running: bool,
    /// Only so many members of the first cut, the rest together.
    pub top: Option<usize>,
    pub sort: Option<Sort>,
    /// Only these members, as an answer names them: what is left behind on the way down.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Within>,
}

/// One member of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    pub dimension: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The value of the member; `null` where the field is empty.
    pub value: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    pub dimension: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// A measure or a dimension of the question.
    pub by: String,
    #[serde(default)]
    pub descending: bool,
}

impl Within {
    pub fn cut(&self) -> Cut {
        Cut { dimension: self.dimension.clone(), level: self.level }
    }
}

impl Cut {
    pub fn new(dimension: &str, level: Option<Level>) -> Cut {
        Cut { dimension: dimension.to_owned(), level }
    }
}
