//! How long questions take in process and on one, two and three workers of this machine; no check, docs/scale.md says how to run it.

use crate::{
    company::{ask_workers_for, open},
    fleet::{alone, fleet, runtime, urls},
};
use engine::{Actor, Engine};
use std::time::{Duration, Instant};
use warehouse::{Limits, Place, here};

const TIMES: usize = 5;
const QUESTIONS: [(&str, &str); 5] = [
    ("total", "SELECT count(*), sum(net), sum(margin) FROM sales"),
    (
        "by province and month",
        "SELECT a.province, date_trunc('month', s.day) AS month, sum(s.net), count(DISTINCT s.\"order\") FROM sales s \
         JOIN account a ON a.key = s.account_key GROUP BY 1, 2",
    ),
    (
        "by customer",
        "SELECT account_key, count(*), sum(net), min(day), max(day) FROM sales GROUP BY account_key",
    ),
    (
        "best products by province",
        "SELECT province, product_key, net FROM (SELECT a.province, s.product_key, sum(s.net) AS net, \
         row_number() OVER (PARTITION BY a.province ORDER BY sum(s.net) DESC, s.product_key) AS place FROM sales s \
         JOIN account a ON a.key = s.account_key GROUP BY 1, 2) WHERE place <= 5",
    ),
    (
        "bought together",
        "SELECT a.product_key, b.product_key, count(*) FROM sales a JOIN sales b ON a.\"order\" = b.\"order\" \
         AND a.product_key < b.product_key GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20",
    ),
];

async fn median(engine: &Engine, sql: &str) -> Duration {
    let limits = Limits { time: Duration::from_secs(600), ..Limits::JOB };
    let mut taken = vec![];
    for _ in 0..TIMES {
        let began = Instant::now();
        warehouse::query(engine, &Actor::system(), sql, limits)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        taken.push(began.elapsed());
    }
    taken.sort();
    taken[TIMES / 2]
}

#[test]
#[ignore = "measures: ZHIKE_MEASURE names the data folder of a company, ZHIKE_MEASURE_FILES a folder for the warehouse"]
fn questions_on_one_to_three_workers() {
    let _alone = alone();
    let setting = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let (data, files) = (setting("ZHIKE_MEASURE"), setting("ZHIKE_MEASURE_FILES"));
    runtime().block_on(async {
        let engine = open(data.as_ref(), Place::Folder(files.clone().into())).await;
        let refreshed = warehouse::refresh(&engine, warehouse::Manner::default(), None).await.unwrap();
        println!("{refreshed:?}");
        let mut lines: Vec<Vec<Duration>> = vec![];
        for (_, sql) in QUESTIONS {
            lines.push(vec![here(median(&engine, sql)).await]);
        }
        for number in 1..=3 {
            let fleet = fleet(number, &files);
            let workers = ask_workers_for(&engine, &urls(&fleet), 1 << 20);
            for ((_, sql), line) in QUESTIONS.iter().zip(&mut lines) {
                line.push(median(&engine, sql).await);
            }
            println!("{number} workers: {:?}", workers.counts());
        }
        println!("| ms | in process | 1 worker | 2 workers | 3 workers |\n|---|---|---|---|---|");
        for ((name, _), line) in QUESTIONS.iter().zip(lines) {
            let cells: Vec<String> = line.iter().map(|taken| taken.as_millis().to_string()).collect();
            println!("| {name} | {} |", cells.join(" | "));
        }
    });
}
