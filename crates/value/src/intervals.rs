//! The rhythm of one customer's purchases: days between purchase days, the next one expected from them, and how
//! overdue it is. Descriptive statistics of the customer alone; the model's view is in [`crate::bg_nbd`].

use serde::{Deserialize, Serialize};

use crate::history::Purchase;

/// Needs at least two purchase days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Number of intervals, purchase days − 1.
    pub count: u32,
    pub mean_days: f64,
    pub median_days: f64,
    /// Coefficient of variation, standard deviation (n−1) / mean; below about 0.5 the rhythm is regular, 1 is that
    /// of chance. `None` with a single interval.
    pub cv: Option<f64>,
    pub last_day: i32,
}

impl Intervals {
    /// `None` with fewer than two distinct purchase days. Order does not matter.
    pub fn of(purchases: &[Purchase]) -> Option<Self> {
        let mut days: Vec<i32> = purchases.iter().map(|p| p.day).collect();
        days.sort_unstable();
        days.dedup();
        let mut gaps: Vec<f64> =
            days.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
        let last_day = *days.last()?;
        if gaps.is_empty() {
            return None;
        }
        gaps.sort_unstable_by(f64::total_cmp);
        let n = gaps.len();
        let mean = gaps.iter().sum::<f64>() / n as f64;
        let squares: f64 = gaps.iter().map(|gap| (gap - mean).powi(2)).sum();
        Some(Self {
            count: n as u32,
            mean_days: mean,
            median_days: 0.5 * (gaps[(n - 1) / 2] + gaps[n / 2]),
            cv: (n > 1).then(|| (squares / (n - 1) as f64).sqrt() / mean),
            last_day,
        })
    }

    /// The day of the next purchase if the customer keeps his median interval (rounded to the nearest day).
    pub fn next_day(&self) -> i32 {
        self.last_day.saturating_add(self.median_days.round() as i32)
    }

    /// Days since the last purchase / median interval: 1 on the expected day, above 1 overdue; 0 before the last.
    pub fn overdue_ratio(&self, on_day: i32) -> f64 {
        (f64::from(on_day) - f64::from(self.last_day)).max(0.0) / self.median_days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(days: &[i32]) -> Option<Intervals> {
        Intervals::of(&days.iter().map(|day| Purchase { day: *day, amount: 1 }).collect::<Vec<_>>())
    }

    #[test]
    fn purchases_of_one_day_are_no_interval() {
        assert_eq!(on(&[]), None);
        assert_eq!(on(&[5, 5, 5]), None);
        assert_eq!(on(&[5, 5, 12]).map(|i| (i.count, i.median_days, i.cv)), Some((1, 7.0, None)));
    }

    #[test]
    fn the_rhythm_of_a_known_history() {
        let found = on(&[40, 0, 10, 20]).expect("three intervals");
        assert_eq!((found.count, found.median_days, found.last_day), (3, 10.0, 40));
        assert!((found.mean_days - 40.0 / 3.0).abs() < 1e-12);
        // Gaps 10, 10, 20: variance 100/3.
        assert!((found.cv.expect("cv") - (100.0_f64 / 3.0).sqrt() / (40.0 / 3.0)).abs() < 1e-12);
        assert_eq!(found.next_day(), 50);
        assert_eq!([35, 40, 50, 65].map(|day| found.overdue_ratio(day)), [0.0, 0.0, 1.0, 2.5]);
    }

    #[test]
    fn an_even_number_of_intervals_has_its_median_between() {
        assert_eq!(on(&[0, 2, 8]).map(|i| i.median_days), Some(4.0));
    }
}
