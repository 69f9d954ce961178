//! Workers at https://, whose certificate an authority of the company's own has signed. (That authority's key is thrown away, and
//! the worker's is good for 127.0.0.1 only.)

use crate::{
    company::{PATIENCE, SECRET, traded},
    fleet::{Worker, alone, command, runtime},
};
use cluster::{Coordinator, Link, Manner};
use engine::{Actor, Engine};
use std::{path::Path, sync::Arc, time::Duration};
use warehouse::{Answer, Limits, here};

const SQL: &str = "SELECT account_key, count(*), sum(net) FROM sales GROUP BY 1 ORDER BY 1";

fn file(name: &str) -> String {
    format!("{}/tests/cluster/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn ask_with(engine: &Engine, urls: &[String], authority: Option<&str>) -> Arc<Coordinator> {
    let program = cluster::identity_of(Path::new(env!("CARGO_BIN_EXE_zhike"))).unwrap();
    let authority = authority.map(|name| std::fs::read(file(name)).unwrap());
    let link = Link::new(SECRET, &program, PATIENCE, authority).unwrap();
    let manner = Manner { bytes_per_processor: 1, lost_for: Duration::from_millis(300), required: true };
    let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
    let coordinator = Arc::new(Coordinator::new(urls, link, manner));
    cluster::ask_workers(engine, coordinator.clone());
    coordinator
}

#[test]
fn workers_are_asked_and_ask_each_other_over_tls() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 60).await;
        let (certificate, key, authority) = (file("worker.pem"), file("worker.key"), file("authority.pem"));
        let worker = || {
            let environment = [("ZHIKE_WORKER_AUTHORITY", authority.as_str())];
            let program = Path::new(env!("CARGO_BIN_EXE_zhike"));
            let mut command = command(program, "127.0.0.1:0", &files, &environment);
            command.args(["--certificate", &certificate, "--key", &key]);
            Worker::of(command, &files)
        };
        let fleet = [worker(), worker()];
        let urls: Vec<String> = fleet.iter().map(|worker| format!("https://{}", worker.address)).collect();
        let ask = async || warehouse::query(&engine, &Actor::system(), SQL, Limits::PAGE).await;
        let rows = |answer: Answer| answer.values().collect::<engine::Result<Vec<_>>>().unwrap();
        let expected = rows(here(ask()).await.unwrap());
        let workers = ask_with(&engine, &urls, Some("authority.pem"));
        assert_eq!(rows(ask().await.unwrap()), expected);
        assert_eq!(workers.counts().answered.load(std::sync::atomic::Ordering::Relaxed), 1);
        // Neither in the clear nor with a certificate somebody else has signed.
        ask_with(&engine, &[fleet[0].url()], None);
        assert!(matches!(ask().await, Err(engine::Error::Unavailable(_))));
        ask_with(&engine, &urls, Some("worker.pem"));
        assert!(matches!(ask().await, Err(engine::Error::Unavailable(_))));
    });
}
