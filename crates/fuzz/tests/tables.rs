//! Whatever is uploaded as a table: rows or an error that says what is wrong, in bounded memory, and bad rows that can be
//! read again.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use tabular::{
    ColumnStyle, ErrorFile, Language, ReadOptions, Row, StyleObserver, Table, TableError, open,
    orders_headers::ORDER_LINES, parse,
};

const WORDS: &[&str] = &[
    ",",
    ";",
    "\t",
    "|",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "\u{fffd}",
    "订单号",
    "日期",
    "数量",
    "customer",
    "order no",
    "=\"007\"",
    "1,234.50",
    "1.234,50",
    "￥12",
    "31/12/2025",
    "2025年1月2日",
    "45000",
    "zhike_row",
    "zhike_column",
    "zhike_reason",
    "知客_行号",
    "null",
    "#N/A",
    "-",
    "1e308",
    "12:30",
];

fuzz::target!(tables, 4_000, WORDS, |bytes: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given.csv");
    std::fs::write(&path, bytes).unwrap();
    let options = ReadOptions { targets: ORDER_LINES, max_unpacked_bytes: 1 << 22, ..ReadOptions::default() };
    let Some((table, rows)) = read(open(&path, &options)) else { return };
    values(&rows, table.headers.len());
    again(&table, &rows, folder.path());
});

// A sheet's XML inside a workbook that is otherwise whole; packing it here lets changes through the checksums.
fuzz::target!(
    workbooks,
    1_500,
    &[
        "<c r=\"",
        "A1",
        "XFD1048576",
        "ZZZ9",
        "<row r=\"0\">",
        "4294967296",
        "t=\"s\"",
        "<v>",
        "</v>",
        "1e999",
        "&amp;"
    ],
    |bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("given.xlsx");
        let mut packed = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, content) in [
            ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
            ("xl/workbook.xml", WORKBOOK.as_bytes()),
            ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
            ("xl/sharedStrings.xml", STRINGS.as_bytes()),
            ("xl/worksheets/sheet1.xml", bytes),
        ] {
            packed.start_file(name, stored).unwrap();
            packed.write_all(content).unwrap();
        }
        packed.finish().unwrap();
        let Some((table, rows)) = read(open(&path, &ReadOptions::default())) else { return };
        values(&rows, table.headers.len());
        again(&table, &rows, folder.path());
    }
);

/// All rows up to the first error; `None` if the file could not be opened.
fn read(opened: Result<Table, TableError>) -> Option<(Table, Vec<Row>)> {
    let told = |error: &TableError| {
        for language in [Language::English, Language::Chinese] {
            assert!(!error.message(language).trim().is_empty(), "{error:?} says nothing in {language:?}");
        }
    };
    let mut table = opened.inspect_err(told).ok()?;
    assert!(table.headers.len() <= tabular::MAX_COLUMNS);
    let mut rows: Vec<Row> = Vec::new();
    while let Some(next) = table.next() {
        match next {
            Ok(row) => {
                assert!(row.cells.len() >= table.headers.len() && row.cells.len() <= tabular::MAX_COLUMNS);
                assert!(
                    row.cells.iter().any(|cell| !cell.trim().is_empty()),
                    "a blank row is given: {row:?}"
                );
                assert!(
                    row.number > rows.last().map_or(0, |last| last.number),
                    "rows are out of order at {row:?}"
                );
                rows.push(row);
            }
            Err(error) => {
                told(&error);
                assert!(table.next().is_none(), "after an error the table goes on");
            }
        }
        assert!(rows.len() <= 1 << 16, "more rows than a small file can hold");
    }
    Some((table, rows))
}

/// Every cell as every kind of value; what was read is read again from how it is printed.
fn values(rows: &[Row], width: usize) {
    let plain = ColumnStyle::default();
    for column in 0..width.min(64) {
        let mut observer = StyleObserver::new(false);
        rows.iter().for_each(|row| observer.observe(row.get(column)));
        let style = observer.finish();
        for cell in rows.iter().map(|row| row.get(column)) {
            if let Ok(Some(number)) = parse::decimal(cell, &style) {
                assert_eq!(parse::decimal(&number.to_string(), &plain), Ok(Some(number)), "{cell:?}");
            }
            if let Ok(Some(number)) = parse::integer(cell, &style) {
                assert_eq!(parse::integer(&number.to_string(), &plain), Ok(Some(number)), "{cell:?}");
            }
            if let Ok(Some(day)) = parse::date(cell, &style) {
                assert_eq!(parse::date(&day.to_string(), &plain), Ok(Some(day)), "{cell:?}");
            }
            if let Ok(Some(text)) = parse::text(cell) {
                assert!(!text.trim().is_empty(), "{cell:?}");
            }
            let _ = (parse::moment(cell, &style), parse::boolean(cell), parse::identifier(cell, &style));
        }
    }
}

/// The file of bad rows gives the same headers and cells.
fn again(table: &Table, rows: &[Row], folder: &std::path::Path) {
    // Two columns that are called as ours are left out; a replaced character has no place in some encodings.
    let unlike = |text: &String| text.contains('\u{fffd}');
    if rows.is_empty()
        || table.headers.iter().any(unlike)
        || rows.iter().any(|row| row.cells.iter().any(unlike))
    {
        return;
    }
    let path = folder.join("errors.csv");
    let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, Language::English);
    for row in rows {
        errors.write(row, "quantity", "is no number").unwrap();
    }
    errors.finish().unwrap();
    let options = ReadOptions {
        delimiter: Some(table.format.delimiter),
        header_row: Some(table.format.header_row),
        ..ReadOptions::default()
    };
    let (second, read) = read(open(&path, &options)).expect("a file of bad rows can be opened");
    assert_eq!(second.headers, table.headers, "headers of the file of bad rows");
    let width = table.headers.len();
    let cells = |rows: &[Row]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| (0..width.max(row.cells.len())).map(|at| row.get(at).to_owned()).collect())
            .collect()
    };
    assert_eq!(cells(&read), cells(rows), "cells of the file of bad rows");
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const STRINGS: &str = r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>订单号</t></si><si><t>数量</t></si><si><t>A-1</t></si></sst>"#;
