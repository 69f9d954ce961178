//! A company of its own for each test, on both databases, and files to feed it.

use engine::{Actor, Database, Engine, Options as EngineOptions, Query};
use import::{Control, Kind, Options, Outcome};
use meta::{Clock, Record};
use std::{
    future::Future,
    path::{Path, PathBuf},
};

pub struct Company {
    pub engine: Engine,
    pub actor: Actor,
    pub folder: PathBuf,
    pub database: Database,
}

/// Runs `body` once per database.
pub fn on_both<F, R>(body: F)
where
    F: Fn(Company) -> R,
    R: Future<Output = ()>,
{
    on(&body, Database::Sqlite);
    match std::env::var("ZHIKE_TEST_DATABASE_URL") {
        Ok(url) => on(&body, Database::Postgres(url)),
        Err(_) if std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_ok() => {
            panic!("ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not")
        }
        Err(_) => eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set"),
    }
}

fn on<F, R>(body: &F, database: Database)
where
    F: Fn(Company) -> R,
    R: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let Database::Postgres(server) = &database else {
            body(open(Database::Sqlite, folder.path()).await).await;
            return;
        };
        let name = format!("zhike_test_{}", Clock::system().new_id().simple());
        let admin = sqlx::PgPool::connect(server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        body(open(Database::Postgres(url), folder.path()).await).await;
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&admin).await.unwrap();
    });
}

pub async fn open(database: Database, folder: &Path) -> Company {
    let options = EngineOptions::new(database.clone(), folder.join("data"));
    let modules = vec![customers::module(), sales::module()];
    let engine = Engine::open(options, modules, Clock::system()).await.unwrap();
    Company { engine, actor: Actor::system(), folder: folder.to_owned(), database }
}

pub fn options() -> Options {
    Options { source: "shop".into(), time_zone: Some("UTC".into()), ..Options::default() }
}

impl Company {
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub async fn import(&self, kind: Kind, path: &Path, options: &Options) -> Outcome {
        self.try_import(kind, path, options, &Control::none()).await
    }

    pub async fn try_import(&self, kind: Kind, path: &Path, options: &Options, control: &Control) -> Outcome {
        import::import_file(&self.engine, &self.actor, kind, path, "file", options, control).await.unwrap()
    }

    /// Imports a text of order lines.
    pub async fn orders(&self, text: &str) -> Outcome {
        let path = self.file("orders.csv", text);
        self.import(Kind::Orders, &path, &options()).await
    }

    pub async fn all(&self, entity: &str) -> Vec<Record> {
        let query = Query::new(entity).sort("id").limit(1_000);
        self.engine.list(&self.actor, &query).await.unwrap().records
    }

    pub async fn one(&self, entity: &str, filter: &str) -> Record {
        let query = Query::new(entity).filter(filter).limit(2);
        let mut found = self.engine.list(&self.actor, &query).await.unwrap().records;
        assert_eq!(found.len(), 1, "{entity} with {filter}");
        found.remove(0)
    }

    pub async fn count(&self, entity: &str) -> u64 {
        self.engine.count(&self.actor, &Query::new(entity), 1_000_000).await.unwrap().number
    }

    pub async fn counts(&self) -> Vec<u64> {
        let mut counts = vec![];
        for entity in ["account", "product", "order", "order_line", "return", "return_line"] {
            counts.push(self.count(entity).await);
        }
        counts
    }
}

/// What an outcome says was made.
pub fn made(outcome: &Outcome) -> Vec<u64> {
    ["account", "product", "order", "order_line", "return", "return_line"]
        .map(|entity| outcome.progress.made(entity))
        .to_vec()
}

pub fn decimal(record: &Record, field: &str) -> String {
    record.get(field).as_decimal().map(|number| number.normalize().to_string()).unwrap_or_default()
}
