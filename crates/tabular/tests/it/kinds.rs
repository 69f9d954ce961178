//! Every kind of file × encoding × delimiter × line end gives the same table.

use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};
use tabular::{Kind, ReadOptions, TableError, open};

use crate::made_files::{Folder, encoded, gzip, read, xlsx, zipped};

/// A table whose cells hold what must be quoted.
fn text(delimiter: char, line_end: &str) -> String {
    let lines = [
        ["订单号", "客户名称", "数量", "说明"],
        ["1001", "龙口果蔬", "12", "\"苹果\"\"红\"\"\"\"\""],
        ["1002", "烟台冷库有限公司", "-3", "\"两\n行\""],
        ["1003", "Müller", "4", "\"a,b;c\td|e\""],
    ];
    lines.map(|cells| cells.join(&delimiter.to_string())).join(line_end)
}

fn check(bytes: &[u8], what: &str) {
    let folder = Folder::new();
    let (headers, rows) = folder.read(bytes);
    assert_eq!(headers, ["订单号", "客户名称", "数量", "说明"], "{what}");
    let cells: Vec<_> = rows.iter().map(|row| row.cells.join("/")).collect();
    let wanted =
        ["1001/龙口果蔬/12/苹果\"红\"\"", "1002/烟台冷库有限公司/-3/两\n行", "1003/Müller/4/a,b;c\td|e"];
    assert_eq!(cells, wanted, "{what}");
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3, 5], "{what}");
}

#[test]
fn every_encoding_delimiter_and_line_end_gives_the_same_table() {
    let encodings = [
        ("UTF-8", false),
        ("UTF-8", true),
        ("GB18030", false),
        ("UTF-16LE", true),
        ("UTF-16LE", false),
        ("UTF-16BE", true),
        ("UTF-16BE", false),
    ];
    for (encoding, mark) in encodings {
        for delimiter in [',', ';', '\t', '|'] {
            for line_end in ["\n", "\r\n", "\r"] {
                let bytes = encoded(&text(delimiter, line_end), encoding, mark);
                check(&bytes, &format!("{encoding} mark {mark} {delimiter:?} {line_end:?}"));
            }
        }
    }
}

#[test]
fn wrappings_are_stripped() {
    let plain = text(',', "\n").into_bytes();
    let gbk = encoded(&text(';', "\r\n"), "GB18030", false);
    check(&gzip(&plain), "gz");
    check(&gzip(&gbk), "gz of GBK");
    check(&zipped(&[("orders.csv", &plain)]), "zip");
    check(
        &zipped(&[("a/", b""), ("__MACOSX/._x.csv", b"x"), ("a/读我.pdf", b"y"), ("a/orders.txt", &gbk)]),
        "zip of several",
    );
    check(&zipped(&[("only", &plain)]), "zip of one without a telling name");
    check(&gzip(&zipped(&[("orders.csv.gz", &gzip(&plain))])), "gz of zip of gz");
}

#[test]
fn gbk_without_chardetng_context_is_recognised() {
    let folder = Folder::new();
    for text in ["订单号,数量\n1,2\n", "客户,城市\n王五,镕基\n", "名称,单价\n苹果（红）,3.5\n"]
    {
        let table = folder.open(&encoded(text, "GB18030", false), &ReadOptions::default()).unwrap();
        assert_eq!(table.headers.join(","), text.lines().next().unwrap());
        assert_eq!(table.format.encoding, "gb18030");
    }
}

#[test]
fn western_text_is_not_taken_for_chinese() {
    let folder = Folder::new();
    for text in [
        "Kunde;Straße;Größe\nMüller;Königsallee;12\nJäger;Weißes Gäßchen;7\n",
        "Client,Ville\nCafé Noël,Besançon\nÉlodie,Évreux\n",
        "Product,Price\nTea cosy,£4\n",
    ] {
        let table = folder.open(&encoded(text, "windows-1252", false), &ReadOptions::default()).unwrap();
        assert_eq!(table.format.encoding, "windows-1252", "{text}");
        let cells: Vec<_> = table.map(|row| row.unwrap().cells.join(";")).collect();
        assert_eq!(cells, text.replace(',', ";").lines().skip(1).collect::<Vec<_>>());
    }
}

#[test]
fn the_encoding_is_decided_where_the_first_letter_outside_ascii_comes() {
    let folder = Folder::new();
    let mut text = String::from("Invoice,Description,Price\n");
    for n in 0..60_000 {
        text += &format!("{n},plain words,1.25\n");
    }
    for (encoding, last) in [("windows-1252", "£ sign"), ("GB18030", "龙口果蔬"), ("UTF-8", "龙口")] {
        let bytes = encoded(&format!("{text}60000,{last},2\n"), encoding, false);
        let row = folder.read(&bytes).1.pop().unwrap();
        assert_eq!((row.number, row.get(1)), (60_002, last), "{encoding}");
    }
}

#[test]
fn a_few_damaged_bytes_do_not_change_the_encoding() {
    let folder = Folder::new();
    let mut bytes = "订单号,客户名称\n".as_bytes().to_vec();
    bytes.extend("1,龙口果蔬有限公司烟台冷库\n".repeat(10).as_bytes());
    bytes.extend(b"2,\xE9\xBE\n");
    let (headers, rows) = folder.read(&bytes);
    assert_eq!((headers[0].as_str(), rows[0].get(1)), ("订单号", "龙口果蔬有限公司烟台冷库"));
    assert!(tabular::parse::text(rows[10].get(1)).is_err());
}

#[test]
fn an_encoding_given_wins() {
    let folder = Folder::new();
    let options = ReadOptions { encoding: Some("big5".into()), ..ReadOptions::default() };
    let table = folder.open(&encoded("客戶,數量\n臺北,1\n", "big5", false), &options).unwrap();
    assert_eq!((table.headers[0].as_str(), table.format.encoding.as_str()), ("客戶", "Big5"));
    let options = ReadOptions { encoding: Some("klingon".into()), ..ReadOptions::default() };
    assert!(matches!(folder.open(b"a,b\n", &options), Err(TableError::UnknownEncoding(_))));
}

#[test]
fn cells_of_xlsx_are_written_as_people_read_them() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("空").unwrap();
    let sheet = book.add_worksheet().set_name("订单").unwrap();
    let on = CellFormat::new().set_num_format("yyyy/m/d");
    let at = CellFormat::new().set_num_format("yyyy-mm-dd hh:mm");
    let clock = CellFormat::new().set_num_format("hh:mm:ss");
    sheet.write_string(0, 0, "2024 年订单").unwrap();
    for (c, name) in ["订单号", "日期", "时间", "钟点", "单价", "手机", "会员", "公式"].iter().enumerate()
    {
        sheet.write_string(2, c as u16, *name).unwrap();
    }
    let moment = ExcelDateTime::from_ymd(2024, 5, 31).unwrap();
    sheet.write_number(3, 0, 17850.0).unwrap();
    sheet.write_datetime_with_format(3, 1, &moment, &on).unwrap();
    let moment = ExcelDateTime::from_ymd(2024, 5, 31).unwrap().and_hms(14, 30, 5).unwrap();
    sheet.write_datetime_with_format(3, 2, &moment, &at).unwrap();
    sheet.write_number_with_format(3, 3, 0.5, &clock).unwrap();
    sheet.write_number(3, 4, 0.1 + 0.2).unwrap();
    sheet.write_number(3, 5, 13_812_345_678.0).unwrap();
    sheet.write_boolean(3, 6, true).unwrap();
    sheet.write_formula(3, 7, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).unwrap();
    sheet.write_string(5, 0, "C1").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    for bytes in [bytes.clone(), gzip(&bytes), zipped(&[("订单.xlsx", &bytes)])] {
        let folder = Folder::new();
        let mut table = folder.open(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!((table.format.kind, table.format.header_row), (Kind::Xlsx, 3));
        assert_eq!((table.format.sheet.as_deref(), table.format.sheets.len()), (Some("订单"), 2));
        let row = table.next().unwrap().unwrap();
        let wanted =
            ["17850", "2024-05-31", "2024-05-31 14:30:05", "12:00:00", "0.3", "13812345678", "TRUE", "2"];
        assert_eq!((row.number, row.cells), (4, wanted.map(String::from).to_vec()));
        let row = table.next().unwrap().unwrap();
        assert_eq!((row.number, row.get(0), row.get(7), row.cells.len()), (6, "C1", "", 8));
        assert!(table.next().is_none());
    }
}

#[test]
fn a_long_xlsx_is_read_whole_and_may_be_left_early() {
    let rows: Vec<[String; 2]> = (0..5_000).map(|n| [format!("A{n}"), format!("商品 {n}")]).collect();
    let mut cells: Vec<Vec<&str>> = vec![vec!["SKU", "商品名称"]];
    cells.extend(rows.iter().map(|row| row.iter().map(String::as_str).collect()));
    let slices: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
    let folder = Folder::new();
    let path = folder.file("long.xlsx", &xlsx(&slices));
    let (_, read_rows) = read(&path);
    assert_eq!(read_rows.len(), 5_000);
    assert_eq!((read_rows[4_999].number, read_rows[4_999].get(1)), (5_001, "商品 4999"));
    let mut table = open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(table.next().unwrap().unwrap().get(0), "A0");
}

#[test]
fn xls_is_read_like_xlsx() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/orders.xls");
    let mut table = open(&path, &ReadOptions::default()).unwrap();
    assert_eq!((table.format.kind, table.format.header_row), (Kind::Xls, 3));
    assert_eq!(table.headers, ["订单编号", "订单日期", "下单时间", "客户名称", "数量", "单价(元)", "会员"]);
    let first = table.next().unwrap().unwrap();
    let wanted = ["1001", "2024-05-31", "2024-05-31 14:30:05", "龙口果蔬", "12", "3.5", "TRUE"];
    assert_eq!((first.number, first.cells), (4, wanted.map(String::from).to_vec()));
    let second = table.next().unwrap().unwrap();
    assert_eq!((second.number, second.get(3), second.get(5)), (6, "烟台 \"冷库\"", "10"));
    assert!(table.next().is_none());
}

#[test]
fn a_sheet_is_chosen_by_name() {
    let mut book = Workbook::new();
    for name in ["一月", "二月"] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.write_string(0, 0, "SKU").unwrap();
        sheet.write_string(1, 0, name).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let folder = Folder::new();
    let options = |sheet: &str| ReadOptions { sheet: Some(sheet.into()), ..ReadOptions::default() };
    let mut table = folder.open(&bytes, &options("二月")).unwrap();
    assert_eq!(table.next().unwrap().unwrap().get(0), "二月");
    let error = folder.open(&bytes, &options("三月")).unwrap_err();
    assert!(error.to_string().contains("一月, 二月"), "{error}");
}
