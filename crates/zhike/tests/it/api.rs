//! The API of every entity of the program, as its own description tells it.

use crate::{pages::modules, rights};
use serde_json::{Map, Value as Json, json};
use testkit::{Client, on_both};

/// The example of a create with every reference in it pointing at records made before.
fn body(document: &Json, entity: &str, made: &Map<String, Json>, meta: &Json) -> Json {
    let path = format!("/api/v1/{entity}");
    let example = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"];
    let mut body = example.clone();
    for field in fields(meta, entity) {
        let name = field["name"].as_str().unwrap();
        if let Some(target) = field["target"].as_str().filter(|_| example.get(name).is_some()) {
            body[name] = made.get(target).cloned().unwrap_or(Json::Null);
        }
    }
    body
}

fn fields<'m>(meta: &'m Json, entity: &str) -> &'m Vec<Json> {
    let found = meta["entities"].as_array().unwrap().iter().find(|known| known["name"] == entity).unwrap();
    found["fields"].as_array().unwrap()
}

/// The references of its example.
fn needs(document: &Json, entity: &str, meta: &Json) -> usize {
    let example = body(document, entity, &Map::new(), meta);
    let referring = fields(meta, entity).iter().filter(|field| field["target"].is_string());
    referring.filter(|field| example.get(field["name"].as_str().unwrap()).is_some()).count()
}

async fn walk(client: &Client, path: &str, made: &Json) {
    let own = format!("{path}/{}", made["id"].as_str().unwrap());
    let read = client.get(&own).await.expect(200).json();
    assert_eq!(&read, made, "{own}");
    let put = client.json("PUT", &own, &read).await.expect(200).json();
    assert_eq!(put["version"], read["version"], "{own}: sending back what was read changes nothing");
    let list = client.get(&format!("{path}?count=true")).await.expect(200).json();
    assert_eq!(list["count"], json!({"number": 1, "capped": false}), "{path}");
    assert_eq!(list["data"][0]["id"], made["id"]);
    client.get(&format!("{own}/timeline")).await.expect(200);
    client.get(&format!("{own}/history")).await.expect(200);
    client.json("DELETE", &own, &Json::Null).await.expect(204);
    client.get(&own).await.expect(404);
    client.json("POST", &format!("{own}/restore"), &Json::Null).await.expect(200);
}

#[test]
fn every_entity_is_created_read_replaced_listed_deleted_and_restored() {
    on_both(rights::modules, async |test| {
        let client = test.api().await;
        let document = client.get("/api/openapi.json").await.expect(200).json();
        let meta = client.get("/api/v1/meta").await.expect(200).json();
        let mut names: Vec<&str> = meta["entities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entity| entity["name"].as_str().unwrap())
            .collect();
        for name in ["account", "order_line", "question", "dashboard", "scheduled_report", "saved_view"] {
            assert!(names.contains(&name), "{name}");
        }
        // The API's own user is there already.
        names.retain(|name| *name != "user");
        names.sort_by_key(|name| needs(&document, name, &meta));
        let own = client.get("/api/v1/user").await.expect(200).json()["data"][0]["id"].clone();
        let mut made = Map::from_iter([("user".to_owned(), own)]);
        for name in names {
            let path = format!("/api/v1/{name}");
            let record = client.json("POST", &path, &body(&document, name, &made, &meta)).await;
            assert_eq!(record.status, 201, "{name}: {}", record.body);
            let record = client.get(record.header("location")).await.expect(200).json();
            walk(&client, &path, &record).await;
            made.insert(name.to_owned(), record["id"].clone());
        }
    });
}

#[test]
fn an_order_with_lines_is_totalled_in_the_answer() {
    on_both(modules, async |test| {
        let client = test.api().await;
        let make = async |path: &str, body: Json| client.json("POST", path, &body).await.expect(201).json();
        let account = make("/api/v1/account", json!({"kind": "company", "name": "龙口果业"})).await;
        let product = make(
            "/api/v1/product",
            json!({"code": "A1", "name": "Apple", "price": "3.50", "currency": "CNY"}),
        )
        .await;
        let line = json!({"product": product["id"], "quantity": 2, "unit_price": "3.50"});
        let order = json!({"account": account["id"], "ordered_at": "2026-11-20T08:00:00Z", "lines": [line]});
        let order = make("/api/v1/order", order).await;
        assert_eq!((&order["total"], &order["lines"][0]["amount"]), (&json!("7"), &json!("7")), "{order}");
        let own = format!("/api/v1/order/{}", order["id"].as_str().unwrap());
        let lines = json!({"lines": [{"id": order["lines"][0]["id"], "quantity": 3}, line]});
        let changed = client.json("PATCH", &own, &lines).await.expect(200).json();
        assert_eq!(
            (&changed["total"], &changed["lines"][1]["position"]),
            (&json!("17.5"), &json!(2)),
            "{changed}"
        );
        let timeline =
            client.get(&format!("/api/v1/account/{}/timeline", account["id"].as_str().unwrap())).await;
        assert_eq!(timeline.expect(200).json()["data"][0]["record"]["total"], "17.5");
    });
}
