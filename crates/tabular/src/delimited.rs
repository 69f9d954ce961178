//! The rows of a text table.

use std::io::Read;

use crate::delimiter::{checked, sniff};
use crate::encoding::DecodedText;
use crate::format::encoding_named;
use crate::records::Records;
use crate::source::RawRow;
use crate::{Format, ReadOptions, TableError};

pub(crate) struct DelimitedRows {
    records: Records,
    width: usize,
    failed: bool,
}

pub(crate) fn open(
    input: Box<dyn Read + Send>,
    options: &ReadOptions,
) -> Result<(Format, DelimitedRows), TableError> {
    let wanted = options.encoding.as_deref().map(encoding_named).transpose()?;
    let (text, first, at_end) = DecodedText::start(input, wanted)?;
    if first.trim().is_empty() && at_end {
        return Err(TableError::Empty);
    }
    refuse_markup(&first)?;
    let delimiter = match options.delimiter {
        Some(given) => checked(given)?,
        None => sniff(&first),
    };
    let format = Format::delimited(char::from(delimiter), text.encoding());
    let records = Records::new(text, first, at_end, delimiter);
    Ok((format, DelimitedRows { records, width: 8, failed: false }))
}

/// Old systems export web pages and XML named `.xls`; telling so beats a table of tags.
fn refuse_markup(text: &str) -> Result<(), TableError> {
    let start: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    if ["<!doctype html", "<html", "<table", "<meta", "<head"].iter().any(|tag| start.starts_with(tag)) {
        return Err(TableError::NotATable("a web page", "网页"));
    }
    if start.starts_with("<?xml") {
        return Err(TableError::NotATable("an XML file", "XML 文件"));
    }
    if start.starts_with("{\"") || start.starts_with("[{") {
        return Err(TableError::NotATable("a JSON file", "JSON 文件"));
    }
    Ok(())
}

impl Iterator for DelimitedRows {
    type Item = Result<RawRow, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.records.next_record(self.width) {
            Ok(Some((number, cells))) => {
                self.width = cells.len();
                Some(Ok((number, cells)))
            }
            Ok(None) => None,
            Err(e) => {
                self.failed = true;
                Some(Err(e))
            }
        }
    }
}
