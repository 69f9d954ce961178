//! Every operation that the API's description tells of, with whatever may be wrong with a request: the answer has one shape, the one
//! the description promises.
#![allow(clippy::unwrap_used)]

use crate::{Answer, Client, TestApp};
use axum::{body::Body, http::Method};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

const NOBODY: &str = "0199a000-0000-7000-8000-000000000000";

/// Fails unless the answer is a problem as the description's schema says.
pub fn check(document: &Json, answer: &Answer, what: &str) {
    let shown = || format!("{what}: {} {}", answer.status, answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", shown());
    let problem = answer.json();
    let schema = &document["components"]["schemas"]["problem"];
    let known = schema["properties"].as_object().unwrap();
    let keys = problem.as_object().unwrap();
    assert!(keys.keys().all(|key| known.contains_key(key)), "{}", shown());
    let required = schema["required"].as_array().unwrap();
    assert!(required.iter().all(|key| keys.contains_key(key.as_str().unwrap())), "{}", shown());
    assert_eq!(problem["status"], answer.status, "{}", shown());
    let name = problem["type"].as_str().unwrap().strip_prefix("urn:zhike:problem:");
    assert!(name.is_some_and(|name| !name.is_empty()), "{}", shown());
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{}", shown());
    assert_eq!(keys.contains_key("errors"), answer.status == 422, "{}", shown());
    for error in problem["errors"].as_array().into_iter().flatten() {
        for key in ["field", "code", "message"] {
            assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{}", shown());
        }
        assert_eq!(error.as_object().unwrap().len(), 3, "{}", shown());
    }
}

struct Route<'d> {
    method: &'d str,
    path: String,
    documented: BTreeSet<&'d str>,
    reads_body: bool,
    has_id: bool,
}

/// Every operation of the description, with `{id}` filled in.
fn routes<'d>(document: &'d Json, id: &str) -> Vec<Route<'d>> {
    let mut routes = vec![];
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let filled = path
                .replace("{id}", id)
                .replace("{source}", "erp")
                .replace("{number}", "1")
                .replace("{account}", id);
            assert!(!filled.contains('{'), "{path}: say here what to fill in");
            let documented = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            routes.push(Route {
                method,
                has_id: path.contains("{id}"),
                path: filled,
                documented,
                reads_body: operation.get("requestBody").is_some(),
            });
        }
    }
    routes
}

/// What is wrong, the address, the headers, the body.
type Mistake = (&'static str, String, Vec<(&'static str, &'static str)>, Body);

fn mistakes(route: &Route<'_>) -> Vec<Mistake> {
    let path = &route.path;
    let mut found = vec![
        ("no token", path.clone(), vec![("authorization", "Bearer nobody")], Body::from("{}")),
        ("unreadable query", format!("{path}?q=%ff&nonsense=1"), vec![], Body::from("{}")),
    ];
    if route.reads_body {
        for (what, text) in [("no JSON", "{"), ("no object", "[1]"), ("unknown field", "{\"nonsense\": 1}")] {
            found.push((what, path.clone(), vec![], Body::from(text)));
        }
        for key in ["", "one\ttwo"] {
            found.push(("wrong key", path.clone(), vec![("idempotency-key", key)], Body::from("{}")));
        }
        found.push(("too large", path.clone(), vec![], Body::from(vec![b' '; 17 * 1024 * 1024])));
    }
    if ["patch", "put", "delete"].contains(&route.method) {
        found.push(("no version", path.clone(), vec![("if-match", "\"x\"")], Body::from("{}")));
        found.push(("stale version", path.clone(), vec![("if-match", "\"99\"")], Body::from("{}")));
    }
    if route.has_id {
        found.push((
            "no record",
            path.replace(NOBODY, "0199a000-0000-7000-8000-000000000001"),
            vec![],
            "{}".into(),
        ));
        found.push(("no id", path.replace(NOBODY, "nonsense"), vec![], "{}".into()));
    }
    found
}

pub async fn send(client: &Client, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    client.send(method.to_uppercase().parse::<Method>().unwrap(), path, &headers, body).await
}

/// Makes every mistake at every operation; how often each status was met, those of refusals.
pub async fn every_refusal(test: &TestApp) -> BTreeMap<u16, usize> {
    let client = test.api().await;
    let stranger = test.visitor();
    let document = client.get("/api/openapi.json").await.expect(200).json();
    let mut met: BTreeMap<u16, usize> = BTreeMap::new();
    for route in routes(&document, NOBODY) {
        for (what, path, headers, body) in mistakes(&route) {
            let caller = if what == "no token" { &stranger } else { &client };
            let answer = send(caller, route.method, &path, &headers, body).await;
            let what = format!("{what} at {} {path}", route.method);
            assert!(answer.status < 500, "{what}: {}", answer.body);
            let status = answer.status.to_string();
            assert!(route.documented.contains(status.as_str()), "{what}: {status} {}", answer.body);
            if answer.status >= 400 {
                check(&document, &answer, &what);
                *met.entry(answer.status).or_insert(0) += 1;
            }
        }
        let answer = send(&client, "trace", &route.path, &[], Body::empty()).await;
        assert!(answer.status == 405 && !answer.header("allow").is_empty(), "{}", route.path);
        check(&document, &answer, "a method nobody takes");
    }
    met
}
