//! The calendar as a table: one row per day.

use crate::{
    column::day_number,
    internal,
    semantic::holidays::{self, Holiday},
};
use datafusion::arrow::{
    array::{Array, ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use engine::Result;
use meta::NaiveDate;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Years the table covers.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2050;

/// `day, year, quarter, month, week (ISO), weekday (1 = Monday), weekend`; `holiday` and `workday` by China's calendar.
pub(crate) fn calendar() -> Result<RecordBatch> {
    use chrono::Datelike;
    let first = NaiveDate::from_ymd_opt(*YEARS.start(), 1, 1).unwrap_or_default();
    let days: Vec<NaiveDate> = first.iter_days().take_while(|day| YEARS.contains(&day.year())).collect();
    let number =
        |of: fn(&NaiveDate) -> i32| -> ArrayRef { Arc::new(days.iter().map(of).collect::<Int32Array>()) };
    let holidays: HashMap<NaiveDate, Holiday> = holidays::days_off().collect();
    let worked: HashSet<NaiveDate> = holidays::worked().collect();
    let is_weekend = |day: &NaiveDate| day.weekday().number_from_monday() > 5;
    let is_workday =
        |day: &NaiveDate| !holidays.contains_key(day) && (!is_weekend(day) || worked.contains(day));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("day", Arc::new(days.iter().map(|day| Some(day_number(*day))).collect::<Date32Array>())),
        ("year", number(|day| day.year())),
        ("quarter", number(|day| day.month0() as i32 / 3 + 1)),
        ("month", number(|day| day.month() as i32)),
        ("iso_year", number(|day| day.iso_week().year())),
        ("week", number(|day| day.iso_week().week() as i32)),
        ("weekday", number(|day| day.weekday().number_from_monday() as i32)),
        ("weekend", Arc::new(days.iter().map(|day| Some(is_weekend(day))).collect::<BooleanArray>())),
        (
            "holiday",
            Arc::new(days.iter().map(|day| holidays.get(day).map(|one| one.name())).collect::<StringArray>()),
        ),
        ("workday", Arc::new(days.iter().map(|day| Some(is_workday(day))).collect::<BooleanArray>())),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), column.null_count() > 0))
        .collect();
    debug_assert_eq!(fields[0].data_type(), &DataType::Date32);
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns.into_iter().map(|(_, column)| column).collect(),
    )
    .map_err(internal)
}
