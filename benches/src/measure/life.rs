//! The program's own life: how soon the first page is there, how much memory a day's work leaves behind.

use super::{report::Figure, server::Program, visitor::Visitor};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const STARTS: usize = 5;
const START_SECONDS: f64 = 1.0;
const IDLE_MB: f64 = 200.0;
/// Idle before memory is looked at.
const IDLE: Duration = Duration::from_secs(10);
const FIRST_PAGE: &str = "/account";

/// From starting the program to the whole first page of a user who is signed in. The machine's file cache is warm.
pub async fn start(program: &Program, visitor: &Visitor) -> anyhow::Result<(Vec<Figure>, Json)> {
    let mut seconds = vec![];
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = program.start().await?;
        visitor.moved(&server.address).page(FIRST_PAGE).await?.bytes().await?;
        seconds.push(began.elapsed().as_secs_f64());
        server.stop().await?;
    }
    seconds.sort_by(f64::total_cmp);
    let figures = vec![
        Figure::new("start", format!("to the first page, median of {STARTS}"), seconds[STARTS / 2], "s")
            .at_most(START_SECONDS),
        Figure::new("start", "slowest", seconds[STARTS - 1], "s"),
    ];
    Ok((figures, json!({ "seconds": seconds })))
}

/// Memory after whatever was asked of this server before.
pub async fn idle(server: &super::server::Server) -> anyhow::Result<(Vec<Figure>, Json)> {
    server.quiet().await?;
    sleep(IDLE).await;
    let memory = server.memory();
    let figures = vec![
        Figure::new("idle", "RSS after the work", memory.now, "MB").at_most(IDLE_MB),
        Figure::new("idle", "of it not files", memory.own, "MB"),
        Figure::new("idle", "RSS at most", memory.peak, "MB"),
    ];
    Ok((figures, Json::Null))
}
