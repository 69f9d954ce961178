//! The API's description is complete and true.

use crate::shop;
use axum::{body::Body, http::Method};
use serde_json::{Value as Json, json};
use testkit::on_sqlite;

/// Every `$ref` in a document.
fn references(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Object(object) => {
            found.extend(object.get("$ref").and_then(Json::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Json::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        for lang in ["en", "zh-CN"] {
            let headers = [("accept-language", lang)];
            let answer = client.send(Method::GET, "/api/openapi.json", &headers, Body::empty()).await;
            let document = answer.expect(200).json();
            assert_eq!(document["openapi"], "3.1.0");
            let mut found = vec![];
            references(&document, &mut found);
            assert!(found.len() > 100);
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
        }
    });
}

#[test]
fn every_operation_described_is_answered() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let document = client.get("/api/openapi.json").await.expect(200).json();
        let paths = document["paths"].as_object().unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(ids.insert(operation["operationId"].to_string()), "{operation}");
                assert!(!operation["summary"].as_str().unwrap().is_empty());
                let path = path
                    .replace("{id}", "0199a000-0000-7000-8000-000000000000")
                    .replace("{source}", "erp")
                    .replace("{number}", "1");
                let answer = client.json(&method.to_uppercase(), &path, &json!({})).await;
                assert_ne!(answer.status, 405, "{method} {path}");
                let described = operation["responses"].as_object().unwrap();
                assert!(
                    described.contains_key(&answer.status.to_string()),
                    "{method} {path}: {}",
                    answer.status
                );
                if answer.status == 404 {
                    assert!(
                        answer.body.contains("0199a000") || answer.body.contains("erp 1"),
                        "{path}: {}",
                        answer.body
                    );
                }
            }
        }
        let of_customer = paths.keys().filter(|path| path.starts_with("/api/v1/customer")).count();
        assert_eq!(
            of_customer, 9,
            "list, batch, export, by number, record, restore, timeline, history, access"
        );
        assert!(paths.contains_key("/api/v1/search") && paths.contains_key("/api/v1/meta"));
        let fields = &document["components"]["schemas"]["customer"]["properties"];
        for field in test.engine.entity("customer").unwrap().fields.keys() {
            assert!(fields.get(field).is_some(), "{field}");
        }
    });
}

#[test]
fn the_examples_can_be_sent_as_they_are() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let document = client.get("/api/openapi.json").await.expect(200).json();
        let body = |path: &str| {
            document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"].clone()
        };
        for entity in ["customer", "sale", "team", "exchange_rate"] {
            let path = format!("/api/v1/{entity}");
            client.json("POST", &path, &body(&path)).await.expect(201);
        }
        let mut batch = body("/api/v1/customer/batch");
        batch["operations"][0]["values"]["external_ids"] = json!({"erp": "4712"});
        client.json("POST", "/api/v1/customer/batch", &batch).await.expect(200);
    });
}

#[test]
fn the_page_shows_the_description_and_allows_its_styles_only_there() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let page = client.get("/api/docs").await.expect(200);
        assert!(page.body.contains("/api/openapi.json"), "{}", page.body);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("style-src 'self' 'unsafe-inline'") && policy.contains("script-src 'self';"));
        client.get("/api/openapi.json").await.expect(200);
        let visitor = test.visitor();
        assert_eq!(visitor.get("/api/docs").await.expect(303).header("location"), "/sign-in?next=/api/docs");
    });
}
