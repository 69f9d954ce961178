//! What is written comes back the same: any cells in any layout, and bad rows through the error file.

use proptest::prelude::*;
use rust_decimal::Decimal;
use tabular::{
    ColumnStyle, ErrorCheckpoint, ErrorFile, Format, Language, ReadOptions, Row, StyleObserver, open, parse,
};

use crate::made_files::{Folder, encoded, read, xlsx};

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 .:/()-]{0,12}",
        "[苹果红富士龙口烟台]{0,6}",
        r#"[a,;|"'\t]{0,6}"#,
        Just("两\n行".to_owned()),
        Just("a\r\nb".to_owned()),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2..6usize).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 1..20))
}

fn written(rows: &[Vec<String>], delimiter: char, line_end: &str) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let width = rows[0].len();
    let names = ["订单号", "商品名称", "数量", "单价", "备注"][..width].join(&delimiter.to_string());
    let lines =
        rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(&delimiter.to_string()));
    std::iter::once(names).chain(lines).map(|line| line + line_end).collect()
}

fn not_blank(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn text_written_is_read_back(
        rows in table(),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        encoding in prop::sample::select(vec!["UTF-8", "GB18030", "UTF-16LE", "UTF-16BE"]),
    ) {
        let folder = Folder::new();
        let bytes = encoded(&written(&rows, delimiter, line_end), encoding, encoding.starts_with("UTF-16"));
        let options = ReadOptions { delimiter: Some(delimiter), encoding: Some(encoding.into()), header_row: Some(1), ..ReadOptions::default() };
        let table = folder.open(&bytes, &options).unwrap();
        let read: Vec<_> = table.map(|row| row.unwrap().cells).collect();
        prop_assert_eq!(read, not_blank(&rows));
    }

    #[test]
    fn bad_rows_come_back_ready_to_be_imported(
        rows in table(),
        chinese in any::<bool>(),
        layout in prop::sample::select(vec![("UTF-8", ','), ("GB18030", ';'), ("UTF-16LE", '\t'), ("UTF-16BE", '|')]),
    ) {
        let folder = Folder::new();
        let language = if chinese { Language::Chinese } else { Language::English };
        let (encoding, delimiter) = layout;
        let bytes = encoded(&written(&rows, delimiter, "\r\n"), encoding, encoding.starts_with("UTF-16"));
        let options = ReadOptions {
            delimiter: Some(delimiter),
            encoding: Some(encoding.into()),
            header_row: Some(1),
            ..ReadOptions::default()
        };
        let mut table = folder.open(&bytes, &options).unwrap();
        let path = folder.path("errors.csv");
        let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, language);
        let mut bad = Vec::new();
        for row in table.by_ref().map(Result::unwrap) {
            errors.write(&row, "数量", "“x”不是数字").unwrap();
            bad.push(row.cells);
        }
        let count = errors.finish().unwrap();
        prop_assert_eq!(count, bad.len() as u64);
        if count > 0 {
            let (headers, again) = read(&path);
            prop_assert_eq!(&headers, &table.headers);
            prop_assert_eq!(again.into_iter().map(|row| row.cells).collect::<Vec<_>>(), bad);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4usize) {
        let folder = Folder::new();
        let start: &[u8] = [&b""[..], b"PK\x03\x04", b"\x1F\x8B\x08\x00", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"][kind];
        if let Ok(table) = folder.open(&[start, &bytes].concat(), &ReadOptions::default()) {
            prop_assert!(table.count() <= bytes.len() + 8);
        }
    }

    #[test]
    fn no_cell_makes_parsing_panic(cell in prop_oneof![any::<String>(), "[0-9年月日时分秒:./, +-éａm一万%(]{0,20}"]) {
        for style in STYLES {
            let _ = parse::decimal(&cell, &style);
            let _ = parse::integer(&cell, &style);
            let _ = parse::moment(&cell, &style);
            let _ = parse::identifier(&cell, &style);
        }
        let _ = (parse::boolean(&cell), parse::text(&cell));
        let mut observer = StyleObserver::new(true);
        observer.observe(&cell);
        let _ = observer.finish();
    }

    #[test]
    fn numbers_printed_in_either_style_are_read_back(units in -9_999_999_999_999i64..9_999_999_999_999, scale in 0..5u32) {
        let number = Decimal::new(units, scale);
        let plain = number.abs().to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let grouped = |mark: &str| {
            let digits: Vec<&str> = whole.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            digits.join(mark)
        };
        let sign = if units < 0 { "-" } else { "" };
        for (group, point, style) in [(",", ".", STYLES[0]), (".", ",", STYLES[1]), (" ", ",", STYLES[1]), ("", ".", STYLES[0])] {
            let point = if fraction.is_empty() { "" } else { point };
            let cell = format!("{sign}{}{point}{fraction}", grouped(group));
            prop_assert_eq!(parse::decimal(&cell, &style), Ok(Some(number)), "{}", cell);
        }
    }

    #[test]
    fn dates_printed_in_any_order_are_read_back(days in 0..70_000u64, seconds in 0..86_400u64) {
        let start = chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let at = start + chrono::TimeDelta::seconds((days * 86_400 + seconds) as i64);
        for (pattern, style) in [
            ("%Y-%m-%d %H:%M:%S", STYLES[0]),
            ("%Y/%-m/%-d %-H:%M:%S", STYLES[0]),
            ("%Y年%-m月%-d日 %H时%M分%S秒", STYLES[0]),
            ("%m/%d/%Y %I:%M:%S %p", STYLES[0]),
            ("%d.%m.%Y %H:%M:%S", STYLES[1]),
            ("%-d %B %Y %H:%M:%S", STYLES[1]),
            ("%b %-d, %Y %H:%M:%S", STYLES[0]),
            ("%Y%m%d%H%M%S", STYLES[0]),
            ("%Y-%m-%dT%H:%M:%SZ", STYLES[0]),
        ] {
            let cell = at.format(pattern).to_string();
            prop_assert_eq!(parse::moment(&cell, &style).map(|m| m.unwrap().local), Ok(at), "{}", cell);
        }
    }
}

/// Point and month first; comma and day first.
const STYLES: [ColumnStyle; 2] = [
    ColumnStyle {
        decimal_comma: false,
        day_first: false,
        date_order_unsure: false,
        fractional_ids: true,
        excel_serial: true,
    },
    ColumnStyle {
        decimal_comma: true,
        day_first: true,
        date_order_unsure: false,
        fractional_ids: false,
        excel_serial: false,
    },
];

#[test]
fn an_error_file_is_resumed_after_a_crash_without_losing_or_repeating_rows() {
    let folder = Folder::new();
    let table = folder.open("SKU,单价\n1,x\n".as_bytes(), &ReadOptions::default()).unwrap();
    let path = folder.path("errors.csv");
    let open = || ErrorFile::new(path.clone(), &table.format, &table.headers, Language::Chinese);
    let row = |number: u64| Row { number, cells: vec![number.to_string(), "坏".into()] };
    assert_eq!(open().checkpoint().unwrap(), ErrorCheckpoint::default());
    let mut errors = open().resume(ErrorCheckpoint::default()).unwrap();
    errors.write(&row(2), "单价", "坏").unwrap();
    let kept = errors.checkpoint().unwrap();
    errors.write(&row(3), "单价", "坏").unwrap();
    drop(errors);
    let mut errors = open().resume(kept).unwrap();
    errors.write(&row(3), "单价", "坏").unwrap();
    errors.write(&row(4), "单价", "坏").unwrap();
    assert_eq!(errors.finish().unwrap(), 3);
    let again: Vec<_> = read(&path).1.iter().map(|row| row.get(0).to_owned()).collect();
    assert_eq!(again, ["2", "3", "4"]);
}

#[test]
fn a_wish_about_the_header_row_does_not_hold_for_the_error_file() {
    let folder = Folder::new();
    let options = ReadOptions { header_row: Some(3), ..ReadOptions::default() };
    let mut table = folder.open("title\n\nSKU,单价\n1,x\n".as_bytes(), &options).unwrap();
    let path = folder.path("errors.csv");
    let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, Language::English);
    errors.write(&table.next().unwrap().unwrap(), "单价", "bad").unwrap();
    errors.finish().unwrap();
    let again = open(&path, &options).unwrap();
    assert_eq!((again.headers.join("|"), again.count()), ("SKU|单价".into(), 1));
}

#[test]
fn an_error_file_says_where_and_why_in_the_layout_of_its_source() {
    let folder = Folder::new();
    let bytes = encoded("单号;数量;备注\r\n1;x;\r\n2;3;\r\n", "GB18030", false);
    let mut table = folder.open(&bytes, &ReadOptions::default()).unwrap();
    let path = folder.path("errors.csv");
    let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, Language::Chinese);
    assert!(!path.exists(), "nothing is written before the first bad row");
    errors.write(&table.next().unwrap().unwrap(), "数量", "“x”不是数字").unwrap();
    assert_eq!((errors.rows(), errors.finish().unwrap()), (1, 1));
    let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(text, "\u{FEFF}知客_行号;知客_列;知客_原因;单号;数量;备注\r\n2;数量;“x”不是数字;1;x;\r\n");
}

#[test]
fn without_bad_rows_there_is_no_error_file() {
    let folder = Folder::new();
    let table = folder.open(b"SKU,Price\n1,2\n", &ReadOptions::default()).unwrap();
    let path = folder.path("errors.csv");
    let errors = ErrorFile::new(path.clone(), &table.format, &table.headers, Language::English);
    assert_eq!((errors.finish().unwrap(), path.exists()), (0, false));
}

#[test]
fn rows_of_a_workbook_become_csv_that_excel_reads() {
    let folder = Folder::new();
    let mut table =
        folder.open(&xlsx(&[&["货号", "单价"], &["甲,乙", "x"]]), &ReadOptions::default()).unwrap();
    let path = folder.path("errors.csv");
    let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, Language::English);
    errors.write(&table.next().unwrap().unwrap(), "单价", "“x” is not a number").unwrap();
    errors.finish().unwrap();
    let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        text,
        "\u{FEFF}zhike_row,zhike_column,zhike_reason,货号,单价\r\n2,单价,“x” is not a number,\"甲,乙\",x\r\n"
    );
    assert_eq!(read(&path).0, ["货号", "单价"]);
}

#[test]
fn bad_rows_of_a_western_file_are_utf_8_whatever_the_language_of_the_reasons() {
    let folder = Folder::new();
    let mut table = folder
        .open(&encoded("Kunde,Größe\nJäger,x\n", "windows-1252", false), &ReadOptions::default())
        .unwrap();
    for (language, reason) in [(Language::English, "“x” is not a number"), (Language::Chinese, "“x”不是数字")]
    {
        let path = folder.path("errors.csv");
        let mut errors = ErrorFile::new(path.clone(), &table.format, &table.headers, language);
        let row = Row { number: 2, cells: vec!["Jäger".into(), "x".into()] };
        errors.write(&row, "Größe", reason).unwrap();
        errors.finish().unwrap();
        assert_eq!(read(&path), (vec!["Kunde".into(), "Größe".into()], vec![Row { number: 2, ..row }]));
    }
    assert!(table.next().is_some());
}

#[test]
fn layout_and_options_survive_being_saved() {
    let folder = Folder::new();
    let format = folder.open("SKU;单价\n1;2\n".as_bytes(), &ReadOptions::default()).unwrap().format;
    let json = serde_json::to_string(&format).unwrap();
    assert_eq!(serde_json::from_str::<Format>(&json).unwrap(), format);
    let options: ReadOptions = serde_json::from_str(r#"{"delimiter": ";"}"#).unwrap();
    assert_eq!((options.delimiter, options.max_unpacked_bytes), (Some(';'), tabular::MAX_UNPACKED_BYTES));
    let path = folder.path("table.dat");
    assert_eq!(open(&path, &options).unwrap().headers, ["SKU", "单价"]);
}
