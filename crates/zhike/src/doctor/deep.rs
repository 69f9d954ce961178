//! `zhike doctor --deep`: whether everything in the database agrees with everything else. The engine and the modules know
//! what must hold; here it is put into words.

use super::{Finding, State};
use crate::{config::Config, open};
use engine::{Engine, Verdict};
use std::time::{Duration, Instant};

/// How long changes that other programs have not committed yet may keep the log from being followed to its end.
const FOLLOW_LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// `before`: what the ordinary checks found; a database they cannot use, or that a start would change, is not opened.
pub async fn examine(config: &Config, before: &[Finding]) -> Vec<Finding> {
    let state = |check: &str| before.iter().find(|finding| finding.check == check).map(|found| found.state);
    let usable = state("database") == Some(State::Ok) && state("integrity") != Some(State::Problem);
    if !usable || state("schema") != Some(State::Ok) || state("users").is_none() {
        return vec![Finding::warning(
            "deep",
            "left out: the database is not there yet, cannot be used, or is not up to date",
            "see the findings above; start this version once (zhike serve), then look again",
        )];
    }
    match verdicts(config).await {
        Ok(verdicts) => verdicts.into_iter().map(told).collect(),
        Err(error) => vec![Finding::problem(
            "deep",
            format!("could not be finished: {error:#}"),
            "see the findings above, then look again",
        )],
    }
}

async fn verdicts(config: &Config) -> anyhow::Result<Vec<Verdict>> {
    let engine = open::engine(config).await?;
    catch_up(&engine).await?;
    Ok(engine.examine().await?)
}

async fn catch_up(engine: &Engine) -> engine::Result<()> {
    let began = Instant::now();
    loop {
        while insight::live::step(engine).await? > 0 {}
        let behind = engine.last_change().await? > engine.position(insight::live::READER).await?;
        if !behind || began.elapsed() > FOLLOW_LIMIT {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn told(verdict: Verdict) -> Finding {
    let Verdict { check, checked, unit, wrong, examples, remedy, under_way } = verdict;
    if wrong == 0 {
        return Finding::ok(check, format!("{checked} {unit} agree"));
    }
    let more = wrong.saturating_sub(examples.len() as u64);
    let more = if more > 0 { format!(" … and {more} more") } else { String::new() };
    let found = format!("{wrong} disagree among {checked} {unit}: {}{more}", examples.join("; "));
    match under_way {
        Some(reason) => Finding::warning(check, format!("{found} ({reason})"), remedy),
        None => Finding::problem(check, found, remedy),
    }
}
