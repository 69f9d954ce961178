//! Which of the first rows holds the column names: exports often put a title, a date or a filter above them.

use crate::headers::{How, recognise};
use crate::source::RawRow;
use crate::{TableError, Target, orders_headers, parse, plain_headers};

/// Share of the usual number of filled cells a header row must have; titles have fewer.
const LEAST_WIDTH: f64 = 0.5;
/// Share of its cells that must be words and not numbers or dates.
const LEAST_WORDS: f64 = 0.8;

/// Index of the header row among the first rows: the first one with two names we know (half of a narrow one), else the
/// first that is mostly words.
pub(crate) fn find(rows: &[RawRow], targets: &[Target]) -> Result<usize, TableError> {
    let usual_width = usual_width(rows);
    let wide_enough = |row: &RawRow| filled(&row.1).count() as f64 >= usual_width as f64 * LEAST_WIDTH;
    let known = |row: &RawRow| {
        let names = known_names(&row.1, targets);
        names >= 2 || (names == 1 && filled(&row.1).count() <= 2)
    };
    let position = |test: &dyn Fn(&RawRow) -> bool| rows.iter().position(|row| wide_enough(row) && test(row));
    position(&known)
        .or_else(|| position(&|row| looks_like_names(&row.1)))
        .ok_or(TableError::NoHeader { looked_at: rows.len() })
}

fn filled(cells: &[String]) -> impl Iterator<Item = &String> {
    cells.iter().filter(|cell| !cell.trim().is_empty())
}

/// The median number of filled cells.
fn usual_width(rows: &[RawRow]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(|(_, cells)| filled(cells).count()).collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or(0)
}

fn known_names(cells: &[String], targets: &[Target]) -> usize {
    let count = |targets: &[Target]| {
        recognise(cells, targets).iter().filter(|guess| guess.how == Some(How::Exact)).count()
    };
    if !targets.is_empty() {
        return count(targets);
    }
    let all: [&[Target]; 5] = [
        orders_headers::ORDER_LINES,
        plain_headers::ACCOUNTS,
        plain_headers::CONTACTS,
        plain_headers::PRODUCTS,
        plain_headers::ACTIVITIES,
    ];
    all.into_iter().map(count).max().unwrap_or(0)
}

fn looks_like_names(cells: &[String]) -> bool {
    let filled: Vec<&str> = filled(cells).map(|cell| cell.trim()).collect();
    let words = filled.iter().filter(|cell| !parse::looks_like_value(cell)).count();
    let mut distinct = filled.clone();
    distinct.sort_unstable();
    distinct.dedup();
    words as f64 >= filled.len() as f64 * LEAST_WORDS && distinct.len() == filled.len()
}
