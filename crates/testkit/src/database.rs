//! A database of its own for each test.

use crate::{Modules, TestApp};
use engine::Database;
use meta::Clock;

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
        let name = format!("zhike_test_{}", Clock::system().new_id().simple());
        let run = async |sql: String| {
            let mut admin =
                <sqlx::PgConnection as sqlx::Connection>::connect(server).await.expect("the server");
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .execute(&mut admin)
                .await
                .expect("permission to make databases");
        };
        run(format!("CREATE DATABASE {name}")).await;
        let base = server.rsplit_once('/').expect("a database address with a name").0;
        let database = Database::Postgres(format!("{base}/{name}"));
        body(TestApp::open(database, folder.path(), modules()).await).await;
        run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
