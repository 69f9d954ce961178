//! `bench night`: what the program computes every night, measured from one day to the next: everybody's statistics, the fit, all figures,
//! the warehouse, what rests on them, and beside all this everything that is mined. In this process, by the jobs' own functions; each says on
//! standard error how long it took. Of a company with returns, costs of serving, answers, contracts and a campaign, after a day's business.

mod day;
mod whole;

use crate::{
    data::{self, place},
    measure::{Figure, Machine, memory, table},
    modules,
};
use anyhow::Context;
use clap::Args;
use engine::{Actor, Engine, Priority};
use insight::{after_fit, mining, refit, settings};
use meta::NaiveDate;
use serde::Serialize;
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const LOOK_EVERY: Duration = Duration::from_millis(50);
const WANTED_SECONDS: f64 = 60.0;
/// 2 GB.
const WANTED_MIB: f64 = 2e9 / 1_048_576.0;

#[derive(Args, Clone)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Arguments,
    /// Where the times are written
    #[arg(long, value_name = "DIR", default_value = "target/bench-results")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    customers: usize,
    order_lines: usize,
    fit_seconds: f64,
    rest_seconds: f64,
    figures: Vec<Figure>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let company = data::ready(&arguments.data)?;
    let place = place(&arguments.data);
    let report = engine::runtimes()?.block_on(async {
        let engine = modules::open(place.database.clone(), &place.folder).await?;
        let today = settings::Settings::load(&engine).await?.as_of_day(engine.clock());
        let yesterday = today.pred_opt().context("there is no day before today")?;
        whole::complete(&engine, today).await?;
        eprintln!("The night before, which is not measured:");
        night(&engine, Some(yesterday)).await?;
        eprintln!("A day's business:");
        day::pass(&engine).await?;
        // In the day between them idle threads end, and what they held is free.
        tokio::time::sleep(Duration::from_secs(5)).await;
        eprintln!("The night:");
        let machine = Machine::look();
        let watch = Watch::begin();
        let (fit_seconds, rest_seconds) = night(&engine, None).await?;
        let own = watch.end();
        let peak = memory(std::process::id()).map_or(f64::NAN, |memory| memory.peak);
        let figures = vec![
            Figure::new("night", "everything", fit_seconds + rest_seconds, "s").at_most(WANTED_SECONDS),
            Figure::new("night", "memory that is not files, at most", own, "MiB").at_most(WANTED_MIB),
            Figure::new("night", "with files mapped, and the night before, at most", peak, "MiB"),
        ];
        anyhow::Ok(Report {
            machine,
            customers: company.size.accounts,
            order_lines: company.order_lines,
            fit_seconds,
            rest_seconds,
            figures,
        })
    })?;
    fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make the folder {}", arguments.out.display()))?;
    fs::write(arguments.out.join("night.json"), serde_json::to_string_pretty(&report)?)?;
    let Report { customers, order_lines, fit_seconds, rest_seconds, figures, .. } = &report;
    let text = format!(
        "{}\n{customers} customers, {order_lines} order lines; statistics, fit and figures {fit_seconds:.1} s, what rests on them \
         {rest_seconds:.1} s, mining beside both\n{}\n",
        report.machine.line(),
        table(figures)
    );
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(())
}

async fn night(engine: &Engine, as_of: Option<NaiveDate>) -> anyhow::Result<(f64, f64)> {
    engine.write(&Actor::system(), move |tx| Box::pin(settings::set_as_of(tx, as_of))).await?;
    let started = Instant::now();
    // As the program does: each in a task of its own, so that neither waits while the other computes, and with its priority.
    let (fitted, mined) = (engine.clone(), engine.clone());
    let mined = Priority::Spare.run(async move { mining::refresh::refresh(&mined, None).await });
    let fitted = Priority::Background.run(async move {
        refit::refit(&fitted, None).await?;
        let fit = started.elapsed().as_secs_f64();
        after_fit::compute(&fitted, None).await?;
        anyhow::Ok(fit)
    });
    let (mined, fitted) = tokio::join!(mined, fitted);
    mined??;
    let fit = fitted??;
    Ok((fit, started.elapsed().as_secs_f64() - fit))
}

/// Looks at the memory of this process now and then.
struct Watch {
    over: Arc<AtomicBool>,
    most: JoinHandle<f64>,
}

impl Watch {
    fn begin() -> Watch {
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let most = thread::spawn(move || {
            let mut most: f64 = 0.0;
            while !ends.load(Ordering::Relaxed) {
                most = most.max(memory(std::process::id()).map_or(0.0, |memory| memory.own));
                thread::sleep(LOOK_EVERY);
            }
            most
        });
        Watch { over, most }
    }

    fn end(self) -> f64 {
        self.over.store(true, Ordering::Relaxed);
        self.most.join().unwrap_or_default()
    }
}
