//! The audit: what requests leave in it, and who may read it.

use crate::{shop, signing_in::token};
use axum::{body::Body, http::Method};
use engine::Role;
use serde_json::{Value as Json, json};
use testkit::{Client, TestApp, on_both, on_sqlite};

async fn create(client: &Client, name: &str) -> String {
    let body = json!({ "name": name, "city": "上海" });
    let made = client.json("POST", "/api/v1/customer", &body).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// `what entity count` of what was noted so far, newest first.
async fn noted(test: &TestApp, client: &Client, query: &str) -> Vec<Json> {
    test.engine.write_notes().await.unwrap();
    let page = client.get(&format!("/api/v1/audit?limit=200&{query}")).await.expect(200).json();
    assert_eq!(page["next"], Json::Null);
    page["data"].as_array().unwrap().clone()
}

fn lines(entries: &[Json]) -> Vec<String> {
    let line = |entry: &Json| {
        let entity = entry["entity"].as_str().unwrap_or("-");
        format!(
            "{} {entity} {} {}",
            entry["what"].as_str().unwrap(),
            entry["count"],
            entry["via"].as_str().unwrap_or("-")
        )
    };
    entries.iter().map(line).collect()
}

#[test]
fn whatever_shows_or_takes_along_records_is_noted() {
    on_both(shop::modules, async |test| {
        let (api, browser) = (test.api().await, test.administrator().await);
        let id = create(&api, "Acme").await;
        create(&api, "Bolt").await;
        api.get(&format!("/api/v1/customer/{id}")).await.expect(200);
        api.get(&format!("/api/v1/customer/{id}/history")).await.expect(200);
        api.get("/api/v1/customer?filter=city%20%3D%3D%20'x'").await.expect(200);
        api.get("/api/v1/search?q=acme").await.expect(200);
        api.get("/api/v1/customer/export?format=csv").await.expect(200);
        browser.get(&format!("/customer/{id}")).await.expect(200);
        browser.get(&format!("/customer/{id}/edit")).await.expect(200);
        browser.get("/customer?q=acme").await.expect(200);
        browser.get("/customer/export").await.expect(200);
        browser.get("/search?q=bolt").await.expect(200);
        // What is refused or not there was not seen.
        api.get("/api/v1/customer/0199a000-0000-7000-8000-000000000000").await.expect(404);
        api.get("/api/v1/customer/export?filter=nonsense").await.expect(422);
        let mut seen = lines(&noted(&test, &api, "action=saw").await);
        seen.reverse();
        let wanted = [
            "saw customer null api",
            "saw customer null api",
            "listed customer 0 api",
            "listed search 1 api",
            "saw customer null page",
            "saw customer null page",
            "listed customer 1 page",
            "listed search 1 page",
        ];
        assert_eq!(seen, wanted);
        let exports = noted(&test, &api, "action=exported").await;
        assert_eq!(lines(&exports), ["exported customer 2 page", "exported customer 2 api"]);
        assert_eq!(exports[1]["details"], json!({ "format": "csv" }));
        let record = noted(&test, &api, &format!("entity=customer&record={id}")).await;
        assert_eq!(record.len(), 5, "{record:?}");
        // Looking at the audit is noted like anything else.
        let looks = noted(&test, &api, "entity=audit").await;
        assert_eq!(looks.len(), 3, "{looks:?}");
    });
}

#[test]
fn an_export_broken_off_is_noted_with_what_was_taken() {
    on_sqlite(shop::modules, async |test| {
        let api = test.api().await;
        let many: Vec<Json> =
            (0..600).map(|n| json!({ "op": "create", "values": { "name": format!("C{n}") } })).collect();
        for _ in 0..2 {
            let body = json!({ "operations": many });
            api.json("POST", "/api/v1/customer/batch", &body).await.expect(200);
        }
        let answer = api.response(Method::GET, "/api/v1/customer/export", &[], Body::empty()).await;
        drop(answer);
        let exports = noted(&test, &api, "action=exported").await;
        assert_eq!(lines(&exports), ["exported customer 1000 api"]);
        assert_eq!(exports[0]["details"]["broken_off"], json!(true));
    });
}

#[test]
fn sign_ins_settings_and_rights_are_noted_without_what_was_typed() {
    on_both(shop::modules, async |test| {
        let api = test.api().await;
        let browser = test.administrator().await;
        let mut stranger = test.visitor();
        stranger.csrf = token(&stranger.get("/sign-in").await.body);
        let typed = [("email", "my secret password"), ("password", "x")];
        stranger.post("/sign-in", &typed).await.expect(422);
        let signs = noted(&test, &api, "action=signed_in").await;
        assert_eq!(lines(&signs), ["sign_in_failed - null page", "signed_in - null page"]);
        assert!(signs.iter().all(|entry| !entry.to_string().contains("secret")), "{signs:?}");
        browser.post("/audit/keep", &[("days", "90")]).await.expect(303);
        let settings = noted(&test, &api, "action=settings").await;
        assert_eq!(settings[0]["details"], json!({ "key": "audit.seen_days" }));
        assert_eq!(test.engine.seen_days().await.unwrap(), 90);
        let refused = browser.post("/audit/keep", &[("days", "soon")]).await.expect(422);
        assert!(refused.body.contains("whole number"), "{}", refused.body);
        assert!(noted(&test, &api, "action=rights").await.iter().all(|entry| entry["entity"] == "user"));
    });
}

#[test]
fn only_administrators_read_the_audit() {
    on_sqlite(shop::modules, async |test| {
        let (olive, program) = (test.ordinary().await, test.api_of("P", "p@example.com", Role::User).await);
        for path in ["/audit", "/audit/export"] {
            olive.get(path).await.expect(403);
            test.visitor().get(path).await.expect(303);
        }
        olive.post("/audit/keep", &[("days", "90")]).await.expect(403);
        program.get("/api/v1/audit").await.expect(403);
        assert!(!olive.get("/").await.body.contains("href=\"/audit\""));
    });
}

#[test]
fn the_page_tells_who_did_what_and_filters() {
    on_both(shop::modules, async |test| {
        let (api, browser) = (test.api().await, test.administrator().await);
        let id = create(&api, "Acme").await;
        let change = json!({ "city": "青岛" });
        api.json("PATCH", &format!("/api/v1/customer/{id}"), &change).await.expect(200);
        let record = browser.get(&format!("/customer/{id}")).await.expect(200);
        let link = format!("/audit?entity=customer&amp;record={id}");
        let link_raw = format!("/audit?entity=customer&record={id}");
        assert!(record.body.contains(&link) || record.body.contains(&link_raw), "{}", record.body);
        test.engine.write_notes().await.unwrap();
        test.engine.seal_audit().await.unwrap();
        let page = browser.get(&link_raw).await.expect(200).body;
        for words in
            ["Acme", "上海 → 青岛", "Created", "Changed", "Api Min", "Ada Min", "Sealed up to number 1"]
        {
            assert!(page.contains(words), "{words} in {page}");
        }
        let mine =
            browser.get("/audit?action=changed&from=2020-01-01&until=2020-01-02").await.expect(200).body;
        assert!(mine.contains("Nothing found here"), "{mine}");
        browser.get("/audit?user=nonsense").await.expect(422);
        let file = browser.get("/audit/export?action=changed&entity=customer").await.expect(200);
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"audit.csv\"");
        assert_eq!(file.body.lines().count(), 3, "{}", file.body);
        assert!(file.body.contains("Api Min,Changed,Customer,Acme"), "{}", file.body);
    });
}

#[test]
fn a_record_made_with_many_others_says_by_whom() {
    on_both(shop::modules, async |test| {
        let (api, browser) = (test.api().await, test.administrator().await);
        let two = ["A", "B"].map(|name| json!({ "op": "create", "values": { "name": name } }));
        let made =
            api.json("POST", "/api/v1/customer/batch", &json!({ "operations": two })).await.expect(200);
        let id = made.json()["results"][0]["id"].as_str().unwrap().to_owned();
        let page = browser.get(&format!("/audit?entity=customer&record={id}")).await.expect(200).body;
        assert!(page.contains("made together with others") && page.contains("by Api Min"), "{page}");
        let others =
            browser.get(&format!("/audit?entity=customer&action=saw&record={id}")).await.expect(200).body;
        assert!(!others.contains("made together with others"));
    });
}

#[test]
fn a_page_of_the_audit_goes_on_with_the_next() {
    on_sqlite(shop::modules, async |test| {
        let (api, browser) = (test.api().await, test.administrator().await);
        for n in 0..60 {
            create(&api, &format!("C{n}")).await;
        }
        let page = browser.get("/audit?action=changed&entity=customer").await.expect(200).body;
        assert_eq!(page.matches("card-row").count(), 50);
        let href = page.split("href=\"").find(|part| part.starts_with("/audit") && part.contains("after="));
        let href = href.unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let older = browser.get(&href).await.expect(200).body;
        assert_eq!(older.matches("card-row").count(), 10, "{href}");
    });
}
