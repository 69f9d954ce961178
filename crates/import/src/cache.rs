//! A bounded memory of what was looked up: two generations, the older one dropped when the younger is full.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

pub struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    limit: usize,
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    /// Holds at least the `limit` entries used last, at most twice as many.
    pub fn new(limit: usize) -> Self {
        Cache { young: HashMap::new(), old: HashMap::new(), limit }
    }

    pub fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key)
            && let Some((key, value)) = self.old.remove_entry(key)
        {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.limit {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays_and_memory_is_bounded() {
        let mut cache = Cache::new(10);
        for number in 0..1_000 {
            cache.insert(number, number);
            assert_eq!(cache.get(&0), Some(&mut 0));
            assert!(cache.young.len() + cache.old.len() <= 20);
        }
        assert!(cache.get(&995).is_some() && cache.get(&5).is_none());
    }
}
