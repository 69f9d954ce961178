//! The same orders from files of every kind.

use crate::ground::{made, on_both, options};
use import::Kind;
use std::io::Write;

const HEADERS: [&str; 6] = ["订单号", "下单日期", "客户名称", "商品名称", "数量", "金额"];
const ROWS: [[&str; 6]; 3] = [
    ["D1", "2024-05-31", "张三", "苹果", "2", "19.9"],
    ["D1", "2024-05-31", "张三", "梨", "1", "8"],
    ["D2", "2024-06-01", "青岛果业有限公司", "苹果", "-1", "-9.95"],
];

fn csv(delimiter: &str) -> String {
    let lines = [HEADERS.join(delimiter)].into_iter().chain(ROWS.iter().map(|row| row.join(delimiter)));
    lines.collect::<Vec<_>>().join("\r\n")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in HEADERS.iter().enumerate() {
        sheet.write(0, column as u16, *header).unwrap();
    }
    for (line, row) in ROWS.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write(line as u32 + 1, column as u16, number).unwrap(),
                Err(_) => sheet.write(line as u32 + 1, column as u16, *cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn every_kind_of_file_gives_the_same_records() {
    on_both(async |company| {
        let utf8 = csv(",").into_bytes();
        let gbk = encoding_rs::GB18030.encode(&csv(",")).0.into_owned();
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(csv("\t").encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let files = [
            ("a.csv", utf8.clone()),
            ("b.csv", gbk.clone()),
            ("c.txt", utf16),
            ("d.csv.gz", gzip(&gbk)),
            ("e.xlsx", workbook()),
            ("f.csv", csv(";").into_bytes()),
        ];
        for (index, (name, bytes)) in files.into_iter().enumerate() {
            let path = company.file(name, bytes);
            let outcome = company.import(Kind::Orders, &path, &options()).await;
            assert_eq!((outcome.progress.imported, outcome.progress.errors), (3, 0), "{name}");
            let expected = if index == 0 { vec![2, 2, 1, 2, 1, 1] } else { vec![0; 6] };
            assert_eq!(made(&outcome), expected, "{name}");
            assert_eq!(outcome.progress.made(import::UPDATED), 0, "{name}");
        }
    });
}
