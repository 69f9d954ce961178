//! Finds out what separates the columns of a text.

use crate::TableError;

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records looked at.
const SAMPLE_RECORDS: usize = 100;

/// The separator under which most records have the same number of columns; then the one that makes more of them.
pub(crate) fn sniff(text: &str) -> u8 {
    if let Some(said) = said_by_spreadsheet(text) {
        return said;
    }
    let mut best = (0.0, 1, b',');
    for delimiter in CANDIDATES {
        let widths = widths(text, delimiter);
        let Some((width, count)) = most_common(&widths) else { continue };
        let agreement = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / widths.len() as f64;
        if width > 1 && (agreement > best.0 + 0.05 || (agreement > best.0 - 0.05 && width > best.1)) {
            best = (agreement, width, delimiter);
        }
    }
    best.2
}

pub(crate) fn checked(delimiter: char) -> Result<u8, TableError> {
    match u8::try_from(delimiter) {
        Ok(b) if b.is_ascii() && !b.is_ascii_alphanumeric() && !matches!(b, b'"' | b'\n' | b'\r') => Ok(b),
        _ => Err(TableError::BadDelimiter(delimiter)),
    }
}

/// Excel's own note, `sep=;` alone on the first line.
fn said_by_spreadsheet(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', d, b'\r' | b'\n', ..] => Some(*d),
        _ => None,
    }
}

/// Columns of each non-blank record; the last one is left out if cut off by the end of the sample.
fn widths(text: &str, delimiter: u8) -> Vec<usize> {
    let mut widths = Vec::new();
    let (mut width, mut in_quotes, mut cell_start, mut blank) = (1, false, true, true);
    for &b in text.as_bytes() {
        if b == b'"' && (in_quotes || cell_start) {
            in_quotes = !in_quotes;
            (cell_start, blank) = (!in_quotes, false);
        } else if in_quotes {
            continue;
        } else if b == delimiter {
            width += 1;
            (cell_start, blank) = (true, false);
        } else if b == b'\n' || b == b'\r' {
            if !blank {
                widths.push(width);
            }
            if widths.len() == SAMPLE_RECORDS {
                return widths;
            }
            (width, cell_start, blank) = (1, true, true);
        } else {
            (cell_start, blank) = (false, false);
        }
    }
    if !blank && !in_quotes && (widths.len() < 2) {
        widths.push(width);
    }
    widths
}

fn most_common(widths: &[usize]) -> Option<(usize, usize)> {
    let mut sorted = widths.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).max_by_key(|&(width, count)| (count, width))
}
