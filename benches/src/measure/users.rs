//! Two hundred people at work: each does something every four seconds, reading pages, asking the API, now and then writing an
//! order. Lasts as long as ten measurements; the memory after each tenth says whether it grows.

use super::{
    oha::{self, Measured, Pace},
    process::Memory,
    report::Figure,
    sample::Sample,
    scenarios::scenario,
    server::Server,
    visitor::Visitor,
};
use anyhow::Context;
use serde_json::{Value as Json, json};
use std::{path::Path, time::Duration};

const TENTHS: u64 = 10;
const P99_MS: f64 = 50.0;
/// The last tenth's memory to the second's, in which caches are filled. Without the company's file: what is mapped of it is the
/// kernel's to take back.
const GROWTH: f64 = 1.1;
/// What is done, by how many, how often a second. Together 200 people and 50 requests a second.
const WORK: [(&str, usize, u32); 4] =
    [("mixed", 150, 38), ("list-api", 20, 5), ("record-api", 20, 5), ("create-order", 10, 2)];

pub async fn measure(
    oha: &Path,
    server: &Server,
    visitor: &Visitor,
    sample: &mut Sample,
    seconds: u64,
) -> anyhow::Result<(Vec<Figure>, Json)> {
    let mut loads = vec![];
    for (name, ..) in WORK {
        loads.push(scenario(name, visitor, sample).await?.context(name)?.load);
    }
    let runs = WORK.iter().zip(&loads).map(|((_, clients, rate), load)| {
        oha::run(oha, server, load, Pace { clients: *clients, rate: Some(*rate), seconds: TENTHS * seconds })
    });
    let (measured, memory) =
        futures::join!(futures::future::try_join_all(runs), after_each_tenth(server, seconds));
    let measured = measured?;
    let own_mb: Vec<f64> = memory.iter().map(|memory| memory.own).collect();
    Ok((figures(&measured, &memory), json!({ "runs": measured, "own_mb": own_mb })))
}

async fn after_each_tenth(server: &Server, seconds: u64) -> Vec<Memory> {
    let mut memory = vec![];
    for _ in 0..TENTHS {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        memory.push(server.memory());
    }
    memory
}

fn figures(measured: &[Measured], memory: &[Memory]) -> Vec<Figure> {
    let mut figures = vec![];
    for ((name, clients, rate), one) in WORK.iter().zip(measured) {
        let what = |figure: &str| format!("{name}, {clients} people, {rate}/s: {figure}");
        figures.push(Figure::new("users", what("requests"), one.requests as f64, "requests"));
        figures.push(Figure::new("users", what("p50"), one.p50_ms, "ms"));
        figures.push(Figure::new("users", what("p99"), one.p99_ms, "ms").at_most(P99_MS));
        figures.push(Figure::new("users", what("slowest"), one.slowest_ms, "ms"));
        figures.push(Figure::new("users", what("failed"), one.failed as f64, "requests").at_most(0.0));
    }
    let (second, last) = (&memory[1], &memory[memory.len() - 1]);
    let most = memory.iter().map(|memory| memory.own).fold(0.0, f64::max);
    figures.push(Figure::new("users", "RSS at the end", last.now, "MB"));
    figures.push(Figure::new("users", "of it not files", last.own, "MB"));
    figures.push(Figure::new("users", "not files, at most after a tenth", most, "MB"));
    let growth = last.own / second.own;
    figures
        .push(Figure::new("users", "not files, at the end to after two tenths", growth, "×").at_most(GROWTH));
    figures
}
