//! `bench run`: measures and reports. Every benchmark has a name; without names all run.

mod files;
mod life;
mod load;
mod machine;
mod oha;
mod process;
mod refresh;
mod report;
mod sample;
mod scenarios;
mod server;
mod users;
mod visitor;
mod writes;

use crate::data::{self, Manifest};
use anyhow::{Context, bail};
use clap::Args;
pub use machine::Machine;
pub use process::memory;
use report::Report;
pub use report::{Figure, table};
use sample::Sample;
use serde_json::Value as Json;
use server::{Program, Server};
use std::{io::Write, path::PathBuf, time::Instant};
use visitor::Visitor;

/// Besides the scenarios of [`scenarios::NAMES`], in this order around them.
const BEFORE: [&str; 2] = ["start", "writes"];
const AFTER: [&str; 6] = ["users", "export", "refresh", "idle", "import-orders", "import-accounts"];

#[derive(Args)]
#[group(skip)]
pub struct Arguments {
    /// What to measure; nothing is everything
    names: Vec<String>,
    #[command(flatten)]
    data: data::Arguments,
    /// The program to measure
    #[arg(long, value_name = "FILE")]
    zhike: PathBuf,
    /// The load generator, github.com/hatoo/oha
    #[arg(long, value_name = "FILE")]
    oha: PathBuf,
    /// The order lines to import, e.g. Online Retail; left out without it
    #[arg(long, value_name = "FILE", env = "ZHIKE_ONLINE_RETAIL")]
    orders_file: Option<PathBuf>,
    /// Of each measurement under load
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the JSON goes
    #[arg(long, value_name = "DIR", default_value = "target/bench-results")]
    results: PathBuf,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let known: Vec<&str> = BEFORE.into_iter().chain(scenarios::NAMES).chain(AFTER).collect();
    if let Some(unknown) = arguments.names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no benchmark {unknown}: use {}", known.join(", "));
    }
    let wanted = |name: &&str| arguments.names.is_empty() || arguments.names.iter().any(|own| own == name);
    let names: Vec<&str> = known.into_iter().filter(wanted).collect();
    let machine = Machine::look();
    let manifest = data::ready(&arguments.data)?;
    let place = data::place(&arguments.data);
    let program = Program { zhike: arguments.zhike.clone(), folder: place.folder, database: place.database };
    let session = Session { arguments, machine, manifest, program };
    tokio::runtime::Runtime::new()?.block_on(session.run(&names))
}

struct Session<'a> {
    arguments: &'a Arguments,
    machine: Machine,
    manifest: Manifest,
    program: Program,
}

type Outcome = anyhow::Result<Option<(Vec<Figure>, Json)>>;

impl Session<'_> {
    async fn run(&self, names: &[&str]) -> anyhow::Result<()> {
        let mut figures = vec![];
        let (mut failed, mut served) = (vec![], None);
        say(&format!("{}\n", self.machine.line()))?;
        for name in names {
            let began = Instant::now();
            eprintln!("{name} …");
            // One benchmark that fails does not hide the others.
            match self.one(name, &mut served).await {
                Ok(Some((own, details))) => {
                    self.keep(name, &own, details, began.elapsed().as_secs_f64())?;
                    figures.extend(own);
                }
                Ok(None) => eprintln!("{name}: left out, there is nothing to measure yet"),
                Err(error) => {
                    eprintln!("{name}: {error:#}");
                    failed.push(*name);
                }
            }
        }
        close(&mut served).await?;
        say(&format!("{}\n", table(&figures)))?;
        if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
    }

    fn keep(&self, name: &str, figures: &[Figure], details: Json, seconds: f64) -> anyhow::Result<()> {
        let database = if self.arguments.data.database_url.is_some() { "postgres" } else { "sqlite" };
        let (machine, scale, figures) = (&self.machine, self.manifest.scale, figures.to_vec());
        Report { machine, database, scale, seconds, figures, details }.save(&self.arguments.results, name)
    }

    async fn one(&self, name: &str, served: &mut Option<Served>) -> Outcome {
        match name {
            // These want the database for themselves.
            "writes" | "import-orders" | "import-accounts" | "start" => {
                let visitor =
                    if name == "start" { Some(self.served(served).await?.visitor.clone()) } else { None };
                close(served).await?;
                Ok(match (name, visitor) {
                    ("start", Some(visitor)) => Some(life::start(&self.program, &visitor).await?),
                    ("writes", _) => Some(writes::measure(&self.program, self.arguments.seconds).await?),
                    ("import-orders", _) => match &self.arguments.orders_file {
                        Some(file) => Some(files::import_orders(&self.program, file).await?),
                        None => None,
                    },
                    _ => Some(files::import_accounts(&self.program, self.manifest.size.accounts).await?),
                })
            }
            "export" => {
                let served = self.served(served).await?;
                Ok(Some(files::export(&served.server, &served.visitor).await?))
            }
            "users" => {
                let (oha, seconds) = (&self.arguments.oha, self.arguments.seconds);
                let served = self.served(served).await?;
                let (server, visitor) = (&served.server, &served.visitor);
                users::measure(oha, server, visitor, &mut served.sample, seconds).await.map(Some)
            }
            "refresh" => {
                let served = self.served(served).await?;
                let (server, visitor) = (&served.server, &served.visitor);
                refresh::measure(&self.arguments.oha, server, visitor, &mut served.sample).await.map(Some)
            }
            "idle" => Ok(Some(life::idle(&self.served(served).await?.server).await?)),
            _ => {
                let served = self.served(served).await?;
                let Some(scenario) = scenarios::scenario(name, &served.visitor, &mut served.sample).await?
                else {
                    return Ok(None);
                };
                served.server.quiet().await?;
                let seconds = self.arguments.seconds;
                load::measure(&self.arguments.oha, &served.server, &scenario, seconds).await.map(Some)
            }
        }
    }

    /// The running program; started when first wanted.
    async fn served<'s>(&self, served: &'s mut Option<Served>) -> anyhow::Result<&'s mut Served> {
        if served.is_none() {
            let server = self.program.start().await?;
            server.quiet().await?;
            let visitor = Visitor::sign_in(&server.address, &self.manifest).await?;
            let sample = Sample::draw(&visitor, &self.manifest).await?;
            *served = Some(Served { server, visitor, sample });
        }
        served.as_mut().context("the server")
    }
}

struct Served {
    server: Server,
    visitor: Visitor,
    sample: Sample,
}

async fn close(served: &mut Option<Served>) -> anyhow::Result<()> {
    match served.take() {
        Some(served) => served.server.stop().await,
        None => Ok(()),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
