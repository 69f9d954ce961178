//! Templates and assets: nothing from foreign hosts, no inline script (the content security policy would stop it),
//! no template that nothing shows.

use crate::sources::{self, Source, between, line_at};
use crate::{assert_caught, assert_none};

const FOREIGN_HOSTS: [&str; 8] =
    ["//cdn", "unpkg.com", "jsdelivr", "cdnjs", "googleapis.com", "gstatic.com", "bootcdn", "esm.sh"];

fn pages() -> Vec<Source> {
    sources::with_ending(&[".html"])
}

fn foreign(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for host in FOREIGN_HOSTS {
            if let Some(at) = file.text.find(host) {
                wrong.push(format!(
                    "{}:{} names {host}: take it from npm",
                    file.path,
                    line_at(&file.text, at)
                ));
            }
        }
    }
    wrong
}

fn inline_styles(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for mark in ["<style", " style=\""] {
            for (at, _) in file.text.match_indices(mark) {
                wrong.push(format!(
                    "{}:{} has{mark}: write it in crates/web/assets/css",
                    file.path,
                    line_at(&file.text, at)
                ));
            }
        }
    }
    wrong
}

fn inline_scripts(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for (at, tag) in between(&file.text, "<script", ">") {
            let data = tag.contains("application/json")
                || tag.contains("importmap")
                || tag.contains("speculationrules");
            if !tag.contains("src=") && !data {
                wrong.push(format!(
                    "{}:{} has an inline script: move it to crates/web/assets",
                    file.path,
                    line_at(&file.text, at)
                ));
            }
        }
        for (at, name) in between(&file.text, " on", "=\"") {
            // `on` is a word of English too: only an attribute's name, in lower case, stands right before `="`.
            if !name.is_empty() && name.len() < 16 && name.chars().all(|c| c.is_ascii_lowercase()) {
                wrong.push(format!(
                    "{}:{} has on{name}=: listen in crates/web/assets",
                    file.path,
                    line_at(&file.text, at)
                ));
            }
        }
    }
    wrong
}

/// A template is alive if a Rust file or another template names its file.
fn dead(files: &[Source], others: &[Source]) -> Vec<String> {
    let alive = |file: &Source| {
        let marks = ["\"", "'"].map(|quote| format!("{}{quote}", file.file_name()));
        files.iter().chain(others).filter(|other| other.path != file.path).any(|other| {
            marks.iter().any(|mark| {
                other
                    .text
                    .match_indices(mark.as_str())
                    .any(|(at, _)| other.text[..at].ends_with(['"', '\'', '/']))
            })
        })
    };
    files
        .iter()
        .filter(|file| !alive(file))
        .map(|file| format!("{}: no Rust file or template names it", file.path))
        .collect()
}

#[test]
fn nothing_is_loaded_from_foreign_hosts() {
    let mut files = sources::with_ending(&[".html", ".mjs", ".js", ".ts", ".css", ".scss", ".rs"]);
    files.retain(|file| !file.path.contains("/tests/tidy/"));
    assert_none("Foreign hosts:", foreign(&files));
    assert_caught(foreign, "crates/web/templates/a.html", "<script src=\"https://unpkg.com/x\"></script>");
}

#[test]
fn templates_have_no_inline_script() {
    assert_none("Inline scripts:", inline_scripts(&pages()));
    assert_caught(inline_scripts, "a.html", "<script>alert(1)</script>");
    assert_caught(inline_scripts, "a.html", "<a onclick=\"x()\">");
    assert!(
        inline_scripts(&[Source::new("a.html", "<script type=\"application/json\">{}</script>")]).is_empty()
    );
}

#[test]
fn templates_have_no_inline_style() {
    assert_none("Inline styles:", inline_styles(&pages()));
    assert_caught(inline_styles, "a.html", "<p style=\"color: red\">");
}

#[test]
fn every_template_is_shown_somewhere() {
    let mut rust = sources::rust();
    rust.retain(|file| !file.path.contains("/tests/tidy/"));
    assert_none("Dead templates:", dead(&pages(), &rust));
    assert_caught(|files| dead(files, &rust), "crates/web/templates/nobody_shows_this_page.html", "<p>");
}
