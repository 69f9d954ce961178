//! Lists of which a page begins after the last row of the one before, walked from page to page.

use crate::{company::Company, seven_p_behind::decoded};
use engine::{Actor, Query};
use meta::{Id, Record};
use std::collections::BTreeMap;
use testkit::Client;
use warehouse::{
    Limits,
    semantic::{self, Period, Question, Rows},
};

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

/// The records a list shows at such an address, which opens; no more than a thousand.
pub async fn records(company: &Company, client: &Client, href: &str) -> Vec<Record> {
    client.get(href).await.expect(200);
    let (entity, filter) = href.split_once("?filter=").unwrap_or_else(|| panic!("no list: {href}"));
    let query = Query::new(&entity[1..]).filter(decoded(filter.split('&').next().unwrap())).limit(1_000);
    let page = company.engine.list(&Actor::system(), &query).await.unwrap();
    assert!(page.next.is_none(), "more than one page");
    page.records
}

/// The rows the explorer lists at such an address; its pages are tested with the explorer.
pub async fn lines(company: &Company, href: &str) -> Rows {
    let asked = href.strip_prefix("/analysis/explore/rows?").unwrap_or_else(|| panic!("no rows: {href}"));
    let asked: BTreeMap<&str, String> = asked
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name, decoded(value)))
        .collect();
    let day = |name: &str| asked[name].parse().unwrap();
    let question = Question {
        measures: vec![asked["m"].clone()],
        filter: asked["filter"].clone(),
        period: Some(Period::Between { from: day("from"), to: day("to") }),
        ..Question::default()
    };
    let system = Actor::system();
    semantic::rows(&company.engine, &system, &question, &asked["fact"], Limits::PAGE).await.unwrap()
}
