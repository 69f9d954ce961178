//! The command palette, the pickers, the start page.

use super::{account, create, modules};
use testkit::on_both;

#[test]
fn the_palette_finds_records_pages_and_actions() {
    on_both(modules, async |test| {
        account(&test.engine, "华为技术").await;
        create(&test.engine, "product", &[("name", "Huawei phone".into())]).await;
        let client = test.ordinary().await;
        let found = client.fragment("/search?q=hua").await.expect(200).body;
        assert!(found.contains("华为技术") && found.contains("Huawei phone"), "{found}");
        let start = client.fragment("/search").await.expect(200).body;
        assert!(start.contains("href=\"/account\""), "{start}");
        assert!(start.contains("New customer"));
        assert!(!start.contains("/user/new"), "not his to do");
        let orders = client.fragment("/search?q=orders").await.expect(200).body;
        assert!(orders.contains("Orders"));
        let none = client.fragment("/search?q=%3Cb%3Ezzz").await.expect(200).body;
        assert!(none.contains("&lt;b&gt;zzz"), "{none}");
    });
}

#[test]
fn a_picker_offers_records_by_part_of_a_word() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "华为技术").await;
        // Ids of one moment have no order.
        test.clock.set(testkit::start() + chrono::TimeDelta::seconds(1));
        account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let all = client.get("/lookup/account").await.expect(200).json();
        assert_eq!(all.as_array().unwrap().len(), 2);
        assert_eq!(all[0]["text"], "Acme", "the newest first");
        let found = client.get("/lookup/account?q=hw").await.expect(200).json();
        assert_eq!(
            (found[0]["value"].as_str(), found.as_array().unwrap().len()),
            (Some(id.to_string().as_str()), 1)
        );
        client.get("/lookup/nonsense").await.expect(404);
    });
}

#[test]
fn the_start_page_leads_to_work() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let answer = client.get("/").await.expect(303);
        client.get(answer.header("location")).await.expect(200);
    });
}
