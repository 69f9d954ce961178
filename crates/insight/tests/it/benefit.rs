//! Before and after: measured by hand, and honest about what is not known.

use crate::company::{at, on_both, values};
use insight::{after_fit, refit};
use meta::Value;

#[test]
fn both_periods_are_measured_and_what_is_missing_is_said() {
    on_both(async |company| {
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
