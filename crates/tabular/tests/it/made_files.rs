//! Makes the files the tests read.

use std::io::Write;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::Workbook;
use tabular::{ReadOptions, Row, Table, TableError, open};
use tempfile::TempDir;

pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Opens bytes as a file with a name that tells nothing.
    pub fn open(&self, bytes: &[u8], options: &ReadOptions) -> Result<Table, TableError> {
        open(&self.file("table.dat", bytes), options)
    }

    pub fn read(&self, bytes: &[u8]) -> (Vec<String>, Vec<Row>) {
        read(&self.file("table.dat", bytes))
    }
}

pub fn read(path: &Path) -> (Vec<String>, Vec<Row>) {
    let mut table = open(path, &ReadOptions::default()).unwrap();
    let rows = table.by_ref().map(Result::unwrap).collect();
    (table.headers, rows)
}

pub fn encoded(text: &str, encoding: &str, mark: bool) -> Vec<u8> {
    let with_mark = if mark { format!("\u{FEFF}{text}") } else { text.to_owned() };
    match encoding {
        "UTF-16LE" => with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "UTF-16BE" => with_mark.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        other => {
            let encoding = encoding_rs::Encoding::for_label(other.as_bytes()).unwrap();
            let (bytes, _, lossy) = encoding.encode(&with_mark);
            assert!(!lossy, "{text} does not fit into {other}");
            bytes.into_owned()
        }
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook whose only sheet holds these texts; empty ones leave the cell out.
pub fn xlsx(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (r, row) in rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(r as u32, c as u16, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}
