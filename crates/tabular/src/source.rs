//! Opens a file of any kind as a table: its headers, then its rows one by one.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

use crate::compressed::{Unwrapped, unwrap};
use crate::{Format, MAX_ROWS_BEFORE_HEADER, Progress, ReadOptions, TableError};
use crate::{delimited, error_file, header_row, workbook};

/// Number and cells of a row as they stand in the file.
pub(crate) type RawRow = (u64, Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The line of the text or row of the sheet it begins on, as a person counts: 1-based, blank ones counted.
    pub number: u64,
    /// At least as many as there are headers; what the row lacks is empty, what it has beyond is kept.
    pub cells: Vec<String>,
}

impl Row {
    /// The cell of a column; empty past the end.
    pub fn get(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// An open table. Iterating reads it in bounded memory; after an error it ends.
pub struct Table {
    pub headers: Vec<String>,
    pub format: Format,
    progress: Progress,
    /// Rows read while looking for the header.
    pending: VecDeque<RawRow>,
    rows: Box<dyn Iterator<Item = Result<RawRow, TableError>> + Send>,
    /// Columns of an error file of ours, highest first; they are left out.
    ignored: Vec<usize>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("headers", &self.headers)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// Opens a table file, whatever its name says it is.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Table, TableError> {
    let mut unpacked = Vec::new();
    let (content, progress) = unwrap(File::open(path)?, options, &mut unpacked)?;
    let (mut format, mut rows) = match content {
        Unwrapped::Text(input) => {
            let (format, rows) = delimited::open(input, options)?;
            (format, Box::new(rows) as Box<dyn Iterator<Item = _> + Send>)
        }
        Unwrapped::Xlsx(file) => workbook::open_xlsx(file, options)?,
        Unwrapped::Xls(file) => workbook::open_xls(file, options)?,
    };
    format.unpacked = unpacked;
    let mut pending = first_rows(&mut rows, options)?;
    let is_error_file = pending.front().is_some_and(|(_, cells)| !error_file::own_columns(cells).is_empty());
    // Where the header stood in the file the bad rows come from says nothing about theirs.
    let header_row =
        if is_error_file { pending.front().map(|(number, _)| *number) } else { options.header_row };
    let mut headers = match header_row {
        Some(0) => lettered(pending.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0)),
        given => {
            let at = match given {
                Some(row) => pending
                    .iter()
                    .position(|(number, _)| *number == row)
                    .ok_or(TableError::NoSuchHeaderRow { row })?,
                None => header_row::find(pending.make_contiguous(), options.targets)?,
            };
            pending.drain(..at);
            let Some((number, cells)) = pending.pop_front() else { return Err(TableError::Empty) };
            format.header_row = number;
            tidy(cells)
        }
    };
    let ignored = error_file::own_columns(&headers);
    for &column in &ignored {
        headers.remove(column);
    }
    Ok(Table { headers, format, progress, pending, rows, ignored })
}

/// The rows among which the header is, blank ones left out.
fn first_rows(
    rows: &mut dyn Iterator<Item = Result<RawRow, TableError>>,
    options: &ReadOptions,
) -> Result<VecDeque<RawRow>, TableError> {
    let mut first = VecDeque::new();
    for row in rows {
        let (number, cells) = row?;
        if is_blank(&cells) {
            continue;
        }
        let is_error_file = first.is_empty() && !error_file::own_columns(&cells).is_empty();
        first.push_back((number, cells));
        if is_error_file {
            break;
        }
        let found = match options.header_row {
            Some(wanted) if wanted > 0 => {
                // Nothing above the header is wanted, and it may lie deep: don't pile it up.
                if number < wanted {
                    first.clear();
                }
                number >= wanted
            }
            _ => first.len() >= MAX_ROWS_BEFORE_HEADER,
        };
        if found {
            break;
        }
    }
    if first.is_empty() {
        return Err(match options.header_row {
            Some(row) if row > 0 => TableError::NoSuchHeaderRow { row },
            _ => TableError::Empty,
        });
    }
    Ok(first)
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// Headers on one line each, without the empty ones after the last.
fn tidy(cells: Vec<String>) -> Vec<String> {
    let mut headers: Vec<String> =
        cells.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    while headers.last().is_some_and(String::is_empty) {
        headers.pop();
    }
    headers
}

/// Spreadsheet letters: A, B, …, Z, AA, ….
fn lettered(width: usize) -> Vec<String> {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    (0..width)
        .map(|column| match column {
            0..26 => letter(column).to_string(),
            _ => lettered(column / 26).pop().unwrap_or_default() + &letter(column).to_string(),
        })
        .collect()
}

impl Table {
    /// A handle another thread can watch.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    pub fn bytes_read(&self) -> u64 {
        self.progress.bytes_read()
    }

    pub fn bytes_total(&self) -> u64 {
        self.progress.bytes_total()
    }
}

impl Iterator for Table {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (number, mut cells) = match self.pending.pop_front() {
                Some(row) => row,
                None => match self.rows.next()? {
                    Ok(row) => row,
                    Err(e) => return Some(Err(e)),
                },
            };
            for &column in &self.ignored {
                if column < cells.len() {
                    cells.remove(column);
                }
            }
            if is_blank(&cells) {
                continue;
            }
            if cells.len() < self.headers.len() {
                cells.resize(self.headers.len(), String::new());
            }
            return Some(Ok(Row { number, cells }));
        }
    }
}
