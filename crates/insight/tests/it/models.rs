//! The back-test that chooses the model, the value matrix and the life cycle: kept by jobs, shown in both languages.

use crate::{
    company::{Company, on_databases},
    warehouse::{SMALL, refresh},
};
use insight::{past, refit};
use meta::Value;

/// Sixty customers over two years: every third buys each month, the others a few times and then no more.
pub async fn two_years(company: &Company) {
    let begin: chrono::NaiveDate = "2024-11-01".parse().unwrap();
    let mut orders = vec![];
    for number in 0..60i64 {
        let account = company.customer(&format!("Customer {number}")).await;
        let (every, until) = if number % 3 == 0 { (30 + number % 7, 745) } else { (45, 60 + 9 * number) };
        let mut day = number % 40;
        while day <= until {
            let on = (begin + chrono::Duration::days(day)).to_string();
            orders.push((account, on, format!("{}.5", 80 + number * 7 % 90), "30"));
            day += every + (number * day) % 11;
        }
    }
    company.orders(orders).await;
}

fn float(value: &Value) -> f64 {
    value.as_decimal().unwrap().to_string().parse().unwrap()
}

#[test]
fn the_model_in_force_is_the_one_that_won_the_back_test() {
    on_databases(async |company| {
        two_years(&company).await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        let trial = stored.overview.trial.as_ref().unwrap();
        let found = trial.result.fitted().unwrap();
        assert_eq!((trial.sampled, trial.accounts), (60, 60));
        assert_eq!(stored.fitted.model.purchases.fitted().unwrap().family, found.chosen);
        // Whoever is not within a standard error of the best was not chosen.
        let chosen = found.of(found.chosen).unwrap();
        let best =
            found.tried.iter().filter(|t| t.fit.is_some()).filter_map(|t| t.score).min_by(f64::total_cmp);
        assert!(chosen.score.unwrap() < best.unwrap() + 0.2);
        let mut buyers = 0;
        for record in company.everybody().await {
            let [low, high] = ["clv_52w_low", "clv_52w_high"].map(|field| float(record.get(field)));
            assert!(0.0 <= low && low <= high, "{record:?}");
            assert!((0.0..=1.0).contains(&float(record.get("p_churn_52w"))));
            let behaviour = record.text("value_behaviour");
            // Nobody's lines name a product: nothing is known of who takes up the new.
            let once = record.get("orders") == &Value::Int(1);
            let seldom = record.get("rfm_frequency").as_int().unwrap() < 3;
            match behaviour {
                "profit_seeking" => assert!(!once),
                "rational" => assert!(!once && !seldom),
                other => assert!(other.is_empty() && (once || seldom), "{other}"),
            }
            // Goods at 30 of 80.5 to 169.5; whoever still buys goes on after the first year.
            let money = |field: &str| float(record.get(field));
            let [value, profit, lifetime] = ["clv_52w", "profit_52w", "lifetime_profit"].map(money);
            assert!(value < 1.0 || (0.6..0.9).contains(&(profit / value)), "{profit} of {value}");
            if value > 100.0 {
                buyers += 1;
                assert!((1.5..5.0).contains(&(lifetime / profit)), "{lifetime} after {profit}");
            }
        }
        assert!(buyers >= 15, "{buyers}");
        let client = company.app.administrator().await;
        for (language, parts) in [
            (
                "en",
                ["Best model:", "Goes on as before", "Same as last year", "Calibration", "Log-likelihood"],
            ),
            ("zh-CN", ["最佳模型：", "照旧购买", "与去年同期相同", "校准", "对数似然"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/backtest").await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part}: {page}");
            }
            assert!(!page.contains("NaN") && page.contains(&found.chosen.to_string()));
            // On how many customers the table of methods rests.
            let methods = page.split("data-definitions=\"backtest-methods\"").nth(1).unwrap();
            let methods = methods.split("</details>").next().unwrap();
            let customers = if language == "en" { "Customers" } else { "成交客户" };
            let sample = format!("<dt>{customers}</dt><dd>{}</dd>", found.customers);
            assert!(methods.contains(&sample), "{sample} in {methods}");
            // Of every model and rule: error in money, what its best fifth brought, and what the true best fifth did.
            let [rmse, perfect] = match language {
                "en" => ["RMSE, money", "… in perfect order"],
                _ => ["金额 RMSE", "完美排序时占比"],
            };
            let cells = |label: &str| -> Vec<String> {
                let cell = format!("data-label=\"{label}\">");
                let cells = page.split(cell.as_str()).skip(1);
                cells.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
            };
            assert_eq!((cells(rmse).len(), cells(perfect).len()), (found.tried.len(), found.tried.len()));
            let measures = &found.of(found.chosen).unwrap().measures;
            let shown = format!("¥{:.2}", measures.money_rmse);
            assert!(cells(rmse).contains(&shown), "{shown}: {:?}", cells(rmse));
            let best = measures.perfect_capture.unwrap();
            assert!(measures.capture.unwrap() <= best && best < 1.0);
            // What nobody could do better is the same for all of them.
            let shown = format!("{}%", (best * 1_000.0).round() / 10.0);
            assert!(cells(perfect).iter().all(|cell| *cell == shown), "{shown}: {:?}", cells(perfect));
        }
        let json = client.get("/api/v1/value/backtest").await.expect(200).json();
        assert_eq!(json["chosen"].as_str(), Some(found.chosen.to_string().as_str()));
        assert_eq!(json["methods"].as_array().unwrap().len(), found.tried.len());
    });
}

#[test]
fn too_short_a_history_says_so_and_keeps_the_standard_model() {
    on_databases(async |company| {
        for number in 0..40 {
            let account = company.customer(&format!("Customer {number}")).await;
            company.order(Some(account), "2026-10-01", "20", None).await;
            company.order(Some(account), &format!("2026-10-{}", 10 + number % 15), "30", None).await;
        }
        let stored = refit::refit(&company.engine, None).await.unwrap();
        assert!(stored.overview.trial.as_ref().unwrap().result.missing().is_some());
        past::compute(&company.engine).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/backtest").await.expect(200).body;
        assert!(page.contains("the orders span fewer than twelve weeks"), "{page}");
        for address in ["/value/matrix", "/value/life-cycle"] {
            let page = client.get(address).await.expect(200).body;
            assert!(page.contains("Nothing can be said of the past yet"), "{page}");
        }
    });
}

#[test]
fn of_a_stage_nobody_was_seen_in_nothing_is_said() {
    on_databases(async |company| {
        // Everybody buys every four weeks, and goes on.
        let begin: chrono::NaiveDate = "2025-01-06".parse().unwrap();
        for number in 0..24i64 {
            let account = company.customer(&format!("Customer {number}")).await;
            for purchase in 0..24 {
                let on = begin + chrono::Duration::days(28 * purchase + number % 20);
                company.order(Some(account), &on.to_string(), &format!("{}", 50 + number), Some("30")).await;
            }
        }
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let moves = kept.life.fitted().unwrap().groups[""].observed.moves();
        let seen = (1..past::life::STAGES.len()).filter(|stage| moves.left(*stage) > 0).count();
        assert!((1..5).contains(&seen), "{moves:?}");
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/life-cycle?cost=1000000").await.expect(200).body;
        let stopped =
            page.split_once("stop marketing to customers in: ").unwrap().1.split('.').next().unwrap();
        assert_eq!(stopped.split(", ").count(), seen, "{stopped}");
        assert_eq!(page.matches("stopping is right in").count(), seen, "{page}");
    });
}

#[test]
fn what_a_stage_brings_is_as_uncertain_as_its_customers_and_not_as_their_quarters() {
    on_databases(async |company| {
        // Everybody buys once in each quarter, half of them for 20 each time, half for 200.
        let begin: chrono::NaiveDate = "2024-09-02".parse().unwrap();
        for number in 0..24i64 {
            let account = company.customer(&format!("Customer {number}")).await;
            let amount = ["20", "200"][number as usize % 2];
            for quarter in 0..9 {
                let on = begin + chrono::Duration::days(91 * quarter + number % 20);
                company.order(Some(account), &on.to_string(), amount, Some("10")).await;
            }
        }
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let observed = &kept.life.fitted().unwrap().groups[""].observed;
        // Stability, from the fourth purchase on.
        let (quarters, found) = (observed.left(3), observed.purchases(3));
        assert_eq!(quarters, 5 * 24);
        let deviation = 90.0 / 110.0;
        let (by_customer, by_quarter) = (deviation / 23.0_f64.sqrt(), deviation / (quarters as f64).sqrt());
        let error = found.error / found.mean;
        // Two customers in one block by chance tell a little more or less.
        assert!((0.6..1.5).contains(&(error / by_customer)), "{found:?}");
        assert!(error > 1.3 * by_quarter, "{found:?}");
        let client = company.app.administrator().await;
        for (language, part) in
            [("en", "the quarters of one hang together"), ("zh-CN", "同一客户的各季度彼此相关")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/life-cycle").await.expect(200).body;
            assert!(page.contains(part) && !page.contains("NaN"), "{page}");
        }
        // By hand: of 110 a quarter 10 are the goods, marketing costs 20, and nobody ever leaves: 80 a quarter, for ever.
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value/life-cycle?cost=20").await.expect(200).body;
        let worth = page.split_once("data-defined=\"life-worth\"").unwrap().1;
        let row = worth.split("<tr>").find(|row| row.contains("Stability")).unwrap();
        let annual = insight::settings::Settings::load(&company.engine).await.unwrap().annual_discount;
        let quarter = (1.0 + annual).powf(-0.25);
        let value = (80.0 / (1.0 - quarter)).round();
        let amount = |cell: &str| cell.rsplit_once('¥')?.1.trim_end().replace(',', "").parse::<f64>().ok();
        let shown: Vec<f64> = row.split("<small>").filter_map(amount).collect();
        assert_eq!(shown.first(), Some(&80.0), "{row}");
        assert!((shown[1] - value).abs() <= 1.0, "{value} is not in {row}");
    });
}

#[test]
fn the_past_is_computed_once_a_day_and_shown() {
    on_databases(async |company| {
        two_years(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let before = client.get("/value/matrix").await.expect(200).body;
        assert!(before.contains("not computed yet"), "{before}");
        refit::refit(&company.engine, None).await.unwrap();
        company.settle().await;
        company.clock.set(company.clock.now() + chrono::Duration::seconds(11));
        // First the refit that the new customers make due, then the past.
        for _ in 0..3 {
            insight::live::queue_if_due(&company.engine).await.unwrap();
            company.engine.run_due_jobs().await.unwrap();
        }
        let kept = past::newest(&company.engine).await.unwrap().unwrap();
        let matrix = kept.matrix.fitted().unwrap();
        assert_eq!(matrix.now.iter().map(|quadrant| quadrant.customers).sum::<u64>(), 60);
        past::queue_if_due(&company.engine).await.unwrap();
        assert!(!past::is_under_way(&company.engine).await.unwrap(), "it is of today");
        for (language, parts) in [
            ("en", ["The core customers of a year ago brought", "after / before"]),
            ("zh-CN", ["一年前的核心客户贡献了", "再次购买"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/matrix").await.expect(200).body;
            assert!(parts.iter().all(|part| page.contains(part)), "{page}");
        }
        client.set_cookie("zhike_lang", "en");
        // Stages follow from the orders in the warehouse.
        let page = client.get("/value/life-cycle").await.expect(200).body;
        assert!(page.contains("Transition matrix") || page.contains("warehouse is not filled yet"), "{page}");
        refresh(&company, SMALL).await;
        for address in [
            "/value/life-cycle",
            "/value/life-cycle?from=2025-01-01&to=2026-01-01&group=importance:vip&cost=5",
            "/value/life-cycle?from=2026-01-01&to=2025-01-01&group=nobody",
        ] {
            let page = client.get(address).await.expect(200).body;
            for part in ["of active customers broke up in the period", "Transition matrix", "Best rule:"] {
                assert!(page.contains(part), "{address}: {part}");
            }
            assert!(!page.contains("NaN") && page.contains("stopping is right in"), "{page}");
        }
        // Whatever marketing costs beyond what anybody brings is not worth it.
        let page = client.get("/value/life-cycle?cost=1000000").await.expect(200).body;
        assert!(page.contains("Best rule: stop marketing"), "{page}");
        let page = client.get("/value/life-cycle?cost=much").await.expect(200).body;
        assert!(page.contains("Write a number of 0 or more"), "{page}");
        client.post("/value/matrix", &[]).await.expect(303);
        assert!(past::is_under_way(&company.engine).await.unwrap());
        let jobs = company.engine.run_due_jobs().await;
        assert!(jobs.is_ok() && !past::is_under_way(&company.engine).await.unwrap());
    });
}
