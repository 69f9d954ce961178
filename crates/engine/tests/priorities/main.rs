//! The program's own runtimes, which a process has once: a test binary of their own.

use engine::{
    Database, Engine, Options, Priority,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};
use meta::Clock;
use std::{
    thread::available_parallelism,
    time::{Duration, Instant},
};

/// Without a pause in which a worker could look after anything else.
const COMPUTES: Duration = Duration::from_secs(4);
const QUESTIONS: usize = 30;

fn question() -> SelectStatement {
    Query::select().expr(Expr::col(Alias::new("id")).count()).from(Alias::new("user")).to_owned()
}

/// Both asked the database before, so that each has a connection to give back.
#[test]
fn who_waits_for_an_answer_has_connections_while_the_background_computes_on_all_its_threads() {
    let Ok(server) = std::env::var("ZHIKE_TEST_DATABASE_URL") else {
        assert!(std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_err(), "ZHIKE_TEST_DATABASE_URL is not set");
        return eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set");
    };
    let workers = available_parallelism().unwrap().get();
    engine::runtimes().unwrap().block_on(async {
        let name = format!("zhike_test_{}", Clock::system().new_id().simple());
        let admin = sqlx::PgPool::connect(&server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(Database::Postgres(url), folder.path());
        options.connections = workers as u32;
        let engine = Engine::open(options, vec![], Clock::system()).await.unwrap();

        let computing: Vec<_> = (0..workers)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(Priority::Background.run(async move {
                    engine.fetch(&question()).await.unwrap();
                    std::thread::sleep(COMPUTES);
                }))
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        for _ in 0..QUESTIONS {
            engine.fetch(&question()).await.unwrap();
        }
        let answered = began.elapsed();
        assert!(computing.iter().all(|task| !task.is_finished()), "it computes no more");
        assert!(answered < COMPUTES / 4, "answered after {answered:?}");
        for task in computing {
            task.await.unwrap().unwrap();
        }
        drop(engine);
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&admin)
            .await
            .unwrap();
    });
}
