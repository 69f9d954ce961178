//! A company of its own for each test, on both databases, and files to feed it.

use engine::{Actor, Database, Engine, Options as EngineOptions, Query};
use import::{Control, Kind, Options, Outcome};
use meta::{Clock, Record};
use std::path::{Path, PathBuf};

pub struct Company {
    pub engine: Engine,
    pub actor: Actor,
    pub folder: PathBuf,
    pub database: Database,
}

/// Runs `body` once per database.
pub fn on_both(body: impl AsyncFn(Company)) {
    testkit::on_both_opened(0, open, body);
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
