//! Before and after: measured by hand, and honest about what is not known.

use crate::{
    company::{at, on_databases, values},
    satisfaction::answer,
};
use insight::{after_fit, benefit, kept, refit};
use meta::Value;

#[test]
fn both_periods_are_measured_and_what_is_missing_is_said() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        assert!(client.get("/value/benefit").await.expect(200).body.contains("No base period is chosen yet"));
        let rep = company.app.user("Rep", "rep@example.com", engine::Role::User).await;
        let account = company.create("account", values([("name", "A".into()), ("owner", rep.into())])).await;
        for (day, amount) in [("2025-10-20", "1000"), ("2026-11-01", "1500"), ("2026-11-10", "1500")] {
            let head = values([("account", account.into()), ("ordered_at", at(day)), ("owner", rep.into())]);
            let line = values([
                ("description", "goods".into()),
                ("unit_price", crate::company::decimal(amount)),
                ("unit_cost", crate::company::decimal("600")),
            ]);
            company.document("order", "order_line", head, line).await;
        }
        // A customer calls, and is called back four hours later.
        for (time, direction) in [("2026-11-02T08:00:00Z", "incoming"), ("2026-11-02T12:00:00Z", "outgoing")]
        {
            let fields = values([
                ("subject", "Where is it?".into()),
                ("kind", "call".into()),
                ("account", account.into()),
                ("direction", direction.into()),
                ("happened_at", Value::Instant(time.parse().unwrap())),
            ]);
            company.create("activity", fields).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        let refused =
            client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-05")]).await.expect(422);
        assert!(refused.body.contains("at least 28 days"), "{}", refused.body);
        let refused =
            client.post("/value/benefit", &[("from", "2026-10-01"), ("to", "2026-11-20")]).await.expect(422);
        assert!(refused.body.contains("reaches into the latest period"), "{}", refused.body);
        let refused = client.post("/value/benefit", &[("from", "x"), ("to", "")]).await.expect(422);
        assert!(refused.body.contains("is not a date"), "{}", refused.body);
        client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")]).await.expect(303);
        after_fit::compute(&company.engine, None).await.unwrap();
        let page = client.get("/value/benefit").await.expect(200).body;
        // One rep: 1,000 before, 3,000 now; margins 40 % and 60 %.
        for part in [
            "¥1,000",
            "¥3,000",
            "+200%",
            "40%",
            "60%",
            "4</td>",
            "opportunities are not recorded",
            "No cost rates",
            "no experiment",
            // On how many cases a row rests, in either period.
            "<dt>Before: orders</dt><dd>1</dd>",
            "<dt>Now: orders</dt><dd>2</dd>",
            "<dt>Now: customers who bought</dt><dd>1</dd>",
            "<dt>Now: contacts answered</dt><dd>1</dd>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        company
            .app
            .ordinary()
            .await
            .post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")])
            .await
            .expect(403);
    });
}

#[test]
fn cost_returns_retention_and_answers_of_both_periods_are_those_worked_out_by_hand() {
    on_databases(async |company| {
        company.cost_rates().await;
        let (a, b) = (company.customer("A").await, company.customer("B").await);
        // October 2025 against the 31 days up to 2026-11-21, each with the 31 days before it.
        for (account, day, amount, cost) in [
            (a, "2025-09-10", "100", "60"),
            (b, "2025-09-12", "100", "60"),
            (a, "2025-10-10", "1000", "600"),
            (a, "2026-10-01", "100", "60"),
            (b, "2026-10-02", "100", "60"),
            (a, "2026-11-01", "2000", "1200"),
            (b, "2026-11-02", "1000", "500"),
        ] {
            company.order(Some(account), day, amount, Some(cost)).await;
        }
        company.give_back(a, "2026-11-05", "500", Some("300")).await;
        company.contact(a, "2026-11-06", "call", 10).await;
        for (account, expected) in [(a, 8), (b, 4)] {
            let ratio = [("expected", expected), ("perceived", expected * 3 / 4)];
            answer(&company, account, "2025-10-15", "product", &ratio).await;
        }
        answer(&company, a, "2025-10-15", "overall", &[("recommend", 6)]).await;
        for (account, perceived) in [(a, 8), (b, 10), (b, 10)] {
            let ratio = [("expected", 8), ("perceived", perceived)];
            answer(&company, account, "2026-11-03", "product", &ratio).await;
        }
        for recommend in [9, 10, 3] {
            answer(&company, b, "2026-11-03", "overall", &[("recommend", recommend)]).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")]).await.expect(303);
        after_fit::compute(&company.engine, None).await.unwrap();
        let report: benefit::Report =
            kept::find(&company.engine, benefit::REPORT).await.unwrap().unwrap().body;
        let units = |amount: i64| amount as f64 / 10_000.0;
        let money = |found: &benefit::Measured| [found.sales, found.returned, found.margin].map(units);
        assert_eq!(money(&report.before), [1_000.0, 0.0, 400.0]);
        assert_eq!(money(&report.after), [3_000.0, 500.0, 1_100.0]);
        // An order 20, a line 3, payment 6, freight 25; then two orders of 30, two lines, payment 18, freight 50, a return 60
        // and ten minutes of a call 15.
        let cost = |found: &benefit::Measured| found.cost.map(units);
        assert_eq!((cost(&report.before), cost(&report.after)), (Some(54.0), Some(209.0)));
        // Of two who had bought one bought again; then both.
        let share = |found: &benefit::Measured| found.retention.map(|share| (share.at, share.cases));
        assert_eq!((share(&report.before), share(&report.after)), (Some((0.5, 2)), Some((1.0, 2))));
        // C: 0.75 twice; then 1 of A and 1.25 twice of B, whose answers are one voice.
        let ratio = |found: &benefit::Measured| {
            found.satisfaction.map(|mean| ((mean.at * 1_000.0).round(), mean.cases))
        };
        assert_eq!((ratio(&report.before), ratio(&report.after)), (Some((750.0, 2)), Some((1_167.0, 2))));
        // 2/1 · ((1 − 7/6)² + (2.5 − 2 · 7/6)²) / 9 = (1/9)², so ± 1.96/9.
        let low = report.after.satisfaction.unwrap().low;
        assert!((low - 7.0 / 6.0 + 1.96 / 9.0).abs() < 1e-4, "{low}");
        let nps = |found: &benefit::Measured| found.nps.map(|nps| (nps.promoters, nps.detractors));
        assert_eq!((nps(&report.before), nps(&report.after)), (Some((0, 1)), Some((2, 1))));
        // Three answers of one customer say nothing of others.
        assert_eq!(report.after.nps.map(|nps| (nps.low, nps.high)), Some((-1.0, 1.0)));
    });
}
