//! Names and numbers that come up while the program runs and are used where declared ones live as long as it does.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

type Kept<T> = Mutex<BTreeSet<&'static T>>;

/// The same for as long as the program runs. Each different one is kept for good: for what a company declares, of which there is
/// little.
fn keep<T: Ord + ?Sized>(all: &Kept<T>, one: &T, boxed: impl FnOnce() -> Box<T>) -> &'static T {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(one) {
        return known;
    }
    let new: &'static T = Box::leak(boxed());
    all.insert(new);
    new
}

pub fn kept(text: &str) -> &'static str {
    static TEXTS: Kept<str> = Mutex::new(BTreeSet::new());
    keep(&TEXTS, text, || text.into())
}

pub fn kept_numbers(numbers: &[i64]) -> &'static [i64] {
    static NUMBERS: Kept<[i64]> = Mutex::new(BTreeSet::new());
    keep(&NUMBERS, numbers, || numbers.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_kept_once() {
        let (one, other) = (kept("x_size"), kept(&["x_", "size"].concat()));
        assert!(std::ptr::eq(one, other) && one == "x_size");
        assert!(std::ptr::eq(kept_numbers(&[1, 3]), kept_numbers([&[1][..], &[3]].concat().as_slice())));
        assert_eq!(kept_numbers(&[]), [0_i64; 0]);
    }
}
