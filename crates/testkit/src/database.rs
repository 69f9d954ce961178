//! A database of its own for each test.

use crate::{Modules, TestApp};
use engine::Database;
use meta::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{collections::BTreeMap, path::Path};
use tokio::sync::Mutex;

/// Runs `body` on SQLite and, where `ZHIKE_TEST_DATABASE_URL` names a server, on a fresh database of PostgreSQL, dropped
/// afterwards. With `ZHIKE_TEST_REQUIRE_POSTGRES` the server must be there.
pub fn on_both(modules: fn() -> Modules, body: impl AsyncFn(TestApp)) {
    let open = async |database: Database, folder: &Path| TestApp::open(database, folder, modules()).await;
    on_both_opened(modules as usize, open, body);
}

/// The same with what `open` makes of a database. Those of one `kind`, told apart within a test program, have the same tables.
pub fn on_both_opened<T>(kind: usize, open: impl AsyncFn(Database, &Path) -> T, body: impl AsyncFn(T)) {
    alone(async |folder| body(open(Database::Sqlite, folder).await).await);
    match std::env::var("ZHIKE_TEST_DATABASE_URL") {
        Ok(server) => on_postgres(&server, kind, open, body),
        Err(_) if std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_ok() => {
            panic!("ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not")
        }
        Err(_) => eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set"),
    }
}

pub fn on_sqlite(modules: fn() -> Modules, body: impl AsyncFn(TestApp)) {
    alone(async |folder| body(TestApp::open(Database::Sqlite, folder, modules()).await).await);
}

/// With a folder and a runtime of its own.
fn alone(body: impl AsyncFn(&Path)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async { body(folder.path()).await });
}

fn on_postgres<T>(
    server: &str,
    kind: usize,
    open: impl AsyncFn(Database, &Path) -> T,
    body: impl AsyncFn(T),
) {
    alone(async |folder| {
        let name = new_name();
        let copied = match std::env::var("ZHIKE_TEST_SCRATCH") {
            Ok(_) => format!(" TEMPLATE {}", template(server, kind, &open).await),
            Err(_) => String::new(),
        };
        run(server, format!("CREATE DATABASE {name}{copied}")).await;
        body(open(database(server, &name), folder).await).await;
        run(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    });
}

/// The name of a database with the tables of this kind, to be copied. To make five hundred tables and indexes takes PostgreSQL a
/// second: the first test of a process does it for all. It stays behind, so there is one only where the server is thrown away.
async fn template<T>(server: &str, kind: usize, open: &impl AsyncFn(Database, &Path) -> T) -> String {
    static MADE: Mutex<BTreeMap<usize, String>> = Mutex::const_new(BTreeMap::new());
    let mut made = MADE.lock().await;
    if let Some(name) = made.get(&kind) {
        return name.clone();
    }
    let (name, folder) = (new_name(), tempfile::tempdir().expect("a temporary folder"));
    run(server, format!("CREATE DATABASE {name}")).await;
    drop(open(database(server, &name), folder.path()).await);
    // A database somebody is connected to cannot be copied.
    run(server, format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        .await;
    made.insert(kind, name.clone());
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
