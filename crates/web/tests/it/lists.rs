//! The page of a list whose filter matches so rarely that it ends before it is full.

use crate::shop;
use engine::Actor;
use meta::Values;
use testkit::{Client, on_sqlite};

const RARE: &str = "13800007777";
/// By name, which is the order of the list: one of the first 10,000 that one answer looks at, one of the second, one behind them.
const MATCHES: [usize; 3] = [3, 10_500, 20_900];
const CUSTOMERS: usize = 21_000;

fn customer(number: usize) -> Values {
    let phone = if MATCHES.contains(&number) { RARE } else { "13800001111" };
    Values::from([
        ("name".to_owned(), format!("c{number:05}").as_str().into()),
        ("phone".to_owned(), phone.into()),
    ])
}

/// Where the page leads on when told.
fn go_on(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("id=\"go-on\" href=\"")?;
    Some(rest.split('"').next()?.replace("&amp;", "&").replace("&#x2f;", "/").replace("&#x3d;", "="))
}

async fn titles(client: &Client, path: &str) -> (Vec<String>, String) {
    let page = client.fragment(path).await.expect(200).body;
    let titles = page.split("class=\"row-title\"").skip(1);
    let titles = titles.filter_map(|rest| rest.split(['>', '<']).nth(1)).map(str::to_owned);
    (titles.collect(), page)
}

#[test]
fn a_page_that_ends_early_says_how_far_it_looked_and_goes_on_when_told() {
    on_sqlite(shop::modules, async |test| {
        let mut numbers = 0..CUSTOMERS;
        while !numbers.is_empty() {
            let some: Vec<Values> = numbers.by_ref().take(6_000).map(customer).collect();
            let create = test.engine.write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.create_many("customer", some).await })
            });
            create.await.unwrap();
        }
        let client = test.administrator().await;

        let (shown, page) = titles(&client, "/customer").await;
        assert_eq!(shown.len(), 50);
        assert!(
            go_on(&page).is_none() && page.contains("hx-trigger=\"revealed"),
            "a full page goes on: {page}"
        );

        // No index finds what a number contains.
        let (shown, page) = titles(&client, "/customer?filter=phone.contains('7777')").await;
        assert_eq!(shown, ["c00003"]);
        assert!(page.contains("Looked through 10,000 records so far, 1 found."), "{page}");
        assert!(!page.contains("hx-trigger=\"revealed"), "it waits to be told: {page}");

        let (shown, page) = titles(&client, &go_on(&page).unwrap()).await;
        assert_eq!(shown, ["c10500"]);
        assert!(page.contains("Looked through 20,000 records so far, 2 found."), "{page}");

        let (shown, page) = titles(&client, &go_on(&page).unwrap()).await;
        assert_eq!(shown, ["c20900"]);
        assert!(!page.contains("more-row"), "that was all: {page}");
    });
}
