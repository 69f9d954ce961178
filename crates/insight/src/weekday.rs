//! A habit: on which day of the week a customer buys, where he keeps to one.
//!
//! The day he bought on most often is his usual one if he has bought on [`FEWEST`] days or more and the 99 % interval of the day's share
//! (Wilson) lies above [`EVEN`], what buying whenever it happens gives each of five working days. Not the 95 % one: of five days the
//! largest would lie above it by chance for every fourth customer of eight purchase days, so for one of twenty.

use crate::settings::date_of;
use chrono::Datelike;
use std::cmp::Reverse;
use value::proportion::{Estimate, share, share_at};

pub const FIELD: &str = "usual_weekday";
pub const CHOICES: [(&str, &str, &str, &str); 7] = [
    ("monday", "Monday", "星期一", "blue"),
    ("tuesday", "Tuesday", "星期二", "purple"),
    ("wednesday", "Wednesday", "星期三", "green"),
    ("thursday", "Thursday", "星期四", "yellow"),
    ("friday", "Friday", "星期五", "orange"),
    ("saturday", "Saturday", "星期六", "red"),
    ("sunday", "Sunday", "星期日", "grey"),
];
pub const FEWEST: u64 = 8;
pub const EVEN: f64 = 0.2;
/// Normal quantile of 99.5 %.
const Z_99: f64 = 2.575_829_303_548_901;

/// Purchase days, Monday's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays([u16; 7]);

impl Weekdays {
    pub fn add(&mut self, day: i32) {
        let days = &mut self.0[date_of(day).weekday().num_days_from_monday() as usize];
        *days = days.saturating_add(1);
    }

    /// The day by its name, how many of his purchase days fell on it, and their share with its 95 % interval.
    pub fn usual(&self) -> Option<(&'static str, u16, Estimate)> {
        let all = self.0.iter().map(|days| u64::from(*days)).sum::<u64>();
        let (at, days) = self.0.into_iter().enumerate().max_by_key(|(at, days)| (*days, Reverse(*at)))?;
        let is_clear = share_at(u64::from(days), all, Z_99)?.low > EVEN;
        Some((CHOICES[at].0, days, share(u64::from(days), all)?)).filter(|_| all >= FEWEST && is_clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::day_number;

    fn usual(days: [u16; 7]) -> Option<&'static str> {
        Weekdays(days).usual().map(|(day, ..)| day)
    }

    #[test]
    fn the_usual_day_is_one_he_clearly_keeps_to() {
        assert_eq!(usual([0, 5, 1, 1, 1, 0, 0]), Some("tuesday"));
        assert_eq!(usual([0, 4, 1, 1, 1, 0, 0]), None, "seven days are too few");
        assert_eq!(usual([0, 4, 1, 1, 1, 1, 0]), None, "half of eight may be chance");
        assert_eq!(usual([0, 0, 0, 0, 8, 0, 0]), Some("friday"));
        assert_eq!(usual([20, 22, 21, 19, 18, 0, 0]), None);
        assert_eq!(usual([0; 7]), None);
        assert_eq!(usual([10, 0, 0, 10, 0, 0, 0]), Some("monday"), "of two the first");
    }

    /// P(X ≥ 5) of eight days at 0.2 each is 1.04 %, times five days 5 %.
    #[test]
    fn of_those_who_buy_on_any_working_day_few_keep_to_one_by_chance() {
        let combinations = (0..5_usize.pow(8)).map(|mut number| {
            let mut days = [0; 7];
            for _ in 0..8 {
                days[number % 5] += 1;
                number /= 5;
            }
            days
        });
        let by_chance = combinations.filter(|days| usual(*days).is_some()).count();
        let share = by_chance as f64 / 5_f64.powi(8);
        assert!((0.03..0.055).contains(&share), "{share}");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let mut known = Weekdays::default();
        for day in ["2026-11-24", "2026-11-17", "1969-12-30"] {
            known.add(day_number(day.parse().unwrap()));
        }
        assert_eq!(known, Weekdays([0, 3, 0, 0, 0, 0, 0]));
    }
}
