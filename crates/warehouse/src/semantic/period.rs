//! The time a question is about, and the time it is compared with.

use chrono::{Datelike, Days, Months, NaiveDate};
use engine::{Error, Result};
use meta::{Label, label};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Period {
    Named {
        named: Named,
    },
    /// Both days included.
    Between {
        from: NaiveDate,
        to: NaiveDate,
    },
}

/// A period that moves with the day it is asked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    Today,
    ThisWeek,
    ThisMonth,
    ThisQuarter,
    ThisYear,
    /// From 1 January to today.
    YearToDate,
    LastMonth,
    LastQuarter,
    LastYear,
    Last30Days,
    /// Twelve whole months before this one.
    Last12Months,
}

impl Named {
    pub const ALL: [Named; 11] = [
        Named::Today,
        Named::ThisWeek,
        Named::ThisMonth,
        Named::ThisQuarter,
        Named::ThisYear,
        Named::YearToDate,
        Named::LastMonth,
        Named::LastQuarter,
        Named::LastYear,
        Named::Last30Days,
        Named::Last12Months,
    ];

    pub fn label(self) -> Label {
        match self {
            Named::Today => label("Today", "今天"),
            Named::ThisWeek => label("This week", "本周"),
            Named::ThisMonth => label("This month", "本月"),
            Named::ThisQuarter => label("This quarter", "本季度"),
            Named::ThisYear => label("This year", "今年"),
            Named::YearToDate => label("This year to date", "今年至今"),
            Named::LastMonth => label("Last month", "上月"),
            Named::LastQuarter => label("Last quarter", "上季度"),
            Named::LastYear => label("Last year", "去年"),
            Named::Last30Days => label("Last 30 days", "近 30 天"),
            Named::Last12Months => label("Last 12 months", "近 12 个月"),
        }
    }

    fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let month = today.with_day(1).unwrap_or(today);
        let quarter = month - Months::new(month.month0() % 3);
        let year = month - Months::new(month.month0());
        let week = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let whole = |first: NaiveDate, months: u32| (first, first + Months::new(months) - Days::new(1));
        match self {
            Named::Today => (today, today),
            Named::ThisWeek => (week, week + Days::new(6)),
            Named::ThisMonth => whole(month, 1),
            Named::ThisQuarter => whole(quarter, 3),
            Named::ThisYear => whole(year, 12),
            Named::YearToDate => (year, today),
            Named::LastMonth => whole(month - Months::new(1), 1),
            Named::LastQuarter => whole(quarter - Months::new(3), 3),
            Named::LastYear => whole(year - Months::new(12), 12),
            Named::Last30Days => (today - Days::new(29), today),
            Named::Last12Months => whole(month - Months::new(12), 12),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The stretch of the same length just before.
    Previous,
    /// The same days a year before.
    LastYear,
}

/// Days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// How far a compared day is moved to stand beside the day it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Days(u64),
    Months(u32),
}

impl Period {
    pub(crate) fn span(&self, today: NaiveDate) -> Result<Span> {
        let (from, to) = match self {
            Period::Named { named } => named.days(today),
            Period::Between { from, to } => (*from, *to),
        };
        if from > to {
            return Err(Error::rule(
                "period",
                "ends before it begins: choose a later last day",
                "结束日期早于开始日期，请选择更晚的结束日期",
            ));
        }
        Ok(Span { from, to })
    }
}

impl Span {
    pub(crate) fn compared(self, compare: Compare) -> (Span, Shift) {
        let shift = match compare {
            Compare::LastYear => Shift::Months(12),
            Compare::Previous => self.whole_months().map_or(Shift::Days(self.days()), Shift::Months),
        };
        let back = |day: NaiveDate| match shift {
            Shift::Days(days) => day.checked_sub_days(Days::new(days)),
            Shift::Months(months) => day.checked_sub_months(Months::new(months)),
        };
        // The last day of a month is compared with the last day of a month.
        let after = self.to.succ_opt().and_then(back).and_then(|day| day.pred_opt());
        let span = Span { from: back(self.from).unwrap_or(self.from), to: after.unwrap_or(self.to) };
        (span, shift)
    }

    fn days(self) -> u64 {
        u64::try_from((self.to - self.from).num_days() + 1).unwrap_or(1)
    }

    fn whole_months(self) -> Option<u32> {
        let next = self.to.succ_opt()?;
        let months = (next.year() - self.from.year()) * 12 + next.month0() as i32 - self.from.month0() as i32;
        (self.from.day() == 1 && next.day() == 1).then(|| u32::try_from(months).ok()).flatten()
    }
}

impl Shift {
    /// A compared day, moved, in SQL.
    pub(crate) fn sql(self, day: &str) -> String {
        match self {
            Shift::Days(days) => format!("CAST({day} + INTERVAL '{days} days' AS DATE)"),
            Shift::Months(months) => format!("CAST({day} + INTERVAL '{months} months' AS DATE)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn span(from: &str, to: &str) -> Span {
        Span { from: day(from), to: day(to) }
    }

    #[test]
    fn named_periods_follow_the_calendar() {
        let today = day("2026-11-26");
        let found = |named: Named| Period::Named { named }.span(today).unwrap();
        assert_eq!(found(Named::ThisWeek), span("2026-11-23", "2026-11-29"));
        assert_eq!(found(Named::ThisQuarter), span("2026-10-01", "2026-12-31"));
        assert_eq!(found(Named::LastQuarter), span("2026-07-01", "2026-09-30"));
        assert_eq!(found(Named::YearToDate), span("2026-01-01", "2026-11-26"));
        assert_eq!(found(Named::Last12Months), span("2025-11-01", "2026-10-31"));
        assert_eq!(found(Named::Last30Days).days(), 30);
    }

    #[test]
    fn whole_months_are_compared_with_whole_months() {
        let (before, shift) = span("2026-03-01", "2026-03-31").compared(Compare::Previous);
        assert_eq!((before, shift), (span("2026-02-01", "2026-02-28"), Shift::Months(1)));
        let (before, shift) = span("2026-03-05", "2026-03-14").compared(Compare::Previous);
        assert_eq!((before, shift), (span("2026-02-23", "2026-03-04"), Shift::Days(10)));
        let (before, _) = span("2024-02-01", "2024-02-29").compared(Compare::LastYear);
        assert_eq!(before, span("2023-02-01", "2023-02-28"));
        assert!(
            Period::Between { from: day("2026-02-02"), to: day("2026-02-01") }
                .span(day("2026-02-02"))
                .is_err()
        );
    }
}
