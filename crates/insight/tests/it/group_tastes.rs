//! What groups of customers like: which categories, how much, beyond chance, and who bought them.

use crate::{
    company::{Company, on_databases, values},
    customer_groups::{behind, set_features},
    mining::shop as two_kinds,
    questions::rep,
};
use insight::mining::{groups, refresh, report};
use meta::{Id, Value};
use std::collections::BTreeSet;

async fn categorise(company: &Company, product: Id, category: Option<Id>) {
    company.update("product", product, values([("category", category.into())])).await;
}

/// Of the page: its part about what groups like, with addresses as they are.
async fn tastes(client: &testkit::Client) -> String {
    let page = client.get("/analysis/groups").await.expect(200).body;
    let page = page.replace("&#x2f;", "/").replace("&amp;", "&");
    let part = page.split("id=\"tastes\"").nth(1).and_then(|rest| rest.split("</section>").next());
    part.unwrap_or_else(|| panic!("{page}")).to_owned()
}

#[test]
fn what_a_group_likes_is_told_with_the_customers_who_bought_it() {
    on_databases(async |company| {
        let products = two_kinds(&company).await;
        company.hold("2026-04-12").await;
        set_features(&company, serde_json::json!({ "features": ["sales", "products"], "number": 2 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        // No product has a category.
        for (language, text) in [("en", "give products a category"), ("zh-CN", "请为产品设置类别")] {
            client.set_cookie("zhike_lang", language);
            let part = tastes(&client).await;
            assert!(part.contains(text) && !part.contains("<table"), "{part}");
        }

        // Companies buy paper and pens, every one of them, persons tea and, some of them, cups.
        let category =
            async |name: &str| company.create("product_category", values([("name", name.into())])).await;
        let (paper, tea) = (category("Stationery").await, category("For the break").await);
        for (product, of) in products.iter().zip([paper, paper, tea, tea, paper]) {
            categorise(&company, *product, Some(of)).await;
        }
        refresh::refresh(&company.engine, None).await.unwrap();
        let kept = groups::load(&company.engine).await.unwrap().unwrap();
        let found = kept.body.as_ref().unwrap();
        assert_eq!((found.categories, found.groups.len()), (Some(2), 2));
        let mut liked = vec![];
        for group in &found.groups {
            let [one] = &group.likes[..] else { panic!("{group:?}") };
            let taste = &one.taste;
            assert_eq!((taste.buyers, taste.share, taste.share_of_all, taste.lift), (35, 1.0, 0.5, 2.0));
            // Two categories in two groups are compared, z = 2.4977; of the other group nobody bought.
            assert!((taste.low - 1.7345443862391363).abs() < 1e-6 && taste.high == 2.0, "{taste:?}");
            liked.push(one.category);
            let address = format!("/analysis/groups/tastes?group={}&category={}", group.number, one.category);
            for (language, name) in [("en", "×2 "), ("zh-CN", "2 倍 ")] {
                client.set_cookie("zhike_lang", language);
                let part = tastes(&client).await;
                assert!(part.contains(&format!("href=\"{address}\">35<")), "{address}: {part}");
                assert!(part.contains(name) && part.contains("(1.73 – 2)"), "{name}: {part}");
                assert!(part.contains("Stationery") && part.contains("For the break"), "{part}");
                // What the numbers mean.
                assert!(part.contains("Bonferroni") && part.contains("Donner"), "{part}");
            }
            // Its list has those who are in the group and bought of it.
            client.set_cookie("zhike_lang", "en");
            let (ids, total) = behind(&client, &address).await;
            assert_eq!((ids.iter().collect::<BTreeSet<_>>().len(), total), (35, 35));
            let kind = if one.category == paper { "company" } else { "person" };
            for id in ids {
                let account = company.account(id).await;
                assert_eq!(account.get(groups::FIELD), &Value::Int(i64::from(group.number)));
                assert_eq!(account.text("kind"), kind);
            }
        }
        assert_eq!(liked.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&paper, &tea]));
        let told = report::segments(&company.engine).await.unwrap();
        assert_eq!(told["categories"], 2, "{told}");
        for group in told["groups"].as_array().unwrap() {
            let one = &group["likes"][0];
            assert_eq!((&one["buyers"], &one["lift"]), (&35.into(), &2.0.into()), "{told}");
            assert!(["Stationery", "For the break"].contains(&one["category"].as_str().unwrap()), "{told}");
        }
        // Of what a group does not like there is nothing to open, and who sees a part of the company opens nothing.
        let of = |category: Id| format!("/analysis/groups/tastes?group=9&category={category}");
        client.get(&of(paper)).await.expect(303);
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get(&of(paper)).await.expect(403);

        // Everything in one category: everybody bought of it, nothing tells the groups apart.
        for product in products {
            categorise(&company, product, Some(tea)).await;
        }
        refresh::refresh(&company.engine, None).await.unwrap();
        for (language, text) in [
            ("en", "likes nothing in particular that 35 customers can tell"),
            ("zh-CN", "从 35 位客户看不出特别的偏好"),
        ] {
            client.set_cookie("zhike_lang", language);
            let part = tastes(&client).await;
            assert_eq!(part.matches(text).count(), 2, "{part}");
        }
    });
}
