//! The seven P: every page renders in both languages with and without data, and its sums are those of the records.

use crate::company::{on_both, values};
use insight::{after_fit, refit};
use meta::Value;

const PARTS: [&str; 7] =
    ["profiling", "persistency", "profitability", "performance", "prospecting", "product", "promotion"];

#[test]
fn every_page_says_so_where_there_is_nothing_and_shows_what_there_is() {
    on_both(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        client.get("/value/seven-p").await.expect(303);
        client.get("/value/seven-p/other").await.expect(404);
        for part in PARTS {
            let page = client.get(&format!("/value/seven-p/{part}")).await.expect(200).body;
            assert!(page.contains("Nothing to look at yet"), "{part}");
        }
        company.regulars().await;
        company.cost_rates().await;
        let fields = values([
            ("name", "Dealer".into()),
            ("relation", "dealer".into()),
            ("province", "山东".into()),
            ("source", "Fair".into()),
        ]);
        let dealer = company.create("account", fields).await;
        let product =
            company.create("product", values([("name", "Apples".into()), ("code", "A1".into())])).await;
        let head = values([
            ("account", dealer.into()),
            ("ordered_at", crate::company::at("2026-10-05")),
            ("channel", "fair".into()),
        ]);
        let line = values([
            ("product", product.into()),
            ("quantity", Value::Decimal(5.into())),
            ("unit_price", Value::Decimal(1_000.into())),
            ("unit_cost", Value::Decimal(400.into())),
        ]);
        company.document("order", "order_line", head, line).await;
        company.give_back(dealer, "2026-10-20", "500", None).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        for language in ["zh-CN", "en"] {
            client.set_cookie("zhike_lang", language);
            for part in PARTS {
                let page = client.get(&format!("/value/seven-p/{part}")).await.expect(200).body;
                assert!(
                    page.contains("<h1>") && !page.contains("NaN") && !page.contains("seven."),
                    "{part}: {page}"
                );
            }
        }
        let dealers = "?months=3&relation=dealer&region=%E5%B1%B1%E4%B8%9C";
        let page = client.get(&format!("/value/seven-p/performance{dealers}")).await.expect(200).body;
        assert!(page.contains("¥5,000 sold in 1 orders") && page.contains("60% margin"), "{page}");
        assert!(page.contains("Trade fair"), "{page}");
        let others =
            client.get("/value/seven-p/performance?months=3&relation=consumer").await.expect(200).body;
        assert!(others.contains("¥0 sold in 0 orders"), "{others}");
        let products = client.get("/value/seven-p/product?months=3").await.expect(200).body;
        assert!(products.contains("Apples earns most: ¥3,000 margin"), "{products}");
        let prospecting = client.get("/value/seven-p/prospecting?months=3").await.expect(200).body;
        assert!(prospecting.contains("Most first buyers came by: Fair (1)"), "{prospecting}");
    });
}
