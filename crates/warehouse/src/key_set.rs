//! Which records were met, by their keys: exact, and small because keys are given densely from zero on.

use std::mem;

/// A set with fewer keys is always a list.
const LEAST_BITS: usize = 16;
/// A set of bits takes at most eight times the memory of the list: one key among so many numbers.
const SPREAD: usize = 256;

/// Nothing is written for an empty set; otherwise one of these stands first.
const LIST: u8 = 0;
const BITS: u8 = 1;

/// Keys of records, each once.
#[derive(Clone, Debug)]
pub(crate) enum KeySet {
    /// As they came; sorted and rid of repetitions whenever the list is full.
    List(Vec<u32>),
    /// A bit for each number up to the highest key, and some room.
    Bits(Vec<u64>),
}

impl Default for KeySet {
    fn default() -> KeySet {
        KeySet::List(vec![])
    }
}

impl KeySet {
    /// Says by how many bytes the set grew.
    #[inline]
    pub fn add(&mut self, key: u32) -> isize {
        match self {
            KeySet::Bits(words) => {
                if let Some(word) = words.get_mut(place(key)) {
                    *word |= bit(key);
                    return 0;
                }
            }
            KeySet::List(keys) => {
                if keys.len() < keys.capacity() {
                    keys.push(key);
                    return 0;
                }
            }
        }
        self.add_with_room(key)
    }

    #[cold]
    #[inline(never)]
    fn add_with_room(&mut self, key: u32) -> isize {
        let before = self.bytes();
        match self {
            KeySet::List(keys) => {
                tidy(keys);
                let highest = keys.last().copied().unwrap_or_default().max(key);
                if is_dense(keys.len(), highest) {
                    let mut words = vec![0; place(highest) + 1];
                    keys.iter().chain([&key]).for_each(|key| words[place(*key)] |= bit(*key));
                    *self = KeySet::Bits(words);
                } else {
                    // Room for as many again, so that sorting stays rare.
                    if keys.len() * 2 > keys.capacity() {
                        keys.reserve(keys.capacity().max(1));
                    }
                    keys.push(key);
                }
            }
            KeySet::Bits(words) if is_dense(ones(words), key) => {
                let needed = place(key) + 1;
                grow(words, needed + needed / 8);
                words[place(key)] |= bit(key);
            }
            KeySet::Bits(words) => {
                let mut keys = listed(words);
                keys.push(key);
                *self = KeySet::List(keys);
            }
        }
        self.bytes().cast_signed() - before.cast_signed()
    }

    /// Takes in another set, and says by how many bytes this one grew.
    pub fn merge(&mut self, other: Stored<'_>) -> isize {
        let before = self.bytes();
        match (other, &mut *self) {
            (Stored::List(keys), _) => keys.iter().for_each(|key| {
                self.add(u32::from_le_bytes(*key));
            }),
            (Stored::Bits(stored), KeySet::Bits(words)) => {
                grow(words, stored.len());
                for (word, more) in words.iter_mut().zip(stored) {
                    *word |= u64::from_le_bytes(*more);
                }
            }
            (Stored::Bits(stored), KeySet::List(keys)) => {
                let keys = mem::take(keys);
                *self = KeySet::Bits(stored.iter().map(|word| u64::from_le_bytes(*word)).collect());
                keys.into_iter().for_each(|key| {
                    self.add(key);
                });
            }
        }
        self.bytes().cast_signed() - before.cast_signed()
    }

    /// How many different keys there are.
    pub fn count(&mut self) -> usize {
        match self {
            KeySet::List(keys) => {
                tidy(keys);
                keys.len()
            }
            KeySet::Bits(words) => ones(words),
        }
    }

    /// Writes what [`Stored::of`] reads.
    pub fn store(&mut self, into: &mut Vec<u8>) {
        match self {
            KeySet::List(keys) => {
                tidy(keys);
                if !keys.is_empty() {
                    into.push(LIST);
                    keys.iter().for_each(|key| into.extend_from_slice(&key.to_le_bytes()));
                }
            }
            KeySet::Bits(words) => {
                let used = words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
                into.reserve(1 + used * size_of::<u64>());
                into.push(BITS);
                words[..used].iter().for_each(|word| into.extend_from_slice(&word.to_le_bytes()));
            }
        }
    }

    /// Memory beyond the set itself.
    pub fn bytes(&self) -> usize {
        match self {
            KeySet::List(keys) => keys.capacity() * size_of::<u32>(),
            KeySet::Bits(words) => words.capacity() * size_of::<u64>(),
        }
    }
}

/// A set as it is handed on from one machine or part of a plan to another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored<'b> {
    List(&'b [[u8; 4]]),
    Bits(&'b [[u8; 8]]),
}

impl Stored<'_> {
    /// `None` if these bytes are no set.
    pub fn of(bytes: &[u8]) -> Option<Stored<'_>> {
        match bytes.split_first() {
            None => Some(Stored::List(&[])),
            Some((&LIST, keys)) => {
                let (keys, []) = keys.as_chunks() else { return None };
                Some(Stored::List(keys))
            }
            Some((&BITS, words)) => {
                let (words, []) = words.as_chunks() else { return None };
                Some(Stored::Bits(words))
            }
            Some(_) => None,
        }
    }

    pub fn count(self) -> usize {
        match self {
            Stored::List(keys) => keys.len(),
            Stored::Bits(words) => words.iter().map(|word| number(u64::from_le_bytes(*word))).sum(),
        }
    }
}

/// Writes the set of one key.
pub(crate) fn store_one(key: u32, into: &mut Vec<u8>) {
    into.push(LIST);
    into.extend_from_slice(&key.to_le_bytes());
}

fn place(key: u32) -> usize {
    key as usize / 64
}

fn bit(key: u32) -> u64 {
    1 << (key % 64)
}

fn number(word: u64) -> usize {
    word.count_ones() as usize
}

fn ones(words: &[u64]) -> usize {
    words.iter().map(|word| number(*word)).sum()
}

/// Whether so many keys up to the highest are better kept as bits.
fn is_dense(keys: usize, highest: u32) -> bool {
    keys >= LEAST_BITS && keys >= highest as usize / SPREAD
}

fn tidy(keys: &mut Vec<u32>) {
    keys.sort_unstable();
    keys.dedup();
}

/// Without the room a vector would add by itself.
fn grow(words: &mut Vec<u64>, length: usize) {
    if words.len() < length {
        words.reserve_exact(length - words.len());
        words.resize(length, 0);
    }
}

fn listed(words: &[u64]) -> Vec<u32> {
    let keys = words.iter().zip((0..).step_by(64)).flat_map(|(word, from): (&u64, u32)| {
        (0..64).filter(move |at| word & (1 << at) != 0).map(move |at| from + at)
    });
    keys.collect()
}

#[cfg(test)]
pub(crate) use tests::numbers;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Numbers without order, the same every time.
    pub fn numbers(seed: u64) -> impl Iterator<Item = u32> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        })
    }

    fn stored(set: &KeySet) -> Vec<u8> {
        let mut bytes = vec![];
        set.clone().store(&mut bytes);
        bytes
    }

    #[test]
    fn holds_what_a_tree_holds_however_keys_are_spread() {
        for (seed, limit) in [(1, 3), (2, 100), (3, 5_000), (4, 300_000), (5, 1 << 31)] {
            for number in [0, 1, 15, 16, 17, 1_000, 40_000] {
                let (mut set, mut tree, mut bytes) = (KeySet::default(), BTreeSet::new(), 0);
                for key in numbers(seed).map(|key| key % limit).take(number) {
                    bytes += set.add(key);
                    tree.insert(key);
                }
                assert_eq!(bytes, set.bytes().cast_signed(), "{limit} {number}");
                assert_eq!(set.count(), tree.len(), "{limit} {number}");
                let held = match &set {
                    KeySet::List(keys) => keys.clone(),
                    KeySet::Bits(words) => listed(words),
                };
                assert!(held.iter().eq(tree.iter()), "{limit} {number}");
                assert_eq!(Stored::of(&stored(&set)).unwrap().count(), tree.len());
                // A list of the keys that came, doubled, or eight times the list of different ones and room.
                assert!(set.bytes() <= 64 + 10 * size_of::<u32>() * number.max(1), "{limit} {number}");
            }
        }
    }

    #[test]
    fn many_become_bits_and_a_distant_key_makes_them_a_list_again() {
        let mut set = KeySet::default();
        (0..10_000).for_each(|key| {
            set.add(key);
        });
        assert!(matches!(set, KeySet::Bits(_)) && set.bytes() < 2_000, "{}", set.bytes());
        set.add(u32::MAX);
        assert!(matches!(set, KeySet::List(_)) && set.bytes() < 100_000, "{}", set.bytes());
        assert_eq!(set.count(), 10_001);
    }

    #[test]
    fn sets_of_either_form_merge_into_either() {
        let sizes = [0, 10, 3_000, 30_000];
        for (one, other) in sizes.iter().flat_map(|one| sizes.map(|other| (*one, other))) {
            let keys = |seed, limit: u32, number| numbers(seed).map(move |key| key % limit).take(number);
            let (mut set, mut more, mut tree) = (KeySet::default(), KeySet::default(), BTreeSet::new());
            for key in keys(1, 400_000, one) {
                set.add(key);
                tree.insert(key);
            }
            for key in keys(2, 900_000, other) {
                more.add(key);
                tree.insert(key);
            }
            let before = set.bytes();
            let grown = set.merge(Stored::of(&stored(&more)).unwrap());
            assert_eq!(before.cast_signed() + grown, set.bytes().cast_signed());
            assert_eq!(set.count(), tree.len(), "{one} {other}");
            assert_eq!(Stored::of(&stored(&set)).unwrap().count(), tree.len());
        }
    }

    #[test]
    fn other_bytes_are_no_set() {
        assert!(Stored::of(&[]).is_some_and(|set| set.count() == 0));
        assert!(Stored::of(&[LIST, 1, 2, 3]).is_none() && Stored::of(&[BITS, 0]).is_none());
        assert!(Stored::of(&[7, 0, 0, 0, 0]).is_none());
    }
}
