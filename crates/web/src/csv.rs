//! Lists as files: CSV for spreadsheets, NDJSON for programs, page by page while the reader takes them.
//!
//! A spreadsheet runs a cell as a formula when it begins with `=`, `+`, `-`, `@`, a tab or a carriage return (also full-width).
//! Such a cell gets an apostrophe in front, by which spreadsheets know text, unless it is a plain number like `-12.5` or
//! `+86 138…`. A cell that already begins with apostrophes before such a character gets one more, so that the import, which takes
//! one away (`tabular::parse`), always finds what was exported.

use crate::{
    Answer,
    audit::Exporting,
    paged::{self, Pages},
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use engine::Result;

/// Rows of a file, in its order.
pub(crate) trait Rows: Send + 'static {
    /// What stands above the rows.
    fn head(&self) -> String;
    /// Adds the next rows to the text; says how many, and whether there are more.
    fn page(&mut self, text: &mut String) -> impl Future<Output = Result<(usize, bool)>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Ndjson => "application/x-ndjson",
        }
    }
}

/// The file `name`, noted in the audit when it ends.
pub(crate) async fn download(rows: impl Rows, name: &str, format: Format, exporting: Exporting) -> Answer {
    let file = format!("attachment; filename=\"{name}.{}\"", format.extension());
    let body = paged::body(Export { rows, exporting, head: true, done: false }).await?;
    let headers =
        [(header::CONTENT_TYPE, format.content_type().to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Response::new(body)).into_response())
}

struct Export<R> {
    rows: R,
    exporting: Exporting,
    head: bool,
    done: bool,
}

impl<R: Rows> Pages for Export<R> {
    async fn next(&mut self) -> Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let mut text = if std::mem::take(&mut self.head) { self.rows.head() } else { String::new() };
        let (rows, more) = self.rows.page(&mut text).await?;
        self.done = !more;
        self.exporting.add(rows, self.done);
        Ok(Some(text))
    }
}

/// The first line for people, whose spreadsheets take CSV for the machine's old encoding unless it begins with this mark.
pub(crate) fn marked_head(titles: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut text = "\u{feff}".to_owned();
    line(&mut text, titles);
    text
}

/// Adds a line of CSV.
pub(crate) fn line(text: &mut String, cells: impl Iterator<Item = impl AsRef<str>>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        quote(text, cell.as_ref());
    }
    text.push_str("\r\n");
}

fn quote(text: &mut String, cell: &str) {
    let apostrophe = if is_formula(cell) { "'" } else { "" };
    let quotes = if cell.contains(['"', ',', '\n', '\r']) { "\"" } else { "" };
    text.extend([quotes, apostrophe]);
    for (index, part) in cell.split('"').enumerate() {
        text.extend([if index > 0 { "\"\"" } else { "" }, part]);
    }
    text.push_str(quotes);
}

/// Whether a spreadsheet would run the cell, or the import would take an apostrophe of its own away.
fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
        && (bare.len() < cell.len() || !is_plain_number(bare))
}

/// A sign, then digits in groups.
fn is_plain_number(text: &str) -> bool {
    let rest = text.trim_start_matches(['+', '-']);
    text.len() - rest.len() == 1
        && rest.starts_with(|letter: char| letter.is_ascii_digit())
        && rest.chars().all(|letter| letter.is_ascii_digit() || ".,% ".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let mut text = String::new();
        line(
            &mut text,
            ["a \"b\", c", "=cmd()", "-12.5", "+86 138", "-1,\"x\"", "", "'=1", "'t Hoofd"].iter(),
        );
        assert_eq!(text, "\"a \"\"b\"\", c\",'=cmd(),-12.5,+86 138,\"'-1,\"\"x\"\"\",,''=1,'t Hoofd\r\n");
        for dangerous in ["@SUM(A1)", "+1-2", "--1", "\t=1", "\r=1", "＝1", "-", "'+86"] {
            assert!(is_formula(dangerous), "{dangerous:?}");
        }
        for harmless in ["-1", "+8613800008000", "12%", "a=b", "'", "''x", ""] {
            assert!(!is_formula(harmless), "{harmless:?}");
        }
    }
}
