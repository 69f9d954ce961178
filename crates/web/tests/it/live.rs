//! Live pages.

use crate::shop;
use engine::Actor;
use meta::{Decimal, Id, Values};
use serde_json::json;
use std::time::Duration;
use testkit::{on_both, on_sqlite};

const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1_500);

#[test]
fn an_open_page_learns_of_changes_figures_and_new_sales() {
    on_both(shop::modules, async |test| {
        let browser = test.administrator().await;
        let program = test.api().await;
        let make = async |name: &str| {
            program.json("POST", "/api/v1/customer", &json!({"name": name})).await.expect(201).json()["id"]
                .clone()
        };
        let (ours, other) = (make("Ours").await, make("Other").await);
        let path = |id: &serde_json::Value| format!("/api/v1/customer/{}", id.as_str().unwrap());
        let mut events =
            browser.events(&format!("/events/customer/{}", ours.as_str().unwrap())).await.unwrap();
        program.json("PATCH", &path(&other), &json!({"city": "青岛"})).await.expect(200);
        program.json("POST", "/api/v1/sale", &json!({"customer": other})).await.expect(201);
        assert_eq!(events.next(MOMENT).await, None, "what happens elsewhere is no news");
        program.json("PATCH", &path(&ours), &json!({"city": "青岛"})).await.expect(200);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("changed"));
        program.json("POST", "/api/v1/sale", &json!({"customer": ours})).await.expect(201);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("related"));
        let id: Id = ours.as_str().unwrap().parse().unwrap();
        let figures = [(id, Values::from([("worth".to_owned(), Decimal::TEN.into())]))];
        test.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.set_figures("customer", &figures).await })
            })
            .await
            .unwrap();
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("changed"));
        let both = json!({"operations": [{"op": "update", "id": ours, "values": {"city": "烟台"}},
            {"op": "create", "values": {"name": "Branch", "parent": ours}}]});
        program.json("POST", "/api/v1/customer/batch", &both).await.expect(200);
        let mut told = [events.next(PATIENCE).await, events.next(PATIENCE).await];
        told.sort();
        assert_eq!(told, [Some("changed".to_owned()), Some("related".to_owned())], "neither hides the other");
        test.clock.set(testkit::start() + chrono::TimeDelta::minutes(1));
        let sales = |customer: &serde_json::Value| {
            let one = json!({"op": "create", "values": {"customer": customer}});
            json!({"operations": vec![one; 300]})
        };
        program.json("POST", "/api/v1/sale/batch", &sales(&other)).await.expect(200);
        assert_eq!(events.next(MOMENT).await, None, "an import for others is no news");
        program.json("POST", "/api/v1/sale/batch", &sales(&ours)).await.expect(200);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("related"));
        program.json("DELETE", &path(&ours), &serde_json::Value::Null).await.expect(204);
        assert_eq!(events.next(PATIENCE).await, None, "the stream ends");
    });
}

#[test]
fn a_session_has_few_streams_and_gets_their_places_back() {
    on_sqlite(shop::modules, async |test| {
        let browser = test.administrator().await;
        let token = [("x-csrf-token", browser.csrf.as_str())];
        let made =
            browser.json_with("POST", "/api/v1/customer", &token, &json!({"name": "A"})).await.expect(201);
        let path = format!("/events/customer/{}", made.json()["id"].as_str().unwrap());
        let mut open = vec![];
        for _ in 0..4 {
            open.push(browser.events(&path).await.unwrap());
        }
        assert_eq!(browser.events(&path).await.err(), Some(204));
        drop(open);
        assert!(browser.events(&path).await.is_ok());
        assert_eq!(test.visitor().events(&path).await.err(), Some(303));
        let nobody = "/events/customer/0199a000-0000-7000-8000-000000000000";
        assert_eq!(browser.events(nobody).await.err(), Some(404));
    });
}
