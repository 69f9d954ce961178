//! The text of a cell as a typed value, or the precise reason why not. An empty cell is `Ok(None)`.

mod boolean;
mod date;
mod number;
mod reason;

pub use boolean::boolean;
pub use date::{Moment, date, moment};
pub use number::{decimal, integer};
pub use reason::CellError;

pub(crate) use date::{DateParts, numeric_parts};
pub(crate) use number::{bare_number, well_grouped};

use crate::ColumnStyle;

/// What spreadsheets and databases write for nothing.
const EMPTY: [&str; 10] = ["-", "--", "—", "null", "nan", "n/a", "na", "none", "\\n", "无"];

/// Without spaces at the ends, also full-width and no-break ones, and without the `="…"` by which exports keep
/// spreadsheets from turning codes into numbers.
pub(crate) fn trimmed(cell: &str) -> &str {
    let invisible = |c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200F}');
    let cell = cell.trim_matches(invisible);
    if let Some(text) = disarmed(cell) {
        return text;
    }
    match cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => inside.trim_matches(invisible),
        None => cell,
    }
}

/// A text that a spreadsheet would have run as a formula, without the apostrophe that exports (ours, too) put in front.
fn disarmed(cell: &str) -> Option<&str> {
    let text = cell.strip_prefix('\'')?;
    let formula = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    text.trim_start_matches('\'').starts_with(formula).then_some(text)
}

/// The trimmed cell, `None` when it says there is nothing. Words for nothing count only where a word is no value.
fn value(cell: &str) -> Result<Option<&str>, CellError> {
    let cell = trimmed(cell);
    if cell.is_empty() || (cell.len() <= 6 && EMPTY.iter().any(|word| cell.eq_ignore_ascii_case(word))) {
        return Ok(None);
    }
    if let Some(code) = spreadsheet_error(cell) {
        return Err(CellError::SpreadsheetError(code.to_owned()));
    }
    Ok(Some(cell))
}

fn spreadsheet_error(cell: &str) -> Option<&str> {
    const CODES: [&str; 8] =
        ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!", "#GETTING_DATA"];
    (cell.starts_with('#') && CODES.contains(&cell)).then_some(cell)
}

/// Text without spaces at its ends.
pub fn text(cell: &str) -> Result<Option<String>, CellError> {
    let cell = trimmed(cell);
    if cell.is_empty() {
        return Ok(None);
    }
    if cell.contains('\u{FFFD}') {
        return Err(CellError::UnreadableCharacters(shown(cell)));
    }
    if let Some(code) = spreadsheet_error(cell) {
        return Err(CellError::SpreadsheetError(code.to_owned()));
    }
    Ok(Some(cell.to_owned()))
}

/// A number or code naming a thing in another system. In a column of whole numbers written as fractions
/// (`17850.0`, which pandas makes of numbers with gaps) the `.0` goes.
pub fn identifier(cell: &str, style: &ColumnStyle) -> Result<Option<String>, CellError> {
    let cell = if disarmed(cell.trim()).is_none() { cell.strip_prefix('\'').unwrap_or(cell) } else { cell };
    let Some(mut id) = text(cell)? else { return Ok(None) };
    if style.fractional_ids && id.ends_with(".0") {
        id.truncate(id.len() - 2);
    }
    if id.eq_ignore_ascii_case("nan") || id.eq_ignore_ascii_case("null") || id == "\\N" {
        return Ok(None);
    }
    Ok(Some(id))
}

/// Whether a cell is a number, date or yes/no rather than a word.
pub(crate) fn looks_like_value(cell: &str) -> bool {
    let style = ColumnStyle::default();
    decimal(cell, &style).is_ok_and(|v| v.is_some()) || moment(cell, &style).is_ok_and(|v| v.is_some())
}

/// The cell as quoted in a message: short, on one line.
fn shown(cell: &str) -> String {
    const LONGEST: usize = 40;
    let line: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}
