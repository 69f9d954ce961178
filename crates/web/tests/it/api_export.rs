//! The API: a whole list as a stream.

use crate::shop;
use axum::{body::Body, http::Method};
use futures::StreamExt;
use serde_json::{Value as Json, json};
use testkit::{Client, on_both, on_sqlite};

const EXPORT: &str = "/api/v1/customer/export";

async fn create(client: &Client, body: Json) -> Json {
    client.json("POST", "/api/v1/customer", &body).await.expect(201).json()
}

fn records(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn ndjson_is_the_list_record_by_record() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        create(&client, json!({"name": "A", "city": "上海", "external_ids": {"erp": ["1", "2"]}})).await;
        create(&client, json!({"name": "B", "city": "北京", "staff": 3})).await;
        let answer = client.get(EXPORT).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"customer.ndjson\"");
        let list = client.get("/api/v1/customer").await.json();
        assert_eq!(json!(records(&answer.body)), list["data"]);
        let query = "filter=city%20%3D%3D%20'%E5%8C%97%E4%BA%AC'&fields=name,staff&sort=-name";
        let some = client.get(&format!("{EXPORT}?{query}")).await.expect(200);
        let list = client.get(&format!("/api/v1/customer?{query}")).await.json();
        assert_eq!(json!(records(&some.body)), list["data"]);
        assert_eq!(list["data"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn csv_has_a_column_for_every_field_named_as_in_the_api() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let record =
            create(&client, json!({"name": "=A, \"B\"", "staff": 3, "external_ids": {"erp": "1"}})).await;
        let headers = [("accept", "text/csv")];
        let answer = client.send(Method::GET, EXPORT, &headers, Body::empty()).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        let head = answer.body.lines().next().unwrap();
        let columns: Vec<&str> = head.split(',').collect();
        let mut keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let mut sorted = columns.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, keys);
        let some =
            client.get(&format!("{EXPORT}?format=csv&fields=staff,name,external_ids")).await.expect(200);
        let id = record["id"].as_str().unwrap();
        let line = format!("{id},1,\"'=A, \"\"B\"\"\",3,\"{{\"\"erp\"\":\"\"1\"\"}}\"");
        assert_eq!(some.body, format!("id,version,name,staff,external_ids\r\n{line}\r\n"));
        assert_eq!(
            client.get(&format!("{EXPORT}?format=csv&filter=staff%20%3D%3D%209&fields=name")).await.body,
            "id,version,name\r\n"
        );
    });
}

#[test]
fn what_the_list_refuses_the_export_refuses_before_it_begins() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        for (query, field) in [
            ("format=xml", "format"),
            ("filter=nonsense%20%3D%3D%201", "filter"),
            ("sort=phone", "sort"),
            ("sort=", "sort"),
            ("fields=", "fields"),
            ("fields=nonsense", "nonsense"),
            ("limit=5", "limit"),
            ("after=x", "after"),
        ] {
            let problem = client.get(&format!("{EXPORT}?{query}")).await.expect(422).json();
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
        client.get("/api/v1/nothing/export").await.expect(404);
        test.visitor().get(EXPORT).await.expect(401);
    });
}

#[test]
fn nobody_exports_what_he_may_not_see() {
    on_sqlite(shop::modules, async |test| {
        let (one, other) = (
            test.api_of("One", "one@example.com", engine::Role::User).await,
            test.api_of("Other", "other@example.com", engine::Role::User).await,
        );
        let view = json!({"name": "Mine", "entity": "customer"});
        one.json("POST", "/api/v1/saved_view", &view).await.expect(201);
        assert_eq!(records(&one.get("/api/v1/saved_view/export").await.expect(200).body).len(), 1);
        assert!(records(&other.get("/api/v1/saved_view/export").await.expect(200).body).is_empty());
    });
}

/// What is written after the first page has been taken is in the rest: later pages are read when their turn comes.
#[test]
fn pages_are_read_only_when_the_reader_takes_them() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let operations: Vec<Json> =
            (0..1_500).map(|n| json!({"op": "create", "values": {"name": format!("{n:04}")}})).collect();
        client.json("POST", "/api/v1/customer/batch", &json!({ "operations": operations })).await.expect(200);
        let answer = client
            .response(Method::GET, &format!("{EXPORT}?sort=name&fields=name"), &[], Body::empty())
            .await;
        let mut body = answer.into_body().into_data_stream();
        let first = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert_eq!(records(&first).len(), 1_000, "one page, not the whole list");
        create(&client, json!({"name": "zzzz"})).await;
        let mut rest = String::new();
        while let Some(part) = body.next().await {
            rest.push_str(&String::from_utf8_lossy(&part.unwrap()));
        }
        let rest = records(&rest);
        assert_eq!((rest.len(), &rest[500]["name"]), (501, &json!("zzzz")));
    });
}
