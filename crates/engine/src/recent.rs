//! What was read a moment ago, so that not every request reads it again: kept until this process changes it, and for a
//! short while at most, because other processes write too.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Changes made by another process are seen after this long.
const AGE_LIMIT: Duration = Duration::from_secs(2);
/// When so many are kept, all are forgotten.
const KEPT_LIMIT: usize = 10_000;

pub struct Recent<K, T> {
    age: Duration,
    kept: Mutex<HashMap<K, Kept<T>>>,
}

struct Kept<T> {
    version: u64,
    at: Instant,
    value: T,
}

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self::for_at_most(AGE_LIMIT)
    }
}

impl<K, T> Recent<K, T> {
    pub fn for_at_most(age: Duration) -> Self {
        Recent { age, kept: Mutex::new(HashMap::new()) }
    }
}

impl<K: Eq + Hash, T: Clone> Recent<K, T> {
    /// What was put under `key` at the same `version` (see [`crate::Engine::changes_to`]).
    pub fn get(&self, key: &K, version: u64) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(key).filter(|found| found.version == version && found.at.elapsed() < self.age);
        found.map(|found| found.value.clone())
    }

    /// `version` is the one from before the value was read.
    pub fn put(&self, key: K, version: u64, value: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_LIMIT {
            kept.clear();
        }
        kept.insert(key, Kept { version, at: Instant::now(), value });
    }

    pub fn forget(&self, key: &K) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_or_age_ends_it() {
        let recent: Recent<&str, i32> = Recent::default();
        recent.put("a", 1, 7);
        assert_eq!((recent.get(&"a", 1), recent.get(&"a", 2), recent.get(&"b", 1)), (Some(7), None, None));
        recent.forget(&"a");
        assert_eq!(recent.get(&"a", 1), None);
        let old: Recent<&str, i32> = Recent::for_at_most(Duration::ZERO);
        old.put("a", 1, 7);
        assert_eq!(old.get(&"a", 1), None);
    }
}
