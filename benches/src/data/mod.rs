//! `bench data`: the company in a database, made once and kept as long as scale and schema stay the same.

mod activities;
mod catalogue;
mod cell;
mod chance;
mod company;
mod customers;
mod loader;
mod make;
mod names;
mod orders;
mod postgres;
mod rates;
mod sink;
mod sqlite;
#[cfg(test)]
mod tests;
mod words;

pub use chance::Chance;
pub use make::{Manifest, Place};
pub use names::Names;
pub use postgres::database_of;

use anyhow::{Context, bail};
use clap::Args;
use engine::Database;
use meta::NaiveDate;
use std::path::PathBuf;

const FOLDER: &str = "/var/tmp/zhike-bench";
const ORDERS: f64 = 5_000_000.0;

#[derive(Args, Clone)]
pub struct Arguments {
    /// 1 is a million customers and five million orders
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// Orders at scale 1, of three lines each on average
    #[arg(long, default_value_t = ORDERS)]
    pub orders: f64,
    /// Folder of the company [default: one per scale and database in $ZHIKE_BENCH_DATA or /var/tmp/zhike-bench]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite: an empty database, or the one made before
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The day the history ends [default: today]
    #[arg(long, value_name = "DATE")]
    pub until: Option<NaiveDate>,
    /// Leave out what customers are worth: the company is ready sooner, sorting by value means nothing
    #[arg(long)]
    pub without_figures: bool,
    /// Bring one that was made for an older schema up to date, as the program does when it starts, instead of making it anew
    #[arg(long)]
    pub upgrade: bool,
    /// Make it anew even if it is there
    #[arg(long)]
    pub again: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let manifest = ready(arguments)?;
    let json = serde_json::to_string_pretty(&manifest)?;
    std::io::Write::write_all(&mut std::io::stdout(), format!("{json}\n").as_bytes())?;
    Ok(())
}

/// The company, made if it is not there.
pub fn ready(arguments: &Arguments) -> anyhow::Result<Manifest> {
    if !(arguments.scale > 0.0 && arguments.scale <= 10.0) {
        bail!("--scale {} makes no company: give a number above 0, at most 10", arguments.scale);
    }
    if !(arguments.orders >= 1.0 && arguments.orders <= 50_000_000.0) {
        bail!("--orders {} makes no company: give a number from 1 to 50000000", arguments.orders);
    }
    let place = place(arguments);
    std::fs::create_dir_all(&place.folder)
        .with_context(|| format!("cannot make the folder {}", place.folder.display()))?;
    make::ready(&place, arguments)
}

pub fn place(arguments: &Arguments) -> Place {
    let kind = if arguments.database_url.is_some() { "postgres" } else { "sqlite" };
    let folder = arguments.data.clone().unwrap_or_else(|| {
        let parent = std::env::var_os("ZHIKE_BENCH_DATA").map_or_else(|| FOLDER.into(), PathBuf::from);
        let orders =
            if arguments.orders == ORDERS { String::new() } else { format!("-{}", arguments.orders) };
        parent.join(format!("{kind}-{}{orders}", arguments.scale))
    });
    let database = match &arguments.database_url {
        Some(url) => Database::Postgres(url.clone()),
        None => Database::Sqlite,
    };
    Place { folder, database }
}
