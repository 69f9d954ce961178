//! Exact money: an `i64` in ten-thousandths of the currency unit (12.34 is 123 400).
//!
//! The range is ±922 337 203 685 477.5807 units. Sums saturate at that range instead of wrapping, so a
//! figure can be too small but never change sign; the statistics work on [`to_units`].

/// Ten-thousandths in one currency unit.
pub const SCALE: i64 = 10_000;

/// Ten-thousandths → currency units. Exact up to 2⁵³ ten-thousandths (9·10¹¹ units), beyond that rounded to 53 bits.
pub fn to_units(amount: i64) -> f64 {
    amount as f64 / SCALE as f64
}

/// Currency units → ten-thousandths, rounded to the nearest; `NaN` becomes 0, the rest saturates.
pub fn from_units(units: f64) -> i64 {
    (units * SCALE as f64).round() as i64
}
