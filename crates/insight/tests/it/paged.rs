//! Lists of which a page begins after the last row of the one before, walked from page to page.

use meta::Id;
use testkit::Client;

/// What stands between `before` and `after`, page after page, and how many pages there are.
pub async fn walked(client: &Client, address: &str, before: &str, after: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut next) = (vec![], 0, Some(address.to_owned()));
    while let Some(address) = next {
        let page = client.get(&address).await.expect(200).body.replace("&#x2f;", "/").replace("&amp;", "&");
        found.extend(page.split(before).skip(1).map(|rest| rest.split(after).next().unwrap().to_owned()));
        pages += 1;
        next = page
            .split_once("\" rel=\"next\"")
            .map(|(before, _)| before.rsplit_once("href=\"").unwrap().1.to_owned());
    }
    (found, pages)
}

/// The customers its rows open.
pub async fn customers(client: &Client, address: &str) -> (Vec<Id>, usize) {
    let (ids, pages) = walked(client, address, "<tr data-href=\"/account/", "\"").await;
    (ids.iter().map(|id| id.parse().unwrap()).collect(), pages)
}
