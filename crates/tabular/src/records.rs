//! Splits delimited text into records, knowing the physical line each begins on.
//!
//! Our own, not the `csv` crate's: that one cannot bound a record whose quotation mark is never closed,
//! and its line numbers lag behind CRLF ends and skipped blank lines, while a bad row must be named by
//! the line a person sees. Rules: RFC 4180; line ends are LF, CRLF or CR; a quotation mark inside an unquoted cell
//! is text; text after a closing quotation mark belongs to the cell.

use crate::encoding::DecodedText;
use crate::{MAX_COLUMNS, MAX_RECORD_BYTES, TableError};

pub(crate) struct Records {
    text: DecodedText,
    buffer: String,
    /// Where in `buffer` the next record begins.
    start: usize,
    at_end: bool,
    delimiter: u8,
    /// Physical line the next record begins on.
    line: u64,
}

/// One record found in the buffer.
struct Split {
    cells: Vec<String>,
    /// Bytes up to the next record.
    length: usize,
    lines: u64,
}

enum Found {
    Record(Split),
    /// The buffer ended first; more text is needed.
    Incomplete {
        in_quotes: bool,
    },
}

impl Records {
    pub(crate) fn new(text: DecodedText, buffer: String, at_end: bool, delimiter: u8) -> Self {
        Self { text, buffer, start: 0, at_end, delimiter, line: 1 }
    }

    /// The next record and the line it begins on; a blank line is a record of one empty cell.
    pub(crate) fn next_record(&mut self, width: usize) -> Result<Option<(u64, Vec<String>)>, TableError> {
        loop {
            if self.start == self.buffer.len() && self.at_end {
                return Ok(None);
            }
            match split(&self.buffer[self.start..], self.delimiter, self.at_end, width) {
                Found::Record(record) => {
                    let line = self.line;
                    if record.cells.len() > MAX_COLUMNS {
                        return Err(TableError::TooManyColumns { line, limit: MAX_COLUMNS });
                    }
                    self.start += record.length;
                    self.line += record.lines;
                    return Ok(Some((line, record.cells)));
                }
                Found::Incomplete { in_quotes } => self.read_on(in_quotes)?,
            }
        }
    }

    fn read_on(&mut self, in_quotes: bool) -> Result<(), TableError> {
        let line = self.line;
        if in_quotes && (self.at_end || self.buffer.len() - self.start > MAX_RECORD_BYTES) {
            return Err(TableError::QuoteNeverClosed { line });
        }
        if self.buffer.len() - self.start > MAX_RECORD_BYTES {
            return Err(TableError::LineTooLong { line, limit: MAX_RECORD_BYTES });
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        self.at_end = !self.text.read_into(&mut self.buffer)?;
        Ok(())
    }
}

/// Splits the first record off `text`. At the end of the file an unfinished line is a record too.
fn split(text: &str, delimiter: u8, at_end: bool, width: usize) -> Found {
    let bytes = text.as_bytes();
    let mut cells = Vec::with_capacity(width);
    let mut lines = 1;
    let mut at = 0;
    loop {
        let cell_end = if bytes.get(at) == Some(&b'"') {
            match quoted_cell(text, at, delimiter) {
                Some((cell, end)) => {
                    lines += line_ends(&cell);
                    cells.push(cell);
                    end
                }
                None => return Found::Incomplete { in_quotes: true },
            }
        } else {
            let end = end_of_bare(bytes, at, delimiter);
            cells.push(text[at..end].to_owned());
            end
        };
        match bytes.get(cell_end) {
            Some(&b) if b == delimiter => at = cell_end + 1,
            Some(b'\n') => return Found::Record(Split { cells, length: cell_end + 1, lines }),
            Some(_) => match bytes.get(cell_end + 1) {
                Some(b'\n') => return Found::Record(Split { cells, length: cell_end + 2, lines }),
                // Whether a line feed follows the carriage return is not known yet.
                None if !at_end => return Found::Incomplete { in_quotes: false },
                _ => return Found::Record(Split { cells, length: cell_end + 1, lines }),
            },
            None if at_end => return Found::Record(Split { cells, length: cell_end, lines }),
            None => return Found::Incomplete { in_quotes: false },
        }
    }
}

fn end_of_bare(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    bytes[from..]
        .iter()
        .position(|&b| b == delimiter || b == b'\n' || b == b'\r')
        .map_or(bytes.len(), |n| from + n)
}

/// The cell whose opening quotation mark is at `open`, and where it ends; `None` when it does not end in `text`.
fn quoted_cell(text: &str, open: usize, delimiter: u8) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let mut cell = String::new();
    let mut at = open + 1;
    loop {
        let quote = at + bytes[at..].iter().position(|&b| b == b'"')?;
        cell.push_str(&text[at..quote]);
        if bytes.get(quote + 1) == Some(&b'"') {
            cell.push('"');
            at = quote + 2;
            continue;
        }
        let end = end_of_bare(bytes, quote + 1, delimiter);
        cell.push_str(&text[quote + 1..end]);
        return Some((cell, end));
    }
}

fn line_ends(cell: &str) -> u64 {
    let bytes = cell.as_bytes();
    let ends = bytes
        .iter()
        .enumerate()
        .filter(|&(i, &b)| b == b'\n' || (b == b'\r' && bytes.get(i + 1) != Some(&b'\n')));
    ends.count() as u64
}
