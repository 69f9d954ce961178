//! Many companies on one server share a place and workers, each in a folder of its own.

use crate::{
    company::{SECRET, open, trade},
    fleet::{Worker, alone, runtime},
};
use std::{path::Path, process::Command};
use warehouse::Place;

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: &Path| if path.is_dir() { files_in(path) } else { 1 };
    entries.flatten().map(|entry| count(&entry.path())).sum()
}

#[test]
fn companies_share_a_place_and_workers_and_nothing_else() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (data, files) = (folder.path().join("data"), folder.path().join("files"));
    let zhike = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
        command.env_clear().args(arguments).env("ZHIKE_WORKER_SECRET", SECRET);
        command.args(["--data", data.to_str().unwrap(), "--storage", files.to_str().unwrap()]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (company, customers) in [("alpha", 10), ("beta", 20)] {
        let email = format!("{company}@example.com");
        zhike(&["company", "create", company, "--admin-name", company, "--admin-email", &email]);
        let own = data.join("companies").join(company);
        runtime().block_on(async { trade(&open(&own, Place::DataFolder).await, customers).await });
        zhike(&["warehouse", "refresh", "--company", company]);
    }
    let worker = Worker::start(files.to_str().unwrap());
    let count = |company: &str| {
        let question = ["query", "SELECT count(*) FROM account", "--company", company];
        let workers = ["--workers-required", "--worker-share", "0", "--warehouse-workers", &worker.url()];
        zhike(&[question.as_slice(), workers.as_slice()].concat()).trim().lines().last().unwrap().to_owned()
    };
    assert_eq!((count("alpha"), count("beta")), ("10".to_owned(), "20".to_owned()));
    assert!(files_in(&files.join("alpha")) > 3 && files_in(&files.join("beta")) > 3);
    zhike(&["company", "suspend", "alpha"]);
    zhike(&["company", "delete", "alpha", "--confirm", "alpha"]);
    assert_eq!(files_in(&files.join("alpha")), 0);
    assert_eq!(count("beta"), "20");
}
