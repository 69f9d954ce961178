//! Yes and no in the words tables use.

use super::{CellError, shown, value};
use crate::headers::narrow;

const YES: [&str; 12] = ["true", "yes", "y", "t", "1", "on", "x", "是", "有", "对", "√", "✓"];
const NO: [&str; 11] = ["false", "no", "n", "f", "0", "off", "否", "无", "没有", "错", "×"];

pub fn boolean(cell: &str) -> Result<Option<bool>, CellError> {
    let word = narrow(super::trimmed(cell)).to_lowercase();
    // Before the general words for nothing, of which 无 is one.
    if YES.contains(&word.as_str()) || word == "1.0" {
        return Ok(Some(true));
    }
    if NO.contains(&word.as_str()) || word == "0.0" {
        return Ok(Some(false));
    }
    match value(cell)? {
        None => Ok(None),
        Some(other) => Err(CellError::NotABoolean(shown(other))),
    }
}
