//! Who takes up new products first: worked by hand, kept between two refits, and told on the customer's page.

use crate::{
    company::{Company, at, decimal, on_databases, values},
    warehouse::refresh,
};
use insight::refit;
use meta::{Id, Value};
use warehouse::Manner;

/// A refit that has seen every order.
async fn refitted(company: &Company) {
    company.settle().await;
    refresh(company, Manner::default()).await;
    refit::refit(&company.engine, None).await.unwrap();
}

async fn product(company: &Company, code: &str) -> Id {
    company.create("product", values([("name", code.into()), ("code", code.into())])).await
}

/// One piece a day, each at the same price and cost.
async fn buys(company: &Company, account: Id, bought: &[(Id, &str)]) {
    for (product, day) in bought {
        let head = values([("account", account.into()), ("ordered_at", at(day))]);
        let line = values([
            ("product", (*product).into()),
            ("quantity", decimal("1")),
            ("unit_price", decimal("100")),
            ("unit_cost", decimal("60")),
        ]);
        company.document("order", "order_line", head, line).await;
    }
}

async fn found(company: &Company, account: Id) -> (Option<i64>, Option<i64>, String) {
    let record = company.account(account).await;
    let number = |field: &str| record.get(field).as_int();
    (number("new_products"), number("new_products_early"), record.text("value_behaviour").to_owned())
}

#[test]
fn who_buys_new_products_first_is_a_lighthouse_and_who_buys_them_later_a_follower() {
    on_databases(async |company| {
        let [old, edge, n1, n2, n3, n4, latest] = {
            let mut products = vec![];
            for code in ["O", "E", "N1", "N2", "N3", "N4", "L"] {
                products.push(product(&company, code).await);
            }
            products.try_into().unwrap()
        };
        let mut accounts = vec![];
        for name in ["First", "Later", "Last", "New"] {
            accounts.push(company.customer(name).await);
        }
        let [first, later, last, new] = accounts.try_into().unwrap();
        // The company's sales are known from 2025-01-06 on: what was first sold from 2025-07-07 on is new.
        buys(
            &company,
            first,
            &[
                (old, "2025-01-06"),
                (n1, "2025-08-01"),
                (n2, "2025-10-01"),
                (n3, "2026-01-10"),
                // Four months after the first sale.
                (n4, "2026-06-30"),
                (n1, "2026-07-30"),
            ],
        )
        .await;
        // A day too late, too late, on the last day.
        buys(
            &company,
            later,
            &[(old, "2025-01-10"), (n1, "2025-11-01"), (n2, "2026-02-01"), (n3, "2026-04-11")],
        )
        .await;
        // What was sold in the first 26 weeks, or only for three weeks by now, is not looked at.
        buys(
            &company,
            last,
            &[
                (edge, "2025-07-06"),
                (n1, "2026-05-01"),
                (n2, "2026-05-02"),
                (n3, "2026-05-03"),
                (latest, "2026-11-01"),
            ],
        )
        .await;
        // When he came the first weeks of N1 and N2 were over.
        buys(
            &company,
            new,
            &[(n1, "2026-02-01"), (n2, "2026-02-01"), (n3, "2026-02-01"), (n4, "2026-03-01")],
        )
        .await;
        refitted(&company).await;
        // 3 of 4, 1 of 3, 0 of 3: together 4 of 10. The first fifth of three customers is one: from 75 % on.
        assert_eq!(found(&company, first).await, (Some(4), Some(3), "lighthouse".to_owned()));
        assert_eq!(found(&company, later).await, (Some(3), Some(1), "follower".to_owned()));
        assert_eq!(found(&company, last).await, (Some(3), Some(0), "follower".to_owned()));
        let (bought, early, class) = found(&company, new).await;
        let often = company.account(new).await.get("rfm_frequency").as_int().unwrap() >= 3;
        assert_eq!((bought, early, class.as_str()), (Some(2), Some(2), if often { "rational" } else { "" }));

        let client = company.app.administrator().await;
        for (language, told, unknown) in [
            (
                "en",
                "3 of 4 new products within 13 weeks of their first sale; company 40",
                "he bought 2 of them",
            ),
            ("zh-CN", "买过的 4 个新产品中，3 个在首次售出后 13 周内购买；全体客户 40", "买过 2 个新产品"),
        ] {
            client.set_cookie("zhike_lang", language);
            for (account, part) in [(first, told), (new, unknown)] {
                let page = client.get(&format!("/account/{account}")).await.expect(200).body;
                assert!(page.contains(part), "{part}: {page}");
            }
        }

        // Between two refits everybody keeps what the last one found: what he buys counts with the next.
        buys(&company, first, &[(old, "2026-11-20")]).await;
        buys(&company, later, &[(n4, "2026-05-20")]).await;
        company.settle().await;
        assert_eq!(company.account(later).await.get("orders"), &Value::Int(5));
        assert_eq!(found(&company, first).await, (Some(4), Some(3), "lighthouse".to_owned()));
        assert_eq!(found(&company, later).await, (Some(3), Some(1), "follower".to_owned()));
        refitted(&company).await;
        // 3 of 4, 2 of 4, 0 of 3: together 5 of 11, which 2 of 4 is above, but not among the first.
        assert_eq!(found(&company, first).await, (Some(4), Some(3), "lighthouse".to_owned()));
        assert_eq!(found(&company, later).await, (Some(4), Some(2), "rational".to_owned()));
        assert_eq!(found(&company, last).await, (Some(3), Some(0), "follower".to_owned()));

        // Whoever knows better says so, and a refit leaves it.
        company.update("account", last, values([("value_behaviour_override", "lighthouse".into())])).await;
        refitted(&company).await;
        assert_eq!(found(&company, last).await, (Some(3), Some(0), "lighthouse".to_owned()));
    });
}

#[test]
fn without_new_products_nobody_is_first_or_follows() {
    on_databases(async |company| {
        let only = product(&company, "O").await;
        for number in 0..6 {
            let account = company.customer(&format!("Customer {number}")).await;
            let days: Vec<String> = (0..=number).map(|month| format!("2026-0{}-01", 1 + month)).collect();
            let bought: Vec<(Id, &str)> = days.iter().map(|day| (only, day.as_str())).collect();
            buys(&company, account, &bought).await;
        }
        refitted(&company).await;
        let mut rational = 0;
        for record in company.everybody().await {
            assert_eq!(record.get("new_products"), &Value::Null);
            let class = record.text("value_behaviour");
            assert!(["rational", ""].contains(&class), "{class}");
            rational += usize::from(class == "rational");
        }
        assert!(rational > 0);
    });
}
