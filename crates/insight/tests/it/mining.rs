//! Data mining on both databases: what is kept, the pages in both languages, with plenty, with little and without data.

use crate::company::{Company, on_databases, values};
use engine::{Actor, Query};
use insight::{
    mining::{baskets, forecast, groups, kept, propensity, recommend, refresh},
    refit,
};
use meta::{Decimal, Id, Value};

const PAGES: [&str; 7] = [
    "/analysis/groups",
    "/analysis/baskets",
    "/analysis/forecast",
    "/analysis/forecast?by=region",
    "/analysis/forecast?by=product",
    "/analysis/purchasing",
    "/analysis/purchasing?lead=4&review=2&service=99",
];

/// Two kinds of customers over 40 weeks: companies of Zhejiang buy paper and pens together, often; persons of Sichuan buy tea
/// or cups now and then.
pub async fn shop(company: &Company) -> Vec<Id> {
    let mut products = vec![];
    for (code, name) in [("P1", "Paper"), ("P2", "Pens"), ("P3", "Tea"), ("P4", "Cups"), ("P5", "Desk")] {
        products
            .push(company.create("product", values([("name", name.into()), ("code", code.into())])).await);
    }
    let first: chrono::NaiveDate = "2025-07-07".parse().unwrap();
    for number in 0..70_i64 {
        let is_company = number % 2 == 0;
        let (kind, province) = if is_company { ("company", "浙江") } else { ("person", "四川") };
        let account = company
            .create(
                "account",
                values([
                    ("name", format!("Customer {number:02}").into()),
                    ("kind", kind.into()),
                    ("province", province.into()),
                ]),
            )
            .await;
        let orders = if is_company { 12 } else { 4 };
        let bought = products.clone();
        company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    for time in 0..orders {
                        let day = first + chrono::Duration::days(time * 270 / orders + number % 9);
                        let at = Value::Instant(day.and_hms_opt(4, 0, 0).unwrap().and_utc());
                        let order = tx
                            .create("order", values([("account", account.into()), ("ordered_at", at)]))
                            .await?;
                        let chosen: Vec<Id> = match (is_company, (time + number) % 4) {
                            (true, 3) => vec![bought[0], bought[1], bought[4]],
                            (true, _) => vec![bought[0], bought[1]],
                            (false, 0 | 1) => vec![bought[2]],
                            (false, _) => vec![bought[2], bought[3]],
                        };
                        for product in chosen {
                            let price = Value::Decimal(Decimal::from(if is_company { 500 } else { 20 }));
                            let line = values([
                                ("order", order.into()),
                                ("product", product.into()),
                                ("unit_price", price),
                            ]);
                            tx.create("order_line", line).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
    products
}

#[test]
fn without_orders_every_page_says_what_is_missing() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        for page in PAGES {
            client.get(page).await.expect(200);
        }
        refresh::refresh(&company.engine, None).await.unwrap();
        for (language, text) in
            [("en", "Too few customers: 0 bought, it takes 50"), ("zh-CN", "客户太少：目前有 0 位成交客户")]
        {
            client.set_cookie("zhike_lang", language);
            assert!(client.get("/analysis/groups").await.expect(200).body.contains(text));
            for page in PAGES {
                let body = client.get(page).await.expect(200).body;
                assert!(!body.contains("NaN"), "{page}: {body}");
            }
        }
        assert_eq!(client.get("/analysis/purchasing.csv").await.expect(200).body.lines().count(), 1);
    });
}

#[test]
fn what_is_in_the_orders_is_found_and_shown() {
    on_databases(async |company| {
        let products = shop(&company).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();

        let kept = groups::load(&company.engine).await.unwrap().unwrap();
        let found = kept.body.as_ref().unwrap();
        assert_eq!(found.customers, 70);
        assert_eq!(found.groups.iter().map(|group| group.profile.customers).sum::<usize>(), 70);
        assert!(found.choice.clear(), "two kinds of customers: {:?}", found.choice);
        // The list behind a group holds exactly its customers.
        for group in &found.groups {
            let query =
                Query::new("account").filter(format!("customer_group == {}", group.number)).limit(100);
            let list = company.engine.list(&Actor::system(), &query).await.unwrap();
            assert_eq!(list.records.len(), group.profile.customers);
        }

        let kept = baskets::load(&company.engine).await.unwrap().unwrap();
        let found = kept.body.as_ref().unwrap();
        let rule = |from: usize, to: usize| {
            found.rules.iter().find(|rule| {
                rule.if_bought.iter().map(|product| found.products[*product as usize]).eq([products[from]])
                    && found.products[rule.then as usize] == products[to]
            })
        };
        let rule = rule(0, 1).expect("pens go with paper");
        assert_eq!((rule.both, rule.if_count, rule.baskets), (35 * 12, 35 * 12, 35 * 12 + 35 * 4));
        assert_eq!(rule.confidence(), 1.0);

        // 13 weeks are forecast, and regions sum to the whole.
        let kept = forecast::load(&company.engine).await.unwrap().unwrap();
        let total = kept.body.total.forecast.as_ref().unwrap();
        for step in 0..forecast::HORIZON {
            let parts: f64 =
                kept.body.regions.iter().map(|part| part.forecast.as_ref().unwrap().points[step]).sum();
            assert!((parts - total.points[step]).abs() < 1e-6 * total.points[step].max(1.0));
        }
        let demand = forecast::purchasing(&company.engine).await.unwrap().unwrap();
        assert!(demand.body.products.iter().any(|one| one.product == products[0]));

        let client = company.app.administrator().await;
        for (language, group, rule) in
            [("en", "Customer groups", "also buys"), ("zh-CN", "客户分群", "也会购买")]
        {
            client.set_cookie("zhike_lang", language);
            assert!(client.get("/analysis/groups").await.expect(200).body.contains(group));
            assert!(client.get("/analysis/baskets").await.expect(200).body.contains(rule));
            for page in PAGES {
                let body = client.get(page).await.expect(200).body;
                assert!(!body.contains("NaN") && !body.contains("inf"), "{page}");
            }
        }
        client.set_cookie("zhike_lang", "en");
        let file = client.get("/analysis/purchasing.csv?lead=1").await.expect(200).body;
        assert!(file.contains("Paper") && file.starts_with('\u{feff}'), "{file}");
        // What is taken along is no list that was looked at.
        company.engine.write_notes().await.unwrap();
        let taken = client.get("/api/v1/audit?action=exported&entity=product").await.expect(200).json();
        assert_eq!(taken["data"][0]["count"], file.lines().count() - 1, "{taken}");
    });
}

#[test]
fn numbers_of_groups_and_everything_else_stay_when_nothing_changed() {
    on_databases(async |company| {
        shop(&company).await;
        company.hold("2026-04-12").await;
        let mut seen = vec![];
        for _ in 0..2 {
            refresh::refresh(&company.engine, None).await.unwrap();
            let groups = groups::load(&company.engine).await.unwrap().unwrap();
            let rules = baskets::load(&company.engine).await.unwrap().unwrap();
            let told = forecast::load(&company.engine).await.unwrap().unwrap();
            seen.push((
                serde_json::to_string(&groups.body).unwrap(),
                serde_json::to_string(&rules.body).unwrap(),
                serde_json::to_string(&told.body).unwrap(),
            ));
        }
        assert!(seen[0] == seen[1], "a second run over the same orders differs");

        // Nothing is due then, unless an earlier version kept it in another form.
        refit::refit(&company.engine, None).await.unwrap();
        refresh::refresh(&company.engine, None).await.unwrap();
        refresh::queue_if_due(&company.engine).await.unwrap();
        assert_eq!(company.engine.job_under_way(refresh::JOB).await.unwrap(), None);
        let last = refresh::last(&company.engine).await.unwrap().unwrap();
        let mut former = serde_json::to_value(&last.body).unwrap();
        former.as_object_mut().unwrap().remove("form").unwrap();
        kept::keep(&company.engine, "run", kept::WHOLE, last.as_of, &former).await.unwrap();
        refresh::queue_if_due(&company.engine).await.unwrap();
        assert!(company.engine.job_under_way(refresh::JOB).await.unwrap().is_some());
    });
}

#[test]
fn a_customer_is_told_what_he_has_not_bought_with_the_reason() {
    on_databases(async |company| {
        let products = shop(&company).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        // One who bought paper only: pens go with it.
        let newcomer = company.customer("Newcomer").await;
        let head = values([("account", newcomer.into()), ("ordered_at", crate::company::at("2026-04-01"))]);
        let line =
            values([("product", products[0].into()), ("unit_price", Value::Decimal(Decimal::from(9)))]);
        company.document("order", "order_line", head, line).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let told = recommend::of(&company.engine, newcomer).await.unwrap();
        assert!(!told.is_empty() && told.iter().all(|one| one.product != products[0]));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/account/{newcomer}")).await.expect(200).body;
        assert!(page.contains("May buy next"), "{page}");
        // The product's own page says who will buy, or why it cannot.
        for product in &products {
            let page = client.get(&format!("/analysis/product/{product}")).await.expect(200).body;
            let kept = propensity::load(&company.engine, *product).await.unwrap().unwrap();
            match &kept.body {
                Ok(found) => {
                    assert!(page.contains("The most likely customers"));
                    let asked = propensity::likely::Asked { best: usize::MAX, after: None, limit: 100 };
                    let told = propensity::likely::likely(&company.engine, *product, found, asked).await;
                    let (told, _) = told.unwrap();
                    assert_eq!(told.len(), found.customers);
                    assert!(told.iter().all(|one| (0.0..=1.0).contains(&one.probability)));
                }
                Err(_) => assert!(page.contains("Too few customers")),
            }
        }
    });
}

#[test]
fn the_test_of_recommendations_says_how_many_customers_it_rests_on() {
    on_databases(async |company| {
        let mut products = vec![];
        for number in 0..10 {
            let name = format!("Product {number}");
            products.push(company.create("product", values([("name", name.into())])).await);
        }
        // Forty customers, each with another of ten products every ten days: all of them buy something new in the last fifth.
        let first: chrono::NaiveDate = "2026-01-05".parse().unwrap();
        let mut last = None;
        for number in 0..40_i64 {
            let account = company.customer(&format!("Customer {number:02}")).await;
            last = Some(account);
            for step in 0..8 {
                let day = (first + chrono::Duration::days(step * 10 + number % 5)).to_string();
                let head = values([("account", account.into()), ("ordered_at", crate::company::at(&day))]);
                let product = products[((step * 3 + number * 7) % 10) as usize];
                let price = Value::Decimal(Decimal::from(9));
                let line = values([("product", product.into()), ("unit_price", price)]);
                company.document("order", "order_line", head, line).await;
            }
        }
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let kept = recommend::load(&company.engine).await.unwrap().unwrap();
        assert_eq!(kept.body.backtest.as_ref().unwrap().customers, 40);
        let client = company.app.administrator().await;
        for (language, tested, until) in [
            ("en", "Tested on customers", "Learned from purchases until"),
            ("zh-CN", "检验样本", "学习数据截止"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/analysis/baskets").await.expect(200).body;
            let told = page.split("data-definitions=\"recommend\"").nth(1).unwrap();
            let told = told.split("</details>").next().unwrap();
            // Days 0 to 74, of which the last fifteen were held out.
            for part in
                [format!("<dt>{tested}</dt><dd>40</dd>"), format!("<dt>{until}</dt><dd>2026-03-05</dd>")]
            {
                assert!(told.contains(&part), "{part} in {told}");
            }
            // A customer's page says the same beside how often it hit.
            let page = client.get(&format!("/account/{}", last.unwrap())).await.expect(200).body;
            let mut said = page.split("class=\"finding").skip(1);
            let hit = said.find(|one| one.contains("In the test it hit") || one.contains("检验中命中了"));
            let hit = hit.unwrap_or_else(|| panic!("{page}")).split("</details>").next().unwrap();
            assert!(hit.contains(&format!("<dt>{tested}</dt><dd>40</dd>")), "{hit}");
            assert!(page.contains("data-definitions=\"recommended\""), "{page}");
        }
    });
}

#[test]
fn what_groups_are_made_of_can_be_chosen_by_administrators() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        let chosen = [("features", "orders"), ("features", "order_amount"), ("number", "3")];
        client.post("/analysis/groups", &chosen).await.expect(303);
        let wanted = groups::Wanted::load(&company.engine).await.unwrap();
        assert_eq!(
            (wanted.features, wanted.number),
            (vec!["orders".to_owned(), "order_amount".to_owned()], Some(3))
        );
        client.post("/analysis/groups", &[("number", "3")]).await.expect(422);
        client.post("/analysis/groups", &[("features", "shoe_size")]).await.expect(422);
        client.post("/analysis/groups", &[("features", "orders"), ("number", "99")]).await.expect(422);
    });
}
