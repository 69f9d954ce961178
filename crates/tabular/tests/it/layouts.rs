//! Layouts of real exports: title lines, blank lines, ragged rows, stray quotation marks.

use tabular::{ReadOptions, TableError, open};

use crate::made_files::{Folder, gzip, xlsx};

#[test]
fn title_lines_above_the_header_are_skipped() {
    let folder = Folder::new();
    let text = "超市订单明细\n导出日期：2024-05-31,,,\n\n订单 ID,订单日期,客户名称,销售额\nCN-1,2014/4/28,曾惠,129.7\nCN-2,2014/4/29,许安,12\n";
    let table = folder.open(text.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!((table.format.header_row, table.headers[0].as_str()), (4, "订单 ID"));
    assert_eq!(table.map(|row| row.unwrap().number).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn unknown_names_make_a_header_if_they_are_words() {
    let folder = Folder::new();
    let (headers, rows) = folder.read(b"Report\nfoo,bar,baz\n1,2,3\n4,5,6\n7,8,9\n");
    assert_eq!((headers.join("|"), rows.len()), ("foo|bar|baz".into(), 3));
    assert!(matches!(
        folder.open(b"1,2,3\n4,5,6\n", &ReadOptions::default()),
        Err(TableError::NoHeader { looked_at: 2 })
    ));
}

#[test]
fn the_header_row_can_be_given_or_denied() {
    let folder = Folder::new();
    let read = |row: u64| {
        let options = ReadOptions { header_row: Some(row), ..ReadOptions::default() };
        folder.open(b"SKU,Price\na,b\n\nc,d\n1,2,3\n", &options).map(|mut table| {
            let first = table.next().map(|row| row.unwrap().number);
            (table.headers.join("|"), first)
        })
    };
    assert_eq!(read(4).unwrap(), ("c|d".into(), Some(5)));
    assert_eq!(read(2).unwrap(), ("a|b".into(), Some(4)));
    assert_eq!(read(0).unwrap(), ("A|B|C".into(), Some(1)));
    assert!(matches!(read(3), Err(TableError::NoSuchHeaderRow { row: 3 })));
    assert!(matches!(read(9), Err(TableError::NoSuchHeaderRow { row: 9 })));
}

#[test]
fn a_header_row_may_lie_deep() {
    let folder = Folder::new();
    let text = "words here\n".repeat(100) + "SKU,Price\nA,1\n";
    let options = ReadOptions { header_row: Some(101), delimiter: Some(','), ..ReadOptions::default() };
    let mut table = folder.open(text.as_bytes(), &options).unwrap();
    assert_eq!((table.headers.join("|"), table.next().unwrap().unwrap().number), ("SKU|Price".into(), 102));
}

#[test]
fn ragged_rows_keep_what_they_have() {
    let folder = Folder::new();
    let (headers, rows) = folder.read(b"SKU,Name,Price,,\nA,Apple\nB,Pear,2,extra,more\n,,\nC,Plum,3\n");
    assert_eq!(headers, ["SKU", "Name", "Price"]);
    let cells: Vec<_> = rows.iter().map(|row| (row.number, row.cells.join("|"))).collect();
    let wanted = [(2, "A|Apple|"), (3, "B|Pear|2|extra|more"), (5, "C|Plum|3")];
    assert_eq!(cells, wanted.map(|(number, cells)| (number, cells.to_owned())));
    assert_eq!(rows[0].get(99), "");
}

#[test]
fn quotation_marks_inside_a_cell_are_text() {
    let folder = Folder::new();
    let (_, rows) = folder.read(b"SKU,Name,Price\n1,12\" RULER,3\n2,\"A \"\"B\"\" C\" tail,4\n3,\"\",5\n");
    let names: Vec<_> = rows.iter().map(|row| row.get(1)).collect();
    assert_eq!(names, ["12\" RULER", "A \"B\" C tail", ""]);
}

#[test]
fn rows_are_numbered_as_a_person_counts_lines() {
    let folder = Folder::new();
    for line_end in ["\n", "\r\n", "\r"] {
        let text = ["SKU,Name,Price", "", "1,\"two", "lines\",3", "", "", "2,b,4", ""].join(line_end);
        let (_, rows) = folder.read(text.as_bytes());
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 7], "{line_end:?}");
    }
}

#[test]
fn the_note_of_excel_names_the_delimiter() {
    let folder = Folder::new();
    let (headers, rows) = folder.read(b"sep=;\r\nSKU;Name;Price\r\nA;x,y,z;1,5\r\n");
    assert_eq!(
        (headers.join("|"), rows[0].cells.join("|"), rows[0].number),
        ("SKU|Name|Price".into(), "A|x,y,z|1,5".into(), 3)
    );
}

#[test]
fn decimal_commas_do_not_pass_for_delimiters() {
    let folder = Folder::new();
    let (headers, rows) =
        folder.read("Artikel;Preis;Menge\nA;12,50;1,0\nB;3,25;2,0\nC;1,10;7,5\n".as_bytes());
    assert_eq!((headers.len(), rows[0].get(1)), (3, "12,50"));
}

#[test]
fn a_single_column_is_a_table() {
    let folder = Folder::new();
    let (headers, rows) = folder.read(b"email\na@example.com\nb@example.com\n");
    assert_eq!((headers.join("|"), rows.len()), ("email".into(), 2));
}

#[test]
fn headers_lose_line_breaks_and_keep_their_place() {
    let folder = Folder::new();
    let (headers, _) = folder.read("\"单价\n(元)\",, 数量 \n1,2,3\n".as_bytes());
    assert_eq!(headers, ["单价 (元)", "", "数量"]);
}

#[test]
fn cells_of_xlsx_keep_their_columns() {
    let folder = Folder::new();
    let (headers, rows) =
        folder.read(&xlsx(&[&["", "标题"], &["", ""], &["SKU", "名称", "单价"], &["", "", "3"], &["A"]]));
    assert_eq!(headers, ["SKU", "名称", "单价"]);
    let cells: Vec<_> = rows.iter().map(|row| (row.number, row.cells.join("|"))).collect();
    assert_eq!(cells, [(4, "||3".to_owned()), (5, "A||".to_owned())]);
}

#[test]
fn progress_reaches_the_bytes_on_disk() {
    let folder = Folder::new();
    let mut text = String::from("SKU,Price\n");
    for n in 0..100_000 {
        text += &format!("A{n},{}\n", n * 7919 % 10_007);
    }
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let path = folder.file("long", &bytes);
        let mut table = open(&path, &ReadOptions::default()).unwrap();
        let progress = table.progress();
        assert_eq!(progress.bytes_total(), bytes.len() as u64);
        let early = progress.bytes_read();
        assert!(0 < early && early < bytes.len() as u64, "{early}");
        assert_eq!(table.by_ref().filter(|row| row.is_ok()).count(), 100_000);
        assert_eq!(table.bytes_read(), bytes.len() as u64);
    }
}
