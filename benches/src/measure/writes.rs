//! Durable single writes of the engine itself: many callers, each waiting for its commit before the next.

use super::{report::Figure, server::Program};
use crate::modules;
use engine::{Actor, Engine, Query};
use meta::{Id, Value, Values};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

const CALLERS: [usize; 3] = [1, 16, 64];
const WANTED_PER_SECOND: f64 = 5_000.0;
const RECORDS: usize = 1_000;

#[derive(Clone, Copy)]
enum Kind {
    Update,
    Create,
}

pub async fn measure(program: &Program, seconds: u64) -> anyhow::Result<(Vec<Figure>, Json)> {
    let engine = modules::open(program.database.clone(), &program.folder).await?;
    let page = engine.list(&Actor::system(), &Query::new("account").sort("id").limit(RECORDS)).await?;
    let accounts: Vec<Id> = page.records.iter().map(|account| account.id).collect();
    let (mut figures, mut details) = (vec![], vec![]);
    for (kind, what) in [(Kind::Update, "change one field"), (Kind::Create, "create an activity")] {
        for callers in CALLERS {
            let times = run(&engine, kind, callers, &accounts, Duration::from_secs(seconds)).await?;
            let per_second = times.len() as f64 / seconds as f64;
            let figure = Figure::new("writes", format!("{what}, {callers} callers"), per_second, "writes/s");
            let most = callers == CALLERS[CALLERS.len() - 1];
            figures.push(if most { figure.at_least(WANTED_PER_SECOND) } else { figure });
            details.push(json!({ "what": what, "callers": callers, "writes": times.len(),
                "p50_ms": percentile(&times, 0.5), "p99_ms": percentile(&times, 0.99) }));
        }
    }
    Ok((figures, Json::Array(details)))
}

/// How long each write took, in milliseconds, the quickest first.
async fn run(
    engine: &Engine,
    kind: Kind,
    callers: usize,
    accounts: &[Id],
    length: Duration,
) -> anyhow::Result<Vec<f64>> {
    let end = Instant::now() + length;
    let tasks = (0..callers).map(|caller| {
        let (engine, accounts) = (engine.clone(), accounts.to_vec());
        tokio::spawn(async move {
            let mut times = vec![];
            while Instant::now() < end {
                let began = Instant::now();
                let number = times.len();
                // Callers do not meet on one record: that would be a conflict, not a write.
                let account = accounts[(number * callers + caller) % accounts.len()];
                write(&engine, kind, account, number).await?;
                times.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok::<_, engine::Error>(times)
        })
    });
    let mut all = vec![];
    for times in futures::future::join_all(tasks).await {
        all.extend(times??);
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

async fn write(engine: &Engine, kind: Kind, account: Id, number: usize) -> engine::Result<()> {
    let values: Values = match kind {
        Kind::Update => [("habits".to_owned(), Value::from(format!("{number}").as_str()))].into(),
        Kind::Create => [
            ("subject".to_owned(), "回访".into()),
            ("kind".to_owned(), "call".into()),
            ("account".to_owned(), account.into()),
        ]
        .into(),
    };
    let system = Actor::system();
    let written = engine.write(&system, move |tx| {
        Box::pin(async move {
            match kind {
                Kind::Update => tx.update("account", account, None, values).await.map(drop),
                Kind::Create => tx.create("activity", values).await.map(drop),
            }
        })
    });
    written.await
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_from_the_sorted_times() {
        let times: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&times, 0.5), percentile(&times, 0.99)), (51.0, 100.0));
        assert!(percentile(&[], 0.5).is_nan());
    }
}
