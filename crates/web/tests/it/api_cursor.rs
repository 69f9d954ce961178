//! The API: a list walked by its cursor, or exported, while others write.

use crate::shop;
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use testkit::{Client, on_both};

const CUSTOMER: &str = "/api/v1/customer";
/// Records nobody touches the sort keys of.
const KEPT: usize = 60;
const PAGES_LIMIT: usize = 200;
const ROUNDS_LIMIT: usize = 150;

/// A batch of customers; their ids in the order given.
async fn create(client: &Client, customers: &[Json]) -> Vec<String> {
    let operations: Vec<Json> =
        customers.iter().map(|values| json!({"op": "create", "values": values})).collect();
    let body = json!({ "operations": operations });
    let made = client.json("POST", &format!("{CUSTOMER}/batch"), &body).await.expect(200).json();
    let results = made["results"].as_array().unwrap().iter();
    results.map(|result| result["id"].as_str().unwrap().to_owned()).collect()
}

/// Names that spread over the alphabet, and few cities, so that many records share a sort key.
fn customers(prefix: &str, count: usize) -> Vec<Json> {
    let city = |n: usize| ["上海", "北京", "青岛"][n % 3];
    (0..count)
        .map(|n| json!({"name": format!("{:03} {prefix}", n * 7 % 997), "city": city(n), "staff": n % 4}))
        .collect()
}

/// What reader and writer tell each other.
#[derive(Default)]
struct Meanwhile {
    rounds: AtomicUsize,
    done: AtomicBool,
}

impl Meanwhile {
    /// Waits until the writer has been round once more, so that there are writes between any two pages.
    async fn let_write(&self) {
        let before = self.rounds.load(Ordering::Relaxed);
        while self.rounds.load(Ordering::Relaxed) == before && before < ROUNDS_LIMIT {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn walk(client: &Client, sort: &str, meanwhile: &Meanwhile) -> Vec<String> {
    let (mut seen, mut after) = (vec![], String::new());
    for _ in 0..PAGES_LIMIT {
        meanwhile.let_write().await;
        let path = format!("{CUSTOMER}?sort={sort}&limit=12&fields=name{after}");
        let page = client.get(&path).await.expect(200).json();
        let data = page["data"].as_array().unwrap();
        seen.extend(data.iter().map(|record| record["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return seen,
        }
    }
    panic!("the list does not end");
}

async fn export(client: &Client, sort: &str) -> Vec<String> {
    let text = client.get(&format!("{CUSTOMER}/export?sort={sort}&fields=name")).await.expect(200).body;
    let ids = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["id"].clone());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Inserts between the pages, moves and deletes what it inserted, and changes the kept records without moving them.
async fn disturb(client: &Client, kept: &[String], meanwhile: &Meanwhile) {
    let mut own: Vec<String> = vec![];
    for n in 0..ROUNDS_LIMIT {
        if meanwhile.done.load(Ordering::Relaxed) {
            return;
        }
        own.extend(create(client, &customers(&format!("new {n}"), 3)).await);
        let moved = format!("{CUSTOMER}/{}", own[n % own.len()]);
        let body = json!({"name": format!("{:03} moved", n * 31 % 997), "city": null, "staff": n % 5});
        client.json("PATCH", &moved, &body).await.expect(200);
        let gone = own.swap_remove(n * 13 % own.len());
        client.json("DELETE", &format!("{CUSTOMER}/{gone}"), &Json::Null).await.expect(204);
        let same = format!("{CUSTOMER}/{}", kept[n % kept.len()]);
        client.json("PATCH", &same, &json!({"phone": format!("1380000{n:04}")})).await.expect(200);
        meanwhile.rounds.store(n + 1, Ordering::Relaxed);
    }
}

fn times(seen: &[String]) -> BTreeMap<&str, usize> {
    let mut times = BTreeMap::new();
    for id in seen {
        *times.entry(id.as_str()).or_insert(0) += 1;
    }
    times
}

#[test]
fn a_record_that_stays_is_met_exactly_once_whoever_writes_meanwhile() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let kept = create(&client, &customers("kept", KEPT)).await;
        let meanwhile = Meanwhile::default();
        let read = async {
            let mut walks = vec![];
            for sort in ["name", "-name", "city", "-city", "-staff", "id"] {
                walks.push((sort, walk(&client, sort, &meanwhile).await));
                walks.push((sort, export(&client, sort).await));
            }
            meanwhile.done.store(true, Ordering::Relaxed);
            walks
        };
        let (walks, ()) = futures::join!(read, disturb(&client, &kept, &meanwhile));
        assert!(meanwhile.rounds.load(Ordering::Relaxed) > 20, "there were writes in between");
        let mut others = 0;
        for (sort, seen) in &walks {
            let times = times(seen);
            let wrong: Vec<_> = kept.iter().filter(|id| times.get(id.as_str()).copied() != Some(1)).collect();
            assert!(wrong.is_empty(), "sorted by {sort}, missed or met twice: {wrong:?}");
            others += seen.len() - KEPT;
        }
        assert!(others > 0, "records of the other writer were met too");
    });
}

#[test]
fn a_cursor_of_another_sort_is_refused_and_one_of_a_deleted_record_goes_on() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let kept = create(&client, &customers("kept", 20)).await;
        let page = client.get(&format!("{CUSTOMER}?sort=name&limit=5")).await.expect(200).json();
        let after = page["next"].as_str().unwrap();
        client.get(&format!("{CUSTOMER}?sort=staff&after={after}")).await.expect(422);
        client.get(&format!("{CUSTOMER}?sort=name&after={after}x")).await.expect(422);
        let last = page["data"][4]["id"].as_str().unwrap();
        client.json("DELETE", &format!("{CUSTOMER}/{last}"), &Json::Null).await.expect(204);
        let rest = client.get(&format!("{CUSTOMER}?sort=name&limit=100&after={after}")).await.json();
        assert_eq!(rest["data"].as_array().unwrap().len(), kept.len() - 5);
    });
}
