//! The condition language: SQL on both databases and evaluation in process agree, on examples and at random.

use crate::shop::{Shop, money_of, on_both};
use engine::{Actor, Query, condition};
use meta::{Lang, Value};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::collections::{BTreeSet, HashMap};

async fn people(shop: &Shop) {
    let head = shop.customer("Head office", [("city", "Beijing".into()), ("vip", true.into())]).await;
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let kinds = ["company", "person"];
    for number in 0..24i64 {
        let pick = |every: i64, value: Value| if number % every == 0 { Value::Null } else { value };
        shop.customer(
            ["alpha", "Beta 100%", "gamma_x", "华为", "北京果品"][(number % 5) as usize],
            [
                ("city", pick(3, ["Beijing", "青岛", "York"][(number % 3) as usize].into())),
                ("kind", kinds[(number % 2) as usize].into()),
                ("staff", pick(4, (number % 6).into())),
                ("score", pick(5, money_of(["0.5", "1", "2.25"][(number % 3) as usize]))),
                ("vip", pick(7, (number % 2 == 0).into())),
                ("since_on", pick(6, day(["2025-01-01", "2026-02-03"][(number % 2) as usize]))),
                ("parent", pick(2, head.into())),
            ],
        )
        .await;
    }
}

async fn by_sql(shop: &Shop, filter: &str) -> engine::Result<BTreeSet<meta::Id>> {
    let page = shop.engine.list(&shop.actor, &Query::new("customer").filter(filter).limit(1_000)).await?;
    Ok(page.records.iter().map(|record| record.id).collect())
}

async fn in_process(shop: &Shop, filter: &str) -> BTreeSet<meta::Id> {
    let entity = shop.engine.entity("customer").unwrap().clone();
    let context = condition::Context { clock: shop.engine.clock().clone(), actor: Actor::system() };
    let condition = condition::parse(filter, &entity, shop.engine.registry(), &context).unwrap();
    let all = shop.engine.list(&shop.actor, &Query::new("customer").limit(1_000)).await.unwrap().records;
    let by_id: HashMap<_, _> = all.iter().map(|record| (record.id, record.clone())).collect();
    all.iter()
        .filter(|record| {
            let parent = record.reference("parent").and_then(|id| by_id.get(&id));
            let related = parent.map(|parent| ("parent".to_owned(), parent.clone())).into_iter().collect();
            condition::matches(&condition, &entity, record, &related)
        })
        .map(|record| record.id)
        .collect()
}

#[test]
fn a_condition_selects_what_it_says() {
    on_both(|shop: Shop| async move {
        people(&shop).await;
        for (filter, number) in [
            ("", 25),
            ("true", 25),
            ("!true", 0),
            ("name == 'alpha'", 5),
            ("name.contains('100%')", 5),
            ("name.contains('BETA')", 5),
            ("name.startsWith('gamma_')", 5),
            ("name.endsWith('果品')", 4),
            ("kind == 'person' && staff >= 3", 8),
            ("city == null", 8),
            ("city in ['青岛', 'York']", 16),
            ("parent.city == 'Beijing'", 12),
            ("parent.vip", 12),
            ("since_on < '2026-01-01'", 8),
            ("since_on > days_ago(400)", 12),
            ("score > 2", 6),
            ("search('hw')", 5),
            ("name_ == 'alpha'", 5),
            ("parent_.city_ == 'Beijing'", 12),
            ("created_at <= now()", 25),
        ] {
            assert_eq!(by_sql(&shop, filter).await.unwrap().len(), number, "{filter}");
            assert_eq!(in_process(&shop, filter).await.len(), number, "{filter} in process");
        }
    });
}

#[test]
fn behind_a_reference_to_a_deleted_record_all_fields_are_empty() {
    on_both(|shop: Shop| async move {
        let office = [("city", "Beijing".into()), ("vip", true.into())];
        let (head, gone) = (shop.customer("head", office.clone()).await, shop.customer("gone", office).await);
        shop.customer("child", [("parent", head.into())]).await;
        shop.customer("orphan", [("parent", gone.into())]).await;
        let delete = shop
            .engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.delete("customer", gone, None).await }));
        delete.await.unwrap();
        let (found, empty) = (vec!["child"], vec!["head", "orphan"]);
        for (filter, expected) in [
            // One that an index finds, and others that each row is tested for.
            ("parent.city == 'Beijing'", &found),
            ("parent.city.startsWith('Bei')", &found),
            ("parent.city != null", &found),
            ("parent.city in ['Beijing', 'York']", &found),
            ("parent.vip", &found),
            ("parent.city == null", &empty),
            ("parent.city != 'Beijing'", &empty),
            ("!(parent.city == 'Beijing')", &empty),
            ("parent.city in ['York', null]", &empty),
            ("!parent.vip", &empty),
        ] {
            let names = shop.names(Query::new("customer").filter(filter).sort("name")).await.unwrap();
            assert_eq!(names, *expected, "{filter}");
        }
    });
}

#[test]
fn a_wrong_condition_says_what_is_wrong() {
    on_both(|shop: Shop| async move {
        for (filter, hint) in [
            ("colour == 'red'", "colour"),
            ("kind == 'alien'", "company, person"),
            ("staff == 'many'", "whole number"),
            ("name == ", "cannot be read"),
            ("name", "yes/no"),
            ("name.size() > 3", "cannot be used"),
            ("city.street == 'x'", "not a reference"),
            ("staff.contains('1')", "not a text"),
            ("[1,2].all(x, x > 0)", "cannot be used"),
            ("score == 1.234", "decimals"),
        ] {
            let error = by_sql(&shop, filter).await.unwrap_err().message(Lang::En);
            assert!(error.contains(hint), "{filter}: {error}");
        }
    });
}

fn leaf() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let path = |name: &'static str| prop::sample::select(vec![name.to_owned(), format!("parent.{name}")]);
    let text = prop::sample::select(vec!["'alpha'", "'Beijing'", "'华为'", "''", "'%'", "'a'"]);
    prop_oneof![
        (path("staff"), operator.clone(), 0..7i64).prop_map(|(path, op, n)| format!("{path} {op} {n}")),
        (path("score"), operator.clone(), prop::sample::select(vec!["0.5", "1", "2.25", "-1.0"]))
            .prop_map(|(path, op, n)| format!("{path} {op} {n}")),
        (path("name"), operator.clone(), text.clone()).prop_map(|(path, op, t)| format!("{path} {op} {t}")),
        (path("since_on"), operator, prop::sample::select(vec!["'2025-01-01'", "today()", "days_ago(300)"]))
            .prop_map(|(path, op, t)| format!("{path} {op} {t}")),
        (path("city"), prop::sample::select(vec!["contains", "startsWith", "endsWith"]), text)
            .prop_map(|(path, f, t)| format!("{path}.{f}({t})")),
        path("vip"),
        path("city").prop_map(|path| format!("{path} == null")),
        path("city").prop_map(|path| format!("{path} != null")),
        path("city").prop_map(|path| format!("{path} in ['Beijing', 'York']")),
        path("city").prop_map(|path| format!("{path} in ['Beijing', null]")),
        Just("search('hw')".to_owned()),
    ]
}

fn tree() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

#[test]
fn sql_and_evaluation_agree_on_random_conditions() {
    on_both(|shop: Shop| async move {
        people(&shop).await;
        let mut runner = TestRunner::deterministic();
        for _ in 0..300 {
            let filter = tree().new_tree(&mut runner).unwrap().current();
            assert_eq!(by_sql(&shop, &filter).await.unwrap(), in_process(&shop, &filter).await, "{filter}");
        }
    });
}
