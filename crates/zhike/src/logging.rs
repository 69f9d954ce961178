//! The log, always on standard error: standard output belongs to results that other programs read.

use crate::{
    config::{Config, LogFormat, tracing_filter},
    traces::{self, Traces},
};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Also begins to send traces, if an endpoint is set.
pub fn start(config: &Config) -> anyhow::Result<Option<Traces>> {
    // PostgreSQL's notices (“already exists, skipping”) are no news, unless somebody asks for them by name.
    let quiet = if config.log.contains("sqlx") { "" } else { ",sqlx=warn" };
    let filter = tracing_filter(&format!("{}{quiet}", config.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let log = match config.log_format {
        LogFormat::Text => log.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => log.json().with_filter(filter).boxed(),
    };
    let traces = config.otlp_endpoint.as_deref().map(traces::begin).transpose()?;
    tracing_subscriber::registry().with(log).with(traces.as_ref().map(Traces::layer)).init();
    Ok(traces)
}
