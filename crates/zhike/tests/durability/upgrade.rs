//! `kill -9` while a start brings the schema up to date: the old program still works, and the next start finishes the job.

use crate::store::{Store, modules, on_both};
use engine::{Actor, Database, Engine, Module, Query};
use meta::{Entity, Field, Values, integer, text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

const ROUNDS: u64 = 3;
/// So many rounds that some kills must come too late.
const MANY: u64 = 50;
/// Kills at once, if none of the rounds came early enough.
const MORE_ROUNDS: u64 = 10;
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

/// What the process says last before it opens the database.
const BEGINS: &str = "begins to open";

/// Not a test: the process that is killed. It only opens the database.
#[tokio::test]
#[ignore = "runs in a process of its own, started by the test below"]
async fn opens_the_database_with_more_fields() {
    let Ok(round) = std::env::var(ROUND) else { return };
    let database = std::env::var(URL).map_or(Database::Sqlite, Database::Postgres);
    let options = engine::Options::new(database, std::env::var(FOLDER).unwrap());
    println!("{BEGINS}");
    Engine::open(options, upgraded(round.parse().unwrap()), meta::Clock::system()).await.unwrap();
}

/// A process that brings the schema to version `round`.
struct Opening {
    child: Child,
    /// Held open, or it could say nothing any more.
    _said: BufReader<ChildStdout>,
}

impl Opening {
    /// Comes back when it begins to open the database.
    fn begin(store: &Store, round: u64) -> Opening {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let test = "upgrade::opens_the_database_with_more_fields";
        command.args(["--exact", test, "--ignored", "--nocapture"]);
        command.env(FOLDER, store.data()).env(ROUND, round.to_string()).env_remove(URL);
        if let Database::Postgres(url) = &store.database {
            command.env(URL, url);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.trim_end().ends_with(BEGINS) {
            line.clear();
            if said.read_line(&mut line).unwrap() == 0 {
                let output = child.wait_with_output().unwrap();
                panic!("it opened nothing: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        Opening { child, _said: said }
    }

    /// Waits for its end.
    fn finish(self) {
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Whether it had come to a good end before.
    fn kill(mut self) -> bool {
        self.child.kill().unwrap();
        let output = self.child.wait_with_output().unwrap();
        let (ended, killed) = (output.status.success(), output.status.signal() == Some(9));
        assert!(ended || killed, "{}", String::from_utf8_lossy(&output.stderr));
        ended
    }
}

/// Whether a start would bring the schema to version `round`, or has.
async fn is_behind(store: &Store, round: u64) -> bool {
    let found = engine::inspect(&store.database, &store.data(), upgraded(round)).await.unwrap().unwrap();
    assert_eq!(found.refusal, None);
    found.steps.unwrap() > 0
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
        // What nobody disturbs shows that the process does what it is killed for, and how long it takes for it.
        assert!(is_behind(store, 0).await);
        let opening = Opening::begin(store, 0);
        let began = Instant::now();
        opening.finish();
        let mut takes = began.elapsed();
        assert!(!is_behind(store, 0).await, "the process ended well and changed nothing");
        let (mut before, mut after) = (0, 0);
        let mut round = 0;
        while round < rounds || before == 0 && round < rounds + MORE_ROUNDS {
            round += 1;
            let longest = if before == 0 { Duration::ZERO } else { takes.mul_f64(1.5) };
            let at = longest.mul_f64(chance.random_range(0.0..1.0));
            let opening = Opening::begin(store, round);
            tokio::time::sleep(at).await;
            let ended = opening.kill();
            // How long it takes now, as far as this tells.
            if is_behind(store, round).await {
                assert!(!ended, "the process ended well and changed nothing");
                before += 1;
                takes = takes.max(at);
            } else {
                after += 1;
                takes = takes.min(at.max(Duration::from_millis(1)));
            }
            // The version before works as ever …
            in_order(&store.open(upgraded(round - 1)).await.unwrap()).await;
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
        println!(
            "{}: {round} upgrades killed, {before} before they had happened, {after} after",
            store.name()
        );
        assert!(before > 0, "every upgrade had happened before it was killed");
        assert!(after > 0 || rounds < MANY, "no upgrade had happened when it was killed");
    });
}
