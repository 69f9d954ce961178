//! The warehouse in a bucket of a real server of S3: the same refresh, questions, erasure and workers as in a folder.

use crate::{
    company::{SMALL, ask, ask_workers, open, open_at, questions, trade, values},
    fleet::{Worker, alone, runtime},
};
use engine::{Actor, Engine};
use meta::{Clock, Id, Value};
use std::{path::Path, process::Command, sync::atomic::Ordering};
use testkit::S3;
use warehouse::{Bucket, Limits, Manner, Place, here};

fn bucket(server: &S3) -> Place {
    Place::Bucket(Bucket { url: format!("s3://{}/of/acme", S3::BUCKET), options: server.options() })
}

async fn rows(engine: &Engine, sql: &str) -> Vec<Vec<Value>> {
    let answer = warehouse::query(engine, &Actor::system(), sql, Limits::PAGE).await.unwrap();
    answer.values().collect::<engine::Result<_>>().unwrap()
}

async fn zhang(engine: &Engine) -> Id {
    let person =
        values([("name", "Zhang Yishan".into()), ("kind", "person".into()), ("phone", "13800138000".into())]);
    let system = Actor::system();
    let created = engine.write(&system, |tx| Box::pin(async move { tx.create("account", person).await }));
    created.await.unwrap()
}

/// How many objects hold his name.
fn holding_zhang(server: &S3) -> usize {
    let name = "Zhang Yishan".as_bytes();
    let holds = |object: &&String| server.bytes(object).windows(name.len()).any(|part| part == name);
    server.objects().iter().filter(holds).count()
}

const TABLES: [&str; 4] = ["account", "sales", "returns", "activities"];

async fn everything(engine: &Engine) -> Vec<Vec<Vec<Value>>> {
    let mut tables = vec![];
    for table in TABLES {
        let columns = columns_of(engine, table).await;
        tables.push(rows(engine, &format!("SELECT {columns} FROM {table} ORDER BY {columns}")).await);
    }
    tables
}

async fn columns_of(engine: &Engine, table: &str) -> String {
    let columns = rows(engine, &format!("DESCRIBE {table}")).await;
    let names = columns.iter().filter_map(|row| row[0].as_text().map(|name| format!("\"{name}\"")));
    names.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_warehouse_in_a_bucket_is_that_of_a_folder() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let server = S3::start().await;
        let engine = open(folder.path(), bucket(&server)).await;
        let beside = open(folder.path(), Place::Folder(folder.path().join("beside"))).await;
        trade(&engine, 40).await;
        let person = zhang(&engine).await;
        let first = warehouse::refresh(&engine, SMALL, None).await.unwrap();
        assert!(first.segments_written > 5, "{first:?}");
        warehouse::refresh(&beside, SMALL, None).await.unwrap();
        assert_eq!(everything(&engine).await, everything(&beside).await);
        assert!(
            server.objects().iter().all(|object| object.starts_with("of/acme/")),
            "{:?}",
            server.objects()
        );
        assert!(holding_zhang(&server) > 0);
        // Incremental: what changed, no more; it is what a full one gives.
        engine.erase(&Actor::system(), "account", person, "asked for it").await.unwrap();
        trade(&engine, 10).await;
        let second = warehouse::refresh(&engine, SMALL, None).await.unwrap();
        assert!((1..first.segments_written).contains(&second.segments_written), "{second:?}");
        let followed = everything(&engine).await;
        assert!(followed[0].iter().all(|row| row[1].as_text() != Some("Zhang Yishan")));
        warehouse::refresh(&engine, Manner { full: true, ..SMALL }, None).await.unwrap();
        assert_eq!(everything(&engine).await, followed);
        // Two at once: the second waits for the first, and what is asked is right.
        let again = open(folder.path(), bucket(&server)).await;
        let full = Manner { full: true, ..SMALL };
        let (one, other) =
            tokio::join!(warehouse::refresh(&engine, full, None), warehouse::refresh(&again, full, None));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(everything(&again).await, followed);
    });
}

#[test]
fn what_was_erased_leaves_the_bucket_after_its_grace_even_if_it_could_not_be_deleted_at_first() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let server = S3::start().await;
        let clock = Clock::fixed("2026-10-01T08:00:00Z".parse().unwrap());
        let engine = open_at(folder.path(), bucket(&server), clock.clone()).await;
        trade(&engine, 10).await;
        let person = zhang(&engine).await;
        let refresh = async || warehouse::refresh(&engine, SMALL, None).await.unwrap();
        refresh().await;
        engine.erase(&Actor::system(), "account", person, "asked for it").await.unwrap();
        refresh().await;
        assert!(holding_zhang(&server) > 0, "somebody may still be reading");
        clock.set(clock.now() + chrono::Duration::minutes(11));
        server.keep(true);
        let refused = refresh().await;
        assert!(holding_zhang(&server) > 0);
        // It is the one that is asked all the same.
        let status = warehouse::status(&engine).await.unwrap();
        assert_eq!((status.manifest, status.rows), (refused.manifest, refused.rows));
        server.keep(false);
        refresh().await;
        assert_eq!(holding_zhang(&server), 0);
        let manifests = server.objects().iter().filter(|object| object.contains("/manifest/")).count();
        assert_eq!(manifests, 2);
        let others = "SELECT count(*) FROM account WHERE name LIKE 'Customer %'";
        assert_eq!(rows(&engine, others).await, [vec![Value::Int(10)]]);
    });
}

#[test]
fn workers_read_the_bucket() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let server = S3::start().await;
        let engine = open(folder.path(), bucket(&server)).await;
        trade(&engine, 40).await;
        warehouse::refresh(&engine, SMALL, None).await.unwrap();
        let place = format!("s3://{}/of/acme", S3::BUCKET);
        let environment = [
            ("ZHIKE_S3_ENDPOINT", server.endpoint.as_str()),
            ("ZHIKE_S3_REGION", "us-east-1"),
            ("ZHIKE_S3_ACCESS_KEY_ID", S3::KEY),
            ("AWS_SECRET_ACCESS_KEY", S3::SECRET),
        ];
        let worker =
            || Worker::begin(Path::new(env!("CARGO_BIN_EXE_zhike")), "127.0.0.1:0", &place, &environment);
        let fleet = [worker(), worker()];
        let workers = ask_workers(&engine, &[fleet[0].url(), fleet[1].url()], true);
        for question in questions(&engine).iter().take(12) {
            assert_eq!(ask(&engine, question).await.unwrap(), here(ask(&engine, question)).await.unwrap());
        }
        assert!(workers.counts().answered.load(Ordering::Relaxed) >= 12, "{:?}", workers.counts());
    });
}

/// On the server's runtime, while a command of the program waits for it.
#[test]
fn the_command_line_keeps_the_warehouse_in_a_bucket_and_its_secret_to_itself() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let runtime = runtime();
    let server = runtime.block_on(async {
        let engine = open(folder.path(), Place::DataFolder).await;
        trade(&engine, 10).await;
        S3::start().await
    });
    let zhike = |arguments: &[&str], secret: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
        command.env_clear().args(arguments).args(["--data", data, "--log", "debug"]);
        command.args([
            "--storage",
            "s3://zhike",
            "--s3-endpoint",
            &server.endpoint,
            "--s3-region",
            "us-east-1",
        ]);
        command.envs([("ZHIKE_S3_ACCESS_KEY_ID", S3::KEY), ("ZHIKE_S3_SECRET_ACCESS_KEY", secret)]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains(secret), "{said}");
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let (done, _, said) = zhike(&["warehouse", "refresh"], S3::SECRET);
    assert!(done, "{said}");
    assert!(server.objects().iter().any(|object| object.starts_with("manifest/")), "{:?}", server.objects());
    let (done, counted, said) = zhike(&["query", "SELECT count(*) FROM account"], S3::SECRET);
    assert!(done && counted.trim().ends_with("10"), "{counted}{said}");
    let (done, _, said) = zhike(&["query", "SELECT count(*) FROM account"], "not-the-secret-of-the-test");
    assert!(!done && said.contains("warehouse's files"), "{said}");
}
