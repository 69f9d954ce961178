//! Rules about the sources themselves, so that they need no reviewer: which crate may know which, names, sizes,
//! documents that name what exists, templates without dead ends, messages in both languages.
//! Each rule is a plain function from sources to offences, tried on a bad sample as well as on the repository.

mod arrows;
mod documents;
mod messages;
mod sources;
mod style;
mod templates;

use sources::Source;

/// Prints all offences at once: one run shows everything that must be mended.
#[track_caller]
fn assert_none(rule: &str, offences: Vec<String>) {
    assert!(offences.is_empty(), "{rule}\n  {}", offences.join("\n  "));
}

/// A rule on a text that breaks it must say so, or the rule proves nothing.
#[track_caller]
fn assert_caught(rule: impl Fn(&[Source]) -> Vec<String>, path: &str, text: &str) {
    let bad = [Source::new(path, text)];
    assert_eq!(rule(&bad).len(), 1, "{path}: {:?}", rule(&bad));
}
