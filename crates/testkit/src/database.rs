//! A database of its own for each test.

use crate::{Modules, TestApp};
use engine::Database;
use meta::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// Runs `body` on SQLite and, where `ZHIKE_TEST_DATABASE_URL` names a server, on a fresh database of PostgreSQL, dropped
/// afterwards. With `ZHIKE_TEST_REQUIRE_POSTGRES` the server must be there.
pub fn on_both(modules: fn() -> Modules, body: impl AsyncFn(TestApp)) {
    on_sqlite(modules, &body);
    match std::env::var("ZHIKE_TEST_DATABASE_URL") {
        Ok(server) => on_postgres(&server, modules, &body),
        Err(_) if std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_ok() => {
            panic!("ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not")
        }
        Err(_) => eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set"),
    }
}

pub fn on_sqlite(modules: fn() -> Modules, body: impl AsyncFn(TestApp)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    runtime().block_on(async { body(TestApp::open(Database::Sqlite, folder.path(), modules()).await).await });
}

fn on_postgres(server: &str, modules: fn() -> Modules, body: impl AsyncFn(TestApp)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    runtime().block_on(async {
        let name = new_name();
        let copied = match std::env::var("ZHIKE_TEST_SCRATCH") {
            Ok(_) => format!(" TEMPLATE {}", template(server, modules).await),
            Err(_) => String::new(),
        };
        run(server, format!("CREATE DATABASE {name}{copied}")).await;
        body(TestApp::open(database(server, &name), folder.path(), modules()).await).await;
        run(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    });
}

/// The name of a database with the tables of these modules, to be copied. To make five hundred tables and indexes takes PostgreSQL a
/// second: the first test of a process does it for all. It stays behind, so there is one only where the server is thrown away.
async fn template(server: &str, modules: fn() -> Modules) -> String {
    static MADE: Mutex<BTreeMap<usize, String>> = Mutex::const_new(BTreeMap::new());
    let mut made = MADE.lock().await;
    if let Some(name) = made.get(&(modules as usize)) {
        return name.clone();
    }
    let (name, folder) = (new_name(), tempfile::tempdir().expect("a temporary folder"));
    run(server, format!("CREATE DATABASE {name}")).await;
    drop(TestApp::open(database(server, &name), folder.path(), modules()).await);
    // A database somebody is connected to cannot be copied.
    run(server, format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        .await;
    made.insert(modules as usize, name.clone());
    name
}

fn new_name() -> String {
    format!("zhike_test_{}", Clock::system().new_id().simple())
}

fn database(server: &str, name: &str) -> Database {
    let base = server.rsplit_once('/').expect("a database address with a name").0;
    Database::Postgres(format!("{base}/{name}"))
}

async fn run(server: &str, sql: String) {
    let mut admin = PgConnection::connect(server).await.expect("the server");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.expect("permission to make databases");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
