//! One contract as it stands on a day.

use chrono::Months;
use meta::NaiveDate;

/// Mean days of a month.
const MONTH_DAYS: f64 = 365.25 / 12.0;
/// An end so many days after a renewal still is the end of the period before.
const GRACE_DAYS: i64 = 7;
/// Beyond this a contract is a typing error.
const RENEWALS_LIMIT: u32 = 1_200;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    pub start: NaiveDate,
    /// `None` while it goes on.
    pub end: Option<NaiveDate>,
    /// How long it has been seen, months.
    pub months: f64,
    /// Of an ended one the renewal that did not come, counted from 1; of one that goes on the renewals so far.
    pub renewals: u32,
}

impl Term {
    /// `None` for one that has not begun, or that ends before it begins. An end after `as_of` lies ahead.
    pub fn of(start: NaiveDate, end: Option<NaiveDate>, months: u32, as_of: NaiveDate) -> Option<Term> {
        if start > as_of || end.is_some_and(|end| end < start) {
            return None;
        }
        let end = end.filter(|end| *end <= as_of);
        let last = end.unwrap_or(as_of);
        let seen = (last - start).num_days() as f64 / MONTH_DAYS;
        let renewals = match end {
            // The last day is the day before the renewal.
            Some(end) => (1..RENEWALS_LIMIT)
                .find(|n| renewal(start, months, *n).is_none_or(|day| (end - day).num_days() < GRACE_DAYS)),
            None => {
                let passed = |n: &u32| renewal(start, months, *n).is_some_and(|day| day <= as_of);
                Some((1..RENEWALS_LIMIT).take_while(passed).count() as u32)
            }
        };
        Some(Term { start, end, months: seen, renewals: renewals.unwrap_or(RENEWALS_LIMIT) })
    }

    /// Whether it went on after its `renewal`-th renewal, as far as is seen.
    pub fn outlived(&self, renewal: u32) -> bool {
        self.end.is_none() || self.renewals > renewal
    }
}

/// The day of the n-th renewal; `None` beyond the calendar.
pub fn renewal(start: NaiveDate, months: u32, n: u32) -> Option<NaiveDate> {
    start.checked_add_months(Months::new(months.checked_mul(n)?))
}

/// The day so many months before.
pub fn before(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn term(start: &str, end: Option<&str>) -> Option<Term> {
        Term::of(day(start), end.map(day), 12, day("2026-11-21"))
    }

    #[test]
    fn an_end_is_the_renewal_that_did_not_come() {
        for (end, renewals) in [
            ("2024-06-30", 1),
            ("2024-12-31", 1),
            ("2025-01-05", 1),
            ("2025-01-20", 2),
            ("2025-12-31", 2),
            ("2026-01-01", 2),
        ] {
            let found = term("2024-01-01", Some(end)).unwrap();
            assert_eq!((found.renewals, found.end), (renewals, Some(day(end))), "{end}");
            assert!(found.outlived(renewals - 1) && !found.outlived(renewals));
        }
    }

    #[test]
    fn a_contract_that_goes_on_counts_its_renewals() {
        for (start, renewals) in [("2026-11-21", 0), ("2025-11-22", 0), ("2025-11-21", 1), ("2020-02-29", 6)]
        {
            let found = term(start, None).unwrap();
            assert_eq!((found.renewals, found.end), (renewals, None), "{start}");
            assert!(found.outlived(99));
        }
        // A known end that lies ahead is not yet an end.
        assert_eq!(term("2025-01-01", Some("2026-12-31")).unwrap().end, None);
        assert_eq!(term("2026-12-01", None), None);
        assert_eq!(term("2026-01-01", Some("2025-01-01")), None);
    }

    #[test]
    fn months_are_mean_months() {
        let found = term("2025-11-21", Some("2026-11-21")).unwrap();
        assert!((found.months - 12.0).abs() < 0.02, "{found:?}");
    }
}
