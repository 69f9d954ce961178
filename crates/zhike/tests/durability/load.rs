//! Work for the program until it or its database dies: programs that write through the API, bulk changes, an import.

use crate::{
    client::{Became, Client, Request},
    ledger::{Expected, Ledger},
    store::Store,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};
use std::{
    fmt::Write,
    process::{Child, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};

/// Accounts that bulk writes change all at once.
pub const GROUP: usize = 60;
pub const LINES_OF_IMPORTED: usize = 3;
/// What gets fields of the company's own, one each round.
const DECLARED: [&str; 2] = ["account", "product"];
/// An entity takes a hundred of them.
pub const DECLARING_ROUNDS: u64 = 100;
const BEFORE_DECLARING_MS: u64 = 300;

pub struct Ground {
    /// Accounts each writer has to itself.
    pub own: Vec<Vec<String>>,
    pub group: Vec<String>,
}

/// `create` of a batch.
fn creates(mark: &str, count: usize) -> Json {
    let one = |index: usize| {
        let values = json!({ "name": format!("客户 {mark} {index}"), "source": mark, "city": "0" });
        json!({ "op": "create", "values": values })
    };
    json!({ "operations": (0..count).map(one).collect::<Vec<_>>() })
}

async fn made(client: &Client, mark: &str, count: usize) -> Vec<String> {
    let path = "account/batch".to_owned();
    let request = Request { method: "POST", path, body: creates(mark, count), key: mark.to_owned() };
    let (status, answer) = client.send(&request).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let ids = answer["results"].as_array().unwrap().iter();
    ids.map(|result| result["id"].as_str().unwrap().to_owned()).collect()
}

pub async fn ground(client: &Client, writers: usize) -> Ground {
    let mut own = vec![];
    for writer in 0..writers {
        own.push(made(client, &format!("own-{writer}"), 5).await);
    }
    Ground { own, group: made(client, "group", GROUP).await }
}

/// One for the accounts each has to itself.
pub fn writers(client: &Client, ground: &Ground, seed: u64, round: u64) -> Vec<JoinHandle<Ledger>> {
    let begin = |(writer, accounts): (usize, &Vec<String>)| {
        let seed = seed * 1_000 + round * 10 + writer as u64;
        tokio::spawn(write(client.clone(), accounts.clone(), format!("r{round}w{writer}"), seed))
    };
    ground.own.iter().enumerate().map(begin).collect()
}

/// What they wrote until they ended.
pub async fn written(writers: Vec<JoinHandle<Ledger>>) -> Ledger {
    let mut ledger = Ledger::default();
    for writer in writers {
        ledger.merge(writer.await.unwrap());
    }
    ledger
}

/// Writes until a write is not done.
async fn write(client: Client, accounts: Vec<String>, name: String, seed: u64) -> Ledger {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut ledger = Ledger::default();
    for number in 0.. {
        let mark = format!("{name}-{number}");
        let account = accounts[chance.random_range(0..accounts.len())].clone();
        let (method, path, body, creates, city) = match chance.random_range(0..10) {
            0..=3 => {
                let line = json!({ "description": "goods", "quantity": 2, "unit_price": "3" });
                let lines = chance.random_range(1..6);
                let body = json!({ "account": account, "number": mark, "lines": vec![line; lines] });
                ("POST", "order".to_owned(), body, Some((mark.clone(), Expected::Order(lines))), None)
            }
            4 | 5 => {
                let body = json!({ "name": format!("新客户 {mark}"), "source": mark });
                ("POST", "account".to_owned(), body, Some((mark.clone(), Expected::Accounts(1))), None)
            }
            6 => {
                let count = chance.random_range(2..30);
                let expected = Expected::Accounts(count);
                let path = "account/batch".to_owned();
                ("POST", path, self::creates(&mark, count), Some((mark.clone(), expected)), None)
            }
            _ => {
                let body = json!({ "city": mark });
                ("PATCH", format!("account/{account}"), body, None, Some((account, mark.clone())))
            }
        };
        let request = Request { method, path, body, key: mark };
        let became = client.attempt(&request).await;
        if !ledger.note(became, request, creates, city) {
            break;
        }
    }
    ledger
}

/// Declares fields, each of which changes the schema of the running program, and fills each in as soon as it is known there, until a
/// write is not done. `declared` hears of each.
pub async fn declare(client: Client, round: u64, seed: u64, declared: Arc<Notify>) -> Ledger {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut ledger = Ledger::default();
    for (number, entity) in DECLARED.into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..BEFORE_DECLARING_MS))).await;
        let label = format!("r{round}f{number}");
        let field = format!("x_{label}");
        let body = json!({ "entity": entity, "english_label": label, "kind": "text" });
        let path = "custom_field".to_owned();
        let request = Request { method: "POST", path, body, key: field.clone() };
        let became = client.attempt(&request).await;
        if !ledger.note(became, request, Some((field.clone(), Expected::Field(entity))), None) {
            return ledger;
        }
        declared.notify_one();
        for turn in 0.. {
            let mark = format!("{field}-{turn}");
            let mut body = json!({ "name": mark });
            body[&field] = json!(mark);
            let path = entity.to_owned();
            let request = Request { method: "POST", path, body, key: mark.clone() };
            let answer = client.send(&request).await;
            if let Some((422, _)) = answer {
                // Not known yet.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            let became = client.became(&request, answer);
            let expected = Expected::Filled(entity, field.clone());
            if !ledger.note(became, request, Some((mark, expected)), None) {
                return ledger;
            }
            break;
        }
    }
    ledger
}

/// What the group of accounts may be like after bulk writes.
#[derive(Clone, Debug, Default)]
pub struct GroupState {
    pub city: String,
    pub city_maybe: Option<String>,
    pub live: usize,
    pub live_maybe: Option<usize>,
    /// Died while bringing back what an earlier death had left deleted: any number from `live` on may be live.
    pub restoring: bool,
    pub count: usize,
}

/// Changes the whole group, deletes it, brings it back one by one, until a write is not done.
pub async fn change_group(
    client: Client,
    group: Vec<String>,
    name: String,
    mut state: GroupState,
) -> GroupState {
    // What the last death left behind.
    for id in &group {
        let path = format!("account/{id}/restore");
        let key = format!("{name}-begin-{id}");
        let request = Request { method: "POST", path, body: Json::Null, key };
        if matches!(client.send(&request).await, None | Some((503, _))) {
            state.restoring = true;
            return state;
        }
    }
    state.live = GROUP;
    for number in 0.. {
        let city = format!("{name}-{number}");
        let operation = |id: &String| json!({ "op": "update", "id": id, "values": { "city": city } });
        let body = json!({ "operations": group.iter().map(operation).collect::<Vec<_>>() });
        let path = "account/batch".to_owned();
        let update = Request { method: "POST", path: path.clone(), body, key: format!("{city}-update") };
        match client.attempt(&update).await {
            Became::Done => {}
            Became::Refused => return state,
            Became::Unknown => {
                state.city_maybe = Some(city);
                return state;
            }
        }
        (state.city, state.count) = (city.clone(), state.count + 1);
        let operation = |id: &String| json!({ "op": "delete", "id": id });
        let body = json!({ "operations": group.iter().map(operation).collect::<Vec<_>>() });
        let delete = Request { method: "POST", path, body, key: format!("{city}-delete") };
        match client.attempt(&delete).await {
            Became::Done => {}
            Became::Refused => return state,
            Became::Unknown => {
                state.live_maybe = Some(0);
                return state;
            }
        }
        (state.live, state.count) = (0, state.count + 1);
        for id in &group {
            let path = format!("account/{id}/restore");
            let key = format!("{city}-restore-{id}");
            let restore = Request { method: "POST", path, body: Json::Null, key };
            match client.attempt(&restore).await {
                Became::Done => {}
                Became::Refused => return state,
                Became::Unknown => {
                    state.live_maybe = Some(state.live + 1);
                    return state;
                }
            }
            (state.live, state.count) = (state.live + 1, state.count + 1);
        }
    }
    state
}

/// A file of orders, each with [`LINES_OF_IMPORTED`] lines.
pub fn file_of_orders(store: &Store, name: &str, orders: usize) {
    let mut text = String::from("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n");
    for order in 0..orders {
        for product in 0..LINES_OF_IMPORTED {
            let customer = order % 20;
            writeln!(text, "{name}{order:04},P{product},2,2024-01-02 10:00:00,1.25,K{customer}").unwrap();
        }
    }
    std::fs::write(store.folder.path().join(format!("{name}.csv")), text).unwrap();
}

pub fn import(store: &Store, name: &str) -> Child {
    let file = format!("{name}.csv");
    let mut command = store.command(&["import", "orders", &file, "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
