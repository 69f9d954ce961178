//! `bench`: a made-up company of any size, and how fast Zhike is on it. `script/bench` builds and runs it.

mod data;
mod measure;
mod modules;
mod night;
mod olap;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Memory is that of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "bench", about = "Measures Zhike on a company of any size", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the company, or say where it is, as JSON
    Data(data::Arguments),
    /// Measure and report
    Run(measure::Arguments),
    /// Ask the warehouse questions over every order line
    Olap(olap::Arguments),
    /// Compute what the program computes every night
    Night(night::Arguments),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Data(arguments) => data::run(&arguments),
        Command::Run(arguments) => measure::run(&arguments),
        Command::Olap(arguments) => olap::run(&arguments),
        Command::Night(arguments) => night::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
