//! Data mining from the command line: mine, then look at groups, rules, recommendations, forecasts. With `--json` other tools read
//! standard output; field names are a contract (`insight::mining::report`).

use crate::{config::Config, open};
use anyhow::Context;
use clap::{Args, Subcommand};
use engine::{Actor, Engine, Query};
use insight::mining::{refresh, report};
use meta::Id;
use serde_json::Value as Json;
use std::io::Write;

#[derive(Subcommand)]
pub enum Action {
    /// Find groups, rules, recommendations and forecasts in the orders, and keep them
    Mine,
    /// Show the groups of customers who buy alike
    Segments,
    /// Show what is bought together, the strongest rules first
    Rules {
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show how well recommendations hit, and those for one customer
    Recommend {
        /// His id or his name
        #[arg(long)]
        customer: Option<String>,
    },
    /// Show who responds to a campaign, by an experiment whose groups were drawn
    Uplift {
        /// The experiment's id or its name
        #[arg(long)]
        experiment: String,
    },
}

#[derive(Args)]
pub struct ForecastArguments {
    /// JSON on standard output
    #[arg(long)]
    json: bool,
}

pub async fn run(engine: &Engine, action: Action, json: bool) -> anyhow::Result<()> {
    let told = match action {
        Action::Mine => {
            let run = refresh::refresh(engine, None).await.map_err(open::explain)?;
            serde_json::to_value(run)?
        }
        Action::Segments => report::segments(engine).await.map_err(open::explain)?,
        Action::Rules { limit } => report::rules(engine, limit).await.map_err(open::explain)?,
        Action::Recommend { customer } => {
            let customer = match customer {
                Some(customer) => Some(record(engine, "account", &customer).await?),
                None => None,
            };
            report::recommend(engine, customer).await.map_err(open::explain)?
        }
        Action::Uplift { experiment } => {
            let experiment = record(engine, "experiment", &experiment).await?;
            report::uplift(engine, experiment).await.map_err(open::explain)?
        }
    };
    print(&told, json)
}

pub async fn forecast(arguments: ForecastArguments, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let told = report::forecast(&engine).await.map_err(open::explain)?;
    print(&told, arguments.json)
}

async fn record(engine: &Engine, entity: &str, given: &str) -> anyhow::Result<Id> {
    if let Ok(id) = given.parse() {
        return Ok(id);
    }
    // A text in JSON is a text in CEL.
    let filter = format!("name == {}", Json::from(given));
    let query = Query::new(entity).filter(filter).limit(1).fields(&["name"]);
    let page = engine.list(&Actor::system(), &query).await.map_err(open::explain)?;
    let found = page.records.first().map(|record| record.id);
    found.with_context(|| {
        format!(
            "no {entity} has the id or name {given}: look it up in the list of every {entity}, page /{entity}"
        )
    })
}

/// One object on one line, or the same with a line a value for people.
fn print(told: &Json, json: bool) -> anyhow::Result<()> {
    let text = if json { told.to_string() } else { lines(told, 0) };
    writeln!(std::io::stdout(), "{}", text.trim_end()).context("writing to standard output")
}

fn lines(told: &Json, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let one = |name: &str, value: &Json| match value {
        Json::Object(_) | Json::Array(_) if !is_flat(value) => {
            format!("{indent}{name}\n{}", lines(value, depth + 1))
        }
        _ => format!("{indent}{name:<22} {}\n", flat(value)),
    };
    match told {
        Json::Object(fields) => fields.iter().map(|(name, value)| one(name, value)).collect(),
        Json::Array(items) => {
            items.iter().enumerate().map(|(at, item)| one(&format!("{}.", at + 1), item)).collect()
        }
        other => format!("{indent}{}\n", flat(other)),
    }
}

/// Short enough for one line: no objects inside.
fn is_flat(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(|item| !item.is_object() && is_flat(item)),
        Json::Object(fields) => {
            fields.values().all(|field| !field.is_object() && !field.is_array()) && fields.len() < 4
        }
        _ => true,
    }
}

fn flat(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "–".to_owned(),
        Json::Number(number) => match number.as_f64() {
            Some(real) if number.is_f64() => format!("{real:.4}"),
            _ => number.to_string(),
        },
        Json::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", flat(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Json::Bool(yes) => yes.to_string(),
    }
}
