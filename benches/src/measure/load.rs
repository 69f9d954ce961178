//! One scenario under three paces: one client, sixteen as fast as they can, sixteen at a fixed rate.

use super::{
    oha::{self, Measured, Pace},
    report::Figure,
    scenarios::Scenario,
    server::Server,
};
use serde_json::Value as Json;
use std::path::Path;

const CLIENTS: usize = 16;
const WARM_UP_SECONDS: u64 = 3;
/// The targets.
const P50_MS: f64 = 5.0;
const P99_MS: f64 = 25.0;
const READS_PER_SECOND: f64 = 1_000.0;
const BOARD_MS: f64 = 30.0;

pub async fn measure(
    oha: &Path,
    server: &Server,
    scenario: &Scenario,
    seconds: u64,
) -> anyhow::Result<(Vec<Figure>, Json)> {
    let pace = |clients, rate, seconds| Pace { clients, rate, seconds };
    let run = async |pace| oha::run(oha, server, &scenario.load, pace).await;
    run(pace(4, None, WARM_UP_SECONDS)).await?;
    let one = run(pace(1, None, seconds)).await?;
    let closed = run(pace(CLIENTS, None, seconds)).await?;
    let fixed = run(pace(CLIENTS, Some(scenario.rate), seconds)).await?;
    let figures = figures(scenario, &one, &closed, &fixed);
    Ok((figures, serde_json::to_value([one, closed, fixed])?))
}

fn figures(scenario: &Scenario, one: &Measured, closed: &Measured, fixed: &Measured) -> Vec<Figure> {
    let figure = |what: String, value: f64, unit| Figure::new(scenario.name, what, value, unit);
    let wanted = |figure: Figure, target: f64| match scenario.name {
        // Its target is about one reader.
        "board" | "mixed" => figure,
        _ => figure.at_most(target),
    };
    let alone = figure("1 client p50".into(), one.p50_ms, "ms");
    let rate = figure(format!("{CLIENTS} clients"), closed.per_second, "req/s");
    let at = format!("{CLIENTS} clients at {}/s", scenario.rate);
    let failed = one.failed + closed.failed + fixed.failed;
    vec![
        if scenario.name == "board" { alone.at_most(BOARD_MS) } else { alone },
        if scenario.reads && scenario.name != "board" { rate.at_least(READS_PER_SECOND) } else { rate },
        wanted(figure(format!("{CLIENTS} clients p50"), closed.p50_ms, "ms"), P50_MS),
        wanted(figure(format!("{CLIENTS} clients p99"), closed.p99_ms, "ms"), P99_MS),
        figure(format!("{at} kept"), fixed.per_second, "req/s"),
        wanted(figure(format!("{at} p50"), fixed.p50_ms, "ms"), P50_MS),
        wanted(figure(format!("{at} p99"), fixed.p99_ms, "ms"), P99_MS),
        figure("server CPU".into(), closed.cpu_ms_per_request, "ms/req"),
        figure("RSS".into(), closed.rss_mb, "MB"),
        figure("failed".into(), failed as f64, "requests").at_most(0.0),
    ]
}
