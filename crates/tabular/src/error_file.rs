//! Writes the rows that could not be imported, ready to be corrected and imported again.
//!
//! The file has the layout of the one they came from (a workbook's rows become CSV), with three columns in
//! front that say where and why; the reader leaves those out. Text in UTF-8 begins with a byte-order mark, or
//! spreadsheet programs would garble it; where the encoding lacks a character, the file is UTF-8 from the start.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use crate::{Format, Language, Row};

const ENGLISH: [&str; 3] = ["zhike_row", "zhike_column", "zhike_reason"];
const CHINESE: [&str; 3] = ["知客_行号", "知客_列", "知客_原因"];

/// Which of the headers are ours, the last first.
pub(crate) fn own_columns(headers: &[String]) -> Vec<usize> {
    let is_own = |name: &str| ENGLISH.contains(&name) || CHINESE.contains(&name);
    let mut own: Vec<usize> = (0..headers.len()).filter(|&i| is_own(headers[i].trim())).collect();
    own.reverse();
    own
}

/// The file of bad rows. It comes into being with the first one.
pub struct ErrorFile {
    path: PathBuf,
    layout: Layout,
    headers: Vec<String>,
    language: Language,
    output: Option<BufWriter<File>>,
    rows: u64,
}

impl ErrorFile {
    pub fn new(path: PathBuf, format: &Format, headers: &[String], language: Language) -> Self {
        let layout = Layout::of(format, headers, language);
        Self { path, layout, headers: headers.to_vec(), language, output: None, rows: 0 }
    }

    /// Adds a row: `column` is the header of the cell at fault (empty if the row as a whole is).
    pub fn write(&mut self, row: &Row, column: &str, reason: &str) -> io::Result<()> {
        if self.output.is_none() {
            let mut output = BufWriter::new(File::create(&self.path)?);
            output.write_all(self.layout.mark())?;
            let names = if self.language == Language::Chinese { CHINESE } else { ENGLISH };
            let header = names.iter().copied().chain(self.headers.iter().map(String::as_str));
            output.write_all(&self.layout.line(header))?;
            self.output = Some(output);
        }
        let number = row.number.to_string();
        let cells = [number.as_str(), column, reason].into_iter().chain(row.cells.iter().map(String::as_str));
        if let Some(output) = &mut self.output {
            output.write_all(&self.layout.line(cells))?;
            self.rows += 1;
        }
        Ok(())
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts everything on disk; returns the number of rows. With 0 there is no file.
    pub fn finish(mut self) -> io::Result<u64> {
        if let Some(mut output) = self.output.take() {
            output.flush()?;
            output.get_ref().sync_all()?;
        }
        Ok(self.rows)
    }
}

struct Layout {
    delimiter: char,
    encoding: &'static Encoding,
}

impl Layout {
    fn of(format: &Format, headers: &[String], language: Language) -> Self {
        let named = Encoding::for_label(format.encoding.as_bytes()).unwrap_or(UTF_8);
        let encoding = match named {
            e if e == UTF_16LE || e == UTF_16BE || e == UTF_8 => e,
            // Its superset writes every character.
            e if e == GBK || e == GB18030 => GB18030,
            e => {
                let sample: String =
                    headers.concat() + if language == Language::Chinese { "原因" } else { "“”…" };
                if e.encode(&sample).2 { UTF_8 } else { e }
            }
        };
        Self { delimiter: format.delimiter, encoding }
    }

    fn mark(&self) -> &'static [u8] {
        match self.encoding {
            e if e == UTF_8 => b"\xEF\xBB\xBF",
            e if e == UTF_16LE => b"\xFF\xFE",
            e if e == UTF_16BE => b"\xFE\xFF",
            _ => b"",
        }
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Vec<u8> {
        let mut line = String::new();
        for (i, cell) in cells.enumerate() {
            if i > 0 {
                line.push(self.delimiter);
            }
            self.push_cell(&mut line, cell);
        }
        line.push_str("\r\n");
        match self.encoding {
            e if e == UTF_16LE => line.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            e if e == UTF_16BE => line.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            e => e.encode(&line).0.into_owned(),
        }
    }

    fn push_cell(&self, line: &mut String, cell: &str) {
        if !cell.contains([self.delimiter, '"', '\n', '\r']) {
            line.push_str(cell);
            return;
        }
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    }
}
