//! The answer to a question as a table, and what is computed over its rows.

use super::{
    interval::{Interval, Sure},
    measure::Unit,
    member::{Code, Member},
    part::{Part, Together},
    period::Span,
};
use engine::Result;
use meta::{DateTime, Decimal, Label, Utc};
use serde::Serialize;
use std::collections::HashMap;

/// Value of one measure in one row; empty where there is nothing to count or to divide by.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    #[serde(with = "rust_decimal_option")]
    pub value: Option<Decimal>,
    #[serde(with = "rust_decimal_option", skip_serializing_if = "Option::is_none")]
    pub compared: Option<Decimal>,
    /// Of the total of its measure.
    #[serde(with = "rust_decimal_option", skip_serializing_if = "Option::is_none")]
    pub share: Option<Decimal>,
    #[serde(with = "rust_decimal_option", skip_serializing_if = "Option::is_none")]
    pub running: Option<Decimal>,
    /// Of a mean of answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

mod rust_decimal_option {
    use meta::Decimal;
    use serde::Serializer;

    /// As text, so that no reader rounds it.
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(number) => serializer.serialize_str(&number.normalize().to_string()),
            None => serializer.serialize_none(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// One for each cut.
    pub members: Vec<Member>,
    /// One for each measure.
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub label: Label,
    pub definition: Label,
    pub unit: &'static str,
    /// Whether its values add up to its total, so that shares and running totals mean something.
    pub additive: bool,
    /// As in the catalog.
    pub formula: String,
    /// What it is worked out from, over everything the question selects.
    pub inputs: Vec<Input>,
    /// The facts it is taken from.
    pub facts: Vec<String>,
    pub sure: Sure,
}

/// Another measure that one is worked out from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    pub name: String,
    pub label: Label,
    pub unit: &'static str,
    #[serde(with = "rust_decimal_option")]
    pub value: Option<Decimal>,
}

/// How many rows of a fact an answer is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted {
    pub fact: String,
    /// The name of its table.
    pub table: Label,
    /// What one row is.
    pub label: Label,
    pub rows: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerTable {
    /// The dimensions, in the order of the cuts.
    pub dimensions: Vec<Label>,
    pub measures: Vec<Column>,
    pub rows: Vec<Line>,
    /// Over everything the question selects, not only the rows shown.
    pub total: Vec<Cell>,
    /// There are more rows than are shown.
    pub more: bool,
    pub counted: Vec<Counted>,
    /// Whose records it was made of.
    pub entities: Vec<String>,
    pub period: Option<Span>,
    pub compared_period: Option<Span>,
    pub refreshed_at: DateTime<Utc>,
    pub position: i64,
}

impl Column {
    pub(crate) fn unit(unit: Unit) -> &'static str {
        unit.name()
    }
}

/// Values of measures by what they are grouped by, before they have names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grouped(pub HashMap<Vec<Code>, Vec<Option<Part>>>);

impl Grouped {
    /// The measure at place `at`, in the row of these members.
    pub fn set(&mut self, codes: Vec<Code>, at: usize, width: usize, value: Option<Part>) {
        let row = self.0.entry(codes).or_insert_with(|| vec![None; width]);
        if let Some(cell) = row.get_mut(at) {
            *cell = value;
        }
    }

    /// One row of all groups that are wanted together, none without such a group.
    fn together(&self, wanted: impl Fn(&[Code]) -> bool) -> Result<Grouped> {
        let mut all: Option<Vec<Together>> = None;
        for (_, parts) in self.0.iter().filter(|(codes, _)| wanted(codes)) {
            let all = all.get_or_insert_with(|| parts.iter().map(|_| Together::default()).collect());
            for (together, part) in all.iter_mut().zip(parts) {
                part.as_ref().map_or(Ok(()), |part| together.take(part))?;
            }
        }
        let row = all.map(|all| (vec![], all.into_iter().map(Together::part).collect()));
        Ok(Grouped(row.into_iter().collect()))
    }
}

/// The same of the period a question is about and of the one it is compared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Both {
    pub now: Grouped,
    pub then: Option<Grouped>,
}

impl Both {
    pub fn together(&self, wanted: impl Fn(&[Code]) -> bool + Copy) -> Result<Both> {
        let then = self.then.as_ref().map(|then| then.together(wanted)).transpose()?;
        Ok(Both { now: self.now.together(wanted)?, then })
    }
}

/// Adds up along the rows; values of other members of the further cuts are added up on their own.
pub(crate) fn run(rows: &mut [(Vec<Code>, Vec<Cell>)]) {
    let mut reached: HashMap<(Vec<Code>, usize), Decimal> = HashMap::new();
    for (codes, cells) in rows {
        let others: Vec<Code> = codes.iter().skip(1).cloned().collect();
        for (at, cell) in cells.iter_mut().enumerate() {
            let sum = reached.entry((others.clone(), at)).or_default();
            *sum = sum.saturating_add(cell.value.unwrap_or_default());
            cell.running = Some(*sum);
        }
    }
}

/// Sets each value in proportion to the total of its measure.
pub(crate) fn share(cells: &mut [Cell], total: &[Cell]) {
    for (cell, whole) in cells.iter_mut().zip(total) {
        cell.share = match (cell.value, whole.value) {
            (Some(value), Some(whole)) => value.checked_div(whole).map(|share| share.round_dp(6)),
            _ => None,
        };
    }
}
