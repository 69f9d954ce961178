//! Who is not let in, and what is not begun.

use crate::{
    company::{SECRET, SMALL, ask_workers, ask_workers_for, open, trade, traded},
    fleet::{Worker, alone, command, runtime},
};
use engine::Actor;
use std::{fs::OpenOptions, io::Write, path::Path};
use warehouse::{Limits, Place};

const SUM: &str = "SELECT count(*), sum(net) FROM sales";

#[test]
fn a_worker_with_another_secret_or_program_is_not_asked() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let storage = files.to_str().unwrap().to_owned();
    // One byte more is another program.
    let other = folder.path().join("zhike-of-tomorrow");
    std::fs::copy(env!("CARGO_BIN_EXE_zhike"), &other).unwrap();
    OpenOptions::new().append(true).open(&other).unwrap().write_all(b"\n").unwrap();
    runtime().block_on(async {
        let engine = open(folder.path(), Place::Folder(files.clone())).await;
        trade(&engine, 60).await;
        warehouse::refresh(&engine, SMALL, None).await.unwrap();
        let ask = async || warehouse::query(&engine, &Actor::system(), SUM, Limits::PAGE).await;
        let here = warehouse::here(ask()).await.unwrap();
        let right = Worker::start(&storage);
        let stranger = [("ZHIKE_WORKER_SECRET", "another secret another secret 32".replace(' ', "-"))];
        let stranger = stranger.each_ref().map(|(key, value)| (*key, value.as_str()));
        let stranger =
            Worker::begin(Path::new(env!("CARGO_BIN_EXE_zhike")), "127.0.0.1:0", &storage, &stranger);
        let tomorrow = Worker::begin(&other, "127.0.0.1:0", &storage, &[]);
        for (worker, why) in [(&stranger, "worker_secret"), (&tomorrow, "the same binary")] {
            ask_workers(&engine, &[worker.url()], true);
            let error = ask().await.unwrap_err().to_string();
            assert!(
                error.contains(why) && error.contains(&worker.url()) && !error.contains(SECRET),
                "{error}"
            );
        }
        // Those that are right do without those that are not.
        let workers = ask_workers(&engine, &[stranger.url(), right.url(), tomorrow.url()], true);
        let answer = ask().await.unwrap();
        assert_eq!(answer.batches, here.batches);
        assert_eq!(workers.counts().answered.load(std::sync::atomic::Ordering::Relaxed), 1);
    });
}

#[test]
fn where_workers_are_required_small_questions_are_theirs_too() {
    const LARGE: usize = 1 << 30;
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 60).await;
        let ask = async |sql: &str| warehouse::query(&engine, &Actor::system(), sql, Limits::PAGE).await;
        let here = warehouse::here(ask(SUM)).await.unwrap();
        let mut worker = Worker::start(&files);
        let workers = ask_workers_for(&engine, &[worker.url()], LARGE);
        assert_eq!(ask(SUM).await.unwrap().batches, here.batches);
        let answered = || workers.counts().answered.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(answered(), 1);
        // What reads no files is nobody's.
        ask("SELECT 1").await.unwrap();
        assert_eq!(answered(), 1);
        worker.signal("-KILL");
        worker.wait();
        let error = ask(SUM).await.unwrap_err();
        assert!(matches!(error, engine::Error::Unavailable(_)), "{error}");
        ask("SELECT 1").await.unwrap();
    });
}

#[test]
fn a_worker_does_not_begin_without_secret_or_place() {
    let program = Path::new(env!("CARGO_BIN_EXE_zhike"));
    for (storage, secret, named) in
        [("/tmp", "", "worker_secret"), ("/tmp", "short", "openssl rand"), ("gs://b", SECRET, "s3://bucket")]
    {
        let output =
            command(program, "127.0.0.1:0", storage, &[("ZHIKE_WORKER_SECRET", secret)]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(named), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_doctor_says_which_workers_can_be_asked() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let worker = Worker::start(files.to_str().unwrap());
    let workers = format!("{} http://127.0.0.1:9", worker.url());
    let mut doctor = std::process::Command::new(env!("CARGO_BIN_EXE_zhike"));
    doctor.env_clear().args(["doctor", "--listen", "127.0.0.1:0", "--storage", files.to_str().unwrap()]);
    doctor.args(["--warehouse-workers", &workers, "--data"]).arg(folder.path().join("data"));
    let output = doctor.env("ZHIKE_WORKER_SECRET", SECRET).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let line =
        |mark: &str, words: &str| said.lines().any(|line| line.starts_with(mark) && line.contains(words));
    assert!(line("ok", "not filled yet") && line("ok", &worker.url()), "{said}");
    assert!(line("warning", "127.0.0.1:9") && !said.contains(SECRET), "{said}");
}
