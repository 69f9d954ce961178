//! The made-up company is what the program itself would have kept.

use super::*;
use crate::modules;
use engine::{Actor, Engine, Query};
use meta::Value;
use std::path::Path;

const SCALE: f64 = 0.0002;

fn arguments(folder: &Path, without_figures: bool) -> Arguments {
    Arguments {
        scale: SCALE,
        orders: 5_000_000.0,
        data: Some(folder.to_owned()),
        database_url: None,
        until: "2026-11-01".parse().ok(),
        without_figures,
        upgrade: false,
        again: false,
    }
}

fn on(folder: &Path, body: impl AsyncFnOnce(Engine)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { body(modules::open(Database::Sqlite, folder).await.unwrap()).await });
}

#[test]
fn totals_are_what_the_rules_would_compute() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = ready(&arguments(folder.path(), true)).unwrap();
    assert_eq!(manifest.size.orders, 1_000);
    on(folder.path(), async |engine| {
        let system = Actor::system();
        let mut query = Query::new("order").sort("number").limit(1_000);
        let (mut seen, mut foreign) = (0, 0);
        loop {
            let page = engine.list(&system, &query).await.unwrap();
            seen += page.records.len();
            foreign += page.records.iter().filter(|order| order.text("currency") != "CNY").count();
            let ids: Vec<meta::Id> = page.records.iter().map(|order| order.id).collect();
            let before = engine.last_change().await.unwrap();
            engine
                .write(&system, move |tx| {
                    Box::pin(async move { sales::money::document::ORDER.correct(tx, &ids).await })
                })
                .await
                .unwrap();
            assert_eq!(engine.last_change().await.unwrap(), before, "a total had to be corrected");
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, 1_000);
        assert!(foreign > 20, "{foreign} orders in other currencies");
    });
}

#[test]
fn what_is_loaded_is_found_sorted_and_numbered_on() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = ready(&arguments(folder.path(), false)).unwrap();
    let again = ready(&arguments(folder.path(), false)).unwrap();
    assert_eq!(again.token, manifest.token, "a company that is there is not made anew");
    let kept = folder.path().join("bench.json");
    let described = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, described.replace(&manifest.schema, "another")).unwrap();
    let refused = ready(&arguments(folder.path(), false)).unwrap_err().to_string();
    assert!(refused.contains("--again"), "an old company is not thrown away unasked: {refused}");
    let upgraded = ready(&Arguments { upgrade: true, ..arguments(folder.path(), false) }).unwrap();
    assert_eq!((upgraded.token, upgraded.schema), (manifest.token, manifest.schema));
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), described, "it says so for the next time");
    on(folder.path(), async |engine| {
        let system = Actor::system();
        let first = engine.list(&system, &Query::new("account").sort("-net_sales").limit(1)).await.unwrap();
        let first = &first.records[0];
        assert!(first.get("net_sales").as_decimal().is_some_and(|sales| sales > meta::Decimal::ZERO));
        let name: String = first.text("name").chars().take(2).collect();
        let hits = engine.search(&system, &name, Some("account"), 100).await.unwrap();
        assert!(hits.iter().any(|hit| hit.id == first.id), "{name}");
        let open =
            Query::new("order").filter("status == 'draft' || status == 'confirmed' || status == 'shipped'");
        assert_eq!(
            engine.count(&system, &open, 1_000).await.unwrap().number,
            manifest.size.open_orders as u64
        );
        let account = first.id;
        let order = engine
            .write(&system, move |tx| {
                let values = [("account".to_owned(), Value::Id(account))].into();
                Box::pin(async move { tx.create("order", values).await })
            })
            .await
            .unwrap();
        let order = engine.get(&system, "order", order).await.unwrap();
        assert_eq!(order.text("number"), "SO-001001");
    });
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zhike.db"), "somebody's").unwrap();
    let refused = ready(&arguments(folder.path(), true)).unwrap_err();
    assert!(refused.to_string().contains("--data"), "{refused}");
    assert_eq!(std::fs::read_to_string(folder.path().join("zhike.db")).unwrap(), "somebody's");
}

#[test]
fn the_same_day_gives_the_same_company() {
    let made = || {
        let folder = tempfile::tempdir().unwrap();
        ready(&arguments(folder.path(), true)).unwrap();
        let mut found = vec![];
        on(folder.path(), async |engine| {
            for table in ["account", "contact", "order_line", "activity"] {
                let sql = format!("SELECT hex(MAX(\"id\")), CAST(COUNT(*) AS TEXT) FROM \"{table}\"");
                let rows = engine.fetch_text(&sql).await.unwrap();
                found.push((rows[0].text(0).unwrap(), rows[0].text(1).unwrap()));
            }
        });
        found
    };
    assert_eq!(made(), made());
}
