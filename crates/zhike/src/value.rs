//! Customer value from the command line: fit the models, look at them, list customers. With `--json` other tools read
//! standard output; field names are a contract (`insight::report`).

use crate::{config::Config, mining, open};
use anyhow::Context;
use clap::{Args, Subcommand};
use engine::{Actor, Engine};
use insight::{refit, report, settings, store::StoredModel};
use meta::{Decimal, NaiveDate};
use serde_json::Value as Json;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use value::estimate::Edge;
use web::{Format, Zone};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// JSON on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Fit the models anew and compute everybody's figures
    Refresh {
        /// Only purchases up to that day count, and time ends there; without it, today
        #[arg(long, value_name = "YYYY-MM-DD")]
        as_of: Option<NaiveDate>,
    },
    /// Show the parameters of the fitted models
    Models,
    /// Show how models and rules of thumb forecast the held-out months, and which model is in force
    Backtest,
    /// Show how sales concentrate on few customers
    Pareto,
    /// List customers by net sales, one object per line with --json
    Customers {
        /// At most so many; without it, all with --json and 20 otherwise
        #[arg(long)]
        limit: Option<usize>,
    },
    #[command(flatten)]
    Mining(mining::Action),
}

const SHOWN: usize = 20;

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    if let Action::Mining(action) = arguments.action {
        return mining::run(&engine, action, arguments.json).await;
    }
    let format = Format { lang: config.lang(), zone: Zone::default() };
    match arguments.action {
        Action::Refresh { as_of } => {
            let stored = refresh(&engine, as_of).await?;
            if arguments.json { print_json(&report::models(&stored))? } else { print_models(&stored)? }
        }
        Action::Models => {
            let stored = newest(&engine).await?;
            if arguments.json { print_json(&report::models(&stored))? } else { print_models(&stored)? }
        }
        Action::Backtest => {
            let found = report::backtest(&*newest(&engine).await?);
            if arguments.json { print_json(&found)? } else { print_backtest(&found)? }
        }
        Action::Pareto => {
            let stored = newest(&engine).await?;
            let found = report::pareto(&stored);
            if arguments.json { print_json(&found)? } else { print_pareto(&found, format)? }
        }
        Action::Customers { limit } if arguments.json => print_customers(&engine, limit).await?,
        Action::Mining(_) => {}
        Action::Customers { limit } => table_of_customers(&engine, limit.unwrap_or(SHOWN), format).await?,
    }
    Ok(())
}

async fn refresh(engine: &Engine, as_of: Option<NaiveDate>) -> anyhow::Result<Arc<StoredModel>> {
    engine
        .write(&Actor::system(), move |tx| Box::pin(settings::set_as_of(tx, as_of)))
        .await
        .map_err(open::explain)?;
    refit::refit(engine, None).await.map_err(open::explain)
}

async fn newest(engine: &Engine) -> anyhow::Result<Arc<StoredModel>> {
    let stored = insight::store::newest_model(engine).await.map_err(open::explain)?;
    stored.context("no models are fitted yet: import orders, then run `zhike value refresh`")
}

fn print_json(json: &Json) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{json}").context("writing to standard output")
}

/// Stops at the first line that cannot be written: whoever reads may have read enough.
async fn print_customers(engine: &Engine, limit: Option<usize>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout());
    let mut written = Ok(());
    report::customers(engine, &Actor::system(), limit, |customer| {
        if written.is_ok() {
            written = writeln!(out, "{customer}");
        }
    })
    .await
    .map_err(open::explain)?;
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn print_models(stored: &StoredModel) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let model = &stored.fitted.model;
    writeln!(out, "Customers with a purchase up to {}: {}", stored.as_of, model.customers)?;
    if let Some(fit) = model.purchases.fitted() {
        writeln!(out, "In force: {}", fit.family)?;
        for parameter in &fit.parameters {
            print_parameter(&mut out, &parameter.name, parameter.value, parameter.standard_error)?;
        }
        if !fit.shows_dropout() {
            writeln!(out, "  no customer is seen to stop")?;
        }
    }
    match (model.bg_nbd.fitted(), model.bg_nbd.missing()) {
        (Some(fit), _) => {
            let (at, errors) = (&fit.parameters, &fit.standard_errors);
            writeln!(
                out,
                "BG/NBD, {} repeat buyers, log-likelihood {:.3}",
                fit.repeat_customers, fit.log_likelihood
            )?;
            let list = [
                ("r", at.r, errors.r),
                ("alpha", at.alpha, errors.alpha),
                ("a", at.a, errors.a),
                ("b", at.b, errors.b),
            ];
            print_parameters(&mut out, &list, &fit.boundary)?;
        }
        (None, reason) => {
            writeln!(out, "BG/NBD: none, {}", reason.map(|r| r.to_string()).unwrap_or_default())?
        }
    }
    match (model.gamma_gamma.fitted(), model.gamma_gamma.missing()) {
        (Some(fit), _) => {
            let (at, errors) = (&fit.parameters, &fit.standard_errors);
            writeln!(
                out,
                "Gamma-Gamma, {} repeat buyers, log-likelihood {:.3}",
                fit.customers, fit.log_likelihood
            )?;
            let list = [("p", at.p, errors.p), ("q", at.q, errors.q), ("v", at.v, errors.v)];
            print_parameters(&mut out, &list, &fit.boundary)?;
        }
        (None, reason) => {
            writeln!(out, "Gamma-Gamma: none, {}", reason.map(|r| r.to_string()).unwrap_or_default())?
        }
    }
    Ok(())
}

fn print_parameters(
    out: &mut impl Write,
    list: &[(&str, f64, Option<f64>)],
    boundary: &[Edge],
) -> std::io::Result<()> {
    for (name, at, error) in list {
        print_parameter(out, name, *at, *error)?;
    }
    for edge in boundary {
        writeln!(out, "  at the boundary: {edge}")?;
    }
    Ok(())
}

fn print_parameter(out: &mut impl Write, name: &str, at: f64, error: Option<f64>) -> std::io::Result<()> {
    let note = error.map_or("not pinned down by the data".to_owned(), |error| format!("± {error:.4}"));
    writeln!(out, "  {name:<6} {at:>10.4}  {note}")
}

fn print_backtest(found: &Json) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let text = |json: &Json| json.as_str().unwrap_or("–").to_owned();
    if let Some(missing) = found["missing"].as_str() {
        writeln!(out, "No back-test: {missing}")?;
        return Ok(());
    }
    writeln!(
        out,
        "Held out after {} until {} ({} weeks): {} customers, {} of them bought on {} days",
        text(&found["cut"]),
        text(&found["end"]),
        found["weeks"],
        found["customers"],
        found["buyers"],
        found["purchases"]
    )?;
    writeln!(out, "Best model: {} ({})", text(&found["chosen"]), text(&found["reason"]))?;
    for (question, score) in found["scores"].as_object().into_iter().flatten() {
        writeln!(out, "In force for {question}: {} ({})", text(&score["in_force"]), text(&score["because"]))?;
    }
    let number = |json: &Json| json.as_f64().map_or("–".to_owned(), |number| format!("{number:.3}"));
    let heads = ["score", "bias", "mae", "rmse", "rank_correlation", "gini", "capture", "brier"];
    write!(out, "{:<16}", "Method")?;
    for head in ["Score", "Bias", "MAE", "RMSE", "Rank", "Gini", "Best 20%", "Brier"] {
        write!(out, "{head:>10}")?;
    }
    writeln!(out)?;
    for method in found["methods"].as_array().into_iter().flatten() {
        write!(out, "{:<16}", text(&method["name"]))?;
        for head in heads {
            write!(out, "{:>10}", number(&method[head]))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn print_pareto(found: &Json, format: Format) -> anyhow::Result<()> {
    let number = |field: &str| found[field].as_f64().and_then(|n| Decimal::try_from(n).ok());
    let share =
        |field: &str| number(field).map_or("–".to_owned(), |share| format.percent(share.round_dp(4)));
    let count = |field: &str| number(field).map_or("–".to_owned(), |count| format.number(count));
    let mut out = std::io::stdout();
    writeln!(out, "Customers               {}", count("customers"))?;
    writeln!(
        out,
        "Gross sales             {}",
        number("gross_sales").map_or("–".into(), |n| format.fixed(n, 2))
    )?;
    writeln!(out, "Share of the top 20 %   {}", share("top20_share"))?;
    writeln!(out, "Customers for 80 %      {}", count("customers_for_80"))?;
    writeln!(out, "Gini coefficient        {}", number("gini").map_or("–".into(), |n| format.fixed(n, 4)))?;
    Ok(())
}

async fn table_of_customers(engine: &Engine, limit: usize, format: Format) -> anyhow::Result<()> {
    let mut rows = vec![];
    report::customers(engine, &Actor::system(), Some(limit), |customer| rows.push(customer))
        .await
        .map_err(open::explain)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{:<12} {:>6} {:<10} {:>16} {:<4} {:>7} {:>16} {:<12} Name",
        "Number", "Orders", "Last", "Net sales", "RFM", "P(alive)", "Value 52 weeks", "Stage"
    )?;
    for row in &rows {
        let text = |field: &str| row[field].as_str().unwrap_or("–").to_owned();
        let number = |field: &str| row[field].as_f64().and_then(|n| Decimal::try_from(n).ok());
        let money = |field: &str| number(field).map_or("–".to_owned(), |n| format.fixed(n, 2));
        writeln!(
            out,
            "{:<12} {:>6} {:<10} {:>16} {:<4} {:>8} {:>16} {:<12} {}",
            text("external_id"),
            row["orders"],
            text("last_on"),
            money("net_sales"),
            text("rfm"),
            number("p_alive").map_or("–".to_owned(), |n| format.percent(n)),
            money("clv_52w"),
            text("stage"),
            text("name"),
        )?;
    }
    Ok(())
}
