//! On which days customers ordered: how many orders lie after the as-of day and do not count, and where nobody ordered for long.
//! The refit collects it as it reads every order, and it is kept with the fit, so that no page looks for it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pause is told of if it is longer than so many days …
const LONG_DAYS: i32 = 56;
/// … and so many times as long as usual.
const TIMES_USUAL: i32 = 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDays {
    /// Orders of customers that would count, were they not of days after the as-of day.
    pub later: u64,
    pub pause: Option<Pause>,
}

/// The longest time without an order of any customer, where it is out of all proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The last day with an order before it, and the first after it.
    pub from: i32,
    pub until: i32,
    /// Median of the days from one day with orders to the next.
    pub usual: i32,
}

/// Fills with orders in whatever sequence.
pub struct Collected {
    as_of: i32,
    days: BTreeSet<i32>,
    later: u64,
}

impl Collected {
    pub fn until(as_of: i32) -> Self {
        Collected { as_of, days: BTreeSet::new(), later: 0 }
    }

    /// Whether an order of this day counts.
    pub fn add(&mut self, day: i32) -> bool {
        let counts = day <= self.as_of;
        if counts {
            self.days.insert(day);
        } else {
            self.later += 1;
        }
        counts
    }

    pub fn told(&self) -> OrderDays {
        OrderDays { later: self.later, pause: pause(&self.days) }
    }
}

fn pause(days: &BTreeSet<i32>) -> Option<Pause> {
    let next = days.iter().skip(1);
    let mut gaps: Vec<(i32, i32, i32)> =
        days.iter().zip(next).map(|(from, until)| (until.saturating_sub(*from), *from, *until)).collect();
    gaps.sort_unstable();
    let (longest, from, until) = *gaps.last()?;
    let usual = gaps[gaps.len() / 2].0;
    let is_told = longest > LONG_DAYS && longest >= usual.saturating_mul(TIMES_USUAL);
    is_told.then_some(Pause { from, until, usual })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(as_of: i32, days: impl IntoIterator<Item = i32>) -> OrderDays {
        let mut collected = Collected::until(as_of);
        for day in days {
            collected.add(day);
        }
        collected.told()
    }

    #[test]
    fn orders_after_the_as_of_day_are_counted_and_end_no_pause() {
        let weekly = || (0..20).map(|week| week * 7);
        let found = told(140, weekly().chain([500, 500, 141, 140]));
        assert_eq!(found, OrderDays { later: 3, pause: None });
        assert!(Collected::until(140).add(140) && !Collected::until(140).add(141));
    }

    #[test]
    fn a_pause_is_told_that_is_long_and_longer_than_usual() {
        // Weekly, but for once: more than eight weeks, and ten times a week.
        let once =
            |pause: i32| (0..10).map(|week| week * 7).chain((0..10).map(move |week| 63 + pause + week * 7));
        assert_eq!(told(9_999, once(70)).pause, Some(Pause { from: 63, until: 133, usual: 7 }));
        assert_eq!(told(9_999, once(69)).pause, None);
        // Daily: ten days are nothing yet.
        let daily = |pause: i32| (0..30).chain((0..30).map(move |day| 29 + pause + day));
        assert_eq!(told(9_999, daily(56)).pause, None);
        assert_eq!(told(9_999, daily(57)).pause, Some(Pause { from: 29, until: 86, usual: 1 }));
        // Of two orders nobody knows what is usual.
        assert_eq!(told(9_999, [0, 4_000]).pause, None);
        assert_eq!(told(9_999, []).pause, None);
    }

    #[test]
    fn the_order_of_orders_changes_nothing() {
        let days = [5, 900, 1, 3, 901, 2, 4, 902, 2_000];
        let mut reversed = days;
        reversed.reverse();
        assert_eq!(told(1_000, days), told(1_000, reversed));
        assert_eq!(told(1_000, days).pause.map(|pause| (pause.from, pause.until)), Some((5, 900)));
    }
}
