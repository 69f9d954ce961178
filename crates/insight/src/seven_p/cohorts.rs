//! Customers by the quarter of their first order, and how many of them bought in each quarter since; of each relation and region.

use super::{
    cells::{CutRow, Place, Places},
    customers::Customers,
};
use crate::settings::day_number;
use chrono::{Datelike, Months};
use engine::Result;
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use warehouse::{
    Answer,
    arrow::{
        array::{Array, AsArray},
        datatypes::{Date32Type, Int32Type},
    },
};

pub(super) const CUT: &str = "cohorts";
const QUARTER: Months = Months::new(3);
/// Quarters after the first within which a customer has come back, or not: a year.
pub(super) const RETURN_QUARTERS: usize = 4;

/// Those who bought for the first time in one quarter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    pub from_on: NaiveDate,
    pub customers: u64,
    /// How many of them bought in each quarter after it that is over.
    pub bought: Vec<u64>,
    /// How many bought within [`RETURN_QUARTERS`] after it; `None` as long as these are not over.
    pub returned: Option<u64>,
}

/// What rows say of customers' quarters.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// A row is an order.
    Bought,
    /// A row is a customer on the day of his first order.
    BoughtFirst,
}

pub(super) struct Cohorts {
    /// The first day of each quarter, and that of the running one, which is not counted.
    quarters: Vec<NaiveDate>,
    /// By the customer's key: the quarter of his first order, and a bit for each in which he bought.
    known: Vec<(Option<u8>, u16)>,
}

impl Cohorts {
    /// Of the whole quarters between two days.
    pub fn between(since: NaiveDate, as_of: NaiveDate) -> Cohorts {
        let first_of_quarter =
            |day: NaiveDate| NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day);
        let mut quarters = vec![first_of_quarter(as_of)];
        while let Some(before) = quarters[0].checked_sub_months(QUARTER)
            && before >= since
        {
            quarters.insert(0, before);
        }
        Cohorts { quarters, known: vec![] }
    }

    fn whole(&self) -> usize {
        self.quarters.len() - 1
    }

    /// Takes in rows whose columns are day, customer and a number that is empty where they do not count.
    pub fn add(&mut self, answer: &Answer, says: Says) {
        let starts: Vec<i32> = self.quarters.iter().map(|first| day_number(*first)).collect();
        let Some((&running, _)) = starts.split_last() else { return };
        for batch in &answer.batches {
            let days = batch.column(0).as_primitive::<Date32Type>();
            let accounts = batch.column(1).as_primitive::<Int32Type>();
            for row in 0..batch.num_rows() {
                let day = days.value(row);
                let counts = accounts.is_valid(row) && days.is_valid(row) && batch.column(2).is_valid(row);
                if !counts || day < starts[0] || day >= running {
                    continue;
                }
                let Ok(key) = usize::try_from(accounts.value(row)) else { continue };
                if self.known.len() <= key {
                    self.known.resize(key + 1, (None, 0));
                }
                let quarter = starts.partition_point(|start| *start <= day) - 1;
                match says {
                    Says::Bought => self.known[key].1 |= 1 << quarter,
                    Says::BoughtFirst => self.known[key].0 = Some(quarter as u8),
                }
            }
        }
    }

    /// Those of one place by the quarter of their first order: how many, how many bought in each quarter after it, and who came back.
    fn counted(&self, customers: &Customers) -> BTreeMap<u32, Vec<Cohort>> {
        let whole = self.whole();
        let none = || -> Vec<Cohort> {
            let cohort = |quarter: usize| Cohort {
                from_on: self.quarters[quarter],
                customers: 0,
                bought: vec![0; whole - 1 - quarter],
                returned: (quarter + RETURN_QUARTERS < whole).then_some(0),
            };
            (0..whole).map(cohort).collect()
        };
        let mut found: BTreeMap<u32, Vec<Cohort>> = BTreeMap::new();
        for (key, (first, bought)) in self.known.iter().enumerate() {
            let Some(first) = first.map(usize::from) else { continue };
            let (place, _) = customers.of(i32::try_from(key).ok());
            let cohort = &mut found.entry(place).or_insert_with(none)[first];
            cohort.customers += 1;
            let after = bought >> (first + 1);
            for (ago, sum) in cohort.bought.iter_mut().enumerate() {
                *sum += u64::from(after >> ago & 1);
            }
            if let Some(returned) = &mut cohort.returned {
                *returned += u64::from(after & ((1 << RETURN_QUARTERS) - 1) != 0);
            }
        }
        found
    }

    /// None of a relation or region where nobody bought for the first time.
    pub fn rows(&self, customers: &Customers) -> Result<Vec<CutRow>> {
        let mut places = Places::default();
        let mut found: BTreeMap<Place, Vec<Cohort>> = BTreeMap::new();
        for (number, cohorts) in self.counted(customers) {
            let (relation, region) = customers.place(number);
            for place in places.of(relation, region) {
                match found.get_mut(&place) {
                    Some(known) => known.iter_mut().zip(&cohorts).for_each(|(known, more)| known.add(more)),
                    None => drop(found.insert(place, cohorts.clone())),
                }
            }
        }
        let row = |(place, cohorts): (Place, Vec<Cohort>)| {
            let (relation, region) = places.named(place);
            Ok(CutRow { cut: CUT, relation, region, cells: serde_json::to_string(&cohorts)? })
        };
        found.into_iter().map(row).collect()
    }
}

impl Cohort {
    fn add(&mut self, other: &Cohort) {
        self.customers += other.customers;
        self.bought.iter_mut().zip(&other.bought).for_each(|(sum, more)| *sum += more);
        self.returned = self.returned.zip(other.returned).map(|(one, other)| one + other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_whole_and_the_running_one_ends_them() {
        let quarters = |since: &str, as_of: &str| {
            let cohorts = Cohorts::between(since.parse().unwrap(), as_of.parse().unwrap());
            let days: Vec<String> = cohorts.quarters.iter().map(ToString::to_string).collect();
            days.join(" ")
        };
        assert_eq!(quarters("2025-10-01", "2026-06-30"), "2025-10-01 2026-01-01 2026-04-01");
        assert_eq!(quarters("2025-10-02", "2026-07-01"), "2026-01-01 2026-04-01 2026-07-01");
        assert_eq!(quarters("2026-05-01", "2026-06-30"), "2026-04-01");
        let three_years = Cohorts::between("2023-12-01".parse().unwrap(), "2026-11-30".parse().unwrap());
        assert_eq!(three_years.whole(), 11);
    }
}
