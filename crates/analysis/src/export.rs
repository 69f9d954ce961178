//! Tables as files.

use crate::words::Words;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use engine::{Error, Result};
use meta::{Problem, Value, label};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Spreadsheets begin files with it to know that they are UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub fn text(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Text that a spreadsheet would take for a formula is not left to it.
fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

fn cell(value: &Value) -> String {
    let text = text(value);
    if value.as_text().is_some() { harmless(&text) } else { text }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("export: {error}"))
}

/// Everything, or nothing if there are more rows than a file may have.
pub fn whole(more: bool) -> Result<()> {
    if more {
        return Err(Error::Limit(label(
            "the answer has more rows than a file may have: aggregate, or ask for less",
            "结果行数超过文件上限，请先汇总或缩小范围",
        )));
    }
    Ok(())
}

/// The file in the format asked for, `csv` or `xlsx`; only a workbook has room for what it is about.
pub fn file(format: &str, page: Page, words: &Words<'_>) -> Result<Response> {
    let (kind, bytes) = match format {
        "csv" => ("text/csv; charset=utf-8", csv(&page.columns, &page.rows)?),
        "xlsx" => (XLSX, workbook(vec![page], words)?),
        other => {
            let allowed = vec!["csv".into(), "xlsx".into()];
            return Err(Error::invalid("format", Problem::NotAChoice { given: other.to_owned(), allowed }));
        }
    };
    let disposition = format!("attachment; filename=\"answer.{format}\"");
    let head = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((head, bytes).into_response())
}

fn csv(columns: &[String], rows: &[Vec<Value>]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(columns.iter().map(|column| harmless(column))).map_err(refused)?;
    for row in rows {
        writer.write_record(row.iter().map(cell)).map_err(refused)?;
    }
    writer.into_inner().map_err(refused)
}

/// A sheet of a workbook.
#[derive(Default)]
pub struct Page {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// What it is of and what its figures mean, a heading and a text each.
    pub about: Vec<(String, String)>,
}

/// With a sheet at the end that says what the others are about.
pub fn workbook(mut pages: Vec<Page>, words: &Words<'_>) -> Result<Vec<u8>> {
    pages.extend(about(&pages, words));
    book(&pages)
}

fn book(pages: &[Page]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    for (at, page) in pages.iter().enumerate() {
        add_sheet(&mut book, at, page).map_err(refused)?;
    }
    book.save_to_buffer().map_err(refused)
}

/// `None` where nothing is said of any.
fn about(pages: &[Page], words: &Words<'_>) -> Option<Page> {
    let row = |texts: [&str; 3]| texts.map(Value::from).into();
    let of_page = |(at, page): (usize, &Page)| -> Vec<Vec<Value>> {
        let sheet = sheet_name(at, &page.name);
        page.about.iter().map(|(heading, text)| row([&sheet, heading, text])).collect()
    };
    let rows: Vec<Vec<Value>> = pages.iter().enumerate().flat_map(of_page).collect();
    let head = |key: &str| words.t(&format!("export.{key}"), &[]);
    let columns = ["sheet", "what", "meaning"].map(head).into();
    (!rows.is_empty()).then(|| Page { name: head("about"), columns, rows, about: vec![] })
}

/// Spreadsheets allow so many letters, and none of these.
fn sheet_name(at: usize, name: &str) -> String {
    const LETTERS: usize = 31;
    let allowed = name.chars().filter(|letter| !"[]:*?/\\'".contains(*letter));
    format!("{} ", at + 1).chars().chain(allowed).take(LETTERS).collect::<String>().trim().to_owned()
}

/// Numbers of more digits than a spreadsheet keeps stay text; text is written as such and never a formula.
fn add_sheet(book: &mut Workbook, at: usize, page: &Page) -> std::result::Result<(), XlsxError> {
    const DIGITS: usize = 15;
    let Page { name, columns, rows, .. } = page;
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(at, name))?;
    sheet.set_freeze_panes(1, 0)?;
    for (place, column) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, place, column, &bold)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (place, value) in (0_u16..).zip(row) {
            let text = text(value);
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let number = match value {
                Value::Int(_) | Value::Decimal(_) | Value::Json(_) if digits <= DIGITS => {
                    text.parse::<f64>().ok()
                }
                _ => None,
            };
            match number {
                Some(number) => sheet.write_number(line, place, number)?,
                None if text.is_empty() => continue,
                None => sheet.write_string(line, place, text)?,
            };
        }
    }
    sheet.autofit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_have_names_spreadsheets_take() {
        assert_eq!(sheet_name(0, ""), "1");
        assert_eq!(sheet_name(1, "按月/按省: [x]"), "2 按月按省 x");
        assert!(sheet_name(2, &"长".repeat(50)).chars().count() <= 31);
        let page = |name: &str| Page { name: name.into(), ..Page::default() };
        assert!(book(&[page("same"), page("same")]).is_ok());
    }

    #[test]
    fn text_that_looks_like_a_formula_is_none() {
        assert_eq!(cell(&Value::from("=1+1")), "'=1+1");
        assert_eq!(cell(&Value::Int(-5)), "-5");
        assert_eq!(cell(&Value::from("青岛")), "青岛");
        let file = csv(&["@head".to_owned()], &[vec![Value::from("+1")]]).unwrap();
        assert_eq!(String::from_utf8(file).unwrap(), "\u{feff}'@head\n'+1\n");
    }
}
