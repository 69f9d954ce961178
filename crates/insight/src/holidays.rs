//! Whether stretches of days that are compared have the same public holidays: Spring Festival moves by up to four weeks, and with it what
//! is sold.

use meta::{Label, NaiveDate};
use serde::{Deserialize, Serialize};
use warehouse::workdays_off;

/// Fewer workdays more or less explain little; holidays that are only moved, or joined, differ by one or two.
const WORKDAYS_MINIMUM: u32 = 3;

/// Workdays that one holiday takes from the days compared and from those they are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uneven {
    pub holiday: Label,
    pub now: u32,
    pub before: u32,
}

/// The holidays that differ; none of days before what is known. Each stretch is after one day, up to another.
pub fn uneven(now: (NaiveDate, NaiveDate), before: (NaiveDate, NaiveDate)) -> Vec<Uneven> {
    let taken = [now, before].map(|(after, until)| workdays_off(after, until));
    let [Some(now), Some(before)] = taken else { return vec![] };
    let both = now.into_iter().zip(before);
    let differ = both.filter(|((_, now), (_, before))| now.abs_diff(*before) >= WORKDAYS_MINIMUM);
    differ.map(|((holiday, now), (_, before))| Uneven { holiday, now, before }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(now: [&str; 2], before: [&str; 2]) -> Vec<(String, u32, u32)> {
        let days = |[after, until]: [&str; 2]| (after.parse().unwrap(), until.parse().unwrap());
        let found = uneven(days(now), days(before)).into_iter();
        found.map(|one| (one.holiday.zh, one.now, one.before)).collect()
    }

    #[test]
    fn spring_festival_in_one_stretch_and_not_in_the_other_is_told() {
        // It took the workdays of 28 January to 4 February 2025, and of 16 to 23 February 2026.
        assert_eq!(
            found(["2025-12-31", "2026-01-31"], ["2024-12-31", "2025-01-31"]),
            [("春节".into(), 0, 4)]
        );
        assert_eq!(
            found(["2026-01-31", "2026-02-28"], ["2025-01-31", "2025-02-28"]),
            [("春节".into(), 6, 2)]
        );
        assert_eq!(found(["2026-02-28", "2026-03-31"], ["2025-02-28", "2025-03-31"]), []);
    }

    #[test]
    fn of_whole_years_holidays_do_not_differ_and_of_unknown_ones_nothing_is_said() {
        assert_eq!(found(["2025-11-30", "2026-11-30"], ["2024-11-30", "2025-11-30"]), []);
        assert_eq!(found(["2026-05-31", "2026-11-30"], ["2025-05-31", "2025-11-30"]), []);
        assert_eq!(found(["2020-01-01", "2020-02-10"], ["2019-01-01", "2019-02-10"]), []);
    }
}
