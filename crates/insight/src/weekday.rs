//! A habit: on which day of the week a customer buys, where he keeps to one.
//!
//! The day he bought on most often is his usual one if he has bought on [`FEWEST`] days or more and chance, which gives each of five working
//! days the share [`EVEN`], would bring so many purchase days to that day with a probability of [`CHANCE`] at most (binomial): with five days
//! to choose from, at most one customer of twenty who keeps to none is taken to keep to one. What share of the company's orders falls on
//! the day does not matter: where everybody orders on Mondays, a Monday is still when to call.

use crate::settings::date_of;
use chrono::Datelike;
use value::proportion::{Estimate, at_least, share};

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
pub const CHANCE: f64 = 0.01;

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
        let most = *self.0.iter().max()?;
        let mut at = (0..self.0.len()).filter(|at| self.0[*at] == most);
        // Two days alike are no habit of one.
        let (Some(at), None) = (at.next(), at.next()) else { return None };
        let is_clear = all >= FEWEST && at_least(u64::from(most), all, EVEN) <= CHANCE;
        is_clear.then_some(())?;
        Some((CHOICES[at].0, most, share(u64::from(most), all)?))
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
        assert_eq!(usual([0, 6, 1, 1, 0, 0, 0]), Some("tuesday"));
        assert_eq!(usual([0, 5, 1, 1, 1, 0, 0]), None, "five of eight happen to one of twenty");
        assert_eq!(usual([0, 6, 1, 0, 0, 0, 0]), None, "seven days are too few");
        assert_eq!(usual([0, 0, 0, 0, 8, 0, 0]), Some("friday"));
        assert_eq!(usual([20, 22, 21, 19, 18, 0, 0]), None);
        assert_eq!(usual([0; 7]), None);
        assert_eq!(usual([10, 0, 0, 10, 0, 0, 0]), None, "two days alike");
        assert_eq!(usual([u16::MAX, 9_000, 9_000, 0, 0, 0, 0]), Some("monday"));
    }

    #[test]
    fn chance_makes_a_habit_of_at_most_one_in_twenty_however_often_somebody_bought() {
        for all in FEWEST..=300 {
            let needed = (0..=all).find(|most| {
                let rest = all - most;
                usual([*most as u16, (rest / 2) as u16, (rest - rest / 2) as u16, 0, 0, 0, 0])
                    == Some("monday")
            });
            let needed = needed.unwrap();
            assert!(5.0 * at_least(needed, all, EVEN) <= 0.05, "{needed} of {all}");
        }
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
