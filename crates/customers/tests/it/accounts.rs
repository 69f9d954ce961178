//! Rules of the customer's archive.

use crate::{actor, create, on_both, refused, update};
use meta::{Decimal, NaiveDate, Value};
use serde_json::json;

#[test]
fn a_relation_follows_the_kind_and_the_name_has_one_spelling() {
    on_both(async |test| {
        let person = create(
            &test.engine,
            "account",
            [("name", "  王\u{3000} 小明 ".into()), ("kind", "person".into())],
        )
        .await
        .unwrap();
        let person = test.engine.get(&actor(), "account", person).await.unwrap();
        assert_eq!((person.text("name"), person.text("relation")), ("王 小明", "consumer"));
        let company = create(&test.engine, "account", [("name", "Longkou Fruit".into())]).await.unwrap();
        let company = test.engine.get(&actor(), "account", company).await.unwrap();
        assert_eq!(
            (company.text("kind"), company.text("relation"), company.text("currency")),
            ("company", "business", "CNY")
        );
    });
}

#[test]
fn facts_that_do_not_fit_the_kind_are_refused() {
    on_both(async |test| {
        let born: NaiveDate = "1980-01-31".parse().unwrap();
        let company = create(
            &test.engine,
            "account",
            [("name", "A".into()), ("birth_on", born.into()), ("sex", "male".into())],
        );
        assert_eq!(refused(company.await), ["sex", "birth_on"]);
        let person = create(
            &test.engine,
            "account",
            [("name", "A".into()), ("kind", "person".into()), ("size_employees", Value::Int(3))],
        );
        assert_eq!(refused(person.await), ["size_employees"]);
        let debt = create(
            &test.engine,
            "account",
            [("name", "A".into()), ("annual_revenue", Decimal::NEGATIVE_ONE.into())],
        );
        assert_eq!(refused(debt.await), ["annual_revenue"]);
        // A contract ends after it began.
        let day = |text: &str| Value::Date(text.parse::<NaiveDate>().unwrap());
        let end = ("contract_end_on", day("2026-01-31"));
        for start in [Value::Null, day("2026-02-01")] {
            let fields = [("name", "A".into()), ("contract_start_on", start), end.clone()];
            assert_eq!(refused(create(&test.engine, "account", fields).await), ["contract_end_on"]);
        }
        let fields = [("name", "A".into()), ("contract_start_on", day("2026-01-31")), end];
        create(&test.engine, "account", fields).await.unwrap();
    });
}

#[test]
fn a_class_chosen_by_hand_is_in_force_at_once_and_until_it_is_emptied() {
    on_both(async |test| {
        let id =
            create(&test.engine, "account", [("name", "A".into()), ("importance_override", "vip".into())])
                .await
                .unwrap();
        let importance =
            async || test.engine.get(&actor(), "account", id).await.unwrap().text("importance").to_owned();
        assert_eq!(importance().await, "vip");
        update(&test.engine, "account", id, [("importance_override", "key".into())]).await.unwrap();
        assert_eq!(importance().await, "key");
        update(&test.engine, "account", id, [("importance_override", Value::Null)]).await.unwrap();
        assert_eq!(importance().await, "");
        let forged = update(&test.engine, "account", id, [("importance", "vip".into())]).await;
        assert_eq!(refused(forged), ["importance"]);
    });
}

#[test]
fn companies_do_not_belong_to_one_another_in_a_circle() {
    on_both(async |test| {
        let top = create(&test.engine, "account", [("name", "Top".into())]).await.unwrap();
        let middle =
            create(&test.engine, "account", [("name", "Middle".into()), ("parent_account", top.into())])
                .await
                .unwrap();
        let low =
            create(&test.engine, "account", [("name", "Low".into()), ("parent_account", middle.into())])
                .await
                .unwrap();
        assert_eq!(
            refused(update(&test.engine, "account", top, [("parent_account", top.into())]).await),
            ["parent_account"]
        );
        assert_eq!(
            refused(update(&test.engine, "account", top, [("parent_account", low.into())]).await),
            ["parent_account"]
        );
        update(&test.engine, "account", low, [("parent_account", top.into())]).await.unwrap();
    });
}

#[test]
fn the_api_names_the_field_and_the_remedy_in_the_callers_language() {
    on_both(async |test| {
        let client = test.api().await.with("accept-language", "zh-CN");
        let given = json!({ "name": "甲", "email": "a@b", "currency": "元" });
        let answer = client.json("POST", "/api/v1/account", &given).await.expect(422);
        assert!(answer.body.contains("邮箱地址"), "{}", answer.body);
        let given = json!({ "name": "甲", "currency": "元" });
        let answer = client.json("POST", "/api/v1/account", &given).await.expect(422);
        assert!(answer.body.contains("币种代码"), "{}", answer.body);
    });
}
