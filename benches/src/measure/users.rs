//! Two hundred people at work: each does something every four seconds, reading pages, asking the API, now and then writing an
//! order. Lasts as long as ten measurements; the memory after each tenth says whether it grows.

use super::{
    oha::{self, Measured, Pace},
    report::Figure,
    sample::Sample,
    scenarios::scenario,
    server::Server,
    visitor::Visitor,
};
use anyhow::Context;
use serde_json::Value as Json;
use std::path::Path;

const STRETCHES: usize = 10;
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
    let mut stretches: Vec<Vec<Measured>> = vec![];
    for _ in 0..STRETCHES {
        let runs = WORK.iter().zip(&loads).map(|((_, clients, rate), load)| {
            oha::run(oha, server, load, Pace { clients: *clients, rate: Some(*rate), seconds })
        });
        stretches.push(futures::future::try_join_all(runs).await?);
    }
    Ok((figures(&stretches), serde_json::to_value(&stretches)?))
}

fn figures(stretches: &[Vec<Measured>]) -> Vec<Figure> {
    let mut figures = vec![];
    for (index, (name, clients, rate)) in WORK.iter().enumerate() {
        let own = || stretches.iter().map(|stretch| &stretch[index]);
        let worst = |of: fn(&Measured) -> f64| own().map(of).fold(0.0, f64::max);
        let what = |figure: &str| format!("{name}, {clients} people, {rate}/s: {figure}");
        figures.push(Figure::new("users", what("worst p50"), worst(|one| one.p50_ms), "ms"));
        figures.push(Figure::new("users", what("worst p99"), worst(|one| one.p99_ms), "ms").at_most(P99_MS));
        let failed: u64 = own().map(|one| one.failed).sum();
        figures.push(Figure::new("users", what("failed"), failed as f64, "requests").at_most(0.0));
    }
    let last = &stretches[STRETCHES - 1][0];
    figures.push(Figure::new("users", "RSS at the end", last.rss_mb, "MB"));
    figures.push(Figure::new("users", "of it not files", last.own_mb, "MB"));
    let growth = last.own_mb / stretches[1][0].own_mb;
    figures
        .push(Figure::new("users", "not files, at the end to after two tenths", growth, "×").at_most(GROWTH));
    figures
}
