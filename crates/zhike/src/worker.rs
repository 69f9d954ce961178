//! `zhike worker`: a machine that computes for others; and the other end, the machines this program asks.

use crate::{
    config::{Config, warehouse},
    doctor::Finding,
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
    let asked = serve::asked_to_end()?;
    println!("Zhike worker listens on {address}");
    cluster::serve(listener, settings, asked).await
}

/// Lets the company's large questions be computed by the workers, if there are any.
pub fn ask_workers(engine: &Engine, config: &Config) -> anyhow::Result<()> {
    let urls = urls(config)?;
    if urls.is_empty() {
        return Ok(());
    }
    let manner = Manner {
        bytes_per_processor: (config.worker_share as usize) << 10,
        lost_for: LOST_FOR,
        required: config.workers_required,
    };
    cluster::ask_workers(engine, Arc::new(Coordinator::new(urls, link(config)?, manner)));
    Ok(())
}

fn urls(config: &Config) -> anyhow::Result<Vec<Url>> {
    let url = |worker: &&str| {
        Url::parse(worker).map_err(|error| anyhow!("warehouse_workers: “{worker}” is no address: {error}"))
    };
    warehouse::workers(config).iter().map(url).collect()
}

/// What `zhike doctor` says of them.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let found = async { anyhow::Ok(cluster::look(urls(config)?, link(config)?).await) }.await;
    match found {
        Ok(workers) => workers.into_iter().map(|(url, found)| finding(&url, found)).collect(),
        Err(error) => vec![Finding::problem("worker", format!("{error:#}"), "Correct the setting")],
    }
}

fn finding(url: &Url, found: Result<(), String>) -> Finding {
    match found {
        Ok(()) => Finding::ok("worker", url.as_str()),
        Err(why) => Finding::warning(
            "worker",
            format!("{url}: {why}"),
            "Start it with the same program, storage and worker_secret; without workers the server computes itself",
        ),
    }
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
