//! The clock of the program's machine jumps forward and back, by minutes and by weeks, while it is written to, also by another program whose clock
//! is right: every write is acknowledged and stays, the log is followed, and nothing needs a restart.

use crate::{
    client::{Client, Request},
    kill, ledger,
    ledger::{Expected, Ledger},
    load,
    outage::{PATIENCE, create, in_order, the_log_is_followed, until_done},
    store::{Store, modules, on_both},
};
use insight::{live, refit};
use serde_json::json;
use std::{
    os::unix::fs::FileExt,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// How far from what is right the clock goes, in seconds.
const JUMPS: [i64; 7] = [HOUR + 1_800, -3 * DAY, 0, -40 * DAY, 11 * HOUR, -1, 0];
const WRITES: usize = 8;
const ORDERS: usize = 40;

/// What stands before the C library's clock.
fn library(store: &Store) -> PathBuf {
    let library = store.folder.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/durability/clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]).arg(&library).arg(source);
    assert!(compiler.status().unwrap().success(), "{source} does not compile");
    library
}

/// Who was scored on a day that is not today is scored again by the fit that is due for it.
async fn everybody_is_of_today(store: &Store) {
    let engine = store.open(modules()).await.unwrap();
    let began = Instant::now();
    let is_done =
        async || engine.idle(refit::JOB).await.unwrap().is_some() && !live::is_due(&engine).await.unwrap();
    // None is due right after another.
    let rest = Duration::from_secs(11);
    while began.elapsed() < rest || !is_done().await {
        assert!(began.elapsed() < PATIENCE, "no fit of today is made");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    the_log_is_followed(store).await;
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_needs_no_restart() {
    on_both(async |store: &Store| {
        let token = store.prepare().await;
        let (library, clock) = (library(store), store.folder.path().join("clock"));
        std::fs::write(&clock, 0_i64.to_ne_bytes()).unwrap();
        let file = std::fs::File::options().write(true).open(&clock).unwrap();
        let jump = |seconds: i64| file.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
        let mut program = store.serve_with(&[("LD_PRELOAD", &library), ("CLOCK_AHEAD", &clock)]);
        let client = Client::new(&program.address, &token);
        let mut ledger = Ledger::default();
        let right = meta::Clock::system().now();
        let mut seen = vec![];
        for (round, to) in JUMPS.into_iter().enumerate() {
            let file = format!("C{round:03}x");
            load::file_of_orders(store, &file, ORDERS);
            let mut import = load::import(store, &file);
            for number in 0..WRITES {
                // In the middle of the writes and of the import.
                if number == WRITES / 2 {
                    jump(to);
                }
                until_done(&client, &create(&format!("c{round}-{number}")), &mut ledger).await;
            }
            let mark = format!("c{round}order");
            let line = json!({ "description": "goods", "quantity": 2, "unit_price": "3" });
            let account = client.list("account", &format!("source == 'c{round}-0'")).await[0]["id"].clone();
            let body = json!({ "account": account, "number": mark, "lines": [line] });
            let order = Request { method: "POST", path: "order".to_owned(), body, key: mark.clone() };
            let (status, answer) = client.send(&order).await.expect("an answer");
            assert_eq!(status, 201, "{answer}");
            ledger.acknowledged.insert(mark, Expected::Order(1));
            seen.push(
                answer["created_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap(),
            );
            assert!(import.wait().unwrap().success(), "the import beside it");
            kill::finish_import(store, &client, &file, ORDERS).await;
            the_log_is_followed(store).await;
            assert_eq!(client.status("/readyz").await, 200);
        }
        // The clock did jump.
        let hours: Vec<i64> = seen.iter().map(|at| (*at - right).num_hours()).collect();
        assert_eq!(hours[1] / 24, -2, "{hours:?}");
        assert!(hours[3] < -900 && hours[4] >= 10 && hours[0] >= 1, "{hours:?}");
        assert_eq!(ledger::lost(&client, &ledger).await, Vec::<String>::new());
        everybody_is_of_today(store).await;
        in_order(store, &client, &mut program, &ledger).await;
    });
}
