//! What an experiment can show before it begins: how many customers it takes to see an effect, and how small an effect the
//! customers there are would let us see.
//!
//! Difference of two rates, normal approximation: n₁ = (z₁₋α/₂ + z_power)² (p₁q₁ + p₀q₀/r) / (p₁−p₀)², r being control customers per
//! treated one (Fleiss, Levin & Paik 2003, without continuity correction).
//!
//! Difference of two means, of N customers of whom a share P is reached: the smallest one seen is
//! (z₁₋α/₂ + z_power) · √(1 / (P (1−P))) · σ / √N, σ being the standard deviation of the outcome (Duflo, Glennerster & Kremer 2007,
//! "Using randomization in development economics research: a toolkit", section 4.1, with normal for t quantiles).

use super::{SIGNIFICANCE, quantile};

/// Chance of seeing an effect that is there.
pub const POWER: f64 = 0.8;
const STEPS: usize = 60;

fn quantiles() -> f64 {
    quantile(1.0 - SIGNIFICANCE / 2.0) + quantile(POWER)
}

/// Customers in both arms together to see `control` become `treated`, a share `control_share` of them being left alone; `None`
/// where there is no difference or no arm.
pub fn customers_needed(control: f64, treated: f64, control_share: f64) -> Option<u64> {
    let usable = |share: f64| (0.0..=1.0).contains(&share);
    let arms = control_share > 0.0 && control_share < 1.0;
    if !(usable(control) && usable(treated) && arms) {
        return None;
    }
    let difference = treated - control;
    if difference.abs() < 1e-12 {
        return None;
    }
    let z = quantiles();
    let ratio = control_share / (1.0 - control_share);
    let spread = treated * (1.0 - treated) + control * (1.0 - control) / ratio;
    let reached = z * z * spread / (difference * difference);
    Some((reached / (1.0 - control_share)).ceil().max(2.0) as u64)
}

/// The smallest rise over `control` that `customers` would show; `None` if even a rise to 1 would not.
pub fn smallest_rise(control: f64, customers: u64, control_share: f64) -> Option<f64> {
    let enough = |rise: f64| {
        customers_needed(control, control + rise, control_share).is_some_and(|need| need <= customers)
    };
    let (mut low, mut high) = (0.0, 1.0 - control);
    if high <= 0.0 || !enough(high) {
        return None;
    }
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The smallest difference of means that `customers` would show; `None` where the outcome does not vary as far as is known, or where
/// there is no arm.
pub fn smallest_difference(deviation: f64, customers: u64, control_share: f64) -> Option<f64> {
    let arms = control_share > 0.0 && control_share < 1.0 && customers > 0;
    if !arms || !deviation.is_finite() || deviation <= 0.0 {
        return None;
    }
    let spread = 1.0 / (control_share * (1.0 - control_share) * customers as f64);
    Some(quantiles() * deviation * spread.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_number_needed_agrees_with_the_textbook() {
        // 10 % against 12 %, equal arms: 2 × 3,839 (R: pwr / Fleiss without correction, unpooled).
        let found = customers_needed(0.10, 0.12, 0.5).expect("a number");
        assert!(found.abs_diff(7_678) <= 4, "{found}");
        assert_eq!(customers_needed(0.1, 0.1, 0.5), None);
        assert_eq!(customers_needed(0.1, 0.2, 0.0), None);
        assert_eq!(customers_needed(0.1, f64::NAN, 0.5), None);
    }

    #[test]
    fn the_smallest_difference_of_means_agrees_with_the_textbook() {
        // 100 an arm, σ = 10: (1.959964 + 0.841621) · 10 · √(2/100) = 3.96204; R's power.t.test, with t, gives 3.98.
        let found = smallest_difference(10.0, 200, 0.5).expect("a difference");
        assert!((found - 3.962_04).abs() < 1e-4, "{found}");
        // A fifth left alone: √(1 / (0.2 · 0.8)) = 2.5 instead of 2.
        let uneven = smallest_difference(10.0, 200, 0.2).expect("a difference");
        assert!((uneven / found - 1.25).abs() < 1e-9);
        for (deviation, customers, share) in
            [(0.0, 200, 0.5), (10.0, 0, 0.5), (10.0, 200, 0.0), (f64::NAN, 9, 0.5)]
        {
            assert_eq!(smallest_difference(deviation, customers, share), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_seen_is_what_is_needed(control in 0.01_f64..0.6, customers in 200_u64..100_000, share in 0.05_f64..0.95) {
            if let Some(rise) = smallest_rise(control, customers, share) {
                prop_assert!(rise > 0.0 && control + rise <= 1.0 + 1e-12);
                prop_assert!(customers_needed(control, control + rise, share).is_some_and(|need| need <= customers));
                let less = customers_needed(control, control + rise * 0.99, share);
                prop_assert!(less.is_none_or(|need| need > customers));
            }
        }
    }
}
