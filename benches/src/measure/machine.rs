//! What the figures were measured on.

use serde::Serialize;
use std::{fs, process::Command};

#[derive(Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
    pub memory_gb: f64,
    pub kernel: String,
    pub rustc: String,
    pub commit: String,
    /// Processes waiting for a core before the first measurement; above 1 others were working too.
    pub load_before: f64,
    pub measured_at: String,
}

impl Machine {
    pub fn look() -> Machine {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let kilobytes = value_of(&memory, "MemTotal").split(' ').next().and_then(|kb| kb.parse::<f64>().ok());
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: value_of(&info, "model name"),
            memory_gb: (kilobytes.unwrap_or_default() / 1e5).round() / 10.0,
            kernel: said("uname", &["-sr"]),
            rustc: said("rustc", &["--version"]),
            commit: said("git", &["describe", "--always", "--dirty"]),
            load_before: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default(),
            measured_at: meta::Clock::system().now().to_rfc3339(),
        }
    }

    pub fn line(&self) -> String {
        format!(
            "{} × {}, {} GB, {}, {}, commit {}, load before {:.1}",
            self.cores,
            self.processor,
            self.memory_gb,
            self.kernel,
            self.rustc,
            self.commit,
            self.load_before
        )
    }
}

/// The value of `name : value` in a file of /proc.
fn value_of(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
