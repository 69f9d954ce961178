//! Workbooks as rows of text, as a spreadsheet shows them: the heads of the columns first.

use axum::{
    body::{Body, to_bytes},
    http::Method,
};
use tabular::ReadOptions;
use testkit::Client;

pub fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    sheet(bytes, None)
}

/// Of a sheet by its name, or of the first.
pub fn sheet(bytes: &[u8], name: Option<&str>) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.xlsx");
    std::fs::write(&file, bytes).unwrap();
    let options =
        ReadOptions { header_row: Some(1), sheet: name.map(str::to_owned), ..ReadOptions::default() };
    let table = tabular::open(&file, &options).unwrap();
    [table.headers.clone()].into_iter().chain(table.map(|row| row.unwrap().cells)).collect()
}

/// What this form is answered with, a workbook to be saved.
pub async fn exported(client: &Client, path: &str, form: &[(&str, &str)]) -> Vec<Vec<String>> {
    rows(&saved(client, path, form).await)
}

pub async fn saved(client: &Client, path: &str, form: &[(&str, &str)]) -> Vec<u8> {
    let form = [form, &[("format", "xlsx"), ("csrf", client.csrf.as_str())]].concat();
    let pairs: Vec<String> =
        form.iter().map(|(name, value)| format!("{name}={}", web::encode(value))).collect();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = client.response(Method::POST, path, &headers, Body::from(pairs.join("&"))).await;
    assert_eq!(answer.status(), 200, "{path}");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("answer.xlsx"), "{disposition}");
    to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()
}
