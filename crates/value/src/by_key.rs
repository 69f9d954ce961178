//! What is kept for small whole keys (the warehouse numbers its records from 0 on), looked up for a whole column at once. Here because
//! this crate is optimised more than the warehouse (Cargo.toml): a question looks up tens of millions of keys.

/// For each of `keys` a bit: whether its bit is set in `bits` (64 in a word, lowest first). Keys below 0 and beyond the end have none.
pub fn among(bits: &[u64], keys: &[i32]) -> Vec<u64> {
    let is_set = |key: i32| {
        let word = bits.get((key >> 6) as u32 as usize).copied().unwrap_or(0);
        word >> (key & 63) & 1
    };
    let word = |keys: &[i32]| keys.iter().enumerate().fold(0, |word, (at, key)| word | is_set(*key) << at);
    keys.chunks(64).map(word).collect()
}

/// For each of `keys` what stands there in `values`; `missing` for keys below 0 and beyond the end.
pub fn at(values: &[i32], keys: &[i32], missing: i32) -> Vec<i32> {
    keys.iter().map(|key| values.get(*key as u32 as usize).copied().unwrap_or(missing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_at_the_edges_of_words_and_nowhere_else() {
        let bits = [1 | 1 << 63, 1 << 1];
        let mut keys = vec![0, 1, 63, 64, 65, 128, i32::MAX, -1, i32::MIN, -64];
        assert_eq!(among(&bits, &keys), [0b10101]);
        keys.splice(0..0, [7; 62]);
        assert_eq!(among(&bits, &keys), [1 << 62, 0b101]);
        assert_eq!(among(&[], &[0, -1]), [0]);
        assert_eq!(among(&bits, &[]), [0u64; 0]);
    }

    #[test]
    fn what_stands_at_a_key_or_what_is_said_instead() {
        assert_eq!(at(&[7, 8], &[1, 2, 0, -1, i32::MIN, i32::MAX], -5), [8, -5, 7, -5, -5, -5]);
        assert_eq!(at(&[], &[0], 1), [1]);
    }
}
