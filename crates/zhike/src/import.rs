//! `zhike import`: files into the database from the command line, with a bar on standard error and, with `--json`, one line
//! of counts on standard output.

use crate::{config::Config, open};
use ::import::{Control, DryRun, Kind, Options, Outcome, Progress, State};
use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use engine::Actor;
use indicatif::{ProgressBar, ProgressStyle};
use meta::Lang;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[derive(Subcommand)]
pub enum Command {
    /// Order lines: customers, products, orders and returns in one go
    Orders(Arguments),
    /// Customers
    Accounts(Arguments),
    /// People at customers
    Contacts(Arguments),
    /// Products
    Products(Arguments),
    /// Calls, visits, meetings, notes
    Activities(Arguments),
    /// Who may be reached by what for what, as agreed
    Consents(Arguments),
    /// Take a whole import back
    Revert {
        /// The import's id, as said at its end
        run: meta::Uuid,
    },
}

#[derive(Args)]
pub struct Arguments {
    /// CSV, .xlsx or .xls, also inside .gz or .zip
    file: PathBuf,
    /// The system the file comes from; numbers in it are unique per source
    #[arg(long, default_value = ::import::DEFAULT_SOURCE)]
    source: String,
    /// Count what would be made and write nothing
    #[arg(long)]
    dry_run: bool,
    /// What a column means, as COLUMN=FIELD; nothing after = leaves the column out
    #[arg(long, value_name = "COLUMN=FIELD")]
    mapping: Vec<String>,
    /// Currency of amounts without a currency column, like GBP [default: the company's]
    #[arg(long)]
    currency: Option<String>,
    /// Zone of times without one, like Asia/Shanghai [default: the company's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Order of dates like 3/4/2024 [default: found out from the column]
    #[arg(long)]
    dates: Option<DateOrder>,
    /// Sheet of a workbook [default: the first with data]
    #[arg(long)]
    sheet: Option<String>,
    /// Stop when more rows than this have errors
    #[arg(long, value_name = "ROWS")]
    error_limit: Option<u64>,
    /// The counts as one line of JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum DateOrder {
    DayFirst,
    MonthFirst,
}

impl Arguments {
    fn options(&self, lang: Lang) -> anyhow::Result<Options> {
        let mut options = Options {
            source: self.source.clone(),
            currency: self.currency.clone(),
            time_zone: self.time_zone.clone(),
            day_first: self.dates.map(|order| matches!(order, DateOrder::DayFirst)),
            error_limit: self.error_limit,
            chinese: lang == Lang::Zh,
            ..Options::default()
        };
        options.read.sheet = self.sheet.clone();
        for pair in &self.mapping {
            let Some((column, field)) = pair.rsplit_once('=') else {
                bail!("--mapping {pair}: write it as COLUMN=FIELD, for example \"Inv.=order_number\"");
            };
            options.mapping.insert(column.to_owned(), field.to_owned());
        }
        Ok(options)
    }
}

pub async fn run(command: Command, config: &Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Orders(arguments) => import_file(Kind::Orders, &arguments, config).await,
        Command::Accounts(arguments) => import_file(Kind::Accounts, &arguments, config).await,
        Command::Contacts(arguments) => import_file(Kind::Contacts, &arguments, config).await,
        Command::Products(arguments) => import_file(Kind::Products, &arguments, config).await,
        Command::Activities(arguments) => import_file(Kind::Activities, &arguments, config).await,
        Command::Consents(arguments) => import_file(Kind::Consents, &arguments, config).await,
        Command::Revert { run } => revert(run, config).await,
    }
}

async fn revert(run: meta::Id, config: &Config) -> anyhow::Result<ExitCode> {
    let engine = open::engine(config).await?;
    let lang = config.lang();
    let actor = Actor { lang, ..Actor::system() };
    let done = ::import::revert(&engine, &actor, run, &Control::none())
        .await
        .map_err(|problem| anyhow!(problem.message(lang)))?;
    println!(
        "{} records deleted, {} changes undone, {} kept because of later work on them",
        done.deleted, done.undone, done.kept
    );
    for (entity, id) in &done.examples {
        println!("  kept: {entity} {id}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn import_file(kind: Kind, arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let lang = config.lang();
    let options = arguments.options(lang)?;
    let path = arguments
        .file
        .canonicalize()
        .with_context(|| format!("the file {} cannot be read", arguments.file.display()))?;
    let engine = open::engine(config).await?;
    let bar = bar();
    let control = control(&bar);
    let in_words = |problem: ::import::FileProblem| anyhow!(problem.message(lang));
    if arguments.dry_run {
        let dry = ::import::dry_run(&engine, &Actor::system(), kind, &path, &options, &control)
            .await
            .map_err(in_words)?;
        bar.finish_and_clear();
        return told_dry(&dry, arguments.json, lang);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let actor = Actor { lang, ..Actor::system() };
    let outcome = ::import::import_file(&engine, &actor, kind, &path, &name, &options, &control)
        .await
        .map_err(in_words)?;
    bar.finish_and_clear();
    told(&outcome, arguments.json, lang)
}

/// Shown when standard error is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.enable_steady_tick(Duration::from_millis(200));
    let style = "{bar:30} {percent:>3} %  {msg}  {elapsed} (left {eta})";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// Ctrl-C asks to stop after the batch; a second one ends the program as usual.
fn control(bar: &ProgressBar) -> Control {
    let stop = Arc::new(AtomicBool::new(false));
    let (asked, bar) = (stop.clone(), bar.clone());
    let told = bar.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.store(true, Ordering::Relaxed);
            told.println("Stopping after this batch … (Ctrl-C again ends at once)");
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    Control {
        cancelled: Box::new(move || {
            let stop = stop.load(Ordering::Relaxed);
            Box::pin(async move { stop })
        }),
        progress: Box::new(move |progress| {
            bar.set_length(progress.bytes_total);
            bar.set_position(progress.bytes_read);
            bar.set_message(format!(
                "{} rows, {:.0} rows/s, {} errors",
                progress.rows,
                progress.rows_per_second(),
                progress.errors
            ));
        }),
    }
}

/// The last line of standard output; other programs rely on these fields.
fn counts(progress: &Progress) -> serde_json::Value {
    serde_json::json!({
        "rows": progress.rows,
        "imported": progress.imported,
        "errors": progress.errors,
        "accounts": progress.made("account"),
        "products": progress.made("product"),
        "orders": progress.made("order"),
        "order_lines": progress.made("order_line"),
        "returns": progress.made("return"),
        "return_lines": progress.made("return_line"),
        "seconds": (progress.seconds * 1_000.0).round() / 1_000.0,
    })
}

fn say(progress: &Progress, json: bool, verb: &str) {
    if json {
        println!("{}", counts(progress));
        return;
    }
    println!(
        "{} rows in {:.1} s: {} {verb}, {} with errors",
        progress.rows, progress.seconds, progress.imported, progress.errors
    );
    for (what, number) in &progress.counts {
        println!("  {what:<16} {number:>10}");
    }
}

fn told_dry(dry: &DryRun, json: bool, lang: Lang) -> anyhow::Result<ExitCode> {
    for (row, problem) in &dry.problems {
        eprintln!("row {row}, {}: {}", problem.column, problem.reason.get(lang));
    }
    if dry.cancelled {
        bail!("stopped after {} rows; nothing was written", dry.progress.rows);
    }
    say(&dry.progress, json, "would be imported");
    Ok(ExitCode::SUCCESS)
}

fn told(outcome: &Outcome, json: bool, lang: Lang) -> anyhow::Result<ExitCode> {
    say(&outcome.progress, json, "imported");
    if let Some(path) = &outcome.error_path {
        eprintln!("rows with errors: {} (mend them there and import that file)", path.display());
    }
    let undo = format!("zhike import revert {} takes the import back", outcome.run);
    match outcome.state {
        State::Finished => {
            eprintln!("{undo}");
            Ok(ExitCode::SUCCESS)
        }
        State::Cancelled => {
            eprintln!(
                "stopped; what was imported so far is kept, and importing the file again goes on; {undo}"
            );
            Ok(ExitCode::from(130))
        }
        _ => {
            let message = outcome.message.as_ref().map(|message| message.get(lang)).unwrap_or_default();
            bail!("{message}; {undo}")
        }
    }
}
