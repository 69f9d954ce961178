//! Events in time as a series of equal periods: nothing sold is a zero, and a period that is not over is left out.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From Monday.
    Week,
    Month,
    /// Of the calendar year.
    Quarter,
}

impl Period {
    /// Periods to a year: the season of sales.
    pub fn season(self) -> usize {
        match self {
            Period::Week => 52,
            Period::Month => 12,
            Period::Quarter => 4,
        }
    }

    /// The number of the period a day is in; consecutive periods have consecutive numbers.
    pub fn of(self, day: NaiveDate) -> i32 {
        match self {
            Period::Week => (day.num_days_from_ce() - 1).div_euclid(7),
            Period::Month => day.year() * 12 + day.month0() as i32,
            Period::Quarter => Period::Month.of(day).div_euclid(3),
        }
    }

    pub fn first_day(self, number: i32) -> Option<NaiveDate> {
        match self {
            Period::Week => NaiveDate::from_num_days_from_ce_opt(number.checked_mul(7)?.checked_add(1)?),
            Period::Month => {
                NaiveDate::from_ymd_opt(number.div_euclid(12), number.rem_euclid(12) as u32 + 1, 1)
            }
            Period::Quarter => Period::Month.first_day(number.checked_mul(3)?),
        }
    }

    /// The last period that is over when `day` is over.
    pub fn last_complete(self, day: NaiveDate) -> i32 {
        day.succ_opt().map_or(self.of(day), |next| self.of(next) - 1)
    }
}

/// `values[i]` belongs to period `start + i`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub start: i32,
    pub values: Vec<f64>,
}

impl Series {
    /// Sums of events by period number, `from..=to`; events outside are left out.
    pub fn new(events: impl IntoIterator<Item = (i32, f64)>, from: i32, to: i32) -> Self {
        let length = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(0);
        let mut values = vec![0.0; length];
        for (period, amount) in events {
            let place = usize::try_from(i64::from(period) - i64::from(from)).ok();
            if let Some(value) = place.and_then(|place| values.get_mut(place)) {
                *value += amount;
            }
        }
        Series { start: from, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn gaps_are_zeros_and_the_running_period_is_left_out() {
        let month = Period::Month;
        let events = [("2026-01-31", 2.0), ("2026-04-01", 5.0), ("2026-05-02", 9.0), ("2026-01-01", 1.0)];
        let events = events.map(|(on, amount)| (month.of(day(on)), amount));
        let last = month.last_complete(day("2026-05-30"));
        let series = Series::new(events, month.of(day("2026-01-01")), last);
        assert_eq!(series.values, [3.0, 0.0, 0.0, 5.0]);
        assert_eq!(month.last_complete(day("2026-05-31")), last + 1);
        assert_eq!(Series::new([], 5, 3).values, [] as [f64; 0]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let week = Period::Week;
        // 2026-11-22 is a Sunday.
        assert_eq!(week.of(day("2026-11-22")) + 1, week.of(day("2026-11-23")));
        assert_eq!(week.last_complete(day("2026-11-22")), week.of(day("2026-11-22")));
        assert_eq!(week.last_complete(day("2026-11-23")), week.of(day("2026-11-22")));
    }

    proptest! {
        #[test]
        fn a_period_begins_where_the_one_before_ends(days in -100_000_i32..100_000) {
            let on = NaiveDate::from_num_days_from_ce_opt(730_000 + days).expect("a date");
            for period in [Period::Week, Period::Month, Period::Quarter] {
                let first = period.first_day(period.of(on)).expect("a day");
                prop_assert!(first <= on && period.of(first) == period.of(on));
                prop_assert_eq!(period.of(first.pred_opt().expect("a day")), period.of(on) - 1);
            }
        }
    }
}
