//! The API: creating, changing, deleting, and doing it only once.

use crate::shop;
use serde_json::{Value as Json, json};
use testkit::{Client, on_both, on_sqlite};

const CUSTOMER: &str = "/api/v1/customer";

async fn create(client: &Client, body: Json) -> Json {
    client.json("POST", CUSTOMER, &body).await.expect(201).json()
}

fn path(record: &Json) -> String {
    format!("{CUSTOMER}/{}", record["id"].as_str().unwrap())
}

#[test]
fn a_record_is_created_read_changed_deleted_and_restored() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let body = json!({"name": "Longkou Fruit", "city": "龙口", "staff": 12, "since_on": "2020-02-29",
            "phone": "138 0000 8000", "external_ids": {"erp": "4711"}});
        let answer = client.json("POST", CUSTOMER, &body).await.expect(201);
        let made = answer.json();
        assert_eq!(answer.header("location"), path(&made));
        assert_eq!(made["version"], 1);
        assert_eq!(made["kind"], "company", "the default");
        assert_eq!(made["phone"], "+8613800008000");
        assert_eq!(made["external_ids"], json!({"erp": "4711"}));
        assert_eq!(client.get(&path(&made)).await.expect(200).json(), made);
        let changed =
            client.json("PATCH", &path(&made), &json!({"city": null, "staff": 13})).await.expect(200).json();
        assert_eq!(
            (&changed["version"], &changed["city"], &changed["staff"]),
            (&json!(2), &Json::Null, &json!(13))
        );
        assert_eq!(changed["name"], "Longkou Fruit");
        client.json("DELETE", &path(&made), &Json::Null).await.expect(204);
        client.get(&path(&made)).await.expect(404);
        let restored =
            client.json("POST", &format!("{}/restore", path(&made)), &Json::Null).await.expect(200).json();
        assert_eq!(restored["deleted_at"], Json::Null);
        client.get(&path(&made)).await.expect(200);
        client.json("POST", &format!("{}/restore", path(&made)), &Json::Null).await.expect(404);
    });
}

#[test]
fn problems_name_field_code_and_remedy_in_the_language_asked_for() {
    on_both(shop::modules, async |test| {
        let client = test.api().await.with("accept-language", "zh-CN");
        let body = json!({"staff": 1.5, "email": "a@b", "colour": "red", "worth": "5"});
        let answer = client.json("POST", CUSTOMER, &body).await.expect(422);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["title"]), (&json!(422), &json!("Unprocessable Entity")));
        let mut found: Vec<(&str, &str)> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [("colour", "unknown_field"), ("email", "not_an_email"), ("staff", "not_an_integer")]
        );
        assert!(problem["detail"].as_str().unwrap().contains("不是邮箱地址"), "{problem}");
        let problem = client.json("POST", CUSTOMER, &json!({"worth": "5"})).await.expect(422).json();
        let codes: Vec<&Json> =
            problem["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
        assert!(codes.contains(&&json!("read_only")) && codes.contains(&&json!("required")), "{problem}");
        let rule = client.json("POST", CUSTOMER, &json!({"name": "forbidden"})).await.expect(422).json();
        assert_eq!(rule["errors"][0]["message"], "请换个名称");
    });
}

#[test]
fn unreadable_bodies_are_refused_with_the_reason() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let send = async |body: &'static str| {
            client.send(axum::http::Method::POST, CUSTOMER, &[], body.into()).await.expect(400).json()
        };
        let broken = send("{\"name\": ").await;
        assert!(broken["detail"].as_str().unwrap().contains("line 1 column"), "{broken}");
        send("[]").await;
        client.get(&format!("{CUSTOMER}/not-an-id")).await.expect(400);
        client.json("POST", "/api/v1/nothing", &json!({})).await.expect(404);
        client.json("PUT", CUSTOMER, &json!({})).await.expect(405);
    });
}

#[test]
fn a_version_that_is_not_current_is_refused() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let made = create(&client, json!({"name": "A"})).await;
        let tag = client.get(&path(&made)).await.header("etag").to_owned();
        assert!(tag.starts_with("\"1-"), "{tag}");
        client
            .json_with("PATCH", &path(&made), &[("if-match", &tag)], &json!({"name": "B"}))
            .await
            .expect(200);
        let stale =
            client.json_with("PATCH", &path(&made), &[("if-match", &tag)], &json!({"name": "C"})).await;
        assert_eq!(stale.expect(412).json()["current_version"], 2);
        let stale = client.json("PATCH", &path(&made), &json!({"name": "C", "version": 1})).await;
        assert_eq!(stale.expect(409).json()["current_version"], 2);
        client.json_with("DELETE", &path(&made), &[("if-match", "\"1\"")], &Json::Null).await.expect(412);
        client
            .json_with("PATCH", &path(&made), &[("if-match", "\"x\"")], &json!({"name": "C"}))
            .await
            .expect(400);
        client
            .json_with("PATCH", &path(&made), &[("if-match", "*")], &json!({"name": "C"}))
            .await
            .expect(200);
        client.json("PATCH", &path(&made), &json!({"name": "D"})).await.expect(200);
    });
}

#[test]
fn put_replaces_the_whole_record() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let made = create(&client, json!({"name": "A", "kind": "person", "city": "青岛"})).await;
        let mut body = client.get(&path(&made)).await.json();
        body.as_object_mut().unwrap().remove("city");
        body.as_object_mut().unwrap().remove("kind");
        let put = client.json("PUT", &path(&made), &body).await.expect(200).json();
        assert_eq!((&put["city"], &put["kind"], &put["name"]), (&Json::Null, &json!("company"), &json!("A")));
        client.json("PUT", &path(&made), &json!({"city": "青岛"})).await.expect(422);
    });
}

#[test]
fn lines_are_written_with_their_parent_and_its_total_is_in_the_answer() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let body = json!({"lines": [{"item": "Apple", "quantity": "2", "price": "3.50"},
            {"item": "Pear", "quantity": 1, "price": 4}]});
        let sale = client.json("POST", "/api/v1/sale", &body).await.expect(201).json();
        assert_eq!(
            (&sale["number"], &sale["total"], &sale["currency"]),
            (&json!("S-000001"), &json!("11"), &json!("CNY"))
        );
        let path = format!("/api/v1/sale/{}", sale["id"].as_str().unwrap());
        assert_eq!(client.get(&path).await.json()["lines"], sale["lines"]);
        let apple = sale["lines"].as_array().unwrap().iter().find(|line| line["item"] == "Apple").unwrap();
        let body = json!({"lines": [{"id": apple["id"], "quantity": 10}, {"item": "Plum", "quantity": 1, "price": 1}]});
        let changed = client.json("PATCH", &path, &body).await.expect(200).json();
        assert_eq!(changed["total"], "36");
        let mut items: Vec<&str> =
            changed["lines"].as_array().unwrap().iter().map(|line| line["item"].as_str().unwrap()).collect();
        items.sort_unstable();
        assert_eq!(items, ["Apple", "Plum"], "the pear was left out and is gone");
        let unchanged = client.json("PATCH", &path, &json!({"sold_at": "2026-01-01T00:00:00Z"})).await.json();
        assert_eq!(unchanged["lines"].as_array().unwrap().len(), 2, "lines not named stay");
        let wrong =
            json!({"lines": [{"item": "Fig", "quantity": 1, "price": 1}, {"quantity": "x", "price": 1}]});
        let problem = client.json("PATCH", &path, &wrong).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "lines[1].quantity");
        let wrong =
            json!({"lines": [{"item": "Fig", "quantity": 1, "price": 1}, {"quantity": 1, "price": 1}]});
        let problem = client.json("POST", "/api/v1/sale", &wrong).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "lines[1].item");
        let other = client.json("POST", "/api/v1/sale", &json!({"lines": []})).await.expect(201).json();
        let foreign = json!({"lines": [{"id": changed["lines"][0]["id"], "quantity": 1}]});
        let other = format!("/api/v1/sale/{}", other["id"].as_str().unwrap());
        let problem = client.json("PATCH", &other, &foreign).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "lines[0].id");
    });
}

#[test]
fn a_repeated_key_gives_the_first_answer_and_writes_nothing() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let key = [("idempotency-key", "order-1")];
        let body = json!({"name": "Once"});
        let first = client.json_with("POST", CUSTOMER, &key, &body).await.expect(201);
        let again = client.json_with("POST", CUSTOMER, &key, &body).await.expect(201);
        assert_eq!((first.json(), first.header("location")), (again.json(), again.header("location")));
        assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
        let other =
            client.json_with("POST", CUSTOMER, &key, &json!({"name": "Other"})).await.expect(422).json();
        assert_eq!(other["errors"][0]["field"], "Idempotency-Key");
        let list = client.get(&format!("{CUSTOMER}?count=true")).await.json();
        assert_eq!(list["count"], json!({"number": 1, "capped": false}));
        // Another user's key is another key.
        let someone = test.api_of("Else", "else@example.com", engine::Role::User).await;
        someone.json_with("POST", CUSTOMER, &key, &json!({"name": "Other"})).await.expect(201);
        // A refused write stores nothing: the same key may try again.
        let key = [("idempotency-key", "order-2")];
        client.json_with("POST", CUSTOMER, &key, &json!({"staff": 5})).await.expect(422);
        client.json_with("POST", CUSTOMER, &key, &json!({"name": "forbidden"})).await.expect(422);
        client.json_with("POST", CUSTOMER, &key, &json!({"name": "Fine"})).await.expect(201);
        let path = path(&first.json());
        let key = [("idempotency-key", "gone")];
        for _ in 0..2 {
            client.json_with("DELETE", &path, &key, &Json::Null).await.expect(204);
        }
        let long = "k".repeat(256);
        client.json_with("POST", CUSTOMER, &[("idempotency-key", &long)], &body).await.expect(400);
    });
}

#[test]
fn twenty_at_once_with_one_key_create_one_record() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let key = [("idempotency-key", "storm")];
        let body = json!({"name": "Once"});
        let all = (0..20).map(|_| client.json_with("POST", CUSTOMER, &key, &body));
        let ids: std::collections::BTreeSet<String> = futures::future::join_all(all)
            .await
            .into_iter()
            .map(|answer| answer.expect(201).json()["id"].to_string())
            .collect();
        assert_eq!(ids.len(), 1);
    });
}

#[test]
fn a_record_is_found_made_and_changed_by_its_number_elsewhere() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let path = "/api/v1/customer/by-external-id/erp/A%2F1%20x";
        client.get(path).await.expect(404);
        let made = client.json("PUT", path, &json!({"name": "New", "city": "青岛"})).await.expect(201).json();
        assert_eq!(made["external_ids"], json!({"erp": "A/1 x"}));
        let same = client.json("PUT", path, &json!({"name": "Newer"})).await.expect(200).json();
        assert_eq!(
            (&same["id"], &same["name"], &same["city"]),
            (&made["id"], &json!("Newer"), &json!("青岛"))
        );
        assert_eq!(client.get(path).await.expect(200).json(), same);
        let taken = json!({"name": "Thief", "external_ids": {"erp": "A/1 x"}});
        let problem = client.json("POST", CUSTOMER, &taken).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "external_ids.erp");
        let own = format!("{CUSTOMER}/{}", made["id"].as_str().unwrap());
        client.json("DELETE", &own, &Json::Null).await.expect(204);
        client.json("PUT", path, &json!({"name": "Back"})).await.expect(200);
        assert_eq!(client.get(&own).await.expect(200).json()["name"], "Back");
        let two = json!({"external_ids": {"erp": ["A/1 x", "B"], "shop": "7"}});
        let changed = client.json("PATCH", &own, &two).await.expect(200).json();
        assert_eq!(changed["external_ids"], two["external_ids"]);
        let changed =
            client.json("PATCH", &own, &json!({"external_ids": {"erp": null}})).await.expect(200).json();
        assert_eq!(changed["external_ids"], json!({"shop": "7"}));
        client.get(path).await.expect(404);
        let sale = client.json("PUT", "/api/v1/sale/by-external-id/erp/1", &json!({})).await;
        assert_eq!(sale.status, 404, "sales have no external ids");
    });
}

#[test]
fn writers_who_do_not_mind_each_other_all_succeed() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let path = "/api/v1/customer/by-external-id/erp/7";
        let body = json!({"name": "Many"});
        let all = futures::future::join_all((0..8).map(|_| client.json("PUT", path, &body))).await;
        let mut answers: Vec<u16> = all.iter().map(|answer| answer.status).collect();
        answers.sort_unstable();
        assert_eq!(answers, [200, 200, 200, 200, 200, 200, 200, 201], "{all:?}");
        let own = format!("{CUSTOMER}/{}", all[0].json()["id"].as_str().unwrap());
        let bodies: Vec<Json> = (0..8).map(|staff| json!({"staff": staff})).collect();
        for answer in
            futures::future::join_all(bodies.iter().map(|body| client.json("PATCH", &own, body))).await
        {
            answer.expect(200);
        }
        assert!(client.get(&own).await.expect(200).json()["version"].as_i64().unwrap() >= 8);
    });
}

#[test]
fn a_user_may_not_write_what_is_for_administrators() {
    on_sqlite(shop::modules, async |test| {
        let user = test.api_of("Lin Yue", "lin@example.com", engine::Role::User).await;
        let body = json!({"name": "X", "email": "x@example.com"});
        user.json("POST", "/api/v1/user", &body).await.expect(403);
        let me = user.get("/api/v1/user?filter=email%20%3D%3D%20'lin@example.com'").await.expect(200).json();
        let path = format!("/api/v1/user/{}", me["data"][0]["id"].as_str().unwrap());
        let refused = user.json("PATCH", &path, &json!({"role": "administrator"})).await.expect(403).json();
        assert_eq!(refused["type"], "urn:zhike:problem:forbidden");
        test.api().await.json("POST", "/api/v1/user", &body).await.expect(201);
        user.json("POST", CUSTOMER, &json!({"name": "Fine"})).await.expect(201);
    });
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let send = async |text: &'static str, status: u16| {
            let headers = [("content-type", "application/json")];
            client.send(axum::http::Method::POST, CUSTOMER, &headers, text.into()).await.expect(status).json()
        };
        assert_eq!(send("{\"name\": \"A\", \"staff\": 12.0, \"version\": 1.0}", 201).await["staff"], 12);
        let problem = send("{\"name\": \"A\", \"staff\": 12.5}", 422).await;
        assert_eq!(problem["errors"][0]["code"], "not_an_integer");
        let problem = send("{\"name\": \"A\", \"version\": \"one\"}", 422).await;
        assert_eq!(
            (&problem["errors"][0]["field"], &problem["errors"][0]["code"]),
            (&json!("version"), &json!("wrong_type"))
        );
    });
}
