//! Every road of one company asked for every id of the other.

use super::house::Visitor;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

pub async fn nothing_crosses(mine: &Visitor, theirs: &Visitor, their_word: &str) {
    let everything = theirs.everything().await;
    let count: usize = everything.values().map(Vec::len).sum();
    assert!(count >= 11, "{everything:?}");
    for (entity, ids) in &everything {
        for id in ids {
            by_id(mine, entity, id, their_word).await;
        }
        if let Some(id) = ids.first() {
            by_form(mine, entity, id, their_word).await;
        }
        let (_, list) = mine.get(&format!("/api/v1/{entity}?limit=1000")).await;
        let (_, export) = mine.get(&format!("/api/v1/{entity}/export?format=ndjson")).await;
        let (_, page) = mine.page(&format!("/{entity}")).await;
        let (_, picks) = mine.page(&format!("/lookup/{entity}")).await;
        for (road, text) in [("list", list), ("export", export), ("page", page), ("picker", picks)] {
            let told = text.contains(their_word) || ids.iter().any(|id| text.contains(id));
            assert!(!told, "the {road} of {entity} tells of the other company: {text}");
        }
        // What was asked for may be said back.
        let (_, found) = mine.page(&format!("/lookup/{entity}?q={their_word}")).await;
        assert!(!ids.iter().any(|id| found.contains(id)), "{entity} of the other company is found: {found}");
    }
    let (_, found) = mine.get(&format!("/api/v1/search?q={their_word}")).await;
    assert_eq!(serde_json::from_str::<Json>(&found).unwrap()["data"], json!([]), "{found}");
    let (status, _) =
        Visitor { token: theirs.token.clone(), http: mine.http.clone(), base: mine.base.clone() }
            .get("/api/v1/account")
            .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a token is of its company");
    nothing_is_tied(mine, &everything["account"][0], &everything["user"][0]).await;
    // Whatever was asked, theirs are as they were.
    assert_eq!(theirs.everything().await, everything);
}

async fn by_id(mine: &Visitor, entity: &str, id: &str, their_word: &str) {
    for (method, part) in [
        ("GET", ""),
        ("GET", "/history"),
        ("GET", "/timeline"),
        ("GET", "/access"),
        ("GET", "/erasure"),
        ("PATCH", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
    ] {
        let path = format!("/api/v1/{entity}/{id}{part}");
        let body = if ["PATCH", "PUT"].contains(&method) { json!({}) } else { Json::Null };
        let (status, text) = mine.api(method, &path, &body).await;
        assert!(status.is_client_error() && !text.contains(their_word), "{method} {path}: {status} {text}");
    }
    let batch = json!({ "operations": [{ "op": "delete", "id": id }] });
    let (status, text) = mine.api("POST", &format!("/api/v1/{entity}/batch"), &batch).await;
    assert!(!status.is_success() || !text.contains("\"status\":2"), "batch of {entity}: {status} {text}");
    for part in ["", "/edit", "/history", "/timeline", "/panels", "/access", "/share"] {
        refused(mine, &format!("/{entity}/{id}{part}"), their_word).await;
    }
    refused(mine, &format!("/events/{entity}/{id}"), their_word).await;
}

async fn refused(mine: &Visitor, path: &str, their_word: &str) {
    let (status, page) = mine.page(path).await;
    assert!(status.is_client_error() && !page.contains(their_word), "{path}: {status}");
}

async fn by_form(mine: &Visitor, entity: &str, id: &str, their_word: &str) {
    for part in ["edit", "delete", "restore", "share", "merge"] {
        let path = format!("/{entity}/{id}/{part}");
        let (status, page) = mine.form(&path, &[("name", "x"), ("version", "1")]).await;
        assert!(status.is_client_error() && !page.contains(their_word), "POST {path}: {status}");
    }
}

/// Nothing of ours can be given to them, or made to belong to what is theirs.
async fn nothing_is_tied(mine: &Visitor, account: &str, user: &str) {
    for (entity, body) in [
        ("order", json!({ "account": account, "currency": "CNY" })),
        ("contact", json!({ "name": "x", "account": account })),
        ("address", json!({ "street": "x", "account": account })),
        ("activity", json!({ "subject": "x", "kind": "task", "account": account })),
        ("account", json!({ "name": "x", "parent_account": account })),
        ("account", json!({ "name": "x", "owner": user })),
        ("user_role", json!({ "user": user })),
    ] {
        let (status, text) = mine.api("POST", &format!("/api/v1/{entity}"), &body).await;
        assert!(status.is_client_error(), "{entity} {body}: {status} {text}");
    }
    let own = mine.everything().await["account"][0].clone();
    let (status, text) =
        mine.form(&format!("/account/{own}/share"), &[("user", user), ("level", "read")]).await;
    assert!(status.is_client_error(), "{status} {text}");
    let (status, text) = mine.form(&format!("/user/{user}/hand-over"), &[("to", user)]).await;
    assert!(status.is_client_error(), "{status} {text}");
}
