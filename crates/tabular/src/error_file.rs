//! Writes the rows that could not be imported, ready to be corrected and imported again.
//!
//! The file has the layout of the one they came from (a workbook's rows become CSV), with three columns in
//! front that say where and why; the reader leaves those out. It begins with a byte-order mark, so that nobody has to guess
//! its encoding, neither a spreadsheet program nor our reader: a few rows are too little to guess by. Therefore it is UTF-8
//! unless its source is UTF-16; other encodings have no mark.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use serde::{Deserialize, Serialize};

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
    bytes: u64,
}

impl ErrorFile {
    pub fn new(path: PathBuf, format: &Format, headers: &[String], language: Language) -> Self {
        let layout = Layout::of(format);
        Self { path, layout, headers: headers.to_vec(), language, output: None, rows: 0, bytes: 0 }
    }

    /// Goes on with a file after a crash: what was written after the checkpoint is cut off.
    pub fn resume(mut self, checkpoint: ErrorCheckpoint) -> io::Result<Self> {
        if checkpoint.bytes > 0 {
            let mut file = File::options().write(true).open(&self.path)?;
            file.set_len(checkpoint.bytes)?;
            file.seek(SeekFrom::End(0))?;
            self.output = Some(BufWriter::new(file));
            (self.rows, self.bytes) = (checkpoint.rows, checkpoint.bytes);
        }
        Ok(self)
    }

    /// Adds a row: `column` is the header of the cell at fault (empty if the row as a whole is).
    pub fn write(&mut self, row: &Row, column: &str, reason: &str) -> io::Result<()> {
        if self.output.is_none() {
            self.output = Some(BufWriter::new(File::create(&self.path)?));
            let names = if self.language == Language::Chinese { CHINESE } else { ENGLISH };
            let header = names.iter().copied().chain(self.headers.iter().map(String::as_str));
            let header = self.layout.line(header);
            self.put(self.layout.mark())?;
            self.put(&header)?;
        }
        let number = row.number.to_string();
        let cells = [number.as_str(), column, reason].into_iter().chain(row.cells.iter().map(String::as_str));
        let line = self.layout.line(cells);
        self.put(&line)?;
        self.rows += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(output) = &mut self.output {
            output.write_all(bytes)?;
            self.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands what was written to the system and tells where [`ErrorFile::resume`] can go on.
    pub fn checkpoint(&mut self) -> io::Result<ErrorCheckpoint> {
        if let Some(output) = &mut self.output {
            output.flush()?;
        }
        Ok(ErrorCheckpoint { rows: self.rows, bytes: self.bytes })
    }

    /// Closes the file; returns the number of rows. With 0 there is no file.
    pub fn finish(mut self) -> io::Result<u64> {
        Ok(self.checkpoint()?.rows)
    }
}

/// How far an error file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorCheckpoint {
    pub rows: u64,
    pub bytes: u64,
}

struct Layout {
    delimiter: char,
    encoding: &'static Encoding,
}

impl Layout {
    fn of(format: &Format) -> Self {
        let named = Encoding::for_label(format.encoding.as_bytes()).unwrap_or(UTF_8);
        let encoding = if [UTF_16LE, UTF_16BE].contains(&named) { named } else { UTF_8 };
        Self { delimiter: format.delimiter, encoding }
    }

    fn mark(&self) -> &'static [u8] {
        match self.encoding {
            e if e == UTF_16LE => b"\xFF\xFE",
            e if e == UTF_16BE => b"\xFE\xFF",
            _ => b"\xEF\xBB\xBF",
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
            _ => line.into_bytes(),
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
