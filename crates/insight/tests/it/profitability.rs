//! Profit per customer: by hand, in sum, and on its pages.

use crate::{
    company::{on_databases, values},
    seven_p_behind::between,
};
use engine::{Actor, Query};
use insight::{after_fit, kept, profitability, refit};
use meta::{Decimal, Id, Record, Value};

fn told(record: &Record, field: &str) -> Option<f64> {
    record.get(field).as_decimal().map(|amount| amount.to_string().parse().unwrap())
}

#[test]
fn a_customers_profit_is_what_was_computed_by_hand() {
    on_databases(async |company| {
        let account = company.served().await;
        let found = company.account(account).await;
        // Margin 300 + 150 − 30; payment 0.6 % of 1,500 is 9, freight 50.
        assert_eq!(told(&found, "margin"), Some(420.0));
        assert_eq!(told(&found, "contribution"), Some(361.0));
        // Orders 50, lines 6, return 60, visit 100 + 180, call 30; the note has no rate and the task is open.
        assert_eq!(told(&found, "cost_to_serve"), Some(426.0));
        assert_eq!(told(&found, "net_profit"), Some(-65.0));
        assert_eq!(told(&found, "net_profit_share"), Some(-0.0464));
        assert_eq!(found.text("loss_cause"), "contacts");
        refit::refit(&company.engine, None).await.unwrap();
        let fitted = company.account(account).await;
        for field in
            ["margin", "contribution", "cost_to_serve", "net_profit", "net_profit_share", "loss_cause"]
        {
            assert_eq!(fitted.get(field), found.get(field), "{field}");
        }
    });
}

#[test]
fn without_rates_or_cost_of_goods_there_is_no_profit() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        company.order(Some(account), "2026-05-31", "1000", Some("700")).await;
        company.settle().await;
        let found = company.account(account).await;
        assert_eq!((told(&found, "margin"), told(&found, "net_profit")), (Some(300.0), None));
        company.cost_rates().await;
        let other = company.customer("B").await;
        company.order(Some(other), "2026-05-31", "1000", None).await;
        company.contact(other, "2026-06-03", "visit", 90).await;
        refit::refit(&company.engine, None).await.unwrap();
        company.settle().await;
        let (found, other) = (company.account(account).await, company.account(other).await);
        assert_eq!(
            (told(&found, "net_profit"), told(&other, "net_profit")),
            (Some(300.0 - 31.0 - 23.0), None)
        );
        let report =
            kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let report = report.unwrap().body;
        assert_eq!((report.buyers.customers, report.unknown.customers), (1, 1));
    });
}

#[test]
fn who_is_known_in_part_is_no_loser_for_it() {
    on_databases(async |company| {
        company.cost_rates().await;
        let [good, unclear] = [company.customer("Good").await, company.customer("Unclear").await];
        // 900 of 1,000 with a cost: the margin of 300 stands for 333.3333.
        company.order(Some(good), "2026-06-02", "900", Some("600")).await;
        company.order(Some(good), "2026-06-03", "100", None).await;
        // 100 of 1,000 with a cost: a margin of 30 against costs of all his orders and a visit.
        company.order(Some(unclear), "2026-06-02", "100", Some("70")).await;
        company.order(Some(unclear), "2026-06-03", "900", None).await;
        company.contact(unclear, "2026-06-04", "visit", 60).await;
        company.settle().await;
        let fields =
            ["margin", "contribution", "cost_to_serve", "net_profit", "net_profit_share", "loss_cause"];
        let live = [company.account(good).await, company.account(unclear).await];
        // Two orders of 30 with a line of 3; freight 25 each and 0.6 % of 1,000; a visit of 60 minutes 220.
        let shown = |found: &Record| fields[..5].iter().map(|field| told(found, field)).collect::<Vec<_>>();
        assert_eq!(shown(&live[0]), [300.0, 277.3333, 66.0, 211.3333, 0.2113].map(Some));
        assert_eq!(shown(&live[1]), [Some(30.0), None, Some(286.0), None, None]);
        assert_eq!(live[1].get("loss_cause"), &Value::Null);
        refit::refit(&company.engine, None).await.unwrap();
        for found in live {
            let fitted = company.account(found.id).await;
            fields.iter().for_each(|field| assert_eq!(fitted.get(field), found.get(field), "{field}"));
        }
        let report =
            kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let report = report.unwrap().body;
        assert_eq!((report.buyers.customers, report.partly_known, report.unknown.customers), (1, 1, 1));
        assert_eq!((report.whale.customers, report.whale.losers, report.whale.total), (1, 0, 2_113_333));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/profitability").await.expect(200).body;
        assert!(page.contains("1 customers with") && page.contains("less than 80%"), "{page}");
        // The list behind the sums holds whom they are of.
        let those = "/account?filter=orders%20%3E%200%20%26%26%20net_profit%20%21%3D%20null";
        assert!(page.contains(those), "{page}");
        let list = client.get(those).await.expect(200).body;
        let holds = |account: Id| list.contains(&format!("/account/{account}"));
        assert!(holds(good) && !holds(unclear), "{list}");
        let panel = client.get(&format!("/account/{unclear}")).await.expect(200).body;
        assert!(panel.contains("The cost of 10% of what this customer bought is known"), "{panel}");
    });
}

#[test]
fn customers_add_up_to_the_totals() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        company.cost_rates().await;
        for (index, account) in accounts.iter().enumerate() {
            for visit in 0..index % 4 {
                company
                    .contact(*account, &format!("2026-0{}-11", 2 + visit), "visit", 30 * visit as i64)
                    .await;
            }
        }
        let prospect = company.customer("Not yet").await;
        company.contact(prospect, "2026-02-02", "call", 60).await;
        refit::refit(&company.engine, None).await.unwrap();
        let everybody = company.everybody().await;
        let sum =
            |field: &str| everybody.iter().filter_map(|one| one.get(field).as_decimal()).sum::<Decimal>();
        let report =
            kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let report = report.unwrap().body;
        let exact = |amount: i64| Decimal::new(amount, 4);
        let (buyers, prospects) = (&report.buyers, &report.prospects);
        assert_eq!(sum("margin"), exact(buyers.margin));
        assert_eq!(sum("contribution"), exact(buyers.profit().contribution()));
        assert_eq!(sum("cost_to_serve"), exact(buyers.costs.to_serve() + prospects.costs.to_serve()));
        assert_eq!(sum("net_profit"), exact(buyers.profit().net() + prospects.profit().net()));
        assert_eq!(
            (report.whale.total, exact(prospects.profit().net())),
            (buyers.profit().net(), "-90".parse().unwrap())
        );
        let losing = everybody.iter().filter(|one| {
            told(one, "net_profit").is_some_and(|profit| profit < 0.0) && one.get("orders") != &Value::Int(0)
        });
        assert_eq!(losing.count() as u64, report.whale.losers);
        assert!(report.whale.losers > 3, "{report:?}");
        assert_eq!(report.losing.values().map(|one| one.customers).sum::<u64>(), report.whale.losers);
    });
}

#[test]
fn the_page_shows_the_whale_and_leads_to_the_losers() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        assert!(client.get("/value/profitability").await.expect(200).body.contains("No profits yet"));
        let accounts = company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        client.set_cookie("zhike_lang", "zh-CN");
        let unrated = client.get("/value/profitability").await.expect(200).body;
        assert!(unrated.contains("尚未设置成本费率") && unrated.contains("/cost_rate/new"), "{unrated}");
        company.cost_rates().await;
        for account in &accounts[..5] {
            company.contact(*account, "2026-03-03", "visit", 240).await;
        }
        refit::refit(&company.engine, None).await.unwrap();
        client.set_cookie("zhike_lang", "en");
        let rated = client.get("/value/profitability").await.expect(200).body;
        for part in
            ["data-chart=\"whale\"", "Customers who lose money", "Calls and visits", "Cost rates", "0.6"]
        {
            assert!(rated.contains(part), "{part} in {rated}");
        }
        // The peak of the curve opens those who earn, its end all of them; on the seven P alike.
        let kept = kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let whale = kept.unwrap().body.whale;
        assert!(whale.winners > 0 && whale.winners < whale.customers, "{whale:?}");
        after_fit::compute(&company.engine, None).await.unwrap();
        let seven = client.get("/value/seven-p/profitability").await.expect(200).body;
        for page in [&rated, &seven] {
            let drawn = between(page, "data-chart=\"whale\"", "</script>");
            let drawn = drawn.split_once("<script type=\"application/json\">").unwrap().1;
            let drawn: serde_json::Value = serde_json::from_str(drawn).unwrap();
            for (mark, filter, customers) in [
                ("mark", "orders > 0 && net_profit > 0", whale.winners),
                ("end", "orders > 0 && net_profit != null", whale.customers),
            ] {
                let href = drawn[mark]["href"].as_str().unwrap();
                assert!(href.contains(&format!("filter={}", web::encode(filter))), "{href}");
                client.get(href).await.expect(200);
                let query = Query::new("account").filter(filter);
                let found = company.engine.count(&Actor::system(), &query, 1_000).await.unwrap();
                assert_eq!(found.number, customers, "{filter}");
            }
        }
        let panel = client.get(&format!("/account/{}", accounts[0])).await.expect(200).body;
        assert!(panel.contains("profit-panel") && panel.contains("mostly by: Calls and visits"), "{panel}");
        let other = company.app.ordinary().await;
        other.get("/cost_rate").await.expect(403);
    });
}

#[test]
fn rates_that_make_no_sense_are_refused_with_the_remedy() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        let refused = async |fields: &[(&str, &str)]| {
            let body = client.post("/cost_rate/new", fields).await.expect(422).body;
            body.split("class=\"field-error\"").nth(1).unwrap_or(&body).to_lowercase()
        };
        let order = [("driver", "order"), ("valid_from", "2026-01-01")];
        assert!(refused(&order).await.contains("give an amount or a share"), "{}", refused(&order).await);
        assert!(refused(&[order[0], order[1], ("amount", "-1")]).await.contains("cannot be negative"));
        assert!(refused(&[order[0], order[1], ("share_of_sales", "1")]).await.contains("freight, payment"));
        assert!(
            refused(&[order[0], order[1], ("amount_per_minute", "1")]).await.contains("only contacts have")
        );
        company
            .create(
                "cost_rate",
                values([
                    ("driver", "note".into()),
                    ("valid_from", Value::Date("2026-01-01".parse().unwrap())),
                    ("amount", Decimal::ONE.into()),
                ]),
            )
            .await;
    });
}
