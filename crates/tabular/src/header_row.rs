//! Which of the first rows holds the column names: exports often put a title, a date or a filter above them.

use crate::headers::{How, recognise};
use crate::source::RawRow;
use crate::{TableError, Target, orders_headers, parse, plain_headers};

/// Share of the filled cells of the widest row that a header row must have; titles have fewer.
const LEAST_WIDTH: f64 = 0.5;
/// Share of its cells that must be words and not numbers or dates.
const LEAST_WORDS: f64 = 0.8;

/// Index of the header row among the first rows: the one with the most names we know if it has two (or is narrow), else
/// the first that is mostly words.
pub(crate) fn find(rows: &[RawRow], targets: &[Target]) -> Result<usize, TableError> {
    let widest = rows.iter().map(|(_, cells)| filled(cells).count()).max().unwrap_or(0);
    let candidates = rows.iter().enumerate().filter_map(|(at, (_, cells))| {
        let width = filled(cells).count();
        (width as f64 >= widest as f64 * LEAST_WIDTH).then_some((at, width, cells))
    });
    let known = candidates
        .clone()
        .map(|(at, width, cells)| (known_names(cells, targets), at, width))
        .filter(|&(names, _, width)| names >= 2 || (names == 1 && width <= 2));
    // The first of equals: a later row may repeat the header.
    let best = known.max_by_key(|&(names, at, _)| (names, std::cmp::Reverse(at)));
    best.map(|(_, at, _)| at)
        .or_else(|| candidates.into_iter().find(|(_, _, cells)| looks_like_names(cells)).map(|(at, ..)| at))
        .ok_or(TableError::NoHeader { looked_at: rows.len() })
}

fn filled(cells: &[String]) -> impl Iterator<Item = &String> {
    cells.iter().filter(|cell| !cell.trim().is_empty())
}

fn known_names(cells: &[String], targets: &[Target]) -> usize {
    let count = |targets: &[Target]| {
        recognise(cells, targets).iter().filter(|guess| guess.how == Some(How::Exact)).count()
    };
    if !targets.is_empty() {
        return count(targets);
    }
    let all: [&[Target]; 6] = [
        orders_headers::ORDER_LINES,
        plain_headers::ACCOUNTS,
        plain_headers::CONTACTS,
        plain_headers::PRODUCTS,
        plain_headers::ACTIVITIES,
        plain_headers::CONSENTS,
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
