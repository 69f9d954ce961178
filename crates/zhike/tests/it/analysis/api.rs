//! What programs ask of the warehouse, by token.

use super::modules;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::on_both;
use warehouse::Manner;

#[test]
fn programs_ask_by_token_and_find_it_described() {
    on_both(modules, async |test| {
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let program = test.api().await;
        let catalog = program.get("/api/v1/analysis/catalog").await.expect(200).json();
        assert!(catalog["tables"].as_array().is_some_and(|tables| tables.len() > 10), "{catalog}");
        let ask = async |question: &serde_json::Value| {
            program.json("POST", "/api/v1/analysis/question", question).await
        };
        ask(&json!({ "measures": ["net_sales"] })).await.expect(200);
        let refused = ask(&json!({ "measures": ["beauty"] })).await.expect(422).json();
        assert_eq!(refused["type"], "urn:zhike:problem:invalid", "{refused}");
        let misspelt = ask(&json!({ "measure": ["net_sales"] })).await.expect(400).json();
        assert!(misspelt["detail"].as_str().unwrap().contains("measure"), "{misspelt}");
        program.get("/api/v1/value/models").await.expect(404);
        program.get("/api/v1/value/customers?limit=0").await.expect(400);
        test.visitor().get("/api/v1/analysis/catalog").await.expect(401);
        let document = program.get("/api/openapi.json").await.expect(200).json();
        for path in ["/analysis/catalog", "/analysis/question", "/value/models", "/value/customers"] {
            assert!(document["paths"][format!("/api/v1{path}")].is_object(), "{path}");
        }
        // What is said of measures and dimensions is what there is.
        let answered = &document["paths"]["/api/v1/analysis/catalog"]["get"]["responses"]["200"];
        let lists = &answered["content"]["application/json"]["schema"]["properties"];
        for list in ["measures", "dimensions"] {
            let keys = |object: &serde_json::Value| {
                object.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>()
            };
            assert_eq!(keys(&lists[list]["items"]["properties"]), keys(&catalog[list][0]), "{list}");
        }
    });
}
