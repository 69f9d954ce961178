//! Customers under contract: what the page says of them is what their dates say, and every number leads to its list.

use crate::company::{Company, on_both, values};
use insight::{after_fit, contract, refit};
use meta::{NaiveDate, Value};
use serde_json::Value as Json;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Sixty contracts of 2023 and 2024, renewed yearly: half of the dealers leave at the first renewal, of the others a sixth.
async fn contracts(company: &Company) {
    for number in 0..60_i64 {
        let dealer = number % 2 == 0;
        let year = 2023 + number % 4 / 2;
        let start = day(&format!("{year}-0{}-01", 1 + number % 9));
        let leaves = if dealer { number % 4 == 0 || number % 8 == 2 } else { number % 6 == 1 };
        let end = leaves.then(|| start + chrono::Duration::days(364));
        let fields = [
            ("name", format!("Customer {number}").as_str().into()),
            ("relation", if dealer { "dealer" } else { "business" }.into()),
            ("contract_start_on", Value::Date(start)),
            ("contract_end_on", end.map(Value::Date).unwrap_or_default()),
        ];
        company.create("account", values(fields)).await;
    }
}

fn lists(page: &str) -> Vec<String> {
    let address = |text: &str| text.replace("&amp;", "&").replace("&#39;", "'").replace("&#x27;", "'");
    let pieces = page.split("href=\"/account?filter=").skip(1);
    pieces.map(|piece| format!("/account?filter={}", address(piece.split('"').next().unwrap()))).collect()
}

#[test]
fn the_page_says_how_long_contracts_last_and_who_leaves_sooner() {
    on_both(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/contracts").await.expect(200).body;
        assert!(page.contains("Nothing is computed yet"), "{page}");
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let page = client.get("/value/contracts").await.expect(200).body;
        assert!(page.contains("No customer has a contract"), "{page}");

        contracts(&company).await;
        company
            .create(
                "account",
                values([("name", "Later".into()), ("contract_start_on", Value::Date(day("2027-01-01")))]),
            )
            .await;
        after_fit::compute(&company.engine, None).await.unwrap();
        let kept: insight::kept::Kept<contract::Report> =
            insight::kept::find(&company.engine, contract::REPORT).await.unwrap().unwrap();
        let report = &kept.body;
        let gone =
            company.everybody().await.iter().filter(|one| !one.get("contract_end_on").is_null()).count();
        assert_eq!((report.customers, report.ended, report.left_out), (60, gone as u64, 1));
        // The share that outlived the first renewal, of the curve, of the cohorts together, and counted.
        let curve = report.curve.fitted().unwrap();
        let there = 1.0 - gone as f64 / 60.0;
        assert!((curve[13].survival - there).abs() < 1e-9, "{curve:?}");
        let of_cohorts: f64 = report.cohorts.iter().map(|one| one.kept[0].at * one.customers as f64).sum();
        assert!((of_cohorts / 60.0 - there).abs() < 1e-9);
        assert_eq!(report.hazards.compared.len(), 1, "{:?}", report.hazards);
        assert!(report.hazards.compared[0].effect.hazard_ratio != 1.0);

        for (language, parts) in [
            ("en", ["Retention by cohort", "Renew for the first time", "Risk, times", "Observed"]),
            ("zh-CN", ["按批次的留存", "首次续约率", "风险倍数", "观察值"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/contracts").await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part}: {page}");
            }
            assert!(!page.contains("NaN"));
            let lists = lists(&page);
            assert!(lists.len() > 5, "{lists:?}");
            for list in lists {
                let answer = client.get(&list).await.expect(200).body;
                assert!(!answer.contains("class=\"field-error\""), "{list}");
            }
        }
        // The numbers of the lists are those of the page.
        let count = async |filter: String| {
            let query = engine::Query::new("account").filter(filter);
            company.engine.count(&engine::Actor::system(), &query, 1_000).await.unwrap().number
        };
        for one in &report.standings {
            let filter = format!(
                "contract_start_on >= '{}' && contract_start_on <= '{}' && contract_end_on == null",
                one.from, one.to
            );
            assert_eq!(count(filter).await, one.customers, "{one:?}");
        }
    });
}

#[test]
fn what_counts_as_a_contract_is_chosen_among_the_fields() {
    on_both(async |company| {
        contracts(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let road = "/value/contracts/definition";
        let good = [
            ("start", "contract_start_on"),
            ("end", "contract_end_on"),
            ("months", "3"),
            ("feature_relation", "on"),
        ];
        for (place, wrong, text) in [
            (0, "name", "no date field “name”"),
            (0, "first_order_on", "no date field"),
            (1, "contract_start_on", "is the same field as the beginning"),
            (2, "5", "must be 1, 3, 6 or 12 months"),
        ] {
            let mut bad = good;
            bad[place].1 = wrong;
            let page = client.post(road, &bad).await.expect(422).body;
            assert!(page.contains(text), "{text}: {page}");
        }
        client.post(road, &good).await.expect(303);
        let definition = contract::Definition::load(&company.engine).await.unwrap();
        assert_eq!((definition.months, definition.features), (3, vec!["relation".to_owned()]));
        company.engine.run_due_jobs().await.unwrap();
        let page = client.get("/value/contracts").await.expect(200).body;
        assert!(page.contains("is renewed every quarter"), "{page}");
        let json: Json = company.engine.setting("value.contract").await.unwrap().unwrap();
        assert_eq!(json["months"], 3);

        let mut reader = company.app.visitor();
        company.app.user("R", "reader@example.com", engine::Role::User).await;
        reader.sign_in("reader@example.com", testkit::PASSWORD).await;
        reader.post(road, &good).await.expect(403);
    });
}
