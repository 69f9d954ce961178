//! Customers under contract: what the page says of them is what their dates say, and every number leads to its list.

use crate::company::{Company, decimal, on_databases, values};
use engine::Actor;
use insight::{after_fit, contract, kept, refit};
use meta::{Id, NaiveDate, Value};
use serde_json::Value as Json;
use testkit::Client;

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

/// Renewed yearly, begun on a day.
async fn contract(company: &Company, start: &str, end: Option<&str>, revenue: Option<&str>) -> Id {
    let fields = [
        ("name", "Under contract".into()),
        ("contract_start_on", Value::Date(day(start))),
        ("contract_end_on", end.map(|end| Value::Date(day(end))).unwrap_or_default()),
        ("annual_revenue", revenue.map(decimal).unwrap_or_default()),
    ];
    company.create("account", values(fields)).await
}

/// What stands of his contract on a customer's page.
async fn panel(client: &Client, account: Id) -> String {
    let page = client.get(&format!("/account/{account}")).await.expect(200).body;
    let rest = page.split_once("id=\"contract-panel\"").map(|(_, rest)| rest).unwrap_or_default();
    rest.split("</section>").next().unwrap_or_default().to_owned()
}

/// Somebody who sees nobody but this customer.
async fn owner_of(company: &Company, account: Id) -> Client {
    let owner = company.app.user("Owner", "owner@example.com", engine::Role::User).await;
    let role = company.create("role", values([("name", "Own customers".into())])).await;
    for entity in ["account", "order", "return"] {
        let right = values([("role", role.into()), ("entity", entity.into()), ("read", "own".into())]);
        company.create("role_right", right).await;
    }
    company.create("user_role", values([("user", owner.into()), ("role", role.into())])).await;
    company.update("account", account, values([("owner", owner.into())])).await;
    let mut client = company.app.visitor();
    client.sign_in("owner@example.com", testkit::PASSWORD).await;
    client.set_cookie("zhike_lang", "en");
    client
}

fn holds(panel: &str, parts: &[&str]) {
    for part in parts {
        assert!(panel.contains(part), "{part}: {panel}");
    }
}

fn lists(page: &str) -> Vec<String> {
    let address = |text: &str| text.replace("&amp;", "&").replace("&#39;", "'").replace("&#x27;", "'");
    let pieces = page.split("href=\"/account?filter=").skip(1);
    pieces.map(|piece| format!("/account?filter={}", address(piece.split('"').next().unwrap()))).collect()
}

#[test]
fn the_page_says_how_long_contracts_last_and_who_leaves_sooner() {
    on_databases(async |company| {
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
    on_databases(async |company| {
        contracts(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let road = "/value/contracts/definition";
        let good = [
            ("start", "contract_start_on"),
            ("end", "contract_end_on"),
            ("months", "3"),
            ("amount", "annual_revenue"),
            ("feature_relation", "on"),
        ];
        for (place, wrong, text) in [
            (0, "name", "no date field “name”"),
            (0, "first_order_on", "no date field"),
            (1, "contract_start_on", "is the same field as the beginning"),
            (2, "5", "must be 1, 3, 6 or 12 months"),
            (3, "size_employees", "no amount field “size_employees”"),
        ] {
            let mut bad = good;
            bad[place].1 = wrong;
            let page = client.post(road, &bad).await.expect(422).body;
            assert!(page.contains(text), "{text}: {page}");
        }
        client.post(road, &good).await.expect(303);
        let definition = contract::Definition::load(&company.engine).await.unwrap();
        assert_eq!((definition.months, definition.features), (3, vec!["relation".to_owned()]));
        assert_eq!(definition.amount, "annual_revenue");
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

#[test]
fn a_customers_contract_is_told_on_his_page() {
    on_databases(async |company| {
        let definition = contract::Definition {
            amount: "annual_revenue".to_owned(),
            features: vec![],
            ..contract::Definition::default()
        };
        let (system, save) = (Actor::system(), definition.clone());
        let saved = company.engine.write(&system, move |tx| Box::pin(async move { save.save(tx).await }));
        saved.await.unwrap();
        assert_eq!(contract::Definition::load(&company.engine).await.unwrap(), definition);
        // Of fifty 20 leave at the first renewal and 6 of the other 30 at the second.
        let (mut left, mut later) = (vec![], vec![]);
        for number in 0..48 {
            match number {
                0..20 => left.push(contract(&company, "2024-03-01", Some("2025-02-28"), None).await),
                20..26 => later.push(contract(&company, "2024-03-01", Some("2026-02-28"), None).await),
                _ => drop(contract(&company, "2024-03-01", None, None).await),
            }
        }
        let running = contract(&company, "2024-03-01", None, Some("1000")).await;
        let unknown = contract(&company, "2024-03-01", None, None).await;
        let without = company.customer("No contract").await;
        for account in [left[0], running] {
            company.order(Some(account), "2026-09-01", "100", None).await;
            company.order(Some(account), "2026-10-01", "100", None).await;
        }
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        holds(
            &panel(&client, running).await,
            &[
                "since 2024-03-01",
                "every year, the next on 2027-03-01",
                "Nothing is computed of contracts yet",
            ],
        );
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();

        // Both renewals are met exactly: b/(a+b) = 0.6 and (b+1)/(a+b+1) = 0.8, so that a = 0.4 and b = 0.6.
        let kept: kept::Kept<contract::Report> =
            kept::find(&company.engine, contract::REPORT).await.unwrap().unwrap();
        let renewed: Vec<(f64, u64)> = kept.body.renewed.iter().map(|one| (one.at, one.cases)).collect();
        assert_eq!(renewed, [(0.6, 50), (0.8, 30)]);
        let at = kept.body.renewing.fitted().unwrap().parameters;
        assert!((at.a - 0.4).abs() < 1e-3 && (at.b - 0.6).abs() < 1e-3, "{at:?}");
        // r(3) = 2.6/3, r(4) = 3.6/4, r(5) = 4.6/5, r(6) = 5.6/6, r(7) = 6.6/7: of one who renewed twice 0.867, 0.780, 0.718,
        // 0.670 and 0.631 come, together 3.666; at 1,000 each, discounted by 10 % a year from one to the next, 2,821.21 on the
        // 2026-03-01. Of the 2026-11-21 they are 265 days nearer: 3,023.20.
        holds(
            &panel(&client, running).await,
            &["running", ">2<", "86.7%", "3.67", "3,023.", "Contracts", "50", "The contract runs"],
        );
        holds(&panel(&client, unknown).await, &["86.7%", "Yearly revenue” is empty"]);
        let page = client.get(&format!("/account/{running}")).await.expect(200).body;
        assert!(page.contains("of business without a contract; his contract runs"), "{page}");

        let ended = panel(&client, left[0]).await;
        holds(
            &ended,
            &["ended", "on 2025-02-28, after 12 months", ">0<", "The contract ended on 2025-02-28"],
        );
        assert!(!ended.contains("Renews the next time"), "{ended}");
        holds(&panel(&client, later[0]).await, &["on 2026-02-28, after 24 months", ">1<"]);
        let page = client.get(&format!("/account/{}", left[0])).await.expect(200).body;
        assert!(page.contains("of business without a contract; his contract ended on 2025-02-28"), "{page}");
        assert_eq!(panel(&client, without).await, "");

        // Of one whose last day is known already nobody guesses whether he renews.
        let given_up = contract(&company, "2024-03-01", Some("2027-02-28"), Some("1000")).await;
        let shown = panel(&client, given_up).await;
        holds(&shown, &["running", "Its last day, 2027-02-28, is entered already"]);
        assert!(!shown.contains("Renews the next time") && !shown.contains("the next on"), "{shown}");
        // Whoever sees his own customers alone is told what holds of them, and not how many there are.
        let shown = panel(&owner_of(&company, running).await, running).await;
        holds(&shown, &["86.7%", "3.67", "3,023."]);
        assert!(!shown.contains("Contracts that reached this renewal") && !shown.contains(">50<"), "{shown}");

        client.set_cookie("zhike_lang", "zh-CN");
        holds(
            &panel(&client, running).await,
            &["履行中", "下次续约概率", "86.7%", "合同价值（五年）", "合同仍在履行"],
        );
        holds(&panel(&client, left[0]).await, &["已终止", "合同已于 2025-02-28 终止"]);
    });
}

#[test]
fn without_a_model_the_renewals_of_others_tell_and_of_few_contracts_nothing() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let young = contract(&company, "2025-06-01", None, None).await;
        let mut old = young;
        for _ in 0..2 {
            old = contract(&company, "2024-03-01", None, None).await;
        }
        after_fit::compute(&company.engine, None).await.unwrap();
        holds(&panel(&client, young).await, &["since 2025-06-01", "there are 3 contracts, it takes 30"]);
        client.set_cookie("zhike_lang", "zh-CN");
        holds(&panel(&client, young).await, &["现有 3 份合同，至少需要 30 份"]);
        client.set_cookie("zhike_lang", "en");

        for _ in 0..38 {
            contract(&company, "2024-03-01", None, None).await;
        }
        after_fit::compute(&company.engine, None).await.unwrap();
        // Forty reached the second renewal, and all were renewed: 100 %, at least 40 / (40 + 1.96²) of them.
        holds(
            &panel(&client, young).await,
            &[
                "100%",
                "91.2% – 100%",
                "Contracts that reached this renewal",
                "no field says what a contract brings",
            ],
        );
        // Nobody has reached a third.
        let panel = panel(&client, old).await;
        assert!(!panel.contains("Contracts that reached this renewal"), "{panel}");
    });
}
