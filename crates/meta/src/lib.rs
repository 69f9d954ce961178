//! The vocabulary every other crate speaks: entities and their fields as data, values, money, ids, the clock.
//! Knows neither a database nor the web.

mod bands;
mod clock;
mod draft;
mod entity;
mod field;
mod kept;
mod lang;
mod parse;
mod problem;
mod record;
mod value;

pub use bands::Bands;
pub use clock::Clock;
pub use draft::{Change, Draft};
pub use entity::{Entity, Persons, Timeline, Unsaid};
pub use field::{
    Apart, Choice, Field, Kind, boolean, choice, date, decimal, email, instant, integer, json, long_text,
    money, percent, phone, reference, text, url,
};
pub use kept::{kept, kept_numbers};
pub use lang::{Label, Lang, label};
pub use parse::{normalise_email, normalise_phone};
pub use problem::{FieldProblem, Problem};
pub use record::{Record, Values};
pub use value::{MONEY_SCALE, Value, scaled, unscaled};

pub use chrono::{DateTime, NaiveDate, Utc};
pub use rust_decimal::Decimal;
pub use uuid::Uuid;

/// A record's identity: UUIDv7, so that ids sort by creation time and index well.
pub type Id = Uuid;
