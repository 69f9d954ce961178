//! What jobs read of everybody: asked of the warehouse, which answers by columns what records would have to be walked for.
//! Whoever begins such a job brings the warehouse up to date first.

use crate::settings::{Settings, date_of, day_number};
use chrono::SecondsFormat;
use engine::{Actor, Engine, Error, Result, aside};
use meta::{Id, MONEY_SCALE, NaiveDate, Value, scaled};
use warehouse::{
    Answer, Limits,
    arrow::{array::AsArray, datatypes::Int32Type},
};

/// Customers whose lines are held in memory at once.
const CUSTOMERS_AT_ONCE: usize = 200_000;
/// The same, of lines told apart by keys, which take less.
const KEYS_AT_ONCE: usize = 250_000;

/// When a row happened.
#[derive(Clone, Copy)]
pub enum At {
    Instant(&'static str),
    /// A day of the company's calendar.
    Day(&'static str),
}

impl At {
    /// Its day on the company's clock.
    pub fn day(self, settings: &Settings) -> String {
        match self {
            At::Day(day) => format!("CAST({day} AS DATE)"),
            At::Instant(instant) => {
                let zone = settings.time_zone.name();
                format!("CAST(arrow_cast({instant}, 'Timestamp(Microsecond, Some(\"{zone}\"))') AS DATE)")
            }
        }
    }

    /// After one day, up to the end of another.
    pub fn within(self, settings: &Settings, after: NaiveDate, until: NaiveDate) -> String {
        let end = |day| settings.end_of(day).to_rfc3339_opts(SecondsFormat::Secs, true);
        match self {
            At::Day(day) => format!("{day} > '{after}' AND {day} <= '{until}'"),
            At::Instant(instant) => format!("{instant} >= '{}' AND {instant} < '{}'", end(after), end(until)),
        }
    }
}

pub fn day_before(day: NaiveDate) -> NaiveDate {
    date_of(day_number(day) - 1)
}

/// `status` is one of these.
pub fn counting(column: &str, states: &[&str]) -> String {
    format!("{column} IN ('{}')", states.join("', '"))
}

/// Of everybody's records, whoever asks: only for jobs, whose results have readers' rights of their own. Asked in this process:
/// rows of millions of customers would only travel. All of it, or an error: figures of a part would be wrong.
pub async fn ask(engine: &Engine, sql: &str) -> Result<Answer> {
    warehouse::here(warehouse::query(engine, &Actor::system(), sql, Limits::JOB)).await?.whole()
}

/// Conditions on a column of customers' ids: each is met by some of them, every id meets one.
pub async fn ranges(engine: &Engine, column: &str) -> Result<Vec<String>> {
    let everybody = ask(engine, "SELECT id FROM account ORDER BY id").await?;
    let bounds = aside(|| {
        let mut bounds = vec![];
        for row in everybody.values().skip(CUSTOMERS_AT_ONCE).step_by(CUSTOMERS_AT_ONCE) {
            bounds.extend(row?.first().and_then(Value::as_id));
        }
        Ok::<_, Error>(bounds)
    })?;
    let mut ranges = vec![];
    for place in 0..=bounds.len() {
        let from = place.checked_sub(1).and_then(|before| bounds.get(before));
        let mut parts: Vec<String> = from.map(|id| format!("{column} >= id('{id}')")).into_iter().collect();
        parts.extend(bounds.get(place).map(|id| format!("{column} < id('{id}')")));
        if parts.is_empty() {
            parts.push(format!("{column} IS NOT NULL"));
        }
        ranges.push(parts.join(" AND "));
    }
    Ok(ranges)
}

/// The ids of a table's records at the places of their keys; `None` where the record is gone.
pub async fn ids_by_key(engine: &Engine, table: &str) -> Result<Vec<Option<Id>>> {
    let mut ids = vec![];
    add_ids(engine, &format!("SELECT key, id FROM {table}"), &mut ids).await?;
    Ok(ids)
}

/// The same of a question for keys and ids, in whatever order.
pub async fn add_ids(engine: &Engine, sql: &str, ids: &mut Vec<Option<Id>>) -> Result<()> {
    let answer = ask(engine, sql).await?;
    aside(|| {
        for batch in answer.batches {
            let (keys, known) =
                (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_fixed_size_binary());
            for (row, key) in keys.iter().enumerate() {
                let Some(place) = key.and_then(|key| usize::try_from(key).ok()) else { continue };
                if ids.len() <= place {
                    ids.resize(place + 1, None);
                }
                ids[place] = Id::from_slice(known.value(row)).ok();
            }
        }
    });
    Ok(())
}

/// What is known of a key: the record of [`ids_by_key`], or what was made of it.
pub fn at_key<T: Copy>(known: &[Option<T>], key: i32) -> Option<T> {
    known.get(usize::try_from(key).ok()?).copied().flatten()
}

/// Conditions on `d.account_key`, each met by some of so many keys: a pass over all lines for each.
pub fn key_ranges(keys: usize) -> impl Iterator<Item = String> {
    let range = |from: usize| format!("d.account_key >= {from} AND d.account_key < {}", from + KEYS_AT_ONCE);
    (0..keys).step_by(KEYS_AT_ONCE).map(range)
}

/// Where a customer is counted: his province, or country where there is none; empty where neither is known.
pub fn region_of<'t>(province: &'t str, country: &'t str) -> &'t str {
    let province = province.trim();
    if province.is_empty() { country.trim() } else { province }
}

/// The same of values.
pub fn region<'v>(province: &'v Value, country: &'v Value) -> &'v str {
    region_of(province.as_text().unwrap_or_default(), country.as_text().unwrap_or_default())
}

/// A count as it is; money and quantities in ten-thousandths.
pub fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Decimal(number) => scaled(*number, MONEY_SCALE).unwrap_or_default(),
        _ => 0,
    }
}
