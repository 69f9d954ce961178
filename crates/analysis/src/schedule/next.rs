//! When a letter goes out next, by the company's clock.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    Daily,
    /// 1 is Monday.
    Weekly(u32),
    /// 1 to 28, so that every month has it.
    Monthly(u32),
}

/// The first time after `now` at which the rhythm falls on the full `hour`.
pub fn next<Z: TimeZone>(now: DateTime<Z>, rhythm: Rhythm, hour: u32) -> Option<DateTime<Utc>> {
    let local = now.naive_local();
    let time = NaiveTime::from_hms_opt(hour, 0, 0)?;
    let mut day = first_day(local.date(), rhythm)?;
    for _ in 0..3 {
        let at = day.and_time(time);
        if at > local
            && let Some(found) = moment(&now.timezone(), at)
        {
            return Some(found);
        }
        day = match rhythm {
            Rhythm::Daily => day.checked_add_days(Days::new(1))?,
            Rhythm::Weekly(_) => day.checked_add_days(Days::new(7))?,
            Rhythm::Monthly(_) => day.checked_add_months(Months::new(1))?,
        };
    }
    None
}

/// Today, or the day of this week or month, which may lie behind.
fn first_day(today: NaiveDate, rhythm: Rhythm) -> Option<NaiveDate> {
    match rhythm {
        Rhythm::Daily => Some(today),
        Rhythm::Weekly(day) => {
            let monday = today.checked_sub_days(Days::new(today.weekday().num_days_from_monday().into()))?;
            monday.checked_add_days(Days::new(u64::from(day.clamp(1, 7) - 1)))
        }
        Rhythm::Monthly(day) => today.with_day(day.clamp(1, 28)),
    }
}

/// An hour that the clocks skip is the one after it.
fn moment<Z: TimeZone>(zone: &Z, at: NaiveDateTime) -> Option<DateTime<Utc>> {
    let later = at + chrono::Duration::hours(1);
    let found =
        zone.from_local_datetime(&at).earliest().or_else(|| zone.from_local_datetime(&later).earliest());
    found.map(|found| found.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    fn at(now: &str, rhythm: Rhythm, hour: u32) -> String {
        let now: DateTime<FixedOffset> = now.parse().unwrap();
        next(now, rhythm, hour).unwrap().with_timezone(&now.timezone()).format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn the_next_time_is_after_now_by_the_companys_clock() {
        // A Thursday.
        let now = "2026-11-26T09:30:00+08:00";
        assert_eq!(at(now, Rhythm::Daily, 8), "2026-11-27 08:00");
        assert_eq!(at(now, Rhythm::Daily, 10), "2026-11-26 10:00");
        assert_eq!(at(now, Rhythm::Weekly(1), 8), "2026-11-30 08:00");
        assert_eq!(at(now, Rhythm::Weekly(4), 8), "2026-12-03 08:00");
        assert_eq!(at(now, Rhythm::Weekly(4), 12), "2026-11-26 12:00");
        assert_eq!(at(now, Rhythm::Monthly(28), 8), "2026-11-28 08:00");
        assert_eq!(at("2026-12-31T23:30:00+08:00", Rhythm::Monthly(1), 0), "2027-01-01 00:00");
        assert_eq!(at("2026-11-26T08:00:00+08:00", Rhythm::Daily, 8), "2026-11-27 08:00");
    }
}
