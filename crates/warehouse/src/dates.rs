//! The calendar as a table: one row per day.

use crate::{
    CatalogColumn, CatalogTable, ColumnKind,
    column::day_number,
    internal,
    semantic::{
        CompanyCalendar,
        holidays::{self, Holiday},
    },
};
use chrono::Datelike;
use datafusion::arrow::{
    array::{Array, ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use engine::Result;
use meta::{NaiveDate, label};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub(crate) const TABLE: &str = "date";
/// Years the table covers.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2050;

struct Column {
    name: &'static str,
    label: (&'static str, &'static str),
    definition: (&'static str, &'static str),
    kind: ColumnKind,
}

const fn column(
    name: &'static str,
    label: (&'static str, &'static str),
    definition: (&'static str, &'static str),
    kind: ColumnKind,
) -> Column {
    Column { name, label, definition, kind }
}

const COLUMNS: [Column; 12] = [
    column(
        "day",
        ("Day", "日期"),
        ("Join it on the day of a fact.", "与事实表的日期连接。"),
        ColumnKind::Date,
    ),
    column("year", ("Year", "年"), ("The calendar year.", "公历年份。"), ColumnKind::Int),
    column("quarter", ("Quarter", "季度"), ("1 to 4.", "1 至 4。"), ColumnKind::Int),
    column("month", ("Month", "月"), ("1 to 12.", "1 至 12。"), ColumnKind::Int),
    column(
        "fiscal_year",
        ("Fiscal year", "财年"),
        (
            "The year in which the fiscal year begins, by the company's setting.",
            "财年开始的年份，财年起始月依公司设置。",
        ),
        ColumnKind::Int,
    ),
    column(
        "fiscal_quarter",
        ("Fiscal quarter", "财季"),
        ("1 to 4, counted from the beginning of the fiscal year.", "1 至 4，自财年开始起算。"),
        ColumnKind::Int,
    ),
    column(
        "iso_year",
        ("Year of the week", "周所属年份"),
        (
            "The year the week belongs to (ISO 8601): around New Year another than that of the day.",
            "该周所属的年份（ISO 8601），岁末年初可能与日期的年份不同。",
        ),
        ColumnKind::Int,
    ),
    column(
        "week",
        ("Week", "周"),
        ("1 to 53 (ISO 8601), from Monday on.", "1 至 53（ISO 8601），周一为一周之始。"),
        ColumnKind::Int,
    ),
    column("weekday", ("Day of the week", "星期"), ("1 is Monday.", "1 为星期一。"), ColumnKind::Int),
    column("weekend", ("Weekend", "周末"), ("Saturday or Sunday.", "星期六或星期日。"), ColumnKind::Bool),
    column(
        "holiday",
        ("Public holiday", "节假日"),
        (
            "Which of China's public holidays, 2020 to 2026; empty on other days.",
            "中国大陆法定节假日名称（2020–2026 年），其他日期为空。",
        ),
        ColumnKind::Text,
    ),
    column(
        "workday",
        ("Workday", "工作日"),
        (
            "Neither weekend nor holiday, or a weekend that is worked, by China's calendar.",
            "非周末、非节假日，或调休上班日（按中国大陆日历）。",
        ),
        ColumnKind::Bool,
    ),
];

fn all() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(*YEARS.start(), 1, 1).unwrap_or_default();
    first.iter_days().take_while(|day| YEARS.contains(&day.year()))
}

/// As the catalog describes it: no files, and everybody's to see.
pub(crate) fn described() -> CatalogTable {
    let of = |column: &Column| CatalogColumn {
        name: column.name.to_owned(),
        label: label(column.label.0, column.label.1),
        definition: label(column.definition.0, column.definition.1),
        kind: column.kind.name(),
        origin: "calendar".to_owned(),
        target: None,
    };
    let (first, last) = (YEARS.start(), YEARS.end());
    CatalogTable {
        name: TABLE.to_owned(),
        label: label("Calendar", "日历"),
        definition: label(
            format!("One day of the years {first} to {last}."),
            format!("{first} 至 {last} 年中的一天。"),
        ),
        rows: u64::try_from(all().count()).unwrap_or_default(),
        bytes: 0,
        files: 0,
        refreshed_at: None,
        columns: COLUMNS.iter().map(of).collect(),
    }
}

/// Every day with what [`COLUMNS`] says of it.
pub(crate) fn days(calendar: CompanyCalendar) -> Result<RecordBatch> {
    let days: Vec<NaiveDate> = all().collect();
    let number = |of: &dyn Fn(&NaiveDate) -> i32| -> ArrayRef {
        Arc::new(days.iter().map(of).collect::<Int32Array>())
    };
    let flag = |of: &dyn Fn(&NaiveDate) -> bool| -> ArrayRef {
        Arc::new(days.iter().map(|day| Some(of(day))).collect::<BooleanArray>())
    };
    let holidays: HashMap<NaiveDate, Holiday> = holidays::days_off().collect();
    let worked: HashSet<NaiveDate> = holidays::worked().collect();
    let is_weekend = |day: &NaiveDate| day.weekday().number_from_monday() > 5;
    let is_workday =
        |day: &NaiveDate| !holidays.contains_key(day) && (!is_weekend(day) || worked.contains(day));
    let columns: [ArrayRef; COLUMNS.len()] = [
        Arc::new(days.iter().map(|day| Some(day_number(*day))).collect::<Date32Array>()),
        number(&|day| day.year()),
        number(&|day| day.month0() as i32 / 3 + 1),
        number(&|day| day.month() as i32),
        number(&|day| calendar.fiscal(*day).0),
        number(&|day| calendar.fiscal(*day).1),
        number(&|day| day.iso_week().year()),
        number(&|day| day.iso_week().week() as i32),
        number(&|day| day.weekday().number_from_monday() as i32),
        flag(&is_weekend),
        Arc::new(days.iter().map(|day| holidays.get(day).map(|one| one.name())).collect::<StringArray>()),
        flag(&is_workday),
    ];
    let fields: Vec<Field> = COLUMNS
        .iter()
        .zip(&columns)
        .map(|(known, column)| Field::new(known.name, column.data_type().clone(), column.null_count() > 0))
        .collect();
    debug_assert_eq!(fields[0].data_type(), &DataType::Date32);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into()).map_err(internal)
}
