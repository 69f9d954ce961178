//! Weeks to come, told by months and quarters. A week that lies in two of them is divided by how much is sold on each weekday:
//! what is forecast of the periods sums to what is forecast of the weeks, and the same division for all parts leaves
//! them summing to their whole.

use super::series::Period;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A period and how much of each week to come lies in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    pub period: i32,
    /// One a week, 0 to 1.
    pub weights: Vec<f64>,
    /// Whether it is over when the last of the weeks is.
    pub whole: bool,
}

/// Shares of the weekdays, Monday first, by what was sold on each; a seventh each where nothing was.
pub fn weekdays(days: impl IntoIterator<Item = (NaiveDate, f64)>) -> [f64; 7] {
    let mut sums = [0.0; 7];
    for (day, amount) in days {
        sums[day.weekday().num_days_from_monday() as usize] += amount;
    }
    let all: f64 = sums.iter().sum();
    if all > 0.0 && sums.iter().all(|sum| *sum >= 0.0) { sums.map(|sum| sum / all) } else { [1.0 / 7.0; 7] }
}

/// The periods in which the `weeks` from `first_week` on lie, in order.
pub fn slices(period: Period, first_week: i32, weeks: usize, weekdays: &[f64; 7]) -> Vec<Slice> {
    let mut slices: Vec<Slice> = vec![];
    let Some(first) = Period::Week.first_day(first_week) else { return slices };
    let mut last = first;
    for (at, day) in first.iter_days().take(weeks * 7).enumerate() {
        let number = period.of(day);
        if slices.last().is_none_or(|slice| slice.period != number) {
            slices.push(Slice { period: number, weights: vec![0.0; weeks], whole: true });
        }
        if let Some(slice) = slices.last_mut() {
            slice.weights[at / 7] += weekdays[at % 7];
        }
        last = day;
    }
    if let Some(slice) = slices.last_mut() {
        slice.whole = period.last_complete(last) >= slice.period;
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_week_in_two_months_is_divided_by_what_is_sold_on_each_weekday() {
        // Monday to Friday alike, nothing at weekends.
        let shares =
            weekdays((0..28).map(|at| {
                (day("2026-11-02") + chrono::Duration::days(at), if at % 7 < 5 { 10.0 } else { 0.0 })
            }));
        assert_eq!(shares, [0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0]);
        // Weeks of 23 November to 13 December: the one of the 30th has its Monday in November.
        let first = Period::Week.of(day("2026-11-23"));
        let months = slices(Period::Month, first, 3, &shares);
        let weights: Vec<Vec<f64>> = months.iter().map(|month| month.weights.clone()).collect();
        assert_eq!(weights[0], [1.0, 0.2, 0.0]);
        assert!((weights[1][1] - 0.8).abs() < 1e-12 && weights[1][2] == 1.0 && weights.len() == 2);
        assert_eq!(months.iter().map(|month| month.whole).collect::<Vec<_>>(), [true, false]);
        // To 3 January 2027: the year's last quarter is over, the next has begun.
        let quarters = slices(Period::Quarter, first, 6, &shares);
        assert_eq!(quarters.iter().map(|quarter| quarter.whole).collect::<Vec<_>>(), [true, false]);
        assert_eq!(weekdays([]), [1.0 / 7.0; 7]);
    }

    proptest! {
        #[test]
        fn every_week_is_told_once(
            first in 105_000_i32..106_500, weeks in 1_usize..20, sold in prop::collection::vec(0.0_f64..100.0, 7),
        ) {
            let monday = Period::Week.first_day(first).expect("a day");
            let shares = weekdays(monday.iter_days().zip(sold));
            for period in [Period::Week, Period::Month, Period::Quarter] {
                let slices = slices(period, first, weeks, &shares);
                for week in 0..weeks {
                    let told: f64 = slices.iter().map(|slice| slice.weights[week]).sum();
                    prop_assert!((told - 1.0).abs() < 1e-12);
                }
                prop_assert!(slices.windows(2).all(|pair| pair[0].period + 1 == pair[1].period && pair[0].whole));
            }
        }
    }
}
