//! The back-test of a file of purchases in CDNOW's form (customer, yyyymmdd, count, amount):
//! `cargo run --package value --example backtest -- FILE`. Prints what the page of the program shows.

mod cdnow;

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use value::backtest::{Method, cut, run};

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: backtest FILE");
        return ExitCode::from(2);
    };
    match report(&file) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn report(file: &str) -> Result<String, Box<dyn std::error::Error>> {
    let histories = cdnow::histories(file)?;
    // As `read` and `CALIBRATION_END` know it, when the file is CDNOW's.
    let known = cdnow::read(file)?.len();
    let days = || histories.iter().flatten().map(|p| p.day);
    let (first, last) = (days().min().unwrap_or(0), days().max().unwrap_or(0));
    let begun = Instant::now();
    let found = run(&histories, cut(first, last)?, last)?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut text = String::new();
    writeln!(text, "{file}: {} customers ({known} until 1997-09-30)", histories.len())?;
    writeln!(
        text,
        "{:.0} weeks held out, {} customers known, {} bought {} times for {:.0}; in {seconds:.1} s",
        found.weeks(),
        found.customers,
        found.buyers,
        found.bought,
        found.money
    )?;
    writeln!(
        text,
        "{:<14}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}{:>14}",
        "method", "score", "bias", "MAE", "RMSE", "rank", "Gini", "best20", "Brier", "ln L"
    )?;
    for tried in &found.tried {
        let name = match tried.method {
            Method::Rule { rule } => format!("{rule:?}").split(' ').next().unwrap_or_default().to_owned(),
            Method::Model { family } => family.to_string(),
        };
        let m = &tried.measures;
        let shown = |number: Option<f64>| number.map_or("–".to_owned(), |number| format!("{number:.3}"));
        let likelihood =
            tried.fit.as_ref().map(|fit| format!("{:.1}", fit.log_likelihood)).unwrap_or_default();
        let edges: Vec<String> =
            tried.fit.iter().flat_map(|fit| fit.boundary.iter().map(ToString::to_string)).collect();
        writeln!(
            text,
            "{name:<14}{:>8}{:>8}{:>8.3}{:>8.3}{:>8}{:>8}{:>8}{:>9.4}{likelihood:>14}  {}",
            shown(tried.score),
            shown(m.bias),
            m.mae,
            m.rmse,
            shown(m.rank_correlation),
            shown(m.gini),
            shown(m.capture),
            m.brier,
            edges.join(", ")
        )?;
    }
    writeln!(
        text,
        "chosen: {} ({:?}); rules: {:?}, {:?}; inside the interval: {:?}",
        found.chosen,
        found.reason,
        found.purchases.rule(),
        found.churn.rule(),
        found.coverage
    )?;
    Ok(text)
}
