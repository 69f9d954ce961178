//! Which kind of list a file is, told from its headers.

use crate::{FileProblem, Kind};
use std::path::Path;
use tabular::{How, ReadOptions, headers};

/// The kind whose required columns are all there and that explains most headers.
pub fn guess_kind(path: &Path) -> Result<Kind, FileProblem> {
    let table =
        tabular::open(path, &ReadOptions { targets: Kind::Orders.targets(), ..ReadOptions::default() })?;
    let mut best = (Kind::Orders, f64::MIN);
    for kind in Kind::ALL {
        let guesses = headers::recognise(&table.headers, kind.targets());
        let has = |key: &str| guesses.iter().any(|guess| guess.target == Some(key));
        let complete = kind.required().iter().all(|group| group.iter().any(|key| has(key)));
        let explained: f64 = guesses
            .iter()
            .map(
                |guess| if guess.how == Some(How::Exact) { guess.confidence } else { guess.confidence / 2.0 },
            )
            .sum();
        let score = explained + if complete { 10.0 } else { 0.0 };
        if score > best.1 {
            best = (kind, score);
        }
    }
    Ok(best.0)
}
