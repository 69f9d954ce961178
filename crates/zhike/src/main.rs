//! `zhike`: one program for the server, the demo, imports, figures and upkeep. A command is a file: its arguments and `run`.

mod audit;
mod cli;
mod company;
mod config;
mod demo;
mod doctor;
mod import;
mod logging;
mod mining;
mod modules;
mod open;
mod person;
mod running;
mod serve;
mod traces;
mod user;
mod value;
mod warehouse;
#[cfg(feature = "cluster")]
mod worker;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage or configuration.
fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let config = match config::load(&cli.settings) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("zhike: {error:#}");
            return ExitCode::from(2);
        }
    };
    let done = engine::runtimes().map_err(anyhow::Error::from).and_then(|runtime| {
        let traces = runtime.block_on(async { logging::start(&config) })?;
        let done = runtime.block_on(cli::run(cli.command, config));
        traces.into_iter().for_each(traces::Traces::end);
        done
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("zhike: {error:#}");
            ExitCode::FAILURE
        }
    }
}
