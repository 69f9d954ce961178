//! `zhike worker`: a machine that computes for others; and the other end, the machines this program asks.

use crate::{
    config::{Config, warehouse},
    open, serve,
};
use ::warehouse::{MEMORY_BYTES, Place};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use cluster::{Coordinator, Link, Manner, Settings, identity};
use engine::Engine;
use meta::Clock;
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use url::Url;

/// Until a worker that was lost is tried again.
const LOST_FOR: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Arguments {
    /// Memory for all questions together, in MiB; beyond it they write to disk
    #[arg(long, default_value_t = MEMORY_BYTES >> 20, value_name = "MIB")]
    memory: usize,
    /// PEM file of the certificate to answer with at https://
    #[arg(long, requires = "key", value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// PEM file of its key
    #[arg(long, requires = "certificate", value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Until Ctrl-C or SIGTERM.
pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    let place = warehouse::place(config)?;
    if place == Place::DataFolder {
        bail!("a worker needs --storage, the same folder or bucket as those who ask it: s3://bucket/folder");
    }
    let certificate = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    let listener = serve::listen(config.listen).await?;
    let address = listener.local_addr()?;
    let settings = Settings {
        place,
        memory_bytes: arguments.memory << 20,
        link: link(config)?,
        certificate,
        run: Clock::system().new_id(),
    };
    println!("Zhike worker listens on {address}");
    cluster::serve(listener, settings, serve::asked_to_end()).await
}

/// Lets the company's large questions be computed by the workers, if there are any.
pub fn ask_workers(engine: &Engine, config: &Config) -> anyhow::Result<()> {
    let workers = warehouse::workers(config);
    if workers.is_empty() {
        return Ok(());
    }
    let urls = workers.iter().map(|worker| {
        Url::parse(worker).map_err(|error| anyhow!("warehouse_workers: “{worker}” is no address: {error}"))
    });
    let manner = Manner {
        bytes_per_processor: (config.worker_share as usize) << 10,
        lost_for: LOST_FOR,
        required: config.workers_required,
    };
    let coordinator = Coordinator::new(urls.collect::<anyhow::Result<_>>()?, link(config)?, manner);
    cluster::ask_workers(engine, Arc::new(coordinator));
    Ok(())
}

fn link(config: &Config) -> anyhow::Result<Link> {
    let secret = config.worker_secret.as_deref().unwrap_or_default();
    let program = identity().context("the program's own file cannot be read")?;
    let patience = Duration::from_secs(config.worker_patience.into());
    let authority = config.worker_authority.as_ref().map(read).transpose()?;
    Link::new(secret, program, patience, authority).map_err(open::explain)
}

fn read(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
