//! `kill -9` of PostgreSQL itself at random moments, the postmaster and all it has started, and every other time once more while it
//! recovers or has just done so. The program lives on: while its database is dead it says so, and works again by itself as soon as it can. Every
//! acknowledged write is there then, nothing of what it said was not saved, and of what nobody knew all or nothing. In the rounds
//! between it dies while the program takes up a field the company has just declared.

use crate::{
    client::Client,
    kill::{self, LATEST_DECLARED_MS, LATEST_MS, ORDERS_OF_FILE, WRITERS},
    ledger::{self, Ledger},
    load::{self, GROUP, GroupState},
    outage::{create, in_order, the_log_is_followed, until_done},
    server::Server,
    store::{Store, note, postgres_server},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    process::Child,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// The latest moment of the second death, after the recovery from the first began.
const LATEST_RECOVERING_MS: u64 = 100;
/// After so long the pool asks a connection whether it still answers before it gives it away (`crates/engine/src/db/link.rs`): one that
/// lay unused for less may have died with the server, and refuses one more request.
const STALE: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(120);

/// It may go on when the database does, or end with what the database's death did to it.
async fn ended(import: &mut Child) {
    let began = Instant::now();
    while import.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "the import neither goes on nor ends");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_postgresql_is_killed_and_the_program_lives_on() {
    if postgres_server().is_none() {
        return;
    }
    let Some(mut server) = Server::of_its_own() else {
        return note("no PostgreSQL was killed, ZHIKE_TEST_POSTGRES_BIN does not say where its programs are");
    };
    server.start().await;
    let store = Store::postgres(&server.address()).await;
    let token = store.prepare().await;
    let mut program = store.serve();
    let client = Client::new(&program.address, &token).without_database();
    let ground = load::ground(&client, WRITERS).await;
    let (rounds, seed) = (kill::rounds(), kill::seed());
    let mut all = Ledger::default();
    let mut group = GroupState { city: "0".to_owned(), live: GROUP, ..GroupState::default() };
    let (mut acknowledged, mut unknown, mut refused, mut lost, mut deaths, mut declared_only) =
        (0, 0, 0, 0, 0, 0);
    for round in 0..rounds {
        let mut chance = ChaCha8Rng::seed_from_u64(seed + round);
        let dies_at = Duration::from_millis(chance.random_range(20..LATEST_MS));
        let dies_again_at = Duration::from_millis(chance.random_range(0..LATEST_RECOVERING_MS));
        let dies_taking_up_at = Duration::from_millis(chance.random_range(0..LATEST_DECLARED_MS));
        let file = format!("I{round:03}x");
        load::file_of_orders(&store, &file, ORDERS_OF_FILE);

        let writers = load::writers(&client, &ground, seed, round);
        let bulk =
            load::change_group(client.clone(), ground.group.clone(), format!("r{round}bulk"), group.clone());
        let bulk = tokio::spawn(bulk);
        let mut import = load::import(&store, &file);
        let declared = Arc::new(Notify::new());
        let mut declaring = None;
        if round < load::DECLARING_ROUNDS {
            let seed = seed * 1_000 + round * 10 + WRITERS as u64;
            declaring = Some(tokio::spawn(load::declare(client.clone(), round, seed, declared.clone())));
        }
        let began = Instant::now();
        if round % 2 == 0 && round < load::DECLARING_ROUNDS {
            timeout(PATIENCE, declared.notified()).await.expect("a field is declared");
            tokio::time::sleep(dies_taking_up_at).await;
        } else {
            tokio::time::sleep(dies_at).await;
        }
        let died_at = began.elapsed();
        assert!(server.kill() > 0, "the postmaster had started nobody");
        deaths += 1;

        // It stays dead until each of them was told so.
        let health = async { (client.status("/readyz").await, client.status("/healthz").await) };
        let (mut fresh, health) = tokio::join!(load::written(writers), health);
        group = bulk.await.unwrap();
        assert_eq!(health, (503, 200));
        assert_eq!(fresh.unknown.len() + fresh.refused.len(), WRITERS);
        if let Some(declaring) = declaring {
            fresh.merge(declaring.await.unwrap());
        }
        declared_only += usize::from(fresh.has_field_nobody_filled());
        acknowledged += fresh.count + std::mem::take(&mut group.count);
        unknown += fresh.unknown.len();
        refused += fresh.refused.len();

        let waits = create(&format!("r{round}waits"));
        let comes_back = async {
            if round % 2 == 1 {
                server.begin_to_recover().await;
                tokio::time::sleep(dies_again_at).await;
                server.kill();
                deaths += 1;
            }
            server.start().await;
        };
        tokio::join!(comes_back, until_done(&client, &waits, &mut fresh));
        ended(&mut import).await;
        tokio::time::sleep(STALE).await;
        assert_eq!(client.status("/readyz").await, 200);
        kill::settle_group(&client, &ground, &mut group).await;
        ledger::settle(&client, &all, &mut fresh).await;
        lost += kill::report(ledger::lost(&client, &fresh).await);
        kill::finish_import(&store, &client, &file, ORDERS_OF_FILE).await;
        assert!(program.is_running(), "it was to go on without a restart");
        store.examine();
        println!(
            "round {round}: PostgreSQL killed after {} ms; {acknowledged} writes acknowledged so far, {lost} lost",
            died_at.as_millis()
        );
        all.merge(fresh);
    }
    println!(
        "{rounds} rounds (seed {seed}), {deaths} deaths of PostgreSQL, {acknowledged} writes acknowledged, {refused} refused and {unknown} unknown when it died, {declared_only} deaths with a field declared and not yet filled, {lost} lost"
    );
    assert_eq!(lost, 0);
    assert!(rounds < kill::MANY || declared_only > 0, "no field was on its way when PostgreSQL died");
    assert!(acknowledged > 0, "nothing was acknowledged that could have been lost");
    // None was a shutdown.
    assert_eq!(server.recoveries(), deaths);
    the_log_is_followed(&store).await;
    in_order(&store, &client, &mut program, &all).await;
}
