//! `kill -9` while a start brings the schema up to date: the old program still works, and the next start finishes the job.

use crate::store::{Store, modules, on_both};
use engine::{Actor, Database, Engine, Module, Query};
use meta::{Entity, Field, Values, integer, text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    process::{Command, Stdio},
    time::Duration,
};

const ROUNDS: u64 = 3;
const ACCOUNTS: usize = 3_000;
const FIELDS: usize = 6;
/// Each adds columns, of which a table has only so many.
const ROUNDS_LIMIT: u64 = 100;
const FOLDER: &str = "ZHIKE_UPGRADE_FOLDER";
const URL: &str = "ZHIKE_UPGRADE_URL";
const ROUND: &str = "ZHIKE_UPGRADE_ROUND";

/// What version `round` of the program adds: fields with indexes, and an entity.
fn upgraded(round: u64) -> Vec<Module> {
    let fields = |round: u64| -> Vec<Field> {
        let field = |index: usize| {
            let name = format!("extra_{round}_{index}");
            if index.is_multiple_of(2) {
                text(&name).zh("附加").indexed()
            } else {
                integer(&name).zh("附加").indexed()
            }
        };
        (0..FIELDS).map(field).collect()
    };
    let entity = |round: u64| {
        Entity::new(&format!("extra_{round}"))
            .labels("Extra", "Extras", "附加")
            .field(text("name").zh("名称").searched().indexed())
            .list(["name"])
    };
    let mut extra = Module::new("extra");
    for past in 0..=round {
        extra = extra.extend("account", fields(past)).entity(entity(past));
    }
    let mut all = modules();
    all.push(extra);
    all
}

/// Not a test: the process that is killed. It only opens the database.
#[tokio::test]
#[ignore = "runs in a process of its own, started by the test below"]
async fn opens_the_database_with_more_fields() {
    let Ok(round) = std::env::var(ROUND) else { return };
    let database = std::env::var(URL).map_or(Database::Sqlite, Database::Postgres);
    let options = engine::Options::new(database, std::env::var(FOLDER).unwrap());
    Engine::open(options, upgraded(round.parse().unwrap()), meta::Clock::system()).await.unwrap();
}

fn start(store: &Store, round: u64) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "upgrade::opens_the_database_with_more_fields", "--ignored"]);
    command.env(FOLDER, store.data()).env(ROUND, round.to_string()).env_remove(URL);
    if let Database::Postgres(url) = &store.database {
        command.env(URL, url);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

async fn in_order(engine: &Engine) {
    let found = engine.examine().await.unwrap();
    let wrong: Vec<_> =
        found.iter().filter(|verdict| verdict.wrong > 0 && verdict.under_way.is_none()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let count = engine.count(&Actor::system(), &Query::new("account"), 100_000).await.unwrap();
    assert_eq!(count.number as usize, ACCOUNTS);
}

#[test]
fn an_upgrade_that_is_killed_has_happened_or_not() {
    let rounds = std::env::var("ZHIKE_KILL_ROUNDS")
        .map_or(ROUNDS, |text| text.parse::<u64>().unwrap().min(ROUNDS_LIMIT));
    on_both(async |store| {
        let engine = store.open(modules()).await.unwrap();
        let accounts =
            (0..ACCOUNTS).map(|index| Values::from([("name".to_owned(), format!("客户 {index}").into())]));
        let accounts: Vec<Values> = accounts.collect();
        let system = Actor::system();
        let filled = engine.write(&system, move |tx| {
            Box::pin(async move { tx.create_many("account", accounts).await.map(drop) })
        });
        filled.await.unwrap();
        while insight::live::follow(&engine).await.unwrap() > 0 {}
        drop(engine);
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut finished = 0;
        for round in 0..rounds {
            let mut child = start(store, round);
            tokio::time::sleep(Duration::from_millis(chance.random_range(10..400))).await;
            finished += usize::from(child.try_wait().unwrap().is_some());
            child.kill().unwrap();
            child.wait().unwrap();
            // The version before works as ever …
            let before = if round == 0 { modules() } else { upgraded(round - 1) };
            in_order(&store.open(before).await.unwrap()).await;
            // … and the new one completes what was interrupted.
            let engine = store.open(upgraded(round)).await.unwrap();
            in_order(&engine).await;
            let name = format!("extra_{round}");
            let made = engine.write(&system, move |tx| {
                Box::pin(async move {
                    tx.create(&name, Values::from([("name".to_owned(), "x".into())])).await.map(drop)
                })
            });
            made.await.unwrap();
        }
        println!("{}: {rounds} upgrades killed, {finished} of them after their end", store.name());
    });
}
