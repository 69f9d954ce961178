//! Who is in the control group: decided by a hash of experiment and customer, so that it is the same whoever asks, whenever,
//! cannot be steered, and is independent between experiments.

use sha2::{Digest, Sha256};

/// Whether a customer is left alone; `share` of all are, on average. Ids are those of the records.
pub fn is_control(experiment: u128, customer: u128, share: f64) -> bool {
    let mut hash = Sha256::new();
    hash.update(experiment.to_be_bytes());
    hash.update(customer.to_be_bytes());
    let first = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (first as f64) < share.clamp(0.0, 1.0) * 2.0_f64.powi(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_and_experiments_are_independent() {
        let control = |experiment| (0..20_000).filter(move |customer| is_control(experiment, *customer, 0.2));
        let (first, second): (Vec<u128>, Vec<u128>) = (control(1).collect(), control(2).collect());
        // ± 4 standard deviations, √(20,000 · 0.2 · 0.8) = 57.
        assert!(first.len().abs_diff(4_000) < 228 && second.len().abs_diff(4_000) < 228);
        let both = first.iter().filter(|customer| second.binary_search(customer).is_ok()).count();
        assert!(both.abs_diff(800) < 112, "{both}");
    }

    #[test]
    fn nobody_and_everybody_are_possible_and_the_draw_lasts() {
        assert!((0..100).all(|customer| !is_control(7, customer, 0.0) && is_control(7, customer, 1.0)));
        // Computed with Python's hashlib: a change would move customers between the arms of running experiments.
        let drawn: Vec<u128> = (0..20).filter(|customer| is_control(42, *customer, 0.3)).collect();
        assert_eq!(drawn, [2, 7, 10, 12]);
    }
}
