//! The file of a whole company holds all there is of it, and no secret.

use super::house::Visitor;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, io::Read, path::Path};

const ROWS: &str = "customer name,notes\nWaiting,uploaded and not imported yet\n";

/// What is easily forgotten: a deleted record, a number elsewhere, an erasure, a file.
pub async fn keep(visitor: &Visitor) {
    let gone = visitor.create("account", json!({ "name": "Deleted" })).await;
    let (status, text) = visitor.api("DELETE", &format!("/api/v1/account/{gone}"), &Json::Null).await;
    assert!(status.is_success(), "{text}");
    let numbered = json!({ "name": "Numbered" });
    let (status, text) = visitor.api("PUT", "/api/v1/account/by-external-id/erp/4711", &numbered).await;
    assert!(status.is_success(), "{text}");
    let person = visitor.create("account", json!({ "name": "Erasable", "kind": "person" })).await;
    let (status, text) = visitor.api("POST", &format!("/api/v1/account/{person}/erasure"), &json!({})).await;
    assert!(status.is_success(), "{text}");
    let settings = [
        ("company.name", "Betamax"),
        ("company.currency", "CNY"),
        ("company.time_zone", "Asia/Shanghai"),
        ("company.fiscal_year", "4"),
        ("company.holidays", "CN"),
    ];
    let (status, text) = visitor.form("/settings", &settings).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{text}");
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{ROWS}\r\n--b--\r\n"
    );
    let sent = visitor
        .http
        .post(format!("{}/import", visitor.base))
        .header("content-type", "multipart/form-data; boundary=b")
        .header("x-csrf-token", visitor.csrf("/profile").await)
        .body(body);
    assert_eq!(sent.send().await.unwrap().status(), StatusCode::SEE_OTHER);
}

pub fn holds(zip: &Path) {
    let all = unpacked(zip);
    for file in ["account", "order", "order_line", "team"] {
        assert!(lines(&all, &format!("records/{file}.ndjson")).count() >= 1, "{file}");
    }
    let account = |name: &str| {
        let mut found = lines(&all, "records/account.ndjson").filter(|line| line["name"] == name);
        found.next().unwrap_or_else(|| panic!("{name} is not in the file"))
    };
    assert!(account("Betamax")["deleted_at"].is_null());
    assert!(account("Deleted")["deleted_at"].is_string(), "the trash comes along");
    assert_eq!(account("Numbered")["external_ids"], json!([["erp", "4711"]]));
    assert!(all.values().all(|text| !text.contains("Erasable")), "what was erased is in the file");
    let erased: Vec<Json> = lines(&all, "erased.ndjson").collect();
    assert_eq!((erased.len(), &erased[0]["entity"]), (1, &json!("account")));
    assert_eq!(
        erased[0]["id"],
        lines(&all, "records/account.ndjson").find(|it| it["kind"] == "person").unwrap()["id"]
    );
    let settings: Json = serde_json::from_str(&all["settings.json"]).unwrap();
    assert_eq!(settings["company.fiscal_year"], json!("4"), "{settings}");
    let uploaded = all.iter().any(|(name, text)| name.starts_with("uploads/") && text == ROWS);
    assert!(uploaded, "{:?}", all.keys());
    assert!(all["changes.ndjson"].contains("order_line"));
    assert!(all["audit.ndjson"].contains("\"signed_in\""), "{}", all["audit.ndjson"]);
    assert!(all.values().all(|text| !text.contains("argon2")), "passwords stay behind");
}

fn unpacked(zip: &Path) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let mut all = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        all.insert(file.name().unwrap().into_owned(), text);
    }
    all
}

fn lines<'a>(all: &'a BTreeMap<String, String>, file: &str) -> impl Iterator<Item = Json> + 'a {
    all[file].lines().map(|line| serde_json::from_str(line).unwrap())
}
