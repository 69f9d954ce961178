//! The calendar as a table: one row per day.

use crate::{
    CatalogColumn, CatalogTable, ColumnKind,
    column::day_number,
    internal,
    semantic::{
        CompanyCalendar,
        holidays::{self, Holiday},
        statutory,
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
    sync::{Arc, Mutex, PoisonError},
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

const COLUMNS: [Column; 13] = [
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
            "Which of China's public holidays, from 2020 on; empty on other days. To 2026 as announced by the State Council, then to 2050 as the regulation of 2024 grants them.",
            "中国大陆法定节假日名称（自 2020 年起），其他日期为空。2026 年及以前按国务院办公厅通知，其后至 2050 年按 2024 年修订的放假办法推算。",
        ),
        ColumnKind::Text,
    ),
    column(
        "holiday_expected",
        ("Holiday expected", "预计节假日"),
        (
            "Whether the public holiday is only expected: its year is not announced yet, so that the days given back for weekends may move, and no weekend is known to be worked.",
            "该节假日是否为推算：当年放假通知尚未发布，补假日期可能变动，调休上班日未知。",
        ),
        ColumnKind::Bool,
    ),
    column(
        "workday",
        ("Workday", "工作日"),
        (
            "Neither weekend nor holiday, or a weekend that is worked, by China's calendar; after 2026 without worked weekends, which are not announced yet.",
            "非周末、非节假日，或调休上班日（按中国大陆日历）；2026 年以后的调休尚未公布，未计入。",
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

/// Every day with what [`COLUMNS`] says of it: made once, because each refresh asks for it and it depends on nothing else.
pub(crate) fn days(calendar: CompanyCalendar) -> Result<RecordBatch> {
    static MADE: Mutex<Option<(CompanyCalendar, RecordBatch)>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, days)) = made.as_ref().filter(|(by, _)| *by == calendar) {
        return Ok(days.clone());
    }
    let days = make(calendar)?;
    *made = Some((calendar, days.clone()));
    Ok(days)
}

fn make(calendar: CompanyCalendar) -> Result<RecordBatch> {
    let days: Vec<NaiveDate> = all().collect();
    let number = |of: &dyn Fn(&NaiveDate) -> i32| -> ArrayRef {
        Arc::new(days.iter().map(of).collect::<Int32Array>())
    };
    let flag = |of: &dyn Fn(&NaiveDate) -> bool| -> ArrayRef {
        Arc::new(days.iter().map(|day| Some(of(day))).collect::<BooleanArray>())
    };
    let holidays: HashMap<NaiveDate, Holiday> = holidays::days_off().collect();
    let worked: HashSet<NaiveDate> = holidays::worked().collect();
    let is_weekend = |day: &NaiveDate| statutory::is_weekend(*day);
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
        flag(&|day| holidays.contains_key(day) && holidays::is_expected(*day)),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions name years: whoever adds a notice, changes them.
    #[test]
    fn definitions_tell_to_which_year_holidays_are_announced() {
        let (announced, last) = (holidays::LAST_ANNOUNCED.to_string(), statutory::YEARS.1.to_string());
        let defined = |name: &str| COLUMNS.iter().find(|column| column.name == name).map(|c| c.definition);
        for (name, years) in [("holiday", vec![&announced, &last]), ("workday", vec![&announced])] {
            let (english, chinese) = defined(name).unwrap();
            for year in years {
                assert!(english.contains(year.as_str()) && chinese.contains(year.as_str()), "{name}: {year}");
            }
        }
        assert_eq!(statutory::YEARS.1, *YEARS.end());
    }

    #[test]
    fn expected_holidays_are_marked_and_no_workdays() {
        let batch = days(CompanyCalendar { fiscal_month: 1, chinese_holidays: true }).unwrap();
        let first = day_number(all().next().unwrap());
        let row = |day: &str| usize::try_from(day_number(day.parse().unwrap()) - first).unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let flag = |name: &str, at| column(name).as_any().downcast_ref::<BooleanArray>().unwrap().value(at);
        let holiday = |at: usize| {
            let names = column("holiday").as_any().downcast_ref::<StringArray>().unwrap();
            names.is_valid(at).then(|| names.value(at))
        };
        for (day, name, expected, workday) in [
            ("2026-10-01", Some("national_day"), false, false),
            ("2026-10-10", None, false, true),
            ("2027-02-06", Some("spring_festival"), true, false),
            ("2027-02-11", None, false, true),
            ("2027-06-09", Some("dragon_boat"), true, false),
            ("2027-09-15", Some("mid_autumn"), true, false),
            ("2027-09-18", None, false, false),
            ("2050-10-03", Some("national_day"), true, false),
        ] {
            let at = row(day);
            assert_eq!(
                (holiday(at), flag("holiday_expected", at), flag("workday", at)),
                (name, expected, workday),
                "{day}"
            );
        }
    }
}
