//! How a column writes its numbers and dates, found out from its cells.
//!
//! One cell often cannot tell (`1,234`, `5/12/2010`), the column as a whole nearly always can: `12,5` has a decimal
//! comma, `13/1/2010` has the day first. A file sorted by date may hold thousands of undecided cells first, hence
//! [`survey`] reads on until all columns are sure. What stays undecided: a comma parts thousands; dates with
//! dots have the day first; of the two numbers of a date the one that changes more is the day (files are mostly in
//! the order of time); else the month comes first.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::parse::{DateParts, bare_number, numeric_parts, trimmed, well_grouped};
use crate::{ReadOptions, Table, TableError, open};

/// How the cells of a column are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnStyle {
    /// `1.234,56` instead of `1,234.56`.
    pub decimal_comma: bool,
    /// `31/12/2010` instead of `12/31/2010`.
    pub day_first: bool,
    /// Dates were seen whose order no cell decided; the user should be asked.
    pub date_order_unsure: bool,
    /// Every filled cell is a whole number written with `.0`.
    pub fractional_ids: bool,
    /// A bare number may be a spreadsheet's day count.
    pub excel_serial: bool,
}

/// Cells after which a column that shows no dates is taken as known.
const ENOUGH_CELLS: u32 = 1_000;

/// Collects evidence cell by cell.
#[derive(Debug, Clone, Default)]
pub struct StyleObserver {
    cells: u32,
    excel: bool,
    comma: u32,
    point: u32,
    whole_fractions: bool,
    day_first: u32,
    month_first: u32,
    unordered: u32,
    dotted: u32,
    firsts: HashSet<u32>,
    seconds: HashSet<u32>,
}

impl StyleObserver {
    /// `excel`: the cells come from a workbook ([`crate::Format::is_workbook`]).
    pub fn new(excel: bool) -> Self {
        Self { excel, whole_fractions: true, ..Self::default() }
    }

    pub fn observe(&mut self, cell: &str) {
        let cell = trimmed(cell);
        if cell.is_empty() {
            return;
        }
        self.cells += 1;
        self.whole_fractions &= is_whole_fraction(cell);
        let number = if cell.contains([',', '.']) { bare_number(cell) } else { None };
        if let Some(mark) = number.and_then(|number| decimal_mark(&number.digits)) {
            match mark {
                ',' => self.comma += 1,
                _ => self.point += 1,
            }
        } else if let Some((DateParts::Unordered(first, second, _), dotted)) = numeric_parts(cell) {
            self.unordered += 1;
            self.dotted += u32::from(dotted);
            self.day_first += u32::from(first > 12 && second <= 12);
            self.month_first += u32::from(second > 12 && first <= 12);
            self.firsts.insert(first);
            self.seconds.insert(second);
        }
    }

    /// Whether more cells could still change what matters.
    fn is_open(&self) -> bool {
        self.cells < ENOUGH_CELLS || (self.unordered > 0 && self.day_first + self.month_first == 0)
    }

    pub fn finish(&self) -> ColumnStyle {
        let decided = self.day_first + self.month_first > 0;
        let day_first = if decided {
            self.day_first > self.month_first
        } else if self.dotted > 0 {
            true
        } else {
            self.firsts.len() > self.seconds.len()
        };
        ColumnStyle {
            decimal_comma: self.comma > self.point,
            day_first,
            date_order_unsure: self.unordered > 0 && !decided,
            fractional_ids: self.whole_fractions && self.cells > 0,
            excel_serial: self.excel,
        }
    }
}

fn is_whole_fraction(cell: &str) -> bool {
    cell.strip_suffix(".0")
        .is_some_and(|whole| !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()))
}

/// The decimal mark, if these digits can be read as a number in one way only.
fn decimal_mark(digits: &str) -> Option<char> {
    let (commas, points) = (digits.matches(',').count(), digits.matches('.').count());
    let last_group = |mark: char| digits.rsplit(mark).next().map_or(0, str::len);
    match (commas, points) {
        (0, 0) => None,
        (0, 1) => (last_group('.') != 3 || digits.starts_with(['0', '.'])).then_some('.'),
        (1, 0) => (last_group(',') != 3 || digits.starts_with(['0', ','])).then_some(','),
        // Several of one mark part thousands, unless it is a date such as 31.12.2010.
        (0, _) => well_grouped(digits, '.').then_some(','),
        (_, 0) => well_grouped(digits, ',').then_some('.'),
        _ if digits.rfind(',') > digits.rfind('.') => Some(','),
        _ => Some('.'),
    }
}

/// The style of every column of a file, read as far as needed but at most `max_rows` rows.
pub fn survey(path: &Path, options: &ReadOptions, max_rows: u64) -> Result<Vec<ColumnStyle>, TableError> {
    survey_table(open(path, options)?, max_rows)
}

fn survey_table(mut table: Table, max_rows: u64) -> Result<Vec<ColumnStyle>, TableError> {
    let excel = table.format.is_workbook();
    let mut observers = vec![StyleObserver::new(excel); table.headers.len()];
    for _ in 0..max_rows {
        let Some(row) = table.next().transpose()? else { break };
        let mut open = false;
        for (observer, cell) in observers.iter_mut().zip(&row.cells) {
            if observer.is_open() {
                observer.observe(cell);
                open = true;
            }
        }
        if !open {
            break;
        }
    }
    Ok(observers.iter().map(StyleObserver::finish).collect())
}
