//! Answers as files.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use engine::{Error, Result};
use meta::{Value, label};
use rust_xlsxwriter::{Workbook, XlsxError};
use warehouse::Answer;

/// Spreadsheets begin files with it to know that they are UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub fn text(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Text that a spreadsheet would take for a formula is not left to it.
fn harmless(value: &Value) -> String {
    let text = text(value);
    let formula = value.as_text().is_some_and(|text| text.starts_with(['=', '+', '-', '@', '\t', '\r']));
    if formula { format!("'{text}") } else { text }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("export: {error}"))
}

fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

/// Everything, or nothing if there are more rows than a file may have.
fn whole(answer: &Answer) -> Result<()> {
    if answer.more {
        return Err(Error::Limit(label(
            "the answer has more rows than a file may have: aggregate, or ask for less",
            "结果行数超过文件上限，请先汇总或缩小范围",
        )));
    }
    Ok(())
}

pub fn csv(answer: &Answer) -> Result<Response> {
    whole(answer)?;
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(answer.columns()).map_err(refused)?;
    for row in answer.values() {
        writer.write_record(row?.iter().map(harmless)).map_err(refused)?;
    }
    let bytes = writer.into_inner().map_err(refused)?;
    Ok(file("answer.csv", "text/csv; charset=utf-8", bytes))
}

pub fn xlsx(answer: &Answer) -> Result<Response> {
    whole(answer)?;
    let rows = answer.values().collect::<Result<Vec<_>>>()?;
    let bytes = sheet(&answer.columns(), &rows).map_err(refused)?;
    Ok(file("answer.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes))
}

/// Numbers of more digits than a spreadsheet keeps stay text.
fn sheet(columns: &[&str], rows: &[Vec<Value>]) -> std::result::Result<Vec<u8>, XlsxError> {
    const DIGITS: usize = 15;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (place, column) in (0_u16..).zip(columns) {
        sheet.write_string(0, place, *column)?;
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
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_a_formula_is_none() {
        assert_eq!(harmless(&Value::from("=1+1")), "'=1+1");
        assert_eq!(harmless(&Value::Int(-5)), "-5");
        assert_eq!(harmless(&Value::from("青岛")), "青岛");
    }
}
