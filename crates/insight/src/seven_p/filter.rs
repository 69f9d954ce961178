//! The filters every page of the seven P shares: period, relation, region. They travel in the address.

use super::cuts::{MONTHS, first_of_month};
use crate::pages::href;
use chrono::Datelike;
use meta::NaiveDate;
use serde::Deserialize;

/// What the address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    pub months: Option<u32>,
    #[serde(default)]
    pub relation: String,
    #[serde(default)]
    pub region: String,
}

/// Months of a period that is offered.
pub const PERIODS: [u32; 4] = [3, 6, 12, MONTHS];
const STANDARD: u32 = 12;

#[derive(Clone, Debug)]
pub struct Filter {
    pub months: u32,
    pub relation: String,
    pub region: String,
    /// The first day of the period and the last: the running month counts as far as it is known.
    pub from: NaiveDate,
    pub last: NaiveDate,
    /// The first day of the same stretch of the year before.
    pub before: NaiveDate,
}

/// A day that a stretch ends before, a year earlier: the same days are compared, and a month's end with that month's end.
pub(super) fn year_before(until: NaiveDate) -> NaiveDate {
    if until.day() == 1 {
        return back(until, 12);
    }
    let last = until.pred_opt().unwrap_or(until);
    let before = back(last, 12);
    before.succ_opt().unwrap_or(before)
}

fn back(month: NaiveDate, months: u32) -> NaiveDate {
    month.checked_sub_months(chrono::Months::new(months)).unwrap_or(month)
}

impl Filter {
    pub fn of(wanted: &Wanted, as_of: NaiveDate) -> Filter {
        let months = wanted.months.filter(|months| PERIODS.contains(months)).unwrap_or(STANDARD);
        let from = back(first_of_month(as_of), months - 1);
        Filter {
            months,
            relation: wanted.relation.clone(),
            region: wanted.region.clone(),
            from,
            last: as_of,
            before: back(from, 12),
        }
    }

    /// Whether it is compared with the year before: of longer periods not all of that is kept.
    pub fn is_compared(&self) -> bool {
        self.months <= 12
    }

    /// The day after the last.
    pub fn until(&self) -> NaiveDate {
        self.last.succ_opt().unwrap_or(self.last)
    }

    /// The day after the last of the year before.
    pub fn before_until(&self) -> NaiveDate {
        year_before(self.until())
    }

    /// Of the address, `?` included.
    pub fn query(&self) -> String {
        format!(
            "?months={}&relation={}&region={}",
            self.months,
            web::encode(&self.relation),
            web::encode(&self.region)
        )
    }

    /// As a condition on accounts, to be added to another with `&&`; empty without a filter.
    pub fn of_accounts(&self) -> String {
        self.about("")
    }

    /// The same on records that belong to an account.
    pub fn of_documents(&self) -> String {
        self.about("account.")
    }

    fn about(&self, account: &str) -> String {
        let mut condition = String::new();
        if !self.relation.is_empty() {
            condition.push_str(&href::and(&format!("{account}relation"), &self.relation));
        }
        if !self.region.is_empty() {
            condition.push_str(&href::of_region(account, &self.region));
        }
        condition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_running_month_is_compared_as_far_as_it_goes_with_the_same_days_a_year_before() {
        let wanted = Wanted { months: Some(3), relation: "dealer".into(), region: String::new() };
        let filter = Filter::of(&wanted, day("2026-11-02"));
        assert_eq!(
            (filter.from, filter.last, filter.until()),
            (day("2026-09-01"), day("2026-11-02"), day("2026-11-03"))
        );
        assert_eq!((filter.before, filter.before_until()), (day("2025-09-01"), day("2025-11-03")));
        assert_eq!(filter.of_accounts(), " && relation == 'dealer'");
        assert_eq!(filter.of_documents(), " && account.relation == 'dealer'");
        assert_eq!(Filter::of(&wanted, day("2026-12-31")).before_until(), day("2026-01-01"));
        let other =
            Filter::of(&Wanted { months: Some(5), region: "O'Hara".into(), ..wanted }, day("2026-01-31"));
        assert_eq!(other.months, 12);
        assert!(other.of_accounts().contains("O\\'Hara"));
    }

    #[test]
    fn the_end_of_february_is_compared_with_the_end_of_february() {
        for (last, until) in [
            ("2028-02-28", "2027-03-01"),
            ("2028-02-29", "2027-03-01"),
            ("2029-02-28", "2028-03-01"),
            ("2029-02-27", "2028-02-28"),
        ] {
            assert_eq!(year_before(day(last).succ_opt().unwrap()), day(until), "{last}");
        }
    }

    #[test]
    fn a_value_stands_in_quotes_and_none_is_empty() {
        assert_eq!(href::and("source", ""), " && source == null");
        assert_eq!(href::and("account.source", "O'Hara"), " && account.source == 'O\\'Hara'");
    }
}
