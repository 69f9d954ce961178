//! Members of dimensions: what rows were grouped by, with the names people know.

use super::{
    Dimension, Within,
    calendar::{CompanyCalendar, day_kind},
    dimension::{DimensionKind, Level},
    sql::Chosen,
};
use crate::lower::text_literal;
use chrono::{Datelike, NaiveDate};
use meta::{Id, Label, Value, label};
use serde::Serialize;
use std::collections::HashMap;

/// What rows are grouped by, as it comes from SQL; an empty one comes last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    Number(i64),
    Text(String),
    Flag(bool),
    Empty,
}

impl Code {
    pub fn of(value: &Value) -> Code {
        match value {
            Value::Int(number) => Code::Number(*number),
            Value::Text(text) => Code::Text(text.clone()),
            Value::Bool(flag) => Code::Flag(*flag),
            _ => Code::Empty,
        }
    }

    pub fn literal(&self) -> String {
        match self {
            Code::Number(number) => number.to_string(),
            Code::Text(text) => text_literal(text),
            Code::Flag(flag) => flag.to_string(),
            Code::Empty => "NULL".to_owned(),
        }
    }
}

/// One member as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    pub label: Label,
    /// The value to filter by: an id, a choice, the first day of a period; `null` where the field is empty.
    pub value: serde_json::Value,
    /// Everything beyond the largest, together.
    pub rest: bool,
    /// A record that is deleted or not the asker's to see: nothing can be asked of it alone.
    pub unknown: bool,
    /// Tells members of one dimension apart, those without a name of their own, too.
    #[serde(skip)]
    pub code: String,
}

/// What the numbers are called that rows were grouped by: of keys the titles of records, with their ids.
pub(crate) type Titles = HashMap<i64, (Option<Id>, Label)>;

impl Member {
    pub fn rest() -> Member {
        Member {
            label: label("Others", "其余"),
            value: serde_json::Value::Null,
            rest: true,
            unknown: false,
            code: "rest".to_owned(),
        }
    }

    pub(crate) fn of(cut: &Chosen<'_>, code: &Code, titles: &Titles) -> Member {
        let (label, value) = named(cut, code, titles);
        let record = matches!(cut.dimension.kind, DimensionKind::Record { .. });
        let unknown = record && value.is_null() && *code != Code::Empty;
        Member { label, value: value.to_json(), rest: false, unknown, code: format!("{code:?}") }
    }
}

impl Within {
    /// The name of the member; of a record, which is named by its title, and of a number people gave a name to there is none here.
    pub fn label(&self, dimension: &Dimension, calendar: CompanyCalendar) -> Option<Label> {
        let cut = Chosen { dimension, level: self.level, calendar };
        let text = self.value.as_str();
        let code = match (&dimension.kind, &self.value) {
            (_, serde_json::Value::Null) => Code::Empty,
            (DimensionKind::Record { .. }, _) => return None,
            (DimensionKind::Date, serde_json::Value::String(_)) => {
                Code::Number(number_of(self.level.unwrap_or(Level::Day), text?.parse().ok()?, calendar)?)
            }
            (DimensionKind::Bands(bands), serde_json::Value::Number(number)) => {
                Code::Number(bands.of(number.as_i64()?))
            }
            (_, serde_json::Value::Bool(flag)) => Code::Flag(*flag),
            (_, serde_json::Value::Number(number)) => Code::Number(number.as_i64()?),
            _ => Code::Text(text?.to_owned()),
        };
        Some(named(&cut, &code, &Titles::new()).0)
    }
}

/// The inverse of [`of_date`], as `sql::level_sql` counts.
fn number_of(level: Level, day: NaiveDate, calendar: CompanyCalendar) -> Option<i64> {
    let fiscal = || day.checked_sub_months(chrono::Months::new(calendar.fiscal_month - 1));
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    let since = |day: NaiveDate| day.signed_duration_since(NaiveDate::default()).num_days();
    Some(match level {
        Level::FiscalYear => return number_of(Level::Year, fiscal()?, calendar),
        Level::FiscalQuarter => return number_of(Level::Quarter, fiscal()?, calendar),
        Level::DayKind => return None,
        Level::Year => year,
        Level::Quarter => year * 10 + (month - 1) / 3 + 1,
        Level::Month => year * 100 + month,
        Level::Week => since(day) - i64::from(day.weekday().num_days_from_monday()),
        Level::Day => since(day),
        Level::MonthOfYear => month,
        Level::Weekday => i64::from(day.weekday().number_from_monday()),
    })
}

pub(super) fn both(text: impl Into<String>) -> Label {
    let text = text.into();
    label(text.clone(), text)
}

fn named(cut: &Chosen<'_>, code: &Code, titles: &Titles) -> (Label, Value) {
    match (&cut.dimension.kind, code) {
        (_, Code::Empty) => (label("(none)", "（空）"), Value::Null),
        (DimensionKind::Record { .. }, Code::Number(key)) => match titles.get(key) {
            Some((Some(id), title)) => (title.clone(), Value::Id(*id)),
            _ => (label("(deleted or not visible)", "（已删除或不可见）"), Value::Null),
        },
        (DimensionKind::Number, Code::Number(number)) if let Some((_, name)) = titles.get(number) => {
            (name.clone(), Value::Int(*number))
        }
        (DimensionKind::Choice(choices), Code::Text(text)) => {
            let choice = choices.iter().find(|choice| choice.value == *text);
            (
                choice.map_or_else(|| both(text.as_str()), |choice| choice.label.clone()),
                Value::Text(text.clone()),
            )
        }
        (DimensionKind::Date, Code::Number(number)) => {
            of_date(cut.level.unwrap_or(Level::Day), *number, cut.calendar)
        }
        (DimensionKind::Bands(bands), Code::Number(number)) => (bands.label(*number), Value::Int(*number)),
        (_, Code::Number(number)) => (both(number.to_string()), Value::Int(*number)),
        (_, Code::Text(text)) => (both(text.as_str()), Value::Text(text.clone())),
        (_, Code::Flag(flag)) => {
            let word = if *flag { label("Yes", "是") } else { label("No", "否") };
            (word, Value::Bool(*flag))
        }
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [(&str, &str); 7] = [
    ("Monday", "星期一"),
    ("Tuesday", "星期二"),
    ("Wednesday", "星期三"),
    ("Thursday", "星期四"),
    ("Friday", "星期五"),
    ("Saturday", "星期六"),
    ("Sunday", "星期日"),
];

/// The numbers are those of `sql::level_sql`.
fn of_date(level: Level, number: i64, calendar: CompanyCalendar) -> (Label, Value) {
    let day = |number: i64| {
        let since = chrono::Duration::try_days(number).unwrap_or_default();
        NaiveDate::default().checked_add_signed(since).unwrap_or_default()
    };
    let first = |year: i64, month: i64| {
        let month = u32::try_from(month).unwrap_or(1);
        NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, 1).map_or(Value::Null, Value::Date)
    };
    let place = |number: i64| usize::try_from(number - 1).unwrap_or(usize::MAX);
    match level {
        Level::Year => (label(number.to_string(), format!("{number}年")), first(number, 1)),
        Level::Quarter => {
            let (year, quarter) = (number / 10, number % 10);
            (
                label(format!("{year} Q{quarter}"), format!("{year}年{quarter}季度")),
                first(year, quarter * 3 - 2),
            )
        }
        Level::Month => {
            let (year, month) = (number / 100, number % 100);
            let word = MONTHS.get(place(month)).copied().unwrap_or_default();
            (label(format!("{word} {year}"), format!("{year}年{month}月")), first(year, month))
        }
        Level::Week => {
            let monday = day(number);
            let week = monday.iso_week();
            let (year, week) = (week.year(), week.week());
            (label(format!("{year} W{week:02}"), format!("{year}年第{week}周")), Value::Date(monday))
        }
        Level::Day => (both(day(number).to_string()), Value::Date(day(number))),
        Level::MonthOfYear => {
            let word = MONTHS.get(place(number)).copied().unwrap_or_default();
            (label(word, format!("{number}月")), Value::Int(number))
        }
        Level::Weekday => {
            let (en, zh) = WEEKDAYS.get(place(number)).copied().unwrap_or_default();
            (label(en, zh), Value::Int(number))
        }
        Level::FiscalYear => (calendar.fiscal_year(number), calendar.fiscal_quarter_begins(number, 0)),
        Level::FiscalQuarter => {
            let (year, quarter) = (number / 10, number % 10);
            let of = calendar.fiscal_year(year);
            let begins = calendar.fiscal_quarter_begins(year, u32::try_from(quarter - 1).unwrap_or_default());
            (label(format!("{} Q{quarter}", of.en), format!("{}{quarter}季度", of.zh)), begins)
        }
        Level::DayKind => (day_kind(number), Value::Int(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JANUARY: CompanyCalendar = CompanyCalendar { fiscal_month: 1, chinese_holidays: true };

    #[test]
    fn members_of_time_are_written_as_each_language_writes_them() {
        let words = |level, number| {
            let (label, value) = of_date(level, number, JANUARY);
            (label.en, label.zh, value)
        };
        let date = |text: &str| Value::Date(text.parse().unwrap());
        assert_eq!(
            words(Level::Quarter, 20264),
            ("2026 Q4".into(), "2026年4季度".into(), date("2026-10-01"))
        );
        assert_eq!(words(Level::Month, 202_602), ("Feb 2026".into(), "2026年2月".into(), date("2026-02-01")));
        let april = CompanyCalendar { fiscal_month: 4, ..JANUARY };
        let (label, value) = of_date(Level::FiscalQuarter, 20254, april);
        assert_eq!((label.en.as_str(), value), ("FY2025/26 Q4", date("2026-01-01")));
        assert_eq!(of_date(Level::FiscalYear, 2026, JANUARY).0.zh, "2026财年");
        // 2025-12-29 is the Monday of the first ISO week of 2026.
        let monday =
            "2025-12-29".parse::<NaiveDate>().unwrap().signed_duration_since(NaiveDate::default()).num_days();
        assert_eq!(words(Level::Week, monday), ("2026 W01".into(), "2026年第1周".into(), date("2025-12-29")));
        assert_eq!(words(Level::Weekday, 7).0, "Sunday");
        for (level, number) in [
            (Level::Year, 2026),
            (Level::Quarter, 20264),
            (Level::Month, 202_602),
            (Level::Week, monday),
            (Level::Day, monday),
            (Level::FiscalYear, 2025),
            (Level::FiscalQuarter, 20254),
        ] {
            let Value::Date(first) = of_date(level, number, april).1 else { panic!("{level:?} is no date") };
            assert_eq!(number_of(level, first, april), Some(number), "{level:?}");
        }
    }
}
