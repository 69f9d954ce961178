//! Inputs near the ones we know: what `cargo test` tries of a fuzz target, the same on every machine.
//!
//! A target is a function of bytes that panics when a property does not hold. It has a folder
//! `tests/__fuzz__/NAME/corpus` with inputs that once mattered. `cargo test` runs these and a fixed number of changed
//! ones; `script/fuzz NAME` lets libFuzzer look on, led by the branches it reaches.

pub use bolero;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Bytes of the longest changed input.
const LENGTH_LIMIT: usize = 4_096;

/// Runs `target` on every input of `corpus`, then on `number` inputs made from them and from `words`.
pub fn try_near(corpus: &Path, words: &[&str], number: usize, mut target: impl FnMut(&[u8])) {
    let known = inputs(corpus);
    assert!(!known.is_empty(), "{} holds no input", corpus.display());
    known.iter().for_each(|input| target(input));
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_126);
    for _ in 0..number {
        let mut input = known.choose(&mut chance).cloned().unwrap_or_default();
        for _ in 0..chance.random_range(1..=4) {
            change(&mut input, &known, words, &mut chance);
        }
        input.truncate(LENGTH_LIMIT);
        target(&input);
    }
}

/// The files of a folder by name, so that their order is the same everywhere.
fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn change(input: &mut Vec<u8>, known: &[Vec<u8>], words: &[&str], chance: &mut ChaCha8Rng) {
    let at = chance.random_range(0..=input.len());
    let end = (at + chance.random_range(0..=8)).min(input.len());
    match chance.random_range(0..6) {
        0 => drop(input.drain(at..end)),
        1 if at < input.len() => input[at] = chance.random(),
        2 => drop(input.splice(at..at, input[at..end].to_vec())),
        3 => {
            let other = known.choose(chance).map(Vec::as_slice).unwrap_or_default();
            let from = chance.random_range(0..=other.len());
            drop(input.splice(at.., other[from..].iter().copied()));
        }
        4 => {
            drop(input.splice(
                at..end,
                (0..chance.random_range(1..=4)).map(|_| chance.random()).collect::<Vec<u8>>(),
            ))
        }
        _ => {
            let word = words.choose(chance).copied().unwrap_or_default();
            drop(input.splice(at..end, word.bytes()));
        }
    }
}

/// A test that is a target: its corpus and what is near it under `cargo test`, libFuzzer under `script/fuzz`.
#[macro_export]
macro_rules! target {
    ($name:ident, $number:expr, $words:expr, $property:expr) => {
        #[test]
        fn $name() {
            if !cfg!(fuzzing) {
                let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(concat!(
                    "tests/__fuzz__/",
                    stringify!($name),
                    "/corpus"
                ));
                $crate::try_near(&corpus, $words, $number, $property);
            }
            $crate::bolero::check!(name = stringify!($name)).with_iterations(0).for_each($property);
        }
    };
}
