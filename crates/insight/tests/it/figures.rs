//! What an order, a return, a correction does to a customer's figures.

use crate::company::{Company, decimal, on_databases, on_one, values};
use engine::{Actor, JobState, Query};
use insight::{live, refit, report, settings, store};
use meta::{Id, Value};
use std::time::{Duration, Instant};

async fn figures(company: &Company, account: Id) -> meta::Record {
    company.settle().await;
    company.account(account).await
}

#[test]
fn orders_and_returns_move_the_customers_figures() {
    on_databases(async |company| {
        let account = company.customer("青岛海产").await;
        let fresh = figures(&company, account).await;
        assert_eq!((fresh.text("stage"), fresh.text("loyalty")), ("prospect", "potential"));
        company.order(Some(account), "2026-09-01", "100", Some("60")).await;
        company.order(Some(account), "2026-09-01", "20.5", None).await;
        company.order(Some(account), "2026-10-01", "200", Some("150")).await;
        company.give_back(account, "2026-10-05", "50", Some("30")).await;
        let known = figures(&company, account).await;
        assert_eq!(known.get("orders"), &Value::Int(3));
        assert_eq!(known.get("gross_sales"), &decimal("320.5"));
        assert_eq!(known.get("net_sales"), &decimal("270.5"));
        assert_eq!(known.get("margin"), &decimal("70"));
        assert_eq!(known.get("first_order_on"), &Value::Date("2026-09-01".parse().unwrap()));
        assert_eq!(known.get("last_order_on"), &Value::Date("2026-10-01".parse().unwrap()));
        assert_eq!(known.get("interval_days"), &decimal("30"));
        // Two purchase days are no rhythm.
        assert_eq!((known.get("next_purchase_on"), known.get("overdue")), (&Value::Null, &Value::Null));
        assert_eq!((known.text("stage"), known.text("loyalty")), ("formation", "new"));
        assert_eq!(known.version, fresh.version, "figures are no change of the record");
    });
}

#[test]
fn the_next_purchase_is_one_day_wherever_it_is_told() {
    on_databases(async |company| {
        let regular = company.customer("Regular").await;
        // Gaps of 27, 30 and 33 days: ∛26730 = 29.90 days, and 22 days idle on 2026-11-21.
        for day in ["2026-08-01", "2026-08-28", "2026-09-27", "2026-10-30"] {
            company.order(Some(regular), day, "100", None).await;
        }
        // Gaps of 4, 60 and 15 days: σ = 1.35.
        let irregular = company.customer("Irregular").await;
        for day in ["2026-08-01", "2026-08-05", "2026-10-04", "2026-10-19"] {
            company.order(Some(irregular), day, "100", None).await;
        }
        let known = figures(&company, regular).await;
        assert_eq!(known.get("next_purchase_on"), &Value::Date("2026-11-29".parse().unwrap()));
        assert_eq!(known.get("overdue"), &decimal("0.74"));
        let unknown = figures(&company, irregular).await;
        assert_eq!((unknown.get("next_purchase_on"), unknown.get("overdue")), (&Value::Null, &Value::Null));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/account/{irregular}")).await.expect(200).body;
        assert!(page.contains("buys irregularly, typically every 15.3 days"), "{page}");
        refit::refit(&company.engine, None).await.unwrap();
        let page = client.get(&format!("/account/{irregular}")).await.expect(200).body;
        assert!(page.contains("buys irregularly"), "{page}");
    });
}

#[test]
fn drafts_anonymous_sales_and_requested_returns_do_not_count() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        let order = company.order(Some(account), "2026-10-01", "100", None).await;
        company.order(None, "2026-10-01", "999", None).await;
        let back = company.give_back(account, "2026-10-02", "10", None).await;
        company.update("return", back, values([("status", "requested".into())])).await;
        assert_eq!(figures(&company, account).await.get("net_sales"), &decimal("100"));
        company.update("order", order, values([("status", "draft".into())])).await;
        let none = figures(&company, account).await;
        assert_eq!((none.get("orders"), none.text("stage")), (&Value::Int(0), "prospect"));
        company.update("order", order, values([("status", "completed".into())])).await;
        assert_eq!(figures(&company, account).await.get("orders"), &Value::Int(1));
    });
}

#[test]
fn an_order_that_moves_moves_both_customers() {
    on_databases(async |company| {
        let (from, to) = (company.customer("From").await, company.customer("To").await);
        let order = company.order(Some(from), "2026-10-01", "100", None).await;
        assert_eq!(figures(&company, from).await.get("orders"), &Value::Int(1));
        company.update("order", order, values([("account", to.into())])).await;
        assert_eq!(figures(&company, from).await.get("orders"), &Value::Int(0));
        assert_eq!(figures(&company, to).await.get("gross_sales"), &decimal("100"));
        company.delete("order", order).await.unwrap();
        assert_eq!(figures(&company, to).await.get("orders"), &Value::Int(0));
        company.restore("order", order).await.unwrap();
        assert_eq!(figures(&company, to).await.get("orders"), &Value::Int(1));
    });
}

#[test]
fn a_corrected_line_moves_the_figures() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        let order = company.order(Some(account), "2026-10-01", "100", None).await;
        let query = Query::new("order_line").filter(format!("order == '{order}'"));
        let line = company.engine.list(&Actor::system(), &query).await.unwrap().records[0].id;
        company.update("order_line", line, values([("unit_price", decimal("70"))])).await;
        assert_eq!(figures(&company, account).await.get("gross_sales"), &decimal("70"));
        company.delete("order_line", line).await.unwrap();
        assert_eq!(figures(&company, account).await.get("orders"), &Value::Int(0));
    });
}

#[test]
fn a_class_chosen_by_hand_wins_until_it_is_given_up() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        company.order(Some(account), "2026-10-01", "100", None).await;
        refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(figures(&company, account).await.text("importance"), "vip");
        company.update("account", account, values([("importance_override", "ordinary".into())])).await;
        refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(figures(&company, account).await.text("importance"), "ordinary");
        company.update("account", account, values([("importance_override", Value::Null)])).await;
        assert_eq!(figures(&company, account).await.text("importance"), "vip");
    });
}

#[test]
fn only_purchases_up_to_the_as_of_day_count() {
    on_databases(async |company| {
        let account = company.customer("A").await;
        for day in ["2026-01-10", "2026-03-10", "2026-05-10"] {
            company.order(Some(account), day, "10", None).await;
        }
        company.order(Some(account), "2026-12-24", "10", None).await;
        assert_eq!(
            figures(&company, account).await.get("orders"),
            &Value::Int(3),
            "the future does not count"
        );
        let as_of = "2026-03-10".parse().ok();
        company
            .engine
            .write(&Actor::system(), move |tx| Box::pin(settings::set_as_of(tx, as_of)))
            .await
            .unwrap();
        let model = refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(Some(model.as_of), as_of);
        assert_eq!(model.overview.order_days.later, 2);
        let known = figures(&company, account).await;
        assert_eq!((known.get("orders"), known.get("interval_days")), (&Value::Int(2), &decimal("59")));
    });
}

#[test]
fn a_refit_fits_models_and_summarises_everybody() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        company.customer("Not yet").await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        assert!(
            stored.fitted.model.bg_nbd.fitted().is_some()
                && stored.fitted.model.gamma_gamma.fitted().is_some()
        );
        let overview = &stored.overview;
        assert_eq!((overview.prospects, overview.concentration.customers), (1, 40));
        assert_eq!(overview.rfm.iter().flatten().map(|cell| cell.customers).sum::<u64>(), 40);
        assert_eq!(overview.stages.values().map(|group| group.customers).sum::<u64>(), 41);
        let (mut gross, mut buyers_variance) = (meta::Decimal::ZERO, 0.0);
        for account in accounts {
            let record = company.account(account).await;
            gross += record.get("gross_sales").as_decimal().unwrap();
            assert!(!record.get("p_alive").is_null() && !record.get("clv_52w").is_null());
            assert_eq!(record.text("rfm").len(), 3);
            let money = |field: &str| record.get(field).as_decimal().unwrap();
            let [value, profit, lifetime] = ["clv_52w", "profit_52w", "lifetime_profit"].map(money);
            assert!(meta::Decimal::ZERO <= profit && profit <= value && profit <= lifetime, "{record:?}");
            let soon: f64 = money("p_buy_13w").to_string().parse().unwrap();
            buyers_variance += soon * (1.0 - soon);
        }
        // Each of p is kept with four digits.
        assert!((overview.buyers_variance.unwrap() - buyers_variance).abs() < 40.0 * 1e-4);
        // All have been silent for so long that hardly anything is to be expected, and hardly anything is uncertain.
        let deviation = overview.clv_variance.unwrap().sqrt();
        assert!(overview.clv.is_some() && 0.0 < deviation && deviation < 1.0, "{deviation}");
        assert_eq!(meta::unscaled(overview.gross_sales, 4), gross);
        let mut lines = vec![];
        report::customers(&company.engine, &Actor::system(), Some(7), |line| lines.push(line)).await.unwrap();
        assert_eq!(lines.len(), 7);
        let sales: Vec<f64> = lines.iter().map(|line| line["net_sales"].as_f64().unwrap()).collect();
        assert!(sales.is_sorted_by(|a, b| a >= b), "{sales:?}");
        let mut all = 0;
        report::customers(&company.engine, &Actor::system(), None, |_| all += 1).await.unwrap();
        assert_eq!(all, 40);
    });
}

#[test]
fn what_the_command_line_prints_has_its_agreed_fields() {
    on_databases(async |company| {
        company.regulars().await;
        let stored = refit::refit(&company.engine, None).await.unwrap();
        let models = report::models(&stored);
        for path in [
            "/as_of",
            "/bg_nbd/r",
            "/bg_nbd/alpha",
            "/bg_nbd/a",
            "/bg_nbd/b",
            "/bg_nbd/log_likelihood",
            "/bg_nbd/boundary",
            "/gamma_gamma/p",
            "/gamma_gamma/q",
            "/gamma_gamma/v",
            "/gamma_gamma/customers",
        ] {
            assert!(models.pointer(path).is_some_and(|value| !value.is_null()), "{path}: {models}");
        }
        let pareto = report::pareto(&stored);
        for field in ["customers", "gross_sales", "top20_share", "gini", "customers_for_80"] {
            assert!(pareto[field].is_number(), "{field}: {pareto}");
        }
        let mut lines = vec![];
        report::customers(&company.engine, &Actor::system(), Some(1), |line| lines.push(line)).await.unwrap();
        for field in
            ["orders", "gross_sales", "net_sales", "margin", "p_alive", "expected_purchases_52w", "clv_52w"]
        {
            assert!(lines[0][field].is_number(), "{field}: {}", lines[0]);
        }
        for field in ["name", "first_on", "last_on", "rfm", "stage"] {
            assert!(lines[0][field].is_string(), "{field}: {}", lines[0]);
        }
        assert!(lines[0].get("external_id").is_some());
    });
}

#[test]
fn the_running_server_follows_within_a_second_and_fits_by_itself() {
    on_databases(async |company| {
        let _background = company.engine.start();
        let account = company.customer("A").await;
        company.order(Some(account), "2026-10-01", "100", None).await;
        let written = Instant::now();
        while company.account(account).await.get("orders") != &Value::Int(1) {
            assert!(written.elapsed() < Duration::from_secs(1), "the figures did not follow");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The first customer is enough to change the whole: a refit follows.
        while store::newest_model(&company.engine).await.unwrap().is_none() {
            assert!(written.elapsed() < Duration::from_secs(20), "no refit followed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

#[test]
fn the_refit_job_ends_well_and_the_next_day_brings_another() {
    on_databases(async |company| {
        company.regulars().await;
        let queue = |company: &Company| {
            let engine = company.engine.clone();
            async move {
                engine
                    .write(&Actor::system(), |tx| Box::pin(async move { refit::queue(tx).await }))
                    .await
                    .unwrap()
            }
        };
        let job = queue(&company).await;
        assert_eq!(queue(&company).await, job, "one refit waits at most");
        company.engine.run_due_jobs().await.unwrap();
        let done = company.engine.job(job).await.unwrap();
        assert_eq!((done.state, done.error), (JobState::Done, None));
        assert_eq!(done.progress["done"], 40);
        let before = store::newest_model(&company.engine).await.unwrap().unwrap();
        company.clock.set("2026-11-21T16:00:10Z".parse().unwrap());
        company.settle().await;
        live::queue_if_due(&company.engine).await.unwrap();
        company.engine.run_due_jobs().await.unwrap();
        let after = store::newest_model(&company.engine).await.unwrap().unwrap();
        assert_eq!((after.as_of - before.as_of).num_days(), 1);
    });
}

#[test]
fn other_settings_bring_another_fit() {
    on_one(async |company| {
        refit::refit(&company.engine, None).await.unwrap();
        company.regulars().await;
        company.settle().await;
        let fits = async || {
            company.clock.set(company.clock.now() + chrono::Duration::seconds(11));
            live::queue_if_due(&company.engine).await.unwrap();
            company.engine.run_due_jobs().await.unwrap();
            store::newest_id(&company.engine).await.unwrap()
        };
        // The forty new customers are a change of more than a tenth.
        assert_eq!(fits().await, Some(2));
        assert_eq!(fits().await, Some(2), "nothing has changed");
        company
            .engine
            .write(&Actor::system(), |tx| {
                Box::pin(async move { tx.set_setting("company.time_zone", &"Europe/Berlin".into()).await })
            })
            .await
            .unwrap();
        assert_eq!((fits().await, fits().await), (Some(3), Some(3)));
    });
}

#[test]
fn models_kept_by_another_version_are_fitted_anew() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        refit::refit(&company.engine, None).await.unwrap();
        company
            .engine
            .write(&Actor::system(), |tx| {
                Box::pin(async move {
                    let mut spoil = engine::sea_query::Query::update();
                    spoil.table(engine::name("value_model")).value(engine::name("fitted"), "{\"old\": true}");
                    tx.mark_changed("value_model");
                    tx.execute(&spoil).await
                })
            })
            .await
            .unwrap();
        assert_eq!(figures(&company, accounts[6]).await.get("orders"), &Value::Int(7), "figures go on");
        live::queue_if_due(&company.engine).await.unwrap();
        company.engine.run_due_jobs().await.unwrap();
        assert_eq!(store::newest_model(&company.engine).await.unwrap().unwrap().id, 2);
    });
}

#[test]
fn a_deleted_customer_is_nobody_and_comes_back_with_his_figures() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        company.delete("account", accounts[6]).await.unwrap();
        let without = refit::refit(&company.engine, None).await.unwrap();
        assert_eq!(without.overview.concentration.customers, 39);
        company.restore("account", accounts[6]).await.unwrap();
        assert_eq!(figures(&company, accounts[6]).await.get("orders"), &Value::Int(7));
    });
}

#[test]
fn stage_rules_that_make_no_sense_are_refused() {
    on_databases(async |company| {
        let rule = value::life_cycle::StageRule { lost_below: 0.9, ..Default::default() };
        let refused = company
            .engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { settings::set_stage_rule(tx, &rule).await })
            })
            .await;
        assert_eq!(refused.unwrap_err().status(), 422);
    });
}
