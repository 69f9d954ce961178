//! The log, always on standard error: standard output belongs to results that other programs read.

use crate::config::{Config, LogFormat, tracing_filter};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

pub fn start(config: &Config) {
    // PostgreSQL's notices (“already exists, skipping”) are no news, unless somebody asks for them by name.
    let quiet = if config.log.contains("sqlx") { "" } else { ",sqlx=warn" };
    let filter = tracing_filter(&format!("{}{quiet}", config.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match config.log_format {
        LogFormat::Text => log.with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}
