//! The disk full, the file held by another program, the database gone: a clear answer each time, nothing acknowledged lost,
//! and the same process works again as soon as it can.

use crate::{
    client::{Client, Request},
    ledger::{self, Expected, Ledger},
    store::{Program, Store, modules, note, on_server, postgres_server},
};
use engine::Database;
use meta::Clock;
use serde_json::{Value as Json, json};
use std::{
    fs::{File, Permissions},
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

pub const PATIENCE: Duration = Duration::from_secs(90);
/// How long the database stays away where many rounds are asked for.
const AWAY: Duration = Duration::from_secs(60);
/// More writes at once than there are connections to PostgreSQL.
const AT_ONCE: usize = 20;

pub fn create(mark: &str) -> Request {
    let body = json!({ "name": format!("客户 {mark}"), "source": mark, "description": "x".repeat(2_000) });
    Request { method: "POST", path: "account".to_owned(), body, key: mark.to_owned() }
}

/// Writes numbered accounts until one is refused; returns the refused request and its answer.
async fn until_refused(client: &Client, name: &str, ledger: &mut Ledger) -> (Request, u16, Json) {
    for number in 0..10_000 {
        let mark = format!("{name}-{number}");
        let request = create(&mark);
        let (status, answer) = client.send(&request).await.expect("an answer");
        if status != 201 {
            return (request, status, answer);
        }
        ledger.acknowledged.insert(mark, Expected::Accounts(1));
    }
    panic!("nothing was refused");
}

/// Repeats a refused request until it is done.
pub async fn until_done(client: &Client, request: &Request, ledger: &mut Ledger) {
    let began = Instant::now();
    loop {
        match client.send(request).await.expect("an answer") {
            (201, _) => break,
            (status, answer) => {
                assert_eq!(status, 503, "{answer}");
                assert!(began.elapsed() < PATIENCE, "it does not recover: {answer}");
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ledger.acknowledged.insert(request.key.clone(), Expected::Accounts(1));
}

/// A connection of the pool that was cut is found out, and opened anew, when it is next used: by a write or by this.
async fn until_ready(client: &Client) {
    let began = Instant::now();
    while client.status("/readyz").await != 200 {
        assert!(began.elapsed() < PATIENCE, "it does not take itself for ready");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub async fn in_order(store: &Store, client: &Client, program: &mut Program, ledger: &Ledger) {
    assert_eq!(ledger::lost(client, ledger).await, Vec::<String>::new());
    assert!(program.is_running(), "it was to go on without a restart");
    store.examine();
    println!("{}: {} writes acknowledged, 0 lost", store.name(), ledger.acknowledged.len());
}

/// A folder with a disk of its own; `None` where nobody may mount one.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path, size: &str) -> Option<SmallDisk<'a>> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(SmallDisk(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

fn nothing_was_filled() {
    note("no disk was filled, only root may mount a small one for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_with_the_reason_and_is_got_over_without_a_restart() {
    let store = Store::sqlite();
    let data = store.data();
    let Some(_disk) = SmallDisk::mount(&data, "24m") else {
        return nothing_was_filled();
    };
    let token = store.prepare().await;
    let ballast = data.join("ballast");
    std::fs::write(&ballast, vec![0_u8; 8 << 20]).unwrap();
    let mut program = store.serve();
    let client = Client::new(&program.address, &token);
    let mut ledger = Ledger::default();
    let (refused, status, answer) = until_refused(&client, "full", &mut ledger).await;
    assert_eq!((status, answer["type"].as_str()), (503, Some("urn:zhike:problem:unavailable")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("disk"), "{answer}");
    assert!(ledger.acknowledged.len() > 10, "the disk was full from the beginning");
    // Reading goes on.
    assert_eq!(ledger::lost(&client, &ledger).await, Vec::<String>::new());
    std::fs::remove_file(&ballast).unwrap();
    until_done(&client, &refused, &mut ledger).await;
    in_order(&store, &client, &mut program, &ledger).await;
}

/// PostgreSQL's tables and indexes on a small disk. Its log is elsewhere: where that fills up, PostgreSQL stops,
/// which is a database gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_postgresql_refuses_writes_with_the_reason_and_is_got_over_without_a_restart() {
    let Some(server) = postgres_server() else { return };
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let place = folder.path().join("small");
    let _disk = SmallDisk::mount(&place, "400m");
    let owned = Command::new("chown").arg("postgres").arg(&place).output();
    if _disk.is_none() || !owned.is_ok_and(|output| output.status.success()) {
        return nothing_was_filled();
    }
    let tablespace = format!("small_{}", Clock::system().new_id().simple());
    on_server(&server, format!("CREATE TABLESPACE {tablespace} LOCATION '{}'", place.display())).await;
    let store = Store::postgres_in(&server, &tablespace).await;
    let token = store.prepare().await;
    let mut program = store.serve();
    let client = Client::new(&program.address, &token);
    let mut ledger = Ledger::default();
    for number in 0..20 {
        until_done(&client, &create(&format!("before-{number}")), &mut ledger).await;
    }
    let ballast = place.join("ballast");
    let filled = std::io::copy(&mut std::io::repeat(0), &mut File::create(&ballast).unwrap());
    assert_eq!(filled.unwrap_err().kind(), ErrorKind::StorageFull);
    let (refused, status, answer) = until_refused(&client, "full", &mut ledger).await;
    assert_eq!((status, answer["type"].as_str()), (503, Some("urn:zhike:problem:unavailable")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("disk"), "{answer}");
    // Reading goes on.
    assert_eq!(ledger::lost(&client, &ledger).await, Vec::<String>::new());
    std::fs::remove_file(&ballast).unwrap();
    until_done(&client, &refused, &mut ledger).await;
    the_log_is_followed(&store).await;
    in_order(&store, &client, &mut program, &ledger).await;
    drop(program);
    store.drop_database().await;
    on_server(&server, format!("DROP TABLESPACE {tablespace}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_held_by_another_program_refuses_writes_with_the_reason_until_it_is_let_go() {
    let store = Store::sqlite();
    let token = store.prepare().await;
    let mut program = store.serve();
    let client = Client::new(&program.address, &token);
    let mut ledger = Ledger::default();
    let other = rusqlite::Connection::open(store.data().join("zhike.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (refused, status, answer) = until_refused(&client, "held", &mut ledger).await;
    assert_eq!(status, 503, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("Another program"), "{answer}");
    assert!(client.list("account", "").await.is_empty(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    until_done(&client, &refused, &mut ledger).await;
    in_order(&store, &client, &mut program, &ledger).await;
}

/// Stands between the program and PostgreSQL. While `gone` it cuts every connection and takes no new one; while `silent` it takes
/// all and passes nothing on, and what it had then stays so.
struct Gate {
    address: String,
    gone: Arc<AtomicBool>,
    silent: Arc<AtomicBool>,
}

/// Looks often, until it is so.
async fn until(switch: &AtomicBool) {
    while !switch.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Says nothing, until the other side hangs up.
async fn swallow(near: &mut TcpStream) {
    let mut unheard = vec![0; 4_096];
    while near.read(&mut unheard).await.is_ok_and(|read| read > 0) {}
}

impl Gate {
    async fn before(server: &str) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (gone, silent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (shut, mute, server) = (gone.clone(), silent.clone(), server.to_owned());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (shut, mute, server) = (shut.clone(), mute.clone(), server.clone());
                tokio::spawn(async move {
                    if mute.load(Ordering::Relaxed) {
                        return swallow(&mut near).await;
                    }
                    let Ok(mut far) = TcpStream::connect(server).await else { return };
                    let falls_silent = tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => false,
                        () = until(&shut) => false,
                        () = until(&mute) => true,
                    };
                    if falls_silent {
                        swallow(&mut near).await;
                    }
                });
            }
        });
        Gate { address, gone, silent }
    }
}

/// The program on a PostgreSQL that is reached through a gate only; `None` where there is no server.
async fn behind_a_gate() -> Option<(Store, Gate, Program, Client)> {
    let server = postgres_server()?;
    let mut store = Store::postgres(&server).await;
    let token = store.prepare().await;
    let Database::Postgres(direct) = store.database.clone() else { panic!("not PostgreSQL") };
    let (login, place) = direct.rsplit_once('@').unwrap();
    let (host, name) = place.split_once('/').unwrap();
    let gate = Gate::before(host).await;
    store.database = Database::Postgres(format!("{login}@{}/{name}", gate.address));
    let program = store.serve();
    let client = Client::new(&program.address, &token);
    Some((store, gate, program, client))
}

/// The reader of the log goes on, too: what was written last gets its figures from the running server.
pub async fn the_log_is_followed(store: &Store) {
    let engine = store.open(modules()).await.unwrap();
    let began = Instant::now();
    while engine.position(insight::live::READER).await.unwrap() < engine.last_change().await.unwrap() {
        assert!(began.elapsed() < PATIENCE, "the log is not followed any more");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_and_comes_back_is_found_again_without_a_restart() {
    let Some((store, gate, mut program, client)) = behind_a_gate().await else { return };
    let mut ledger = Ledger::default();
    for number in 0..10 {
        until_done(&client, &create(&format!("before-{number}")), &mut ledger).await;
    }
    assert_eq!(client.status("/readyz").await, 200);
    gate.gone.store(true, Ordering::Relaxed);
    let (refused, status, answer) = until_refused(&client, "gone", &mut ledger).await;
    assert_eq!((status, answer["type"].as_str()), (503, Some("urn:zhike:problem:unavailable")), "{answer}");
    // The gate cuts each connection at its next look: one of the pool may still be whole.
    let began = Instant::now();
    while client.status("/readyz").await != 503 {
        assert!(began.elapsed() < PATIENCE, "it takes itself for ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(client.status("/healthz").await, 200);
    let away = if std::env::var("ZHIKE_KILL_ROUNDS").is_ok() { AWAY } else { Duration::ZERO };
    while began.elapsed() < away {
        let (status, answer) = client.send(&refused).await.expect("an answer");
        assert_eq!(status, 503, "{answer}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    gate.gone.store(false, Ordering::Relaxed);
    until_done(&client, &refused, &mut ledger).await;
    until_ready(&client).await;
    for number in 0..10 {
        until_done(&client, &create(&format!("after-{number}")), &mut ledger).await;
    }
    the_log_is_followed(&store).await;
    in_order(&store, &client, &mut program, &ledger).await;
    drop(program);
    store.drop_database().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_is_given_up_and_found_again_without_a_restart() {
    let Some((store, gate, mut program, client)) = behind_a_gate().await else { return };
    let mut ledger = Ledger::default();
    for number in 0..10 {
        until_done(&client, &create(&format!("before-{number}")), &mut ledger).await;
    }
    gate.silent.store(true, Ordering::Relaxed);
    // Who waits for its answer for ever would keep its connection, and all there are would be kept.
    let mut asked = JoinSet::new();
    for number in 0..AT_ONCE {
        let (client, request) = (client.clone(), create(&format!("silent-{number}")));
        asked.spawn(async move { (client.send(&request).await.expect("an answer"), request) });
    }
    let mut refused = vec![];
    for ((status, answer), request) in asked.join_all().await {
        // What was on its way while the gate still passed it on may have been done.
        if status == 201 {
            ledger.acknowledged.insert(request.key.clone(), Expected::Accounts(1));
            continue;
        }
        assert_eq!(
            (status, answer["type"].as_str()),
            (503, Some("urn:zhike:problem:unavailable")),
            "{answer}"
        );
        refused.push(request);
    }
    assert!(!refused.is_empty(), "the gate let everything through");
    assert_eq!((client.status("/readyz").await, client.status("/healthz").await), (503, 200));
    gate.silent.store(false, Ordering::Relaxed);
    for request in &refused {
        until_done(&client, request, &mut ledger).await;
    }
    until_ready(&client).await;
    the_log_is_followed(&store).await;
    in_order(&store, &client, &mut program, &ledger).await;
    drop(program);
    store.drop_database().await;
}
