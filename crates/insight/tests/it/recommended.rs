//! What customers are recommended, where the numbers of the reasons are known by hand.

use crate::{
    company::{at, decimal, on_databases, values},
    paged,
    questions::rep,
    warehouse::{SMALL, refresh as refresh_warehouse},
};
use engine::Actor;
use insight::mining::{recommend, refresh};
use meta::{Id, Values};
use std::collections::BTreeSet;

#[test]
fn both_numbers_of_a_reason_leave_out_who_bought_everything() {
    on_databases(async |company| {
        let named = |number: usize| match number {
            0 => "Paper".to_owned(),
            1 => "Pens".to_owned(),
            _ => format!("Product {number}"),
        };
        let all: Vec<Values> = (0..1_001).map(|number| values([("name", named(number).into())])).collect();
        let products = company
            .engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many("product", all).await }))
            .await
            .unwrap();
        let order = async |name: &str, bought: &[Id]| {
            let account = company.customer(name).await;
            let head = values([("account", account.into()), ("ordered_at", at("2026-04-01"))]);
            let line = |product: &Id| values([("product", (*product).into()), ("unit_price", decimal("9"))]);
            company.document_of("order", "order_line", head, bought.iter().map(line).collect()).await;
            account
        };
        let mut bought_both = vec![];
        for number in 0..39 {
            // Thirty buy both, nine paper only.
            let bought = if number < 30 { &products[..2] } else { &products[..1] };
            let account = order(&format!("Customer {number:02}"), bought).await;
            bought_both.extend((number < 30).then_some(account));
        }
        bought_both.sort();
        let newcomer = order("Newcomer", &products[..1]).await;
        order("Wholesaler", &products).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let kept = recommend::load(&company.engine).await.unwrap().unwrap();
        let paper = kept.body.goes_with.iter().find(|one| one.product == products[0]).unwrap();
        let near: Vec<(Id, u32)> = paper.near.iter().map(|(product, both, _)| (*product, *both)).collect();
        assert_eq!((kept.body.left_out, paper.customers, near), (1, 40, vec![(products[1], 30)]));
        let told = recommend::of(&company.engine, newcomer).await.unwrap();
        let first = &told[0];
        assert_eq!(
            (first.product, first.bought_with, first.both, first.of),
            (products[1], Some(products[0]), 30, 40)
        );
        let client = company.app.administrator().await;
        // The number opens the thirty, without who bought everything.
        let address = format!("/analysis/product/{}/with/{}", products[0], products[1]);
        let page = client.get(&format!("/analysis/product/{}", products[0])).await.expect(200).body;
        assert!(page.contains(&format!("<a href=\"{address}\">30</a>")), "{page}");
        let (mut opened, pages) = paged::customers(&client, &address).await;
        opened.sort();
        assert_eq!((opened, pages), (bought_both, 1));
        // Of two that do not go together there is nothing to open.
        client.get(&format!("/analysis/product/{}/with/{}", products[0], products[2])).await.expect(303);
        // On the newcomer's page both numbers open who they count: thirty of both, and with the nine and himself forty of paper.
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/account/{newcomer}")).await.expect(200).body.replace("&#x2f;", "/");
        let bought = format!("/analysis/product/{}/bought", products[0]);
        for (href, label, count) in [(&address, "Bought both", 30), (&bought, "Bought Paper", 40)] {
            let way = format!("<a class=\"hint\" href=\"{href}\">{label} ({count})</a>");
            assert!(page.contains(&way), "{way} in {page}");
            let (opened, _) = paged::customers(&client, href).await;
            assert_eq!(opened.into_iter().collect::<BTreeSet<_>>().len(), count, "{href}");
        }
        let (opened, _) = paged::customers(&client, &bought).await;
        assert!(opened.contains(&newcomer));
        // Where a product is only told of as bought by many, who bought everything counts, too.
        let (opened, _) = paged::customers(&client, &format!("{bought}?everybody=true")).await;
        assert_eq!(opened.len(), 41);
        // Nobody's numbers are opened by who may not see everybody's customers.
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get(&bought).await.expect(403);
        for (language, parts) in [
            ("en", ["30 of 40 customers who bought Paper", "more than 1,000 different products (1)"]),
            ("zh-CN", ["购买过“Paper”的 40 位客户中有 30 位", "1,000 种以上产品的客户（1 位）"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/account/{newcomer}")).await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part}: {page}");
            }
            let page = client.get(&format!("/analysis/product/{}", products[0])).await.expect(200).body;
            assert!(page.contains(parts[1]), "{page}");
        }
    });
}

#[test]
fn the_back_test_opens_the_customers_it_was_tried_on() {
    on_databases(async |company| {
        let mut products = vec![];
        for name in ["Paper", "Pens"] {
            products.push(company.create("product", values([("name", name.into())])).await);
        }
        let order = async |account: Id, day: &str, product: Id| {
            let head = values([("account", account.into()), ("ordered_at", at(day))]);
            let line = values([("product", product.into()), ("unit_price", decimal("9"))]);
            company.document_of("order", "order_line", head, vec![line]).await;
        };
        // From the 1st of January to the 1st of April there are ninety days; the last fifth begins after the 14th of March.
        let mut back_for_pens = vec![];
        for number in 0..60 {
            let account = company.customer(&format!("Customer {number:02}")).await;
            order(account, "2026-01-01", products[0]).await;
            match number {
                0..51 => {
                    order(account, "2026-04-01", products[1]).await;
                    back_for_pens.push(account);
                }
                // For the same product: nothing could be recommended.
                51..55 => order(account, "2026-04-01", products[0]).await,
                // Before the cut.
                55..58 => order(account, "2026-03-14", products[1]).await,
                _ => (),
            }
        }
        let newcomer = company.customer("Newcomer").await;
        order(newcomer, "2026-04-01", products[1]).await;
        company.hold("2026-04-12").await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        // Before it is computed there is nobody to show.
        let led = client.get("/analysis/baskets/tested").await.expect(303);
        assert_eq!(led.header("location"), "/analysis/baskets");
        refresh::refresh(&company.engine, None).await.unwrap();
        let page = client.get("/analysis/baskets").await.expect(200).body.replace("&#x2f;", "/");
        let way = "<a href=\"/analysis/baskets/tested\">These 51 customers</a>";
        assert!(page.contains(way), "{page}");
        let (mut opened, pages) = paged::customers(&client, "/analysis/baskets/tested").await;
        opened.sort();
        back_for_pens.sort();
        assert_eq!((&opened, pages), (&back_for_pens, 2));
        // Who is erased leaves an empty place: the test is told of as many as before.
        company.update("account", back_for_pens[0], values([("kind", "person".into())])).await;
        company.engine.erase(&Actor::system(), "account", back_for_pens[0], "asked for it").await.unwrap();
        let (mut opened, pages) = paged::customers(&client, "/analysis/baskets/tested").await;
        opened.sort();
        assert_eq!((&opened[..], pages), (&back_for_pens[1..], 2));
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get("/analysis/baskets/tested").await.expect(403);
    });
}

#[test]
fn a_page_of_buyers_begins_after_the_last_one_shown_whoever_buys_meanwhile() {
    on_databases(async |company| {
        let mut products = vec![];
        for name in ["Paper", "Pens"] {
            products.push(company.create("product", values([("name", name.into())])).await);
        }
        let order = async |account: Id, price: &str| {
            let head = values([("account", account.into()), ("ordered_at", at("2026-04-01"))]);
            let line =
                |product: &Id| values([("product", (*product).into()), ("unit_price", decimal(price))]);
            company.document_of("order", "order_line", head, products.iter().map(line).collect()).await
        };
        // A third each bought for 60.62, 40.42 and 20.22: every page but the last ends among equals.
        let (mut expected, mut orders) = (vec![], vec![]);
        for number in 0..120 {
            let account = company.customer(&format!("Customer {number:03}")).await;
            let price = ["30.31", "20.21", "10.11"][number % 3];
            orders.push((account, order(account, price).await));
            expected.push((number % 3, account));
        }
        expected.sort();
        let expected: Vec<Id> = expected.into_iter().map(|(_, account)| account).collect();
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let bought = format!("/analysis/product/{}/bought", products[0]);
        let both = format!("/analysis/product/{}/with/{}", products[0], products[1]);
        for address in [&bought, &format!("{bought}?everybody=true"), &both] {
            assert_eq!(paged::customers(&client, address).await, (expected.clone(), 3), "{address}");
        }
        // What the list gives out no such marker of is refused, such as an amount finer than any sum.
        let own = expected[0];
        for wrong in
            ["50".to_owned(), format!("50_{own}"), format!("50_x_{own}"), format!("50_40.42001_{own}")]
        {
            for (language, said) in [("zh-CN", "翻页标记与列表不符"), ("en", "this page marker is not valid")]
            {
                client.set_cookie("zhike_lang", language);
                let refused = client.get(&format!("{bought}?after={wrong}")).await.expect(422).body;
                assert!(refused.contains(said), "{wrong}: {refused}");
            }
        }
        client.get(&format!("{bought}?after=50_1'%20OR%20'1'='1_{own}")).await.expect(422);

        let page = client.get(&bought).await.expect(200).body.replace("&#x2f;", "/").replace("&amp;", "&");
        assert!(page.contains("1–50 of 120") && !page.contains("First page"), "{page}");
        let (next, _) = page.split_once("\" rel=\"next\"").unwrap();
        let next = next.rsplit_once("href=\"").unwrap().1.to_owned();
        // One of the first page buys more, the last of all comes to its top, and two of it are gone: by a number of rows, the second
        // page would begin with the fifty-second and leave out the fifty-first.
        order(expected[49], "100").await;
        order(expected[119], "100").await;
        for gone in &expected[..2] {
            let (_, of_his) = orders.iter().find(|(account, _)| account == gone).unwrap();
            company.delete("order", *of_his).await.unwrap();
        }
        refresh_warehouse(&company, SMALL).await;
        let (rest, pages) = paged::customers(&client, &next).await;
        assert_eq!((&rest[..], pages), (&expected[50..119], 2));
        // From the beginning it is the list of now.
        let now: Vec<Id> = [49, 119].into_iter().chain(2..49).chain(50..119).map(|at| expected[at]).collect();
        assert_eq!(paged::customers(&client, &bought).await, (now, 3));
        let second = client.get(&next).await.expect(200).body;
        assert!(second.contains("51–100 of 120") && second.contains("First page"), "{second}");
    });
}
