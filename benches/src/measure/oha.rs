//! The load generator is `oha`; here are its arguments and its answer.

use super::{process::Memory, server::Server};
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{fs, path::Path, pin::pin, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// What is asked for: one of the addresses at random, each time.
#[derive(Clone)]
pub struct Load {
    pub addresses: Vec<String>,
    pub headers: Vec<String>,
    /// One of these is sent with each request, as JSON.
    pub bodies: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pace {
    pub clients: usize,
    /// Requests a second; `None` is as fast as they are answered.
    pub rate: Option<u32>,
    pub seconds: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub pace: Pace,
    pub requests: u64,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub slowest_ms: f64,
    /// Of the server, not of the load generator.
    pub cpu_ms_per_request: f64,
    pub rss_mb: f64,
    /// Of it without files mapped into memory.
    pub own_mb: f64,
    /// Answers other than 2xx and requests without answer.
    pub failed: u64,
    pub failures: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    summary: Summary,
    latency_percentiles: Percentiles,
    status_code_distribution: std::collections::BTreeMap<String, u64>,
    error_distribution: std::collections::BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: f64,
    slowest: Option<f64>,
}

#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p99: Option<f64>,
}

/// oha ends by itself; if it does not, it is ended.
const GRACE: Duration = Duration::from_secs(60);
/// Requests still open when the time is over are no failures.
const ABORTED: &str = "aborted due to deadline";

pub async fn run(oha: &Path, server: &Server, load: &Load, pace: Pace) -> anyhow::Result<Measured> {
    run_until(oha, server, load, pace, std::future::pending()).await
}

/// Ends before the pace's time once `over` is there, with what was measured until then.
pub async fn run_until(
    oha: &Path,
    server: &Server,
    load: &Load,
    pace: Pace,
    over: impl Future<Output = ()>,
) -> anyhow::Result<Measured> {
    let aside = tempfile::tempdir()?;
    let (addresses, bodies) = (aside.path().join("addresses"), aside.path().join("bodies"));
    fs::write(&addresses, load.addresses.join("\n"))?;
    let mut command = Command::new(oha);
    command
        .args(["--no-tui", "--output-format", "json", "--redirect", "0"])
        .args(["-z", &format!("{}s", pace.seconds), "-c", &pace.clients.to_string()])
        .args(load.headers.iter().flat_map(|header| ["-H", header]));
    if let Some(rate) = pace.rate {
        command.args(["-q", &rate.to_string(), "--latency-correction"]);
    }
    if !load.bodies.is_empty() {
        fs::write(&bodies, load.bodies.join("\n"))?;
        command.args(["-m", "POST", "-T", "application/json", "-Z"]).arg(&bodies);
    }
    command.arg("--urls-from-file").arg(&addresses);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let before = server.cpu_seconds();
    let child = command.spawn().with_context(|| format!("cannot start {}", oha.display()))?;
    let process = child.id().context("oha has ended")?;
    let mut done = pin!(timeout(Duration::from_secs(pace.seconds) + GRACE, child.wait_with_output()));
    let output = tokio::select! {
        output = &mut done => output,
        () = over => {
            // As by Ctrl-C: it tells what it has.
            let asked = Command::new("kill").args(["-INT", &process.to_string()]).status().await;
            asked.context("the program `kill` is missing")?;
            done.await
        }
    };
    let output = output.context("oha does not end")??;
    let cpu = server.cpu_seconds() - before;
    if !output.status.success() {
        bail!("oha failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    read(&output.stdout, pace, cpu, server.memory())
}

fn read(output: &[u8], pace: Pace, cpu_seconds: f64, memory: Memory) -> anyhow::Result<Measured> {
    let answer: Answer = serde_json::from_slice(output).context("oha's answer cannot be read")?;
    let good = |status: &String| status.starts_with('2');
    let statuses = &answer.status_code_distribution;
    let requests: u64 = statuses.values().sum();
    let mut failures: std::collections::BTreeMap<String, u64> = statuses.clone();
    failures.retain(|status, _| !good(status));
    let errors = answer.error_distribution.into_iter().filter(|(error, _)| error != ABORTED);
    failures.extend(errors);
    let ms = |seconds: Option<f64>| seconds.map_or(f64::NAN, |seconds| seconds * 1_000.0);
    if requests == 0 {
        bail!("no request was answered: {failures:?}");
    }
    Ok(Measured {
        pace,
        requests,
        per_second: answer.summary.requests_per_sec,
        p50_ms: ms(answer.latency_percentiles.p50),
        p99_ms: ms(answer.latency_percentiles.p99),
        slowest_ms: ms(answer.summary.slowest),
        cpu_ms_per_request: cpu_seconds * 1_000.0 / requests as f64,
        rss_mb: memory.now,
        own_mb: memory.own,
        failed: failures.values().sum(),
        failures: serde_json::to_value(failures)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_and_requests_cut_off_by_the_end_are_not() {
        let answer = r#"{"summary": {"requestsPerSec": 50.0, "slowest": 0.5, "other": 1},
            "latencyPercentiles": {"p50": 0.002, "p99": 0.02},
            "statusCodeDistribution": {"200": 95, "422": 5},
            "errorDistribution": {"aborted due to deadline": 16, "connection closed": 1}}"#;
        let pace = Pace { clients: 1, rate: None, seconds: 2 };
        let measured = read(answer.as_bytes(), pace, 0.5, Memory::default()).unwrap();
        assert_eq!((measured.requests, measured.failed), (100, 6));
        assert_eq!((measured.p50_ms, measured.p99_ms, measured.cpu_ms_per_request), (2.0, 20.0, 5.0));
    }
}
