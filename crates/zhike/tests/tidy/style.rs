//! Rules for Rust files: what each opens with, how long it may be, which words are no names, what production code
//! must not do. Clippy cannot say these, or says them only per crate.

use crate::sources::{self, Source};
use crate::{assert_caught, assert_none};

const LINES_LIMIT: usize = 400;

/// Words that name no thing a reader could look for. `service` will be the name of a module (customer service),
/// never of a layer.
const NO_NAMES: [&str; 9] =
    ["util", "utils", "helper", "helpers", "manager", "common", "misc", "service", "services"];

const NOT_IN_PRODUCTION: [(&str, &str); 6] = [
    (".unwrap()", "return an error that names the field and the remedy"),
    (".expect(\"", "return an error that names the field and the remedy"),
    ("todo!(", "finish it or leave it out"),
    ("unimplemented!(", "finish it or leave it out"),
    ("dbg!(", "use tracing"),
    ("println!(", "only the command line prints; use tracing"),
];

/// The places that may read the clock or the system's randomness, and why.
const TRUE_CHANCE: [(&str, &str); 1] = [("crates/meta/src/clock.rs", "the one clock")];

fn without_opening(files: &[Source]) -> Vec<String> {
    let silent = files.iter().filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| format!("{} does not open with `//!`", file.path)).collect()
}

fn too_long(files: &[Source]) -> Vec<String> {
    let excused = |file: &Source| {
        file.text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .any(|line| line.starts_with("//! Long because"))
    };
    let long = files.iter().map(|file| (file, file.text.lines().count()));
    long.filter(|(file, lines)| *lines > LINES_LIMIT && !excused(file))
        .map(|(file, lines)| {
            format!("{} has {lines} lines: split it, or say `//! Long because …`", file.path)
        })
        .collect()
}

fn empty_names(files: &[Source]) -> Vec<String> {
    let parts =
        |file: &Source| file.path.trim_end_matches(".rs").split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut wrong = Vec::new();
    for file in files {
        for (depth, part) in parts(file).iter().enumerate() {
            let module_folder = depth == 1 && part == "service";
            if NO_NAMES.contains(&part.as_str()) && !module_folder {
                wrong.push(format!("{}: `{part}` says nothing about what is inside", file.path));
            }
        }
    }
    wrong
}

fn unfinished(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for (number, line) in file.production_lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for (word, remedy) in NOT_IN_PRODUCTION {
                let command_line = word == "println!(" && file.path.starts_with("crates/zhike/src/");
                if word_in(line, word) && !command_line {
                    wrong.push(format!("{}:{number} has {word} — {remedy}", file.path));
                }
            }
        }
    }
    wrong
}

/// `println!(` is not in `eprintln!(`.
fn word_in(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        word.starts_with('.')
            || !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
    })
}

fn unlisted_chance(files: &[Source]) -> Vec<String> {
    let free =
        |file: &&Source| file.production_lines().any(|(_, line)| line.contains("clippy::disallowed_methods"));
    let listed = |file: &Source| TRUE_CHANCE.iter().any(|(path, _)| *path == file.path);
    let wrong = files.iter().filter(free).filter(|file| !listed(file));
    wrong
        .map(|file| format!("{} allows clippy::disallowed_methods: list it in TRUE_CHANCE", file.path))
        .collect()
}

#[test]
fn every_module_says_what_it_is_for() {
    assert_none("Open with `//!`:", without_opening(&sources::rust()));
    assert_caught(without_opening, "crates/a/src/b.rs", "fn a() {}\n");
}

#[test]
fn files_are_short_or_say_why_not() {
    assert_none("Too long:", too_long(&sources::rust()));
    let long = "fn a() {}\n".repeat(LINES_LIMIT + 1);
    assert_caught(too_long, "crates/a/src/b.rs", &long);
    assert!(
        too_long(&[Source::new("b.rs", &format!("//! B.\n//! Long because it is a table.\n{long}"))])
            .is_empty()
    );
}

#[test]
fn files_are_named_after_things() {
    assert_none("Not names:", empty_names(&sources::rust()));
    assert_caught(empty_names, "crates/sales/src/order/helpers.rs", "");
    assert_caught(empty_names, "crates/sales/src/service/order.rs", "");
    assert!(empty_names(&[Source::new("crates/service/src/lib.rs", "")]).is_empty());
}

#[test]
fn production_code_is_finished_and_does_not_panic() {
    assert_none("Not in production code:", unfinished(&sources::rust()));
    assert_caught(unfinished, "crates/a/src/b.rs", "let x = y.unwrap();\n");
    assert_caught(unfinished, "crates/a/src/b.rs", "    println!(\"x\");\n");
    assert!(unfinished(&[Source::new("crates/a/src/b.rs", "eprintln!(\"x\");\n")]).is_empty());
}

#[test]
fn clock_and_chance_are_parameters() {
    let files = sources::rust();
    assert_none("Clock and chance:", unlisted_chance(&files));
    for (path, why) in TRUE_CHANCE {
        assert!(
            files.iter().any(|file| file.path == path),
            "TRUE_CHANCE names {path} ({why}), which is gone"
        );
    }
    assert_caught(unlisted_chance, "crates/a/src/b.rs", "#[allow(clippy::disallowed_methods)]\nfn a() {}\n");
}
