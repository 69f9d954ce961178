//! What the figures come from: a rule of thumb where it forecasts better beyond doubt, else the model; said on every page that shows them.

use crate::company::{Company, on_databases};
use engine::Query;
use insight::{past, refit};
use meta::{Decimal, Id, Record, Value};
use value::backtest::Rule;

/// Customers who each buy in their own week of the year, three years running, which no model knows.
async fn seasonal(company: &Company, customers: i64) -> Vec<Id> {
    let begin: chrono::NaiveDate = "2023-11-27".parse().unwrap();
    let mut accounts = vec![];
    for number in 0..customers {
        let account = company.customer(&format!("Customer {number}")).await;
        for year in 0..3 {
            let day = begin + chrono::Duration::days(number * 7 % 360 + 364 * year);
            company.order(Some(account), &day.to_string(), &(100 + number).to_string(), Some("30")).await;
        }
        accounts.push(account);
    }
    accounts
}

fn number(record: &Record, field: &str) -> Option<Decimal> {
    match record.get(field) {
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

#[test]
fn a_rule_that_wins_makes_the_figures_and_says_so() {
    on_databases(async |company| {
        let accounts = seasonal(&company, 130).await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        let found = stored.overview.trial.as_ref().unwrap().result.fitted().unwrap();
        let won = [found.purchases.rule(), found.churn.rule()];
        assert_eq!(won, [Some(Rule::LastYear); 2], "{:#?}", found.tried);
        let rules = stored.fitted.model.rules;
        assert_eq!([rules.purchases, rules.churn].map(|score| score.map(|score| score.rule())), won);

        // Everybody bought once in the last 52 weeks, and so he will, for his usual amount; intervals and P(alive) are empty.
        for record in company.everybody().await {
            assert_eq!(number(&record, "expected_purchases_52w"), Some(1.into()), "{record:?}");
            assert_eq!(number(&record, "p_churn_52w"), Some(0.into()));
            for unknown in ["p_alive", "clv_52w_low", "clv_52w_high", "lifetime_profit"] {
                assert_eq!(record.get(unknown), &Value::Null, "{unknown}");
            }
            let worth = number(&record, "clv_52w").unwrap();
            assert!(worth > Decimal::ZERO && worth < 240.into(), "{worth}");
        }
        // He buys within 52 weeks for certain: the mean of 2/3 and T/(T + 104) of the 155.7 weeks since 2023-11-27, (0.667 + 0.600) / 2.
        assert_eq!(company.account(accounts[0]).await.get("loyalty_behavioural"), &Value::Int(63));
        // The season of the next 13 weeks is that of the same weeks a year before: customers of those come first in the list.
        let query = Query::new("account").filter("p_buy_13w > 0.5").sort("-p_buy_13w").limit(200);
        let soon = company.engine.list(&engine::Actor::system(), &query).await.unwrap().records.len();
        assert!((20..60).contains(&soon), "{soon}");

        // A new order moves the figure within the reader's step as a refit would.
        company.order(Some(accounts[0]), "2026-11-20", "100", None).await;
        company.settle().await;
        let live = company.account(accounts[0]).await;
        assert_eq!(number(&live, "expected_purchases_52w"), Some(2.into()));
        refit::refit(&company.engine, None).await.unwrap();
        let again = company.account(accounts[0]).await;
        for field in ["expected_purchases_52w", "p_buy_13w", "p_churn_52w", "p_alive", "stage"] {
            assert_eq!(live.get(field), again.get(field), "{field}");
        }

        // Who bought twice, too seldom to be late, and not in the last 52 weeks will not buy by the rule: he is not loyal by what he does.
        let quiet = company.customer("Quiet").await;
        for day in ["2024-01-10", "2025-01-10"] {
            company.order(Some(quiet), day, "100", Some("30")).await;
        }
        company.settle().await;
        let quiet = company.account(quiet).await;
        assert_eq!(number(&quiet, "p_churn_52w"), Some(1.into()));
        assert_eq!(quiet.get("loyalty_behavioural"), &Value::Int(0));

        past::compute(&company.engine).await.unwrap();
        let client = company.app.administrator().await;
        let customer = format!("/account/{}", accounts[1]);
        for (language, parts, limits) in [
            ("en", "Same as last year", ["no interval of the value", "whether he is still a customer"]),
            ("zh-CN", "与去年同期相同", ["不给出价值区间", "不给出“仍是客户的概率”"]),
        ] {
            client.set_cookie("zhike_lang", language);
            for address in ["/value", "/value/backtest", customer.as_str()] {
                let page = client.get(address).await.expect(200).body;
                assert!(page.contains(parts) && !page.contains("NaN"), "{address}: {page}");
                assert!(limits.iter().all(|limit| page.contains(limit)), "{address}: {page}");
            }
            let page = client.get("/value/matrix").await.expect(200).body;
            assert!(page.contains(parts), "{page}");
        }
        let json = client.get("/api/v1/value/backtest").await.expect(200).json();
        assert_eq!(json["scores"]["churn"]["in_force"], "last_year");
        assert_eq!(json["scores"]["purchases"]["because"], "rule_better");
    });
}

#[test]
fn where_no_rule_wins_the_model_makes_the_figures_and_says_why() {
    on_databases(async |company| {
        company.regulars().await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(stored.fitted.model.rules, value::model::RulesInForce::default());
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/backtest").await.expect(200).body;
        let family = stored.fitted.model.purchases.fitted().unwrap().family.to_string();
        assert!(page.contains("What the forecasts come from") && page.contains(&family), "{page}");
        assert!(company.everybody().await.iter().all(|record| number(record, "p_alive").is_some()));
    });
}
