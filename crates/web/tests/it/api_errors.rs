//! The API: whatever is wrong, and wherever, the answer has one shape, the one its description promises.

use crate::shop;
use axum::body::Body;
use serde_json::{Value as Json, json};
use testkit::{
    on_sqlite,
    refusals::{check, every_refusal, send},
};

#[test]
fn every_refusal_of_every_route_has_the_same_documented_shape() {
    on_sqlite(shop::modules, async |test| {
        let met = every_refusal(&test).await;
        let statuses: Vec<u16> = met.keys().copied().collect();
        assert_eq!(statuses, [400, 401, 404, 413, 422], "the mistakes reach every kind of refusal: {met:?}");
    });
}

#[test]
fn refusals_that_need_a_record_have_that_shape_too() {
    on_sqlite(shop::modules, async |test| {
        let client = test.api().await;
        let document = client.get("/api/openapi.json").await.expect(200).json();
        let made = client.json("POST", "/api/v1/customer", &json!({"name": "A"})).await.expect(201).json();
        let path = format!("/api/v1/customer/{}", made["id"].as_str().unwrap());
        let user = test.api_of("Lin Yue", "lin@example.com", engine::Role::User).await;
        for (caller, method, path, headers, body, status) in [
            (&client, "patch", path.as_str(), vec![("if-match", "\"7\"")], json!({}), 412),
            (&client, "patch", &path, vec![], json!({"version": 7}), 409),
            (&client, "patch", &path, vec![], json!({"name": "forbidden"}), 422),
            (&client, "patch", &path, vec![], json!({"version": "one"}), 422),
            (&client, "patch", &path, vec![], json!({"external_ids": {"": "1"}}), 422),
            (&client, "patch", &path, vec![], json!({"external_ids": 1}), 422),
            (&client, "get", "/api/v1/customer?filter=name%20%3D%3D", vec![], Json::Null, 422),
            (&client, "get", "/api/v1/customer?sort=phone", vec![], Json::Null, 422),
            (&client, "get", "/api/v1/customer?fields=nonsense", vec![], Json::Null, 422),
            (&client, "get", "/api/v1/sale_line?q=words", vec![], Json::Null, 422),
            (&client, "get", "/api/v1/sale_line/export?q=words", vec![], Json::Null, 422),
            (&client, "get", "/api/v1/nothing", vec![], Json::Null, 404),
            (&client, "get", "/api/v2/customer", vec![], Json::Null, 404),
            (&user, "post", "/api/v1/user", vec![], json!({"name": "X", "email": "x@example.com"}), 403),
            (&client, "post", "/api/v1/customer/batch", vec![], json!({"operations": [1]}), 422),
            (&client, "post", "/api/v1/customer/batch", vec![], json!({"operations": [], "x": 1}), 400),
            (&client, "put", "/api/v1/customer/by-external-id/%20/1", vec![], json!({"name": "A"}), 422),
        ] {
            let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
            let answer = send(caller, method, path, &headers, body).await.expect(status);
            check(&document, &answer, path);
            let current = answer.json().get("current_version").cloned();
            assert_eq!(current, [409, 412].contains(&status).then(|| json!(1)), "{path}");
        }
    });
}
