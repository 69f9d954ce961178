//! What the customers of a quadrant brought and are expected to bring, and what was left of it with its interval.

use crate::{benefit::Told, settings::ValueBy};
use serde::{Deserialize, Serialize};
use value::{money, proportion::Z_95};

/// Money in ten-thousandths: sales without tax, less returns, or profit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quadrant {
    pub customers: u64,
    /// The year before the day: value then.
    pub before: i64,
    /// Value forecast for the year after it.
    pub forecast: i64,
    /// What they really brought in that year; `None` while it lies ahead.
    pub after: Option<i64>,
    /// Customers of them who bought in it.
    pub came_back: u64,
    /// Sums over customers of before², before · after and after², in units: what the interval of after over before needs.
    #[serde(default)]
    pub squares: [f64; 3],
    /// Of the forecast, in units, see [`super::spread`].
    #[serde(default)]
    pub variance: Option<f64>,
}

impl Quadrant {
    pub(super) fn add_after(&mut self, before: i64, after: i64, came_back: bool) {
        self.after = Some(self.after.unwrap_or(0).saturating_add(after));
        self.came_back += u64::from(came_back);
        let (before, after) = (money::to_units(before), money::to_units(after));
        for (sum, part) in self.squares.iter_mut().zip([before * before, before * after, after * after]) {
            *sum += part;
        }
    }

    /// What was left of the sales or the profit of the year before, with its interval of 95 %: that of a ratio of sums over customers
    /// (Cochran 1977, *Sampling Techniques*, ch. 6), of sales on the logarithmic scale, as those of [`crate::benefit`]; a profit may be
    /// a loss. `None` without any before or customers to tell a spread from.
    pub fn kept(&self, by: ValueBy) -> Option<Told> {
        let (before, after) = (money::to_units(self.before), money::to_units(self.after?));
        let n = self.customers as f64;
        if before <= 0.0 || n < 2.0 {
            return None;
        }
        let ratio = after / before;
        let [own, cross, later] = self.squares;
        let spread = (later - 2.0 * ratio * cross + ratio * ratio * own).max(0.0);
        let half = Z_95 * (spread * n / (n - 1.0)).sqrt() / before;
        let range = match by {
            ValueBy::Profit => Some([ratio - half, ratio + half]),
            // No spread tells how far nothing is from little.
            ValueBy::Sales => (ratio > 0.0).then(|| [-half, half].map(|reach| ratio * (reach / ratio).exp())),
        };
        Some(Told::new(ratio, range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So much before and after of each.
    fn quadrant(all: &[(i64, i64)]) -> Quadrant {
        let mut quadrant = Quadrant { customers: all.len() as u64, ..Quadrant::default() };
        for units in all {
            let [before, after] = [units.0, units.1].map(|units| money::from_units(units as f64));
            quadrant.before += before;
            quadrant.add_after(before, after, after > 0);
        }
        quadrant
    }

    fn near(found: Option<Told>, at: f64, [low, high]: [f64; 2]) {
        let found = found.unwrap();
        let range = found.range.unwrap();
        assert!((found.at - at).abs() < 1e-12, "{found:?}");
        assert!((range[0] - low).abs() < 1e-6 && (range[1] - high).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn what_was_kept_has_the_interval_of_a_ratio() {
        let three = quadrant(&[(10, 5), (20, 10), (30, 30)]);
        // r = 45/60; residuals after − r·before are −2.5, −5, 7.5, so Σe² = 87.5.
        let half = 1.959_964 * (87.5_f64 * 3.0 / 2.0).sqrt() / 60.0;
        near(three.kept(ValueBy::Profit), 0.75, [0.75 - half, 0.75 + half]);
        let reach = half / 0.75;
        near(three.kept(ValueBy::Sales), 0.75, [0.75 * (-reach).exp(), 0.75 * reach.exp()]);
        assert_eq!(three.came_back, 3);
        assert_eq!(Quadrant::default().kept(ValueBy::Sales), None);
    }

    #[test]
    fn what_was_kept_of_sales_is_never_less_than_nothing() {
        // r = 10/40; residuals 7.5, −2.5, −5, so Σe² = 87.5.
        let one = quadrant(&[(10, 10), (10, 0), (20, 0)]);
        let half = 1.959_964 * (87.5_f64 * 3.0 / 2.0).sqrt() / 40.0;
        assert!(half > 0.25, "{half}");
        near(one.kept(ValueBy::Sales), 0.25, [0.25 * (-half / 0.25).exp(), 0.25 * (half / 0.25).exp()]);
        near(one.kept(ValueBy::Profit), 0.25, [0.25 - half, 0.25 + half]);
        // Nobody came back, or more was given back than bought: the ratio alone.
        for (after, ratio) in [(0, 0.0), (-5, -0.25)] {
            let none = quadrant(&[(10, after), (10, 0)]);
            assert_eq!(none.kept(ValueBy::Sales), Some(Told { at: ratio, range: None }));
            assert!(none.kept(ValueBy::Profit).unwrap().range.is_some());
        }
    }
}
