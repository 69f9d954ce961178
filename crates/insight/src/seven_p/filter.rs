//! The filters every page of the seven P shares: period, relation, region. They travel in the address.

use super::cuts::{MONTHS, first_of_month};
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
    /// The first month of the period, the first of the one before, and the month after the last.
    pub from: NaiveDate,
    pub before: NaiveDate,
    pub until: NaiveDate,
}

fn back(month: NaiveDate, months: u32) -> NaiveDate {
    month.checked_sub_months(chrono::Months::new(months)).unwrap_or(month)
}

impl Filter {
    pub fn of(wanted: &Wanted, as_of: NaiveDate) -> Filter {
        let months = wanted.months.filter(|months| PERIODS.contains(months)).unwrap_or(STANDARD);
        let until = first_of_month(as_of).checked_add_months(chrono::Months::new(1)).unwrap_or(as_of);
        let from = back(until, months);
        Filter {
            months,
            relation: wanted.relation.clone(),
            region: wanted.region.clone(),
            from,
            before: back(from, 12),
            until,
        }
    }

    /// The same months a year earlier end here.
    pub fn before_until(&self) -> NaiveDate {
        back(self.until, 12)
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
        let mut condition = String::new();
        if !self.relation.is_empty() {
            condition.push_str(&format!(" && relation == '{}'", quoted(&self.relation)));
        }
        if !self.region.is_empty() {
            let region = quoted(&self.region);
            condition.push_str(&format!(" && (province == '{region}' || country == '{region}')"));
        }
        condition
    }
}

/// In a text between single quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_whole_months_and_is_compared_with_the_year_before() {
        let wanted = Wanted { months: Some(3), relation: "dealer".into(), region: String::new() };
        let filter = Filter::of(&wanted, "2026-11-21".parse().unwrap());
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!((filter.from, filter.until), (day("2026-09-01"), day("2026-12-01")));
        assert_eq!((filter.before, filter.before_until()), (day("2025-09-01"), day("2025-12-01")));
        assert_eq!(filter.of_accounts(), " && relation == 'dealer'");
        let other =
            Filter::of(&Wanted { months: Some(5), region: "O'Hara".into(), ..wanted }, day("2026-01-31"));
        assert_eq!(other.months, 12);
        assert!(other.of_accounts().contains("O\\'Hara"));
    }
}
