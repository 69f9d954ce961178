//! What can be asked without SQL: measures and dimensions with their meaning, questions made of them, and the SQL that answers.
//!
//! [`model`] derives both from the metadata, [`Question`] is what a person chooses, `sql` turns it into one statement,
//! `answer` adds what statements do not say: comparison, shares, running totals, the rest beyond the largest.

mod answer;
mod ask;
mod calendar;
mod checked;
mod dimension;
mod filter;
pub(crate) mod holidays;
mod measure;
mod member;
mod model;
mod period;
mod question;
mod sql;
mod titles;

pub use answer::{AnswerTable, Cell, Line};
pub use ask::ask;
pub use calendar::CompanyCalendar;
pub use dimension::{Dimension, DimensionKind, Level};
pub use measure::{Expression, Measure, Unit};
pub use member::Member;
pub use model::{Model, model};
pub use period::{Compare, Named, Period};
pub use question::{Cut, Question, Sort};
