//! The warehouse from the command line: bring it up to date, look how it is, ask it in SQL. With `--json` other tools read
//! standard output.

use crate::{config::Config, open};
use anyhow::Context;
use clap::{Args, Subcommand};
use engine::Actor;
use std::{
    io::{BufWriter, Write},
    time::Duration,
};
use warehouse::{Answer, Limits, Manner, Status};

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
    /// Bring the files up to the company's records
    Refresh {
        /// Write everything anew, not only what changed
        #[arg(long)]
        full: bool,
    },
    /// Show as of when it is, its tables and what went wrong last
    Status,
}

#[derive(Args)]
pub struct Question {
    /// A SELECT; `SHOW TABLES` and `DESCRIBE table` say what there is
    sql: String,
    /// At most so many rows
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// One JSON object per row
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let mut out = std::io::stdout();
    match arguments.action {
        Action::Refresh { full } => {
            let manner = Manner { full, ..Manner::default() };
            let done = warehouse::refresh(&engine, manner, None).await.map_err(open::explain)?;
            if arguments.json {
                writeln!(out, "{}", serde_json::to_string(&done)?)?;
            } else {
                writeln!(
                    out,
                    "{} rows in {} tables, {} files written anew ({} rows) in {:.1} s",
                    done.rows, done.tables, done.segments_written, done.rows_written, done.seconds
                )?;
            }
        }
        Action::Status => {
            let status = warehouse::status(&engine).await.map_err(open::explain)?;
            if arguments.json {
                writeln!(out, "{}", serde_json::to_string(&status)?)?;
            } else {
                print_status(&mut out, &status)?;
            }
        }
    }
    Ok(())
}

fn print_status(out: &mut impl Write, status: &Status) -> std::io::Result<()> {
    match status.refreshed_at {
        Some(at) => {
            writeln!(out, "Refreshed {at}, up to change {} of {}", status.position, status.newest_change)?
        }
        None => writeln!(out, "Not filled yet: run `zhike warehouse refresh`")?,
    }
    if let Some(failure) = &status.failure {
        writeln!(out, "The last refresh failed: {}", failure.error)?;
    }
    for table in &status.tables {
        writeln!(
            out,
            "{:<24} {:>12} rows {:>10} KiB {:>4} files",
            table.name,
            table.rows,
            table.bytes / 1024,
            table.files
        )?;
    }
    Ok(())
}

pub async fn ask(question: Question, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let limits = Limits { time: Duration::from_secs(question.seconds), rows: question.limit, ..Limits::PAGE };
    let answer =
        warehouse::query(&engine, &Actor::system(), &question.sql, limits).await.map_err(open::explain)?;
    let mut out = BufWriter::new(std::io::stdout());
    let printed =
        if question.json { print_objects(&mut out, &answer) } else { print_table(&mut out, &answer) };
    match printed.and_then(|()| out.flush().map_err(Into::into)) {
        // Whoever reads may have read enough.
        Err(error)
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        other => other.context("writing to standard output"),
    }
}

fn print_objects(out: &mut impl Write, answer: &Answer) -> anyhow::Result<()> {
    for object in answer.objects() {
        writeln!(out, "{}", object?)?;
    }
    Ok(())
}

/// Tab between columns.
fn print_table(out: &mut impl Write, answer: &Answer) -> anyhow::Result<()> {
    writeln!(out, "{}", answer.columns().join("\t"))?;
    for row in answer.values() {
        let cells: Vec<String> = row?
            .iter()
            .map(|value| match value.to_json() {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            })
            .collect();
        writeln!(out, "{}", cells.join("\t"))?;
    }
    if answer.more {
        writeln!(out, "… there are more rows: raise --limit")?;
    }
    Ok(())
}
