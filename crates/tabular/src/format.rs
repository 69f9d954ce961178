//! How a file is laid out, and the caller's wishes about reading it.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

use crate::{MAX_UNPACKED_BYTES, TableError, Target};

/// What the reader should take as given instead of finding it out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// Row the column names stand in, 1-based; 0 = the file has none, columns become `A`, `B`, ….
    pub header_row: Option<u64>,
    pub delimiter: Option<char>,
    /// A label of the WHATWG Encoding Standard, such as `gb18030`.
    pub encoding: Option<String>,
    /// Name of the sheet of a workbook; otherwise the first visible one with data.
    pub sheet: Option<String>,
    /// Name of the file inside a zip archive; otherwise the first that looks like a table.
    pub member: Option<String>,
    /// Columns the caller expects; helps to tell the header row from title lines.
    #[serde(skip)]
    pub targets: &'static [Target],
    pub max_unpacked_bytes: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            header_row: None,
            delimiter: None,
            encoding: None,
            sheet: None,
            member: None,
            targets: &[],
            max_unpacked_bytes: MAX_UNPACKED_BYTES,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// CSV, TSV and their kin.
    Delimited,
    Xlsx,
    Xls,
}

/// The layout of a file that was opened: for display, and for writing its bad rows back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    pub kind: Kind,
    /// `,` for workbooks, whose bad rows are written as CSV.
    pub delimiter: char,
    /// Name in the WHATWG Encoding Standard. Text that is pure ASCII as far as it was looked at is `UTF-8`.
    pub encoding: String,
    pub sheet: Option<String>,
    /// All sheets of a workbook, in its order.
    pub sheets: Vec<String>,
    /// What was unpacked on the way, outermost first: `gzip` or the name of the zip's member.
    pub unpacked: Vec<String>,
    /// Row the headers stand in; 0 = none.
    pub header_row: u64,
}

impl Format {
    pub(crate) fn workbook(kind: Kind, sheet: String, sheets: Vec<String>) -> Self {
        Self {
            kind,
            delimiter: ',',
            encoding: UTF_8.name().into(),
            sheet: Some(sheet),
            sheets,
            unpacked: Vec::new(),
            header_row: 0,
        }
    }

    pub(crate) fn delimited(delimiter: char, encoding: &'static Encoding) -> Self {
        Self {
            kind: Kind::Delimited,
            delimiter,
            encoding: encoding.name().into(),
            sheet: None,
            sheets: Vec::new(),
            unpacked: Vec::new(),
            header_row: 0,
        }
    }

    /// Whether the cells come from a workbook, where a bare number in a date column is a serial day.
    pub fn is_workbook(&self) -> bool {
        self.kind != Kind::Delimited
    }
}

pub(crate) fn encoding_named(label: &str) -> Result<&'static Encoding, TableError> {
    // The standard has no bare "UTF-16"; people write it for what Windows saves as "Unicode".
    match label.trim().to_ascii_lowercase().as_str() {
        "utf-16" | "utf16" | "unicode" | "utf-16le" | "utf16le" => return Ok(UTF_16LE),
        "utf-16be" | "utf16be" => return Ok(UTF_16BE),
        _ => {}
    }
    Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| TableError::UnknownEncoding(label.to_owned()))
}
