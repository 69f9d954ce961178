//! The company's settings: who may change them, what is refused.

use testkit::{Modules, on_both};

#[test]
fn an_administrator_chooses_currency_and_time_zone() {
    on_both(Modules::default, async |test| {
        let client = test.administrator().await;
        let page = client.get("/settings").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Shanghai"));
        let form = |currency, zone| {
            [
                ("company.name", "Acme & Co"),
                ("company.currency", currency),
                ("company.time_zone", zone),
                ("company.fiscal_year", "4"),
                ("company.holidays", "none"),
            ]
        };
        let refused = client.post("/settings", &form("GBP", "Moon/Base")).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("Acme &amp; Co"), "what was typed is kept");
        assert_eq!(client.post("/settings", &form("GBP", "Europe/London")).await.status, 303);
        assert_eq!(test.engine.company_currency().await.unwrap(), "GBP");
        assert_eq!(test.engine.time_zone().await.unwrap().name(), "Europe/London");
        let kept = test.engine.setting("company.fiscal_year").await.unwrap();
        assert_eq!(kept, Some("4".into()));
        let mut thirteenth = form("GBP", "Europe/London");
        thirteenth[3].1 = "13";
        assert_eq!(client.post("/settings", &thirteenth).await.status, 422);
        assert_eq!(test.ordinary().await.get("/settings").await.status, 403);
    });
}
