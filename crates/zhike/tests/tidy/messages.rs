//! Every word a person reads stands in a `messages.toml`, in English and in Chinese.

use crate::sources::{self, Source, between, line_at};
use crate::{assert_caught, assert_none};
use std::collections::BTreeSet;

/// The calls by which templates and handlers ask for a message. The letter before must not belong to a longer name.
const CALLS: [(&str, &str); 3] = [("t(\"", "\""), ("t('", "'"), ("meaning(\"", "\"")];
/// By which a field says how sure it is: with the end of a message's key.
const SURE: &str = ".sure(\"";

/// Keys of all messages, and what is wrong with them.
fn declared(files: &[Source]) -> (BTreeSet<String>, Vec<String>) {
    let (mut keys, mut wrong) = (BTreeSet::new(), Vec::new());
    for file in files {
        match file.text.parse::<toml::Table>() {
            Ok(table) => collect(&file.path, "", &table, &mut keys, &mut wrong),
            Err(error) => wrong.push(format!("{}: {error}", file.path)),
        }
    }
    (keys, wrong)
}

/// A table with `en` or `zh` is a message; any other table is a part of the key.
fn collect(
    path: &str,
    prefix: &str,
    table: &toml::Table,
    keys: &mut BTreeSet<String>,
    wrong: &mut Vec<String>,
) {
    if table.contains_key("en") || table.contains_key("zh") {
        for lang in ["en", "zh"] {
            let text = table.get(lang).and_then(|text| text.as_str()).unwrap_or_default();
            if text.trim().is_empty() {
                wrong.push(format!("{path}: {prefix} has no {lang}"));
            }
        }
        if !keys.insert(prefix.to_owned()) {
            wrong.push(format!("{path}: {prefix} is declared twice"));
        }
        return;
    }
    for (name, below) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match below.as_table() {
            Some(below) => collect(path, &key, below, keys, wrong),
            None => wrong.push(format!("{path}: {key} is neither a message nor a group")),
        }
    }
}

/// Keys a text asks for: whole ones, and beginnings that are completed at run time (`t("error." ~ kind)`).
fn asked(file: &Source) -> Vec<(usize, String, bool)> {
    let mut found = Vec::new();
    for (open, close) in CALLS {
        for (at, key) in between(&file.text, open, close) {
            let before = file.text[..at - open.len()].chars().next_back();
            let other_name = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
            let looks_right =
                !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            if !other_name && looks_right {
                let after = file.text[at + key.len() + close.len()..].trim_start();
                found.push((at, key.to_owned(), after.starts_with('~')));
            }
        }
    }
    found.extend(
        between(&file.text, SURE, "\"").into_iter().map(|(at, sure)| (at, format!("sure.{sure}"), false)),
    );
    found
}

fn unanswered(files: &[Source], keys: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for (at, key, beginning) in asked(file) {
            let known =
                if beginning { keys.iter().any(|k| k.starts_with(&key)) } else { keys.contains(&key) };
            if !known {
                wrong.push(format!(
                    "{}:{} asks for `{key}`, which no messages.toml has",
                    file.path,
                    line_at(&file.text, at)
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_message_is_in_both_languages() {
    let (keys, wrong) = declared(&sources::with_ending(&["messages.toml"]));
    assert_none("Messages:", wrong);
    assert!(keys.len() > 20, "only {} messages: were they moved?", keys.len());
    assert_caught(
        |files| declared(files).1,
        "crates/a/messages.toml",
        "[a]\nb = { en = \"B\", zh = \"\" }\n",
    );
}

#[test]
fn every_message_that_is_asked_for_exists() {
    let (keys, _) = declared(&sources::with_ending(&["messages.toml"]));
    let mut files = sources::with_ending(&[".html", ".rs"]);
    files.retain(|file| !file.is_test());
    assert_none("Messages:", unanswered(&files, &keys));
    assert_caught(|files| unanswered(files, &keys), "crates/a/b.html", "{{ t(\"no.such_key\") }}");
    assert_caught(|files| unanswered(files, &keys), "crates/a/b.rs", "integer(\"n\").sure(\"nobody_knows\")");
    assert!(unanswered(&[Source::new("a.html", "{{ set(\"x\") }}")], &keys).is_empty());
}
