//! Documents name what exists: a path in backticks or in a link must be a file or folder of the repository.

use crate::sources::{self, Source, between, line_at, root};
use crate::{assert_caught, assert_none};
use std::path::Path;

/// A word in backticks is a path of ours if it begins with one of these.
const OUR_FOLDERS: [&str; 6] = ["crates/", "benches/", "script/", "docs/", "browser/", ".ci/"];
/// Marks of a pattern or a placeholder, not a path.
const PATTERN: [char; 9] = ['*', '<', '>', '{', '}', '$', '…', ' ', '"'];
const ROOT_FILES: [&str; 4] = [".md", ".toml", ".lock", "LICENSE"];

fn missing_paths(files: &[Source]) -> Vec<String> {
    let mut missing = Vec::new();
    for file in files {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        let text = without_fences(&file.text);
        for (at, word) in between(&text, "`", "`") {
            let path = word.trim_end_matches('/');
            if is_path(word) && !root().join(path).exists() && !root().join(folder).join(path).exists() {
                missing.push(format!(
                    "{}:{} names `{word}`, which does not exist",
                    file.path,
                    line_at(&text, at)
                ));
            }
        }
        for (at, link) in between(&text, "](", ")") {
            let path = link.split('#').next().unwrap_or(link);
            let outside = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            if !outside && !root().join(folder).join(path).exists() {
                missing.push(format!(
                    "{}:{} links to {link}, which does not exist",
                    file.path,
                    line_at(&text, at)
                ));
            }
        }
    }
    missing
}

fn is_path(word: &str) -> bool {
    let at_root = !word.contains('/')
        && word.chars().next().is_some_and(char::is_uppercase)
        && ROOT_FILES.iter().any(|ending| word.ends_with(ending));
    !word.contains(PATTERN) && (at_root || OUR_FOLDERS.iter().any(|folder| word.starts_with(folder)))
}

/// Blanks out fenced blocks, whose backticks would pair with the wrong ones; lines keep their numbers.
fn without_fences(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if !fence && !inside {
            kept.push_str(line);
        }
        inside ^= fence;
        kept.push('\n');
    }
    kept
}

#[test]
fn documents_name_what_exists() {
    let files = sources::with_ending(&[".md"]);
    assert!(files.iter().any(|file| file.path == "README.md"), "README.md is gone");
    assert_none("Documents:", missing_paths(&files));
    assert_caught(missing_paths, "docs/a.md", "See `crates/engine/src/nowhere.rs`.\n");
    assert_caught(missing_paths, "docs/a.md", "See [the list](nowhere.md#list).\n");
    assert!(
        missing_paths(&[Source::new("docs/a.md", "`crates/{a,b}/*.rs`, `a/b`, [x](https://example.com)")])
            .is_empty()
    );
}
