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
/// When so many are kept, or they are so large together, all are forgotten.
const KEPT_LIMIT: usize = 10_000;
const BYTES_LIMIT: usize = 16 << 20;

pub struct Recent<K, T> {
    age: Duration,
    bytes: fn(&K, &T) -> usize,
    kept: Mutex<All<K, T>>,
}

struct All<K, T> {
    of: HashMap<K, Kept<T>>,
    bytes: usize,
}

struct Kept<T> {
    version: u64,
    at: Instant,
    bytes: usize,
    value: T,
}

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self::for_at_most(AGE_LIMIT)
    }
}

impl<K, T> Recent<K, T> {
    pub fn for_at_most(age: Duration) -> Self {
        let all = All { of: HashMap::new(), bytes: 0 };
        Recent { age, bytes: |_, _| 0, kept: Mutex::new(all) }
    }

    /// For what people write, of any length and ever new: `bytes` is what one takes besides its place.
    pub fn weighing(self, bytes: fn(&K, &T) -> usize) -> Self {
        Recent { bytes, ..self }
    }
}

impl<K: Eq + Hash, T: Clone> Recent<K, T> {
    /// What was put under `key` at the same `version` (see [`crate::Engine::changes_to`]).
    pub fn get(&self, key: &K, version: u64) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            kept.of.get(key).filter(|found| found.version == version && found.at.elapsed() < self.age);
        found.map(|found| found.value.clone())
    }

    /// `version` is the one from before the value was read.
    pub fn put(&self, key: K, version: u64, value: T) {
        let bytes = (self.bytes)(&key, &value);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forget(&key);
        if kept.of.len() >= KEPT_LIMIT || kept.bytes.saturating_add(bytes) > BYTES_LIMIT {
            kept.of.clear();
            kept.bytes = 0;
        }
        if bytes <= BYTES_LIMIT {
            kept.bytes += bytes;
            kept.of.insert(key, Kept { version, at: Instant::now(), bytes, value });
        }
    }

    /// What was put, or else what `read` finds, which is put then.
    pub async fn or_read<E>(
        &self,
        key: K,
        version: u64,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if let Some(known) = self.get(&key, version) {
            return Ok(known);
        }
        let found = read.await?;
        self.put(key, version, found.clone());
        Ok(found)
    }

    pub fn forget(&self, key: &K) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).forget(key);
    }
}

impl<K: Eq + Hash, T> All<K, T> {
    fn forget(&mut self, key: &K) {
        self.bytes -= self.of.remove(key).map_or(0, |gone| gone.bytes);
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

    #[tokio::test]
    async fn what_is_known_is_not_read_again() {
        let recent: Recent<&str, i32> = Recent::default();
        let read = async |version, found: Result<i32, &'static str>| {
            recent.or_read("a", version, async move { found }).await
        };
        assert_eq!(read(1, Err("no answer")).await, Err("no answer"));
        assert_eq!((read(1, Ok(7)).await, read(1, Ok(8)).await, read(2, Ok(8)).await), (Ok(7), Ok(7), Ok(8)));
    }

    #[test]
    fn ever_new_texts_take_only_so_much_memory() {
        let recent: Recent<String, usize> = Recent::default().weighing(|text: &String, _| text.len());
        let bytes = || recent.kept.lock().unwrap().bytes;
        let text = |number: usize| format!("{number:010}{}", "x".repeat(9_990));
        for number in 0..5_000 {
            recent.put(text(number), 1, number);
            assert!(bytes() <= BYTES_LIMIT && recent.get(&text(number), 1) == Some(number));
        }
        assert_eq!(bytes(), 10_000 * recent.kept.lock().unwrap().of.len());
        // What is put anew or forgotten counts once and no more; what fits nowhere is not kept.
        let before = bytes();
        recent.put(text(4_999), 2, 7);
        assert_eq!((bytes(), recent.get(&text(4_999), 2)), (before, Some(7)));
        recent.forget(&text(4_999));
        recent.forget(&text(4_999));
        assert_eq!(bytes(), before - 10_000);
        let huge = "x".repeat(BYTES_LIMIT + 1);
        recent.put(huge.clone(), 1, 7);
        assert_eq!((bytes(), recent.get(&huge, 1)), (0, None));
    }
}
