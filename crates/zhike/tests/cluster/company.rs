//! A company that trades, its warehouse in a place that workers reach, and all that can be asked of it.

#[path = "../../../insight/tests/it/covering.rs"]
mod covering;

use chrono::NaiveDate;
use cluster::{Coordinator, Link, Manner};
use covering::covering;
use engine::{Actor, Database, Engine, Options, Tx};
use meta::{Clock, Decimal, Id, Value, Values};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::{path::Path, sync::Arc, time::Duration};
use warehouse::{
    Place,
    semantic::{self, AnswerTable, Question},
};

/// Small files, so that there is something to share out.
pub const SMALL: warehouse::Manner = warehouse::Manner { full: false, late_figures: true, segment_rows: 150 };
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const PATIENCE: Duration = Duration::from_secs(4);
const PROVINCES: [&str; 4] = ["山东", "浙江", "四川", "Sichuan's"];
const CHANNELS: [&str; 3] = ["store", "online", "phone"];

pub fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub async fn open(folder: &Path, place: Place) -> Engine {
    open_at(folder, place, Clock::system()).await
}

pub async fn open_at(folder: &Path, place: Place, clock: Clock) -> Engine {
    let options = Options::new(Database::Sqlite, folder.to_owned());
    let modules =
        vec![customers::module(), sales::module(), insight::module(), warehouse::module(), cluster::module()];
    let engine = Engine::open(options, modules, clock).await.unwrap();
    warehouse::place_in(&engine, place, None);
    engine
}

/// Customers with orders and returns, fewer or more; the same for the same number.
pub async fn trade(engine: &Engine, customers: u64) {
    for ten in 0..customers.div_ceil(10) {
        engine.write(&Actor::system(), move |tx| Box::pin(ten_customers(tx, ten))).await.unwrap();
    }
}

async fn ten_customers(tx: &mut Tx, ten: u64) -> engine::Result<()> {
    let mut chance = ChaCha8Rng::seed_from_u64(ten);
    for number in 0..10 {
        let province: Value = PROVINCES.choose(&mut chance).copied().into();
        let name = Value::from(format!("Customer {ten}-{number}"));
        let account = tx.create("account", values([("name", name), ("province", province)])).await?;
        for _ in 0..chance.random_range(1..5) {
            let channel: Value = CHANNELS.choose(&mut chance).copied().into();
            let head = values([
                ("account", account.into()),
                ("ordered_at", some_day(&mut chance)),
                ("channel", channel),
            ]);
            document(tx, "order", "order_line", head, &mut chance).await?;
        }
        if chance.random_bool(0.3) {
            let head = values([("account", account.into()), ("returned_at", some_day(&mut chance))]);
            document(tx, "return", "return_line", head, &mut chance).await?;
        }
        let visit =
            values([("account", account.into()), ("kind", "visit".into()), ("subject", "visit".into())]);
        tx.create("activity", visit).await?;
    }
    Ok(())
}

fn some_day(chance: &mut ChaCha8Rng) -> Value {
    let first: NaiveDate = "2024-11-01".parse().unwrap();
    let day = first + chrono::Duration::days(chance.random_range(0..700));
    Value::Instant(day.and_hms_opt(4, 0, 0).unwrap().and_utc())
}

async fn document(
    tx: &mut Tx,
    entity: &'static str,
    line_entity: &'static str,
    head: Values,
    chance: &mut ChaCha8Rng,
) -> engine::Result<Id> {
    let id = tx.create(entity, head).await?;
    for _ in 0..chance.random_range(1..4) {
        let cost = chance.random_bool(0.8).then(|| Decimal::new(chance.random_range(0..500_000), 2));
        let line = values([
            (entity, id.into()),
            ("description", "goods".into()),
            ("quantity", Value::Int(chance.random_range(1..9))),
            ("unit_price", Value::Decimal(Decimal::new(chance.random_range(0..900_000), 2))),
            ("unit_cost", cost.map(Value::Decimal).unwrap_or_default()),
        ]);
        tx.create(line_entity, line).await?;
    }
    Ok(id)
}

/// A company that has traded, its warehouse in a folder, and which folder that is.
pub async fn traded(folder: &Path, customers: u64) -> (Engine, String) {
    let files = folder.join("files");
    let engine = open(folder, Place::Folder(files.clone())).await;
    trade(&engine, customers).await;
    warehouse::refresh(&engine, SMALL, None).await.unwrap();
    (engine, files.to_str().unwrap().to_owned())
}

/// The program the workers run, as if this one were it.
pub fn link(secret: &str) -> Link {
    let program = cluster::identity_of(Path::new(env!("CARGO_BIN_EXE_zhike"))).unwrap();
    Link::new(secret, &program, PATIENCE, None).unwrap()
}

/// From now on everything is asked of these workers, however little it is.
pub fn ask_workers(engine: &Engine, workers: &[String], required: bool) -> Arc<Coordinator> {
    begin(engine, workers, 1, required)
}

/// What reads so much.
pub fn ask_workers_for(engine: &Engine, workers: &[String], bytes_per_processor: usize) -> Arc<Coordinator> {
    begin(engine, workers, bytes_per_processor, true)
}

fn begin(
    engine: &Engine,
    workers: &[String],
    bytes_per_processor: usize,
    required: bool,
) -> Arc<Coordinator> {
    let urls = workers.iter().map(|url| url.parse().unwrap()).collect();
    let manner = Manner { bytes_per_processor, lost_for: Duration::from_millis(300), required };
    let coordinator = Arc::new(Coordinator::new(urls, link(SECRET), manner));
    cluster::ask_workers(engine, coordinator.clone());
    coordinator
}

pub async fn ask(engine: &Engine, question: &Question) -> engine::Result<AnswerTable> {
    semantic::ask(engine, &Actor::system(), question).await
}

/// Every dimension of every fact and every measure by each kind of dimension. That every cut has an answer at all is shown without
/// workers (`questions` in `insight`).
pub fn questions(engine: &Engine) -> Vec<Question> {
    covering(&semantic::model(engine), |dimension| vec![dimension.levels.first().copied()])
}
