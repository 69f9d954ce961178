//! The API: lists, search, timeline, history, description.

use crate::shop;
use serde_json::{Value as Json, json};
use testkit::{Client, on_both, on_sqlite};

async fn three(client: &Client) -> Vec<Json> {
    let mut made = vec![];
    for (name, city, staff) in [("华为", "深圳", 200), ("Hawthorne", "Leeds", 5), ("龙口果业", "龙口", 12)]
    {
        let body = json!({"name": name, "city": city, "staff": staff});
        made.push(client.json("POST", "/api/v1/customer", &body).await.expect(201).json());
    }
    made
}

fn names(list: &Json) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|record| record["name"].as_str().unwrap()).collect()
}

#[test]
fn a_list_is_filtered_sorted_searched_and_paged() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        three(&client).await;
        let list =
            async |query: &str| client.get(&format!("/api/v1/customer?{query}")).await.expect(200).json();
        assert_eq!(names(&list("filter=staff+%3E+10&sort=-staff").await), ["华为", "龙口果业"]);
        assert_eq!(names(&list("filter=city.contains('%E9%BE%99')").await), ["龙口果业"]);
        assert_eq!(names(&list("q=huawei").await), ["华为"], "by pinyin");
        let mut seen = vec![];
        let mut after = String::new();
        loop {
            let page = list(&format!("sort=staff&limit=2{after}")).await;
            seen.extend(names(&page).iter().map(|name| (*name).to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ["Hawthorne", "龙口果业", "华为"]);
        let slim = list("fields=name&limit=1&sort=name").await["data"][0].clone();
        let keys: Vec<&String> = slim.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "name", "version"], "{slim}");
    });
}

#[test]
fn a_list_refuses_what_it_does_not_know() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        for (query, field) in [
            ("filtre=x", "filtre"),
            ("limit=0", "limit"),
            ("limit=5000", "limit"),
            ("sort=phone", "sort"),
            ("sort=", "sort"),
            ("fields=", "fields"),
            ("fields=name,", "fields"),
            ("after=xyz", "after"),
            ("count=maybe", "count"),
            ("fields=name,nothing", "nothing"),
            ("filter=nothing+%3D%3D+1", "filter"),
            ("filter=name+%3D", "filter"),
        ] {
            let problem = client.get(&format!("/api/v1/customer?{query}")).await.expect(422).json();
            assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
        }
    });
}

#[test]
fn deleted_records_are_listed_when_asked_for() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let made = three(&client).await;
        let path = format!("/api/v1/customer/{}", made[0]["id"].as_str().unwrap());
        client.json("DELETE", &path, &Json::Null).await.expect(204);
        assert_eq!(client.get("/api/v1/customer").await.json()["data"].as_array().unwrap().len(), 2);
        let deleted = client.get("/api/v1/customer?deleted=true").await.json();
        assert_eq!(names(&deleted), ["华为"]);
        assert!(deleted["data"][0]["deleted_at"].is_string());
    });
}

#[test]
fn a_known_record_is_not_sent_again() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let made = three(&client).await;
        let path = format!("/api/v1/customer/{}", made[0]["id"].as_str().unwrap());
        let tag = client.get(&path).await.header("etag").to_owned();
        let conditional = async || {
            let headers = [("if-none-match", tag.as_str())];
            client.send(axum::http::Method::GET, &path, &headers, axum::body::Body::empty()).await
        };
        let known = conditional().await.expect(304);
        assert!(known.body.is_empty() && known.header("etag") == tag);
        client.json("PATCH", &path, &json!({"external_ids": {"erp": "1"}})).await.expect(200);
        conditional().await.expect(200);
    });
}

#[test]
fn search_finds_records_of_every_entity() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let made = three(&client).await;
        client.json("POST", "/api/v1/sale", &json!({})).await.expect(201);
        let hits = client.get("/api/v1/search?q=hawt").await.expect(200).json();
        assert_eq!(hits["data"], json!([{"entity": "customer", "id": made[1]["id"], "title": "Hawthorne"}]));
        let hits = client.get("/api/v1/search?q=S-000001&entity=sale").await.expect(200).json();
        assert_eq!(hits["data"][0]["title"], "S-000001");
        client.get("/api/v1/search?q=").await.expect(422);
        client.get("/api/v1/search?q=x&entity=nothing").await.expect(404);
    });
}

#[test]
fn timeline_and_history_tell_what_happened() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let made = three(&client).await;
        let id = made[0]["id"].as_str().unwrap();
        for day in ["01", "02", "03"] {
            let body = json!({"customer": id, "sold_at": format!("2026-01-{day}T00:00:00Z")});
            client.json("POST", "/api/v1/sale", &body).await.expect(201);
        }
        let path = format!("/api/v1/customer/{id}");
        let page = client.get(&format!("{path}/timeline?limit=2")).await.expect(200).json();
        assert_eq!(page["data"][0]["record"]["number"], "S-000003");
        let next = page["next"].as_str().unwrap().replace('+', "%2B");
        let page = client.get(&format!("{path}/timeline?limit=2&before={next}")).await.expect(200).json();
        assert_eq!((page["data"].as_array().unwrap().len(), &page["next"]), (1, &Json::Null));
        client.get(&format!("{path}/timeline?before=yesterday")).await.expect(422);
        client.json("PATCH", &path, &json!({"city": "东莞"})).await.expect(200);
        let history = client.get(&format!("{path}/history")).await.expect(200).json();
        assert_eq!(history["data"][0]["changes"], json!({"city": ["深圳", "东莞"]}));
        assert_eq!(history["data"][0]["kind"], "update");
        assert!(history["created"]["at"].is_string());
    });
}

#[test]
fn the_description_names_every_entity_in_the_callers_language() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await.with("accept-language", "zh");
        let meta = client.get("/api/v1/meta").await.expect(200).json();
        let customer =
            meta["entities"].as_array().unwrap().iter().find(|entity| entity["name"] == "customer").unwrap();
        assert_eq!(customer["label"], "客户");
        let kind =
            customer["fields"].as_array().unwrap().iter().find(|field| field["name"] == "kind").unwrap();
        assert_eq!(kind["choices"][1], json!({"value": "person", "label": "个人", "colour": "green"}));
        assert_eq!(kind["default"], "company");
        let sale =
            meta["entities"].as_array().unwrap().iter().find(|entity| entity["name"] == "sale").unwrap();
        assert_eq!(sale["children"], json!([{"key": "lines", "entity": "sale_line"}]));
    });
}
