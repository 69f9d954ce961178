//! What can be asked without SQL: measures and dimensions with their meaning, questions made of them, and the SQL that answers.
//!
//! [`model`] derives both from the metadata, [`Question`] is what a person chooses, `sql` turns it into one statement,
//! `answer` adds what statements do not say: comparison, shares, running totals, the rest beyond the largest.

mod answer;
mod ask;
mod both;
mod calendar;
mod checked;
mod chosen;
mod codes;
mod columns;
mod costs;
mod customers;
mod dimension;
mod fields;
mod filter;
pub(crate) mod holidays;
mod interval;
mod measure;
mod member;
mod model;
mod own;
mod part;
mod period;
mod question;
mod records;
mod sql;
pub(crate) mod statutory;
mod surveys;
mod taken;
mod through;
mod titles;
mod top;
mod visible;
mod within;

pub use answer::{AnswerTable, Cell, Column, Counted, Input, Line};
pub use ask::{ask, ask_together};
pub use both::ask_both;
pub use calendar::CompanyCalendar;
pub use chosen::{chosen, groups_by};
pub(crate) use codes::Known as Codes;
pub use dimension::{Dimension, DimensionKind, Level};
pub use fields::{FilterField, filter_fields};
pub use holidays::workdays_off;
pub use interval::{Interval, Sampled, Sure};
pub use measure::{Expression, Measure, Unit, Whole};
pub use member::Member;
pub(crate) use model::is_fact;
pub use model::{FACTS, Fact, Model, model};
pub use period::{Compare, Named, Period, Span};
pub use question::{Cut, Question, Sort, Within};
pub use records::{RowColumn, RowKind, Rows, rows};
pub use taken::{leave_behind, may_take_along};
pub use through::{Through, through};
pub use visible::askable;
