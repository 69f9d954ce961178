//! The API: many writes at once.

use crate::shop;
use serde_json::{Value as Json, json};
use testkit::{on_both, on_sqlite};

const BATCH: &str = "/api/v1/customer/batch";

#[test]
fn a_batch_creates_changes_and_deletes_in_order() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let create =
            |name: &str| json!({"op": "create", "values": {"name": name, "external_ids": {"erp": name}}});
        let body = json!({"operations": [create("a"), create("b"), create("c")]});
        let results = client.json("POST", BATCH, &body).await.expect(200).json();
        let id = |index: usize| results["results"][index]["id"].clone();
        let body = json!({"operations": [
            {"op": "update", "id": id(0), "version": 1, "values": {"city": "上海"}},
            {"op": "update", "id": id(1), "values": {"city": "北京"}},
            {"op": "update", "id": id(1), "values": {"name": "bb"}},
            {"op": "delete", "id": id(2)},
            create("d"),
            {"op": "update", "id": id(0), "values": {"external_ids": {"erp": "aa"}}},
        ]});
        let second = client.json("POST", BATCH, &body).await.expect(200).json();
        assert_eq!(second["results"].as_array().unwrap().len(), 6);
        assert_eq!(second["results"][3]["id"], id(2));
        let list = client.get("/api/v1/customer?sort=name&fields=name,city,external_ids").await.json();
        let shown: Vec<Json> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| json!([record["name"], record["city"], record["external_ids"]["erp"]]))
            .collect();
        assert_eq!(shown, [json!(["a", "上海", "aa"]), json!(["bb", "北京", "b"]), json!(["d", null, "d"])]);
    });
}

#[test]
fn one_wrong_operation_undoes_all_and_is_named() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let refuse = async |operations: Json| {
            let problem =
                client.json("POST", BATCH, &json!({"operations": operations})).await.expect(422).json();
            let count = client.get("/api/v1/customer?count=true").await.json()["count"]["number"].clone();
            assert_eq!(count, 0, "nothing was kept");
            problem["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["field"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let good = json!({"op": "create", "values": {"name": "a"}});
        let nobody = "0199a000-0000-7000-8000-000000000000";
        assert_eq!(
            refuse(json!([good, {"op": "create", "values": {"staff": "x"}}, {"op": "create", "values": {"no": 1}}])).await,
            ["operations[1].staff", "operations[2].no"]
        );
        assert_eq!(refuse(json!([good, good, {"op": "create", "values": {}}])).await, ["operations[2].name"]);
        assert_eq!(refuse(json!([good, {"op": "delete", "id": nobody}])).await, ["operations[1].id"]);
        assert_eq!(
            refuse(
                json!([good, {"op": "update", "id": nobody, "values": {}}, {"op": "update", "values": {}}])
            )
            .await,
            ["operations[2].id"]
        );
        assert_eq!(refuse(json!([good, {"op": "burn"}])).await, ["operations[1].op"]);
        let parent = json!({"op": "create", "values": {"name": "a", "parent": nobody}});
        assert_eq!(refuse(json!([good, parent])).await, ["operations[1].parent"]);
    });
}

#[test]
fn a_batch_of_lines_names_operation_and_line() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let sale = |item: Json| json!({"op": "create", "values": {"lines": [{"item": item, "quantity": 1, "price": 2}]}});
        let good = json!({"operations": [sale(json!("a")), sale(json!("b"))]});
        client.json("POST", "/api/v1/sale/batch", &good).await.expect(200);
        let totals = client.get("/api/v1/sale?fields=total").await.json();
        assert_eq!((&totals["data"][0]["total"], &totals["data"][1]["total"]), (&json!("2"), &json!("2")));
        let wrong = json!({"operations": [sale(json!("a")), sale(json!(null))]});
        let problem = client.json("POST", "/api/v1/sale/batch", &wrong).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "operations[1].lines[0].item");
    });
}

#[test]
fn a_batch_has_a_limit_and_can_be_repeated_safely() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let operations =
            |n: usize| json!({"operations": vec![json!({"op": "create", "values": {"name": "a"}}); n]});
        client.json("POST", BATCH, &operations(10_001)).await.expect(413);
        client.json("POST", BATCH, &json!({})).await.expect(400);
        let key = [("idempotency-key", "bulk")];
        let first = client.json_with("POST", BATCH, &key, &operations(2_000)).await.expect(200).json();
        assert_eq!(client.json_with("POST", BATCH, &key, &operations(2_000)).await.expect(200).json(), first);
        let count = client.get("/api/v1/customer?count=true&limit=1").await.json()["count"].clone();
        assert_eq!(count, json!({"number": 2_000, "capped": false}));
    });
}

#[test]
fn ten_thousand_records_are_created_changed_and_deleted_in_one_call_each_and_one_more_is_refused() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let send = async |operations: Vec<Json>, status: u16| {
            client.json("POST", BATCH, &json!({ "operations": operations })).await.expect(status).json()
        };
        let create = |n: usize| json!({"op": "create", "values": {"name": format!("{n:05}"), "staff": n}});
        let made = send((0..10_000).map(create).collect(), 200).await;
        let ids: Vec<Json> =
            made["results"].as_array().unwrap().iter().map(|result| result["id"].clone()).collect();
        let distinct: std::collections::BTreeSet<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(distinct.len(), 10_000);
        let update = |id: &Json| json!({"op": "update", "id": id, "version": 1, "values": {"city": "青岛"}});
        send(ids.iter().map(update).collect(), 200).await;
        let last = client.get(&format!("/api/v1/customer/{}", ids[9_999].as_str().unwrap())).await.json();
        assert_eq!(
            (&last["staff"], &last["city"], &last["version"]),
            (&json!(9_999), &json!("青岛"), &json!(2))
        );
        let problem = send((0..10_001).map(create).collect(), 413).await;
        assert_eq!(problem["type"], "urn:zhike:problem:limit");
        assert!(problem["detail"].as_str().unwrap().contains("10000"), "{problem}");
        send(ids.iter().map(|id| json!({"op": "delete", "id": id})).collect(), 200).await;
        let count = client.get("/api/v1/customer?count=true&limit=1").await.json()["count"].clone();
        assert_eq!(count, json!({"number": 0, "capped": false}), "and what was refused left nothing");
    });
}
