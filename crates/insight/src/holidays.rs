//! Whether stretches of days that are compared have the same public holidays: Spring Festival moves by up to four weeks, and with it what
//! is sold.

use meta::{Label, NaiveDate};
use serde::{Deserialize, Serialize};
use warehouse::holidays_within;

/// Fewer days off more or less explain little.
const DAYS_MINIMUM: u32 = 3;

/// Days off work for one holiday in the days compared and in those they are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uneven {
    pub holiday: Label,
    pub now: u32,
    pub before: u32,
}

/// The holidays that differ; none where the days off come to nearly the same. Each stretch is after one day, up to another.
pub fn uneven(now: (NaiveDate, NaiveDate), before: (NaiveDate, NaiveDate)) -> Vec<Uneven> {
    let [now, before] = [now, before].map(|(after, until)| holidays_within(after, until));
    let all = |days: &[(Label, u32)]| days.iter().map(|(_, days)| days).sum::<u32>();
    if all(&now).abs_diff(all(&before)) < DAYS_MINIMUM {
        return vec![];
    }
    let both = now.into_iter().zip(before).filter(|((_, now), (_, before))| now != before);
    both.map(|((holiday, now), (_, before))| Uneven { holiday, now, before }).collect()
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
    fn spring_festival_in_one_january_and_not_in_the_other_is_told() {
        // It began on 28 January 2025 and on 15 February 2026.
        let january = [["2025-12-31", "2026-01-31"], ["2024-12-31", "2025-01-31"]];
        assert_eq!(found(january[0], january[1]), []);
        let quarter = [["2025-12-31", "2026-02-10"], ["2024-12-31", "2025-02-10"]];
        assert_eq!(found(quarter[0], quarter[1]), [("元旦".into(), 3, 1), ("春节".into(), 0, 8)]);
        let with_it = [["2026-02-01", "2026-02-28"], ["2025-02-01", "2025-02-28"]];
        assert_eq!(found(with_it[0], with_it[1]), [("春节".into(), 9, 3)]);
        assert_eq!(found(["2026-02-28", "2026-03-31"], ["2025-02-28", "2025-03-31"]), []);
    }
}
