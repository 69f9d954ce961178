//! Readers while everybody's figures are computed anew: as quick as while nothing else happens? The figures are held at another day,
//! as an administrator does it on their page, so that all of them move and everything is mined beside, as it is every night; then
//! they follow the day again, by which all of them move once more, and nothing is mined, because that was just done.

use super::{
    oha::{self, Load, Measured, Pace},
    report::Figure,
    sample::Sample,
    scenarios::scenario,
    server::Server,
    visitor::Visitor,
};
use anyhow::{Context, bail};
use meta::Clock;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::sleep};

/// What is read, by how many, how often a second.
const WORK: [(&str, usize, u32); 3] = [("mixed", 50, 50), ("list-api", 20, 25), ("record-api", 20, 25)];
const WARM_UP_SECONDS: u64 = 3;
const QUIET_SECONDS: u64 = 60;
/// Beside a refit that takes less (a small company), still so long.
const LEAST: Duration = Duration::from_secs(2);
/// A refit that takes longer has failed.
const LIMIT_SECONDS: u64 = 900;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The issue's targets.
const TIMES: f64 = 2.0;
const REFIT_SECONDS: f64 = 30.0;

const PAGE: &str = "/value";
const REFIT: &str = "/value/refit";
/// Mining is done again at once for a day it was not done for: each run takes another of so many.
const DAYS: i64 = 7;

pub async fn measure(
    oha: &Path,
    server: &Server,
    visitor: &Visitor,
    sample: &mut Sample,
) -> anyhow::Result<(Vec<Figure>, Json)> {
    let mut loads = vec![];
    for (name, ..) in WORK {
        loads.push(scenario(name, visitor, sample).await?.context(name)?.load);
    }
    server.quiet().await?;
    let readers = Readers { oha, server, loads };
    let (_never, over) = watch::channel(false);
    readers.read(WARM_UP_SECONDS, &over).await?;
    let quiet = readers.read(QUIET_SECONDS, &over).await?;
    let back = 1 + fit_in_force(visitor).await?.rem_euclid(DAYS);
    let day = Clock::system().today() - chrono::Duration::days(back);
    let mining = beside(&readers, visitor, &day.to_string()).await;
    // Whatever happened: the figures follow the day again.
    server.quiet().await?;
    let alone = beside(&readers, visitor, "").await;
    server.quiet().await?;
    let (mining, alone) = (mining?, alone?);
    let mut figures = vec![];
    for (name, measured, most) in
        [("a refit", &alone, Some(REFIT_SECONDS)), ("a refit and mining", &mining, None)]
    {
        figures.extend(compared(name, &quiet, measured, most));
    }
    Ok((figures, json!({ "quiet": quiet, "beside_refit": alone, "beside_refit_and_mining": mining })))
}

/// What readers wait, and how long the refit takes.
#[derive(Serialize)]
struct Beside {
    readers: Vec<Measured>,
    refit_seconds: f64,
}

async fn beside(readers: &Readers<'_>, visitor: &Visitor, as_of: &str) -> anyhow::Result<Beside> {
    let (done, over) = watch::channel(false);
    let refit = async {
        let (took, ()) = tokio::join!(hold(visitor, as_of), sleep(LEAST));
        done.send_replace(true);
        took
    };
    let (readers, took) = tokio::join!(readers.read(LIMIT_SECONDS, &over), refit);
    Ok(Beside { readers: readers?, refit_seconds: took? })
}

struct Readers<'a> {
    oha: &'a Path,
    server: &'a Server,
    loads: Vec<Load>,
}

impl Readers<'_> {
    /// All of them at once, for so long or until it is over.
    async fn read(&self, seconds: u64, over: &watch::Receiver<bool>) -> anyhow::Result<Vec<Measured>> {
        let runs = WORK.iter().zip(&self.loads).map(|((_, clients, rate), load)| {
            let mut over = over.clone();
            let over = async move {
                over.wait_for(|over| *over).await.ok();
            };
            let pace = Pace { clients: *clients, rate: Some(*rate), seconds };
            oha::run_until(self.oha, self.server, load, pace, over)
        });
        futures::future::try_join_all(runs).await
    }
}

/// Holds the figures at a day, without one at today, and waits until they are: in seconds.
async fn hold(visitor: &Visitor, as_of: &str) -> anyhow::Result<f64> {
    let fit = fit_in_force(visitor).await?;
    let began = Instant::now();
    visitor.send(PAGE, "/value/as-of", &[("as_of", as_of)]).await?;
    while began.elapsed().as_secs() < LIMIT_SECONDS {
        // It tells pages with another fit to load themselves again once no refit is under way.
        let answer = visitor.page(&format!("{REFIT}?model={fit}")).await?;
        if answer.headers().contains_key("hx-refresh") {
            return Ok(began.elapsed().as_secs_f64());
        }
        sleep(LOOK_EVERY).await;
    }
    bail!("no refit has ended after {LIMIT_SECONDS} s: {PAGE} says why")
}

async fn fit_in_force(visitor: &Visitor) -> anyhow::Result<i64> {
    let page = visitor.page(PAGE).await?.text().await?;
    fit_of(&page).with_context(|| format!("{PAGE} does not say which fit it shows"))
}

fn fit_of(page: &str) -> Option<i64> {
    let (_, rest) = page.split_once(&format!("{REFIT}?model="))?;
    rest.split('"').next()?.parse().ok()
}

fn compared(work: &str, quiet: &[Measured], beside: &Beside, most_seconds: Option<f64>) -> Vec<Figure> {
    let mut figures = vec![];
    for ((name, _, rate), (quiet, beside)) in WORK.iter().zip(quiet.iter().zip(&beside.readers)) {
        let mut tell = |what: &str, value: f64, unit, most: Option<f64>| {
            let figure = Figure::new("refresh", format!("{name}, {rate}/s: {what}"), value, unit);
            figures.push(match most {
                Some(most) => figure.at_most(most),
                None => figure,
            });
        };
        tell("quiet p50", quiet.p50_ms, "ms", None);
        tell("quiet p99", quiet.p99_ms, "ms", None);
        tell(&format!("beside {work} p50"), beside.p50_ms, "ms", None);
        tell(&format!("beside {work} p99"), beside.p99_ms, "ms", None);
        tell(&format!("p99 beside {work} to quiet"), beside.p99_ms / quiet.p99_ms, "×", Some(TIMES));
        tell("failed", (quiet.failed + beside.failed) as f64, "requests", Some(0.0));
    }
    let took = Figure::new("refresh", work.to_owned(), beside.refit_seconds, "s");
    figures.push(match most_seconds {
        Some(most) => took.at_most(most),
        None => took,
    });
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_a_page_shows_is_found_in_it() {
        let page = r#"<div id="refit" class="refit" hx-get="/value/refit?model=41" hx-trigger="every 10s">"#;
        assert_eq!(fit_of(page), Some(41));
        assert_eq!(fit_of("<html></html>"), None);
    }
}
