//! `kill -9` of the server and of an import beside it, at random moments, round after round on the same database. After each
//! death everything agrees, every acknowledged write is there, and what got no answer is whole or absent and, repeated,
//! done once. Every other round the server dies while it takes up a field the company has just declared.

use crate::{
    client::Client,
    ledger::{self, Ledger},
    load::{self, GROUP, Ground, GroupState},
    store::{Store, on_both},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

const ROUNDS: u64 = 2;
const SEED: u64 = 20_261_125;
/// So many rounds that every kind of death must be among them.
pub const MANY: u64 = 100;
pub const WRITERS: usize = 3;
pub const ORDERS_OF_FILE: usize = 400;
/// Three batches of lines, each committed by itself.
const ORDERS_OF_LONG_FILE: usize = 4_000;
const LONG_IMPORTS_LIMIT: u64 = 10;
/// The latest moment of a kill.
pub const LATEST_MS: u64 = 1_500;
/// The latest moment of a kill after a field was declared.
pub const LATEST_DECLARED_MS: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(60);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub fn rounds() -> u64 {
    number("ZHIKE_KILL_ROUNDS", ROUNDS)
}

pub fn seed() -> u64 {
    number("ZHIKE_KILL_SEED", SEED)
}

#[derive(Default)]
struct Told {
    acknowledged: usize,
    repeated: usize,
    lost: usize,
    kills: usize,
    /// Imports that had not ended when they were killed.
    imports: usize,
    /// Deaths between a field's declaration and its column.
    declared: usize,
}

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    let (rounds, seed) = (rounds(), seed());
    on_both(async |store| {
        let began = Instant::now();
        let told = run(store, rounds, seed).await;
        println!(
            "{}: {rounds} rounds (seed {seed}), {} kills ({} imports, {} with a field declared and not yet taken up), {} writes acknowledged, {} repeated without an answer, {} lost, {} s",
            store.name(),
            told.kills,
            told.imports,
            told.declared,
            told.acknowledged,
            told.repeated,
            told.lost,
            began.elapsed().as_secs(),
        );
        assert_eq!(told.lost, 0);
        assert!(told.acknowledged > 0, "nothing was acknowledged that could have been lost");
        // A writer goes on until an answer fails to come.
        assert!(told.repeated as u64 >= rounds * WRITERS as u64, "the writers ended before the server died");
        if rounds >= MANY {
            assert!(told.imports > 0, "every import had ended before it was killed");
            assert!(told.declared > 0, "no field was on its way when the server died");
        }
    });
}

#[test]
fn an_import_that_is_killed_half_way_goes_on_where_its_last_batch_ended() {
    on_both(async |store| {
        let token = store.prepare().await;
        let mut program = store.serve();
        let client = Client::new(&program.address, &token);
        for number in 0..LONG_IMPORTS_LIMIT {
            let file = format!("H{number:03}x");
            load::file_of_orders(store, &file, ORDERS_OF_LONG_FILE);
            let there = async || client.list("order", &format!("number.startsWith('{file}')")).await.len();
            let mut import = load::import(store, &file);
            while import.try_wait().unwrap().is_none() && there().await == 0 {}
            import.kill().unwrap();
            import.wait().unwrap();
            let half = there().await;
            finish_import(store, &client, &file, ORDERS_OF_LONG_FILE).await;
            if 0 < half && half < ORDERS_OF_LONG_FILE {
                program.kill();
                store.examine();
                return;
            }
        }
        panic!("none of {LONG_IMPORTS_LIMIT} imports died between two batches");
    });
}

async fn run(store: &Store, rounds: u64, seed: u64) -> Told {
    let token = store.prepare().await;
    let mut program = store.serve();
    let ground = load::ground(&Client::new(&program.address, &token), WRITERS).await;
    let mut all = Ledger::default();
    let mut group = GroupState { city: "0".to_owned(), live: GROUP, ..GroupState::default() };
    let mut told = Told::default();
    for round in 0..rounds {
        let mut chance = ChaCha8Rng::seed_from_u64(seed + round);
        let client = Client::new(&program.address, &token);
        let file = format!("I{round:03}x");
        load::file_of_orders(store, &file, ORDERS_OF_FILE);
        let mut at = |latest: u64| Duration::from_millis(chance.random_range(20..latest));
        let (server_at, import_at) = (at(LATEST_MS), at(LATEST_MS));
        let declaring = round < load::DECLARING_ROUNDS;
        // Not on its own, but so long after a field was declared.
        let after_declared = (declaring && round % 2 == 1).then(|| at(LATEST_DECLARED_MS));

        let mut writers = load::writers(&client, &ground, seed, round);
        let declared = Arc::new(Notify::new());
        if declaring {
            let seed = seed * 1_000 + round * 10 + WRITERS as u64;
            writers.push(tokio::spawn(load::declare(client.clone(), round, seed, declared.clone())));
        }
        let bulk =
            load::change_group(client.clone(), ground.group.clone(), format!("r{round}bulk"), group.clone());
        let bulk = tokio::spawn(bulk);
        let mut import = load::import(store, &file);
        let began = Instant::now();
        let server_dies = async {
            if let Some(after) = after_declared {
                timeout(PATIENCE, declared.notified()).await.expect("a field is declared");
                tokio::time::sleep(after).await;
            } else {
                tokio::time::sleep(server_at).await;
            }
            program.kill();
            began.elapsed()
        };
        let import_dies = async {
            tokio::time::sleep(import_at).await;
            let ended = import.try_wait().unwrap().is_some();
            import.kill().unwrap();
            import.wait().unwrap();
            usize::from(!ended)
        };
        let (server_at, died) = tokio::join!(server_dies, import_dies);
        told.imports += died;
        told.kills += 2;

        let mut fresh = load::written(writers).await;
        group = bulk.await.unwrap();
        // As death left it: nobody has started since.
        let up_to_date = store.examine_as_left();
        program = store.serve();
        if !up_to_date {
            told.declared += 1;
            store.examine();
        }
        let client = Client::new(&program.address, &token);
        told.acknowledged += fresh.count + std::mem::take(&mut group.count);
        settle_group(&client, &ground, &mut group).await;
        told.repeated += ledger::settle(&client, &all, &mut fresh).await;
        told.lost += report(ledger::lost(&client, &fresh).await);
        finish_import(store, &client, &file, ORDERS_OF_FILE).await;
        println!(
            "{} round {round}: server killed after {} ms, import after {} ms; {} writes acknowledged so far, {} lost",
            store.name(),
            server_at.as_millis(),
            import_at.as_millis(),
            told.acknowledged,
            told.lost
        );
        all.merge(fresh);
    }
    let client = Client::new(&program.address, &token);
    told.lost += report(ledger::lost(&client, &all).await);
    program.kill();
    // A field declared by a repeated request may have been left to the next start.
    if !store.examine_as_left() {
        store.serve().kill();
        store.examine();
    }
    told
}

pub fn report(lost: Vec<String>) -> usize {
    for one in &lost {
        println!("LOST: {one}");
    }
    lost.len()
}

/// The whole group was changed or nobody was.
pub async fn settle_group(client: &Client, ground: &Ground, state: &mut GroupState) {
    let live = client.list("account", "source == 'group'").await;
    let maybe = state.live_maybe.take();
    let restoring = std::mem::take(&mut state.restoring);
    assert!(
        live.len() == state.live || Some(live.len()) == maybe || restoring && live.len() > state.live,
        "{} of the group are live: {state:?}",
        live.len()
    );
    state.live = live.len();
    let deleted = client.deleted("account", "source == 'group'").await;
    let all: Vec<_> = live.iter().chain(&deleted).collect();
    assert_eq!(all.len(), ground.group.len());
    let city = all[0]["city"].as_str().unwrap().to_owned();
    assert!(
        all.iter().all(|account| account["city"] == city.as_str()),
        "half of the group was changed: {all:?}"
    );
    let maybe = state.city_maybe.take();
    assert!(city == state.city || Some(&city) == maybe.as_ref(), "the group is in {city}: {state:?}");
    state.city = city;
}

/// The same command goes on where the import died; in the end every order is there once, with all its lines.
pub async fn finish_import(store: &Store, client: &Client, file: &str, count: usize) {
    let output = load::import(store, file).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let orders = client.list("order", &format!("number.startsWith('{file}')")).await;
    assert_eq!(orders.len(), count, "{file}");
    let total = (2.5 * load::LINES_OF_IMPORTED as f64).to_string();
    assert!(orders.iter().all(|order| order["total"] == total.as_str()), "{file}: an order has lost lines");
}
