//! A customer's purchases reduced to what the models need to know (sufficient statistics).
//!
//! Purchases of one day are one purchase: the models describe *visits*, and two orders of one day are one
//! decision to buy. Time is measured in weeks = days / 7, as in the literature.
//!
//! | symbol | meaning | from [`Summary`] |
//! |---|---|---|
//! | x | repeat purchases: distinct purchase days − 1 | [`Summary::repeat`] |
//! | t_x | weeks from the first to the last purchase | [`Summary::observe`] |
//! | T | weeks from the first purchase to the day of observation | [`Summary::observe`] |
//! | m̄ | mean amount of the **repeat** purchase days | [`Summary::monetary`] |
//!
//! The first purchase is left out of m̄ because it defines the customer and is not a draw of the repeat-buying
//! process (Fader, Hardie & Lee 2005, "RFM and CLV").

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money;

pub const DAYS_PER_WEEK: f64 = 7.0;

/// One order, or one day's orders. `day` counts days since 1970-01-01, `amount` is in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub day: i32,
    pub amount: i64,
}

/// Sufficient statistics of one customer with at least one purchase.
///
/// All fields are integers, so that adding purchases one by one gives *exactly* the batch result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub first_day: i32,
    pub last_day: i32,
    /// Distinct days with a purchase, ≥ 1.
    pub orders: u32,
    /// Amount bought on `first_day`, ten-thousandths.
    pub first_amount: i64,
    /// Amount bought on all days, ten-thousandths.
    pub total_amount: i64,
}

/// The day lies between the first and the last purchase, where the statistics do not know which days are
/// taken already. Remedy: [`Summary::of`] over all purchases, or [`Summary::add_known`] if the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUnknown {
    pub day: i32,
}

impl fmt::Display for DayUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "day {} lies between the first and the last purchase: summarise all purchases again",
            self.day
        )
    }
}

impl std::error::Error for DayUnknown {}

impl Summary {
    /// The statistics of a whole history in any order; `None` without purchases.
    pub fn of(purchases: &[Purchase]) -> Option<Self> {
        let mut days: Vec<Purchase> = purchases.to_vec();
        days.sort_unstable_by_key(|p| p.day);
        let (first, rest) = days.split_first()?;
        let mut summary = Self::first(*first);
        for purchase in rest {
            let new_day = purchase.day != summary.last_day;
            summary.add_known(*purchase, new_day);
        }
        Some(summary)
    }

    /// A new customer's statistics.
    pub fn first(purchase: Purchase) -> Self {
        Self {
            first_day: purchase.day,
            last_day: purchase.day,
            orders: 1,
            first_amount: purchase.amount,
            total_amount: purchase.amount,
        }
    }

    /// Adds one purchase where the statistics alone decide: on or before the first day, on or after the last.
    ///
    /// # Errors
    /// [`DayUnknown`] for a day strictly between them; the statistics are then unchanged.
    pub fn add(&mut self, purchase: Purchase) -> Result<(), DayUnknown> {
        let day = purchase.day;
        if self.first_day < day && day < self.last_day {
            return Err(DayUnknown { day });
        }
        self.add_known(purchase, day != self.first_day && day != self.last_day);
        Ok(())
    }

    /// Adds one purchase of any day, told whether that day had no purchase so far.
    pub fn add_known(&mut self, purchase: Purchase, new_day: bool) {
        let Purchase { day, amount } = purchase;
        if new_day {
            self.orders = self.orders.saturating_add(1);
        }
        if day < self.first_day {
            self.first_day = day;
            self.first_amount = amount;
        } else if day == self.first_day {
            self.first_amount = self.first_amount.saturating_add(amount);
        }
        self.last_day = self.last_day.max(day);
        self.total_amount = self.total_amount.saturating_add(amount);
    }

    /// x, the number of repeat purchase days.
    pub fn repeat(&self) -> u32 {
        self.orders.saturating_sub(1)
    }

    /// m̄ in currency units: mean amount of the repeat purchase days; `None` without one.
    pub fn monetary(&self) -> Option<f64> {
        let repeat = self.repeat();
        (repeat > 0)
            .then(|| money::to_units(self.total_amount.saturating_sub(self.first_amount)) / f64::from(repeat))
    }

    /// Mean days between purchases, (last − first) / x; `None` without a repeat purchase.
    pub fn mean_interval_days(&self) -> Option<f64> {
        let repeat = self.repeat();
        (repeat > 0).then(|| (f64::from(self.last_day) - f64::from(self.first_day)) / f64::from(repeat))
    }

    /// (x, t_x, T) seen on a day. A day before the last purchase counts as the day of the last purchase:
    /// a figure fitted yesterday must not say that today's order lies in the future.
    pub fn observe(&self, on_day: i32) -> Observation {
        let weeks = |to: i32| (f64::from(to) - f64::from(self.first_day)) / DAYS_PER_WEEK;
        Observation { x: self.repeat(), t_x: weeks(self.last_day), age: weeks(on_day.max(self.last_day)) }
    }
}

/// What the purchase models see of one customer: x, t_x and T (`age`), times in weeks, 0 ≤ t_x ≤ T.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub x: u32,
    pub t_x: f64,
    pub age: f64,
}

impl Observation {
    /// Whether the three numbers can belong to one customer: finite, 0 ≤ t_x ≤ T, t_x = 0 exactly if x = 0.
    pub fn is_consistent(&self) -> bool {
        self.age.is_finite() && 0.0 <= self.t_x && self.t_x <= self.age && (self.x == 0) == (self.t_x == 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn on(day: i32, amount: i64) -> Purchase {
        Purchase { day, amount }
    }

    #[test]
    fn purchases_of_one_day_are_one_and_the_first_is_no_repeat() {
        let summary =
            Summary::of(&[on(10, 50_000), on(3, 10_000), on(10, 30_000), on(3, 5_000), on(24, 20_000)]);
        let summary = summary.expect("purchases");
        assert_eq!((summary.first_day, summary.last_day, summary.orders), (3, 24, 3));
        assert_eq!((summary.first_amount, summary.total_amount), (15_000, 115_000));
        assert_eq!(summary.monetary(), Some(5.0));
        assert_eq!(summary.mean_interval_days(), Some(10.5));
        assert_eq!(summary.observe(31), Observation { x: 2, t_x: 3.0, age: 4.0 });
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn a_day_of_observation_before_the_last_purchase_is_the_last_purchase() {
        let summary = Summary::of(&[on(0, 1), on(14, 1)]).expect("purchases");
        assert_eq!(summary.observe(7), Observation { x: 1, t_x: 2.0, age: 2.0 });
        assert!(summary.observe(i32::MIN).is_consistent());
    }

    #[test]
    fn a_day_in_between_needs_to_be_known() {
        let mut summary = Summary::of(&[on(0, 1), on(14, 1)]).expect("purchases");
        let before = summary;
        assert_eq!(summary.add(on(7, 5)), Err(DayUnknown { day: 7 }));
        assert_eq!(summary, before);
        summary.add_known(on(7, 5), true);
        assert_eq!(Some(summary), Summary::of(&[on(0, 1), on(7, 5), on(14, 1)]));
    }

    proptest! {
        #[test]
        fn adding_one_by_one_in_any_order_is_the_batch(
            purchases in prop::collection::vec((-60..60_i32, -50_000..9_000_000_i64), 1..40),
        ) {
            let purchases: Vec<Purchase> = purchases.into_iter().map(|(day, amount)| on(day, amount)).collect();
            let mut live = Summary::first(purchases[0]);
            for (i, purchase) in purchases.iter().enumerate().skip(1) {
                if live.add(*purchase).is_err() {
                    let new_day = purchases[..i].iter().all(|known| known.day != purchase.day);
                    live.add_known(*purchase, new_day);
                }
                prop_assert_eq!(Some(live), Summary::of(&purchases[..=i]));
            }
            prop_assert!(live.observe(0).is_consistent());
        }
    }
}
