//! Every file that cannot be read says why and what to do, in both languages.

use tabular::{Language, MAX_RECORD_BYTES, ReadOptions, TableError};

use crate::made_files::{Folder, gzip, xlsx, zipped};

fn trouble(bytes: &[u8]) -> TableError {
    trouble_with(bytes, &ReadOptions::default())
}

fn trouble_with(bytes: &[u8], options: &ReadOptions) -> TableError {
    let folder = Folder::new();
    match folder.open(bytes, options) {
        Err(e) => e,
        Ok(table) => table.filter_map(Result::err).next().expect("the file was read without an error"),
    }
}

#[test]
fn empty_files_are_refused() {
    for bytes in [
        &b""[..],
        b"\n\n \n",
        b"\xEF\xBB\xBF",
        b",,\n,,\n",
        &gzip(b""),
        &xlsx(&[]),
        &zipped(&[("a.csv", b"")]),
    ] {
        assert!(matches!(trouble(bytes), TableError::Empty), "{bytes:?}");
    }
}

#[test]
fn other_files_are_named() {
    let pairs: [(&[u8], &str); 9] = [
        (b"%PDF-1.4", "a PDF"),
        (b"\x89PNG\r\n\x1A\n", "a picture"),
        (b"<!DOCTYPE html><table>", "a web page"),
        (b"\xEF\xBB\xBF<html><body>", "a web page"),
        (b"<?xml version=\"1.0\"?>", "an XML file"),
        (b"{\"a\": 1}", "a JSON file"),
        (b"PAR1abc", "a Parquet file"),
        (b"abc\x00\x01\x02\x00\x00,\n", "a binary file"),
        (&gzip(b"%PDF-1.4 ..."), "a PDF"),
    ];
    for (bytes, what) in pairs {
        assert!(matches!(trouble(bytes), TableError::NotATable(named, _) if named == what), "{what}");
    }
    let word = zipped(&[("[Content_Types].xml", b"x"), ("word/document.xml", b"x")]);
    assert!(matches!(trouble(&word), TableError::NotATable(..)));
}

#[test]
fn archives_say_what_they_hold() {
    let bytes = zipped(&[("logo.png", b"x"), ("read.me", b"y")]);
    assert_eq!(trouble(&bytes).to_string(), "no table in this archive; it holds: logo.png, read.me");
    let bytes = zipped(&[("a.csv", b"SKU,Price\n1,2\n"), ("b.csv", b"SKU,Price\n3,4\n")]);
    let wish = |name: &str| ReadOptions { member: Some(name.into()), ..ReadOptions::default() };
    let folder = Folder::new();
    let mut table = folder.open(&bytes, &wish("b.csv")).unwrap();
    assert_eq!(table.next().unwrap().unwrap().get(0), "3");
    assert_eq!(table.format.unpacked, ["b.csv"]);
    assert!(matches!(trouble_with(&bytes, &wish("c.csv")), TableError::NoSuchMember { .. }));
}

#[test]
fn bombs_are_not_unpacked() {
    let endless = gzip(&vec![b'a'; 4 << 20]);
    assert!(matches!(trouble(&endless), TableError::LineTooLong { line: 1, .. }), "one line without an end");
    let lines = b"1,2,3\n".repeat(10_000);
    let options = ReadOptions { max_unpacked_bytes: 50_000, ..ReadOptions::default() };
    for bytes in [gzip(&lines), zipped(&[("a.csv", &lines)])] {
        assert!(matches!(trouble_with(&bytes, &options), TableError::GrowsTooMuch { limit: 50_000 }));
    }
    let options = ReadOptions { max_unpacked_bytes: 1_000, ..ReadOptions::default() };
    let book = xlsx(&[&["SKU", "Price"], &["1", "2"]]);
    assert!(matches!(trouble_with(&book, &options), TableError::GrowsTooMuch { limit: 1_000 }), "xlsx");
}

#[test]
fn archives_inside_archives_end_somewhere() {
    let deep = (0..6).fold(b"SKU,Price\n1,2\n".to_vec(), |bytes, _| gzip(&bytes));
    assert!(matches!(trouble(&deep), TableError::NestedTooDeep(_)));
}

#[test]
fn damage_is_told() {
    let whole = gzip("SKU,Price\n1,2\n".repeat(1_000).as_bytes());
    assert!(matches!(trouble(&whole[..whole.len() - 20]), TableError::DamagedArchive(_)));
    assert!(matches!(trouble(b"PK\x03\x04 and no more"), TableError::DamagedArchive(_)));
    assert!(matches!(
        trouble(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and no more"),
        TableError::DamagedWorkbook(_)
    ));
    let broken = zipped(&[("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"<workbook")]);
    assert!(matches!(trouble(&broken), TableError::DamagedWorkbook(_) | TableError::Empty));
}

#[test]
fn a_workbook_with_a_password_says_so() {
    let bytes = include_bytes!("../data/protected.xlsx");
    assert!(matches!(trouble(bytes), TableError::PasswordProtected));
    assert!(matches!(trouble(&zipped(&[("a.xlsx", bytes)])), TableError::PasswordProtected));
}

#[test]
fn a_quotation_mark_never_closed_is_found_by_its_line() {
    let text = "SKU,Name,Price\n1,a,2\n2,\"b,3\n3,c,4\n";
    assert!(matches!(trouble(text.as_bytes()), TableError::QuoteNeverClosed { line: 3 }));
    let long = format!("SKU,Name,Price\n1,a,2\n2,\"b,3\n{}", "3,c,4\n".repeat(MAX_RECORD_BYTES / 3));
    assert!(matches!(trouble(long.as_bytes()), TableError::QuoteNeverClosed { line: 3 }));
}

#[test]
fn too_many_columns_are_refused() {
    let text = format!("SKU,Name\n1,2\n{}\n", ",".repeat(20_000));
    assert!(matches!(trouble(text.as_bytes()), TableError::TooManyColumns { line: 3, .. }));
}

#[test]
fn after_an_error_the_table_ends() {
    let folder = Folder::new();
    let text = "SKU,Name\n".to_owned() + &"1,2\n".repeat(40) + "3,\"4\n";
    let table = folder.open(text.as_bytes(), &ReadOptions::default()).unwrap();
    let rows: Vec<bool> = table.map(|row| row.is_ok()).collect();
    assert_eq!((rows.len(), rows[39], rows[40]), (41, true, false));
}

#[test]
fn delimiters_must_be_usable() {
    for delimiter in ['，', '"', 'a', '\n'] {
        let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        assert!(matches!(trouble_with(b"a,b\n", &options), TableError::BadDelimiter(_)));
    }
}

#[test]
fn every_message_exists_in_both_languages() {
    let errors = [
        TableError::Empty,
        TableError::NoHeader { looked_at: 3 },
        TableError::PasswordProtected,
        TableError::NotATable("a PDF", "PDF 文件"),
        TableError::QuoteNeverClosed { line: 7 },
        TableError::NoSuchSheet { name: "x".into(), sheets: vec!["y".into()] },
    ];
    for error in errors {
        let (english, chinese) = (error.message(Language::English), error.message(Language::Chinese));
        assert!(english.is_ascii() || english.contains('“'), "{english}");
        assert!(chinese.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c)), "{chinese}");
    }
}
