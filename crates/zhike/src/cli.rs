//! The command line. Settings stand before or after the command; see `config` for where else they may come from.

use crate::{
    audit, company, config::Config, config::Flags, demo, doctor, import, mining, person, serve, user, value,
    warehouse,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "zhike",
    version,
    about = "Zhike 知客: every customer, and what each is worth",
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub settings: Flags,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the server
    Serve,
    /// Run the server with a made-up company to look around in
    Demo,
    /// Check configuration, data folder, disk and database, and say what to do
    Doctor(doctor::Arguments),
    /// Fit the models of customer value, show them, list customers by value
    Value(value::Arguments),
    /// Show the forecast of sales by week, computed by `value mine`
    Forecast(mining::ForecastArguments),
    /// Keep the warehouse of figures up to date
    Warehouse(warehouse::Arguments),
    /// Ask the warehouse a question in SQL
    Query(warehouse::Question),
    /// Compute for other machines: parts of large questions to the warehouse
    #[cfg(feature = "cluster")]
    Worker(crate::worker::Arguments),
    /// Import order history, customers, contacts, products or activities from a file
    #[command(subcommand)]
    Import(import::Command),
    /// Create users and give them new passwords
    User(user::Arguments),
    /// Verify the chain of the change log and the audit, print its newest seal
    Audit(audit::Arguments),
    /// Export or erase everything about one person
    Person(person::Arguments),
    /// Make, suspend, export and delete the companies of an installation that serves many
    Company(company::command::Arguments),
}

pub async fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve::run(&config).await?,
        Command::Demo => demo::run(config).await?,
        Command::Doctor(arguments) => return doctor::run(&arguments, &config).await,
        Command::Value(arguments) => value::run(arguments, &config).await?,
        Command::Forecast(arguments) => mining::forecast(arguments, &config).await?,
        Command::Warehouse(arguments) => warehouse::run(arguments, &config).await?,
        Command::Query(question) => warehouse::ask(question, &config).await?,
        #[cfg(feature = "cluster")]
        Command::Worker(arguments) => crate::worker::run(arguments, &config).await?,
        Command::Import(command) => return import::run(command, &config).await,
        Command::User(arguments) => user::run(arguments, &config).await?,
        Command::Audit(arguments) => return audit::run(arguments, &config).await,
        Command::Person(arguments) => person::run(arguments, &config).await?,
        Command::Company(arguments) => company::command::run(arguments, &config).await?,
    }
    Ok(ExitCode::SUCCESS)
}
