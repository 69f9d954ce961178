//! Names that are made while the program runs and are used where declared ones live as long as it does.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// The same text for as long as the program runs. Each different one is kept for good: for names of what a company declares, of
/// which there are few.
pub fn kept(text: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(text) {
        return known;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    all.insert(new);
    new
}
