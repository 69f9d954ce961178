//! The repository's own text files, as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what others wrote or a build made.
const FOREIGN: [&str; 5] = ["target", "node_modules", "dist", ".git", "snapshots"];

#[derive(Debug)]
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Not part of the program: may unwrap and print.
    pub fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"].iter().any(|folder| self.path.contains(folder))
            || self.path.starts_with("crates/testkit/")
            || self.file_name() == "tests.rs"
    }

    /// The lines before the unit tests, which close a file.
    pub fn production_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests_at = self
            .text
            .find("#[cfg(test)]\nmod ")
            .filter(|at| !self.text[*at..].starts_with("#[cfg(test)]\nmod tests;"));
        let end = if self.is_test() { 0 } else { tests_at.unwrap_or(self.text.len()) };
        self.text[..end].lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository's root")
}

/// Every file of ours with one of the endings. Panics on none, because a rule about nothing always holds.
pub fn with_ending(endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no file ends with {endings:?}");
    found
}

fn walk(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !FOREIGN.contains(&name.as_str()) {
                walk(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let shown =
                path.strip_prefix(root).expect("inside the root").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
            found.push(Source { path: shown, text });
        }
    }
}

pub fn rust() -> Vec<Source> {
    with_ending(&[".rs"])
}

/// The part of a text between two marks, again and again: `between("a(b)c(d)", "(", ")")` is b, d.
pub fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<(usize, &'t str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(open).map(|at| from + at + open.len()) {
        let Some(length) = text[start..].find(close) else { break };
        found.push((start, &text[start..start + length]));
        from = start + length + close.len();
    }
    found
}

pub fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

#[test]
fn unit_tests_are_not_production_lines() {
    let source =
        Source::new("crates/a/src/b.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    x.unwrap();\n}\n");
    assert!(source.production_lines().all(|(_, line)| !line.contains("unwrap")));
    assert_eq!(source.production_lines().count(), 2);
}
