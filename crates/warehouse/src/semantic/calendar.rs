//! The company's calendar: when its fiscal year begins, and whose public holidays it keeps.

use super::holidays::{Holiday, days_off, worked};
use crate::column::day_number;
use chrono::Datelike;
use engine::{Engine, Result};
use meta::{Label, NaiveDate, Value, label};
use std::fmt::Write;

const FISCAL_YEAR: &str = "company.fiscal_year";
const HOLIDAYS: &str = "company.holidays";

/// As a whole number, what kind of day it is.
const WORKDAY: i64 = 1;
const WEEKEND: i64 = 2;
const WORKED_WEEKEND: i64 = 3;
/// The first holiday's, the others after it.
const FIRST_HOLIDAY: i64 = 11;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompanyCalendar {
    /// 1 is January.
    pub fiscal_month: u32,
    /// China's public holidays; otherwise there are only workdays and weekends.
    pub chinese_holidays: bool,
}

impl CompanyCalendar {
    pub async fn of(engine: &Engine) -> Result<CompanyCalendar> {
        let text = |setting: Option<serde_json::Value>| setting?.as_str().map(str::to_owned);
        let month = text(engine.setting(FISCAL_YEAR).await?).and_then(|month| month.parse().ok());
        let holidays = text(engine.setting(HOLIDAYS).await?);
        Ok(CompanyCalendar {
            fiscal_month: month.filter(|month| (1..=12).contains(month)).unwrap_or(1),
            chinese_holidays: holidays.is_none_or(|holidays| holidays == "CN"),
        })
    }

    /// The year in which the day's fiscal year begins, and the fiscal quarter, 1 to 4.
    pub(crate) fn fiscal(self, day: NaiveDate) -> (i32, i32) {
        let months = day.year() * 12 + day.month0() as i32 - (self.fiscal_month as i32 - 1);
        (months.div_euclid(12), months.rem_euclid(12) / 3 + 1)
    }

    /// A day moved so that its fiscal year is a calendar year, in SQL.
    pub(crate) fn fiscal_sql(self, day: &str) -> String {
        match self.fiscal_month {
            1 => day.to_owned(),
            month => format!("CAST({day} - INTERVAL '{} months' AS DATE)", month - 1),
        }
    }

    /// A fiscal year that begins within a year is written with both years: which of them names it differs by country.
    pub(crate) fn fiscal_year(self, begins: i64) -> Label {
        match self.fiscal_month {
            1 => label(format!("FY{begins}"), format!("{begins}财年")),
            _ => {
                let ends = (begins + 1) % 100;
                label(format!("FY{begins}/{ends:02}"), format!("{begins}/{ends:02}财年"))
            }
        }
    }

    /// The first day of a fiscal quarter, 0 to 3.
    pub(crate) fn fiscal_quarter_begins(self, year: i64, quarter: u32) -> Value {
        let months = self.fiscal_month - 1 + 3 * quarter;
        let year = i32::try_from(year).unwrap_or_default() + i32::try_from(months / 12).unwrap_or_default();
        chrono::NaiveDate::from_ymd_opt(year, months % 12 + 1, 1).map_or(Value::Null, Value::Date)
    }

    /// The kind of a day, given as days since 1970 and since Monday, in SQL.
    pub(crate) fn day_kind_sql(self, number: &str, since_monday: &str) -> String {
        let mut sql = "CASE".to_owned();
        let mut when = |days: Vec<i32>, kind: i64| {
            let days: Vec<String> = days.iter().map(i32::to_string).collect();
            let _ = write!(sql, " WHEN {number} IN ({}) THEN {kind}", days.join(", "));
        };
        if self.chinese_holidays {
            for (kind, holiday) in (FIRST_HOLIDAY..).zip(Holiday::ALL) {
                let own = days_off().filter(|(_, found)| *found == holiday);
                when(own.map(|(day, _)| day_number(day)).collect(), kind);
            }
            when(worked().map(day_number).collect(), WORKED_WEEKEND);
        }
        let _ = write!(sql, " WHEN {since_monday} >= 5 THEN {WEEKEND} ELSE {WORKDAY} END");
        format!("CASE WHEN {number} IS NOT NULL THEN {sql} END")
    }
}

pub(crate) fn day_kind(kind: i64) -> Label {
    let holiday = usize::try_from(kind - FIRST_HOLIDAY).ok().and_then(|at| Holiday::ALL.get(at));
    match (kind, holiday) {
        (_, Some(holiday)) => holiday.label(),
        (WEEKEND, _) => label("Weekend", "周末"),
        (WORKED_WEEKEND, _) => label("Weekend, worked", "调休上班日"),
        _ => label("Workday", "工作日"),
    }
}
