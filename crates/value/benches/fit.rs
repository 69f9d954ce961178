//! How long fitting and scoring take: CDNOW's 23,570 customers, and a million generated ones who arrive over three
//! years and buy about five times. `script/bench-value` runs it beside Python's `lifetimes` on the same customers.
//!
//! Environment: `CDNOW` is cdnow_master.txt (without it as many customers are generated), `MILLION` another number of
//! customers, `BENCH_OUT` a folder for value.json and the customers as CSV.

#[path = "../examples/cdnow/mod.rs"]
mod cdnow;
#[path = "../tests/generated/mod.rs"]
mod generated;

use std::fmt::Write;
use std::time::Instant;

use serde_json::{Value as Json, json};
use value::backtest::rules::YearBefore;
use value::bg_nbd::{self, BgNbd, BgNbdFit};
use value::gamma_gamma::{self, GammaGamma, Spending};
use value::history::{Observation, Summary};
use value::model::{Model, Question};
use value::purchasing::{Customers, Family, PurchaseFit};
use value::scoring::Scoring;

const CDNOW_CUSTOMERS: usize = 23_570;
const MILLION: usize = 1_000_000;
const THREE_YEARS_DAYS: i32 = 1_095;
const RUNS: usize = 5;
/// Of the fits that take long.
const FEWER: usize = 3;

type Problem = Box<dyn std::error::Error>;

struct Case {
    name: &'static str,
    customers: Vec<Summary>,
    day: i32,
}

fn main() -> Result<(), Problem> {
    let out = std::env::var("BENCH_OUT").ok();
    let mut results = serde_json::Map::new();
    let mut report = String::new();
    for case in [cdnow_case()?, million_case()?] {
        let measured = measure(&case, &mut report)?;
        results.insert(case.name.to_owned(), measured);
        if let Some(folder) = &out {
            std::fs::write(format!("{folder}/{}.csv", case.name), table(&case)?)?;
        }
    }
    if let Some(folder) = &out {
        std::fs::write(format!("{folder}/value.json"), serde_json::to_string_pretty(&results)?)?;
    }
    print!("{report}");
    Ok(())
}

fn cdnow_case() -> Result<Case, Problem> {
    if let Ok(path) = std::env::var("CDNOW") {
        return Ok(Case { name: "cdnow", customers: cdnow::read(&path)?, day: cdnow::CALIBRATION_END });
    }
    let (bg, gg) =
        (BgNbd { r: 0.25, alpha: 4.8, a: 0.72, b: 2.16 }, GammaGamma { p: 6.25, q: 3.74, v: 15.44 });
    let histories = generated::histories(&bg, &gg, CDNOW_CUSTOMERS, 272, 1);
    Ok(Case { name: "cdnow", customers: summaries(&histories), day: 272 })
}

fn million_case() -> Result<Case, Problem> {
    let count = std::env::var("MILLION").map_or(Ok(MILLION), |count| count.parse())?;
    let (bg, gg) = (BgNbd { r: 0.8, alpha: 12.0, a: 0.6, b: 6.0 }, GammaGamma { p: 6.25, q: 3.74, v: 15.44 });
    let day = THREE_YEARS_DAYS;
    let histories = generated::histories_arriving(&bg, &gg, count, day, day, 2);
    Ok(Case { name: "million", customers: summaries(&histories), day })
}

fn summaries(histories: &[Vec<value::history::Purchase>]) -> Vec<Summary> {
    histories.iter().filter_map(|history| Summary::of(history)).collect()
}

fn measure(case: &Case, report: &mut String) -> Result<Json, Problem> {
    let Case { name, customers, day } = case;
    let seen: Vec<Observation> = customers.iter().map(|c| c.observe(*day)).collect();
    let spending: Vec<Spending> =
        customers.iter().filter_map(|c| Some(Spending { x: c.repeat(), mean: c.monetary()? })).collect();
    let question = Question::default();
    let model = Model::fit(customers, *day);
    let fit: &BgNbdFit = model.bg_nbd.fitted().ok_or("BG/NBD was not fitted")?;
    let orders: u64 = customers.iter().map(|c| u64::from(c.orders)).sum();
    writeln!(report, "{name}: {} customers, {orders} purchase days", customers.len())?;
    writeln!(report, "  {:?}, log-likelihood {:.3}", fit.parameters, fit.log_likelihood)?;
    let mut times = serde_json::Map::new();
    writeln!(report, "  {:<18}{:>12}{:>14}", format!("median of {RUNS}"), "wall clock", "processor")?;
    let mut line = |what: &str, [wall, cpu]: [f64; 2]| -> Result<(), Problem> {
        writeln!(report, "  {what:<18}{wall:>9.2} ms{cpu:>11.2} ms")?;
        times.insert(what.to_owned(), json!({ "wall_ms": wall, "cpu_ms": cpu }));
        Ok(())
    };
    line("BG/NBD fit", median(|| bg_nbd::fit(&seen)))?;
    line("Gamma-Gamma fit", median(|| gamma_gamma::fit(&spending)))?;
    for family in [Family::Nbd, Family::MbgNbd, Family::ParetoNbd, Family::MbgCnbd { k: 2 }] {
        line(
            &format!("{family} fit"),
            median_of(FEWER, || PurchaseFit::of(family, &Customers::of_observations(&seen))),
        )?;
    }
    line("whole model", median(|| Model::fit(customers, *day)))?;
    line(
        "scores",
        median(|| {
            let mut scoring = Scoring::new(&model, *day, &question);
            customers.iter().map(|c| scoring.score(c, YearBefore::default()).clv.unwrap_or(0.0)).sum::<f64>()
        }),
    )?;
    Ok(json!({
        "customers": customers.len(),
        "purchase_days": orders,
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "median": times,
        "runs": RUNS,
    }))
}

/// Milliseconds on the wall and of the processor; the second says what a busy machine hides.
fn median<T>(work: impl FnMut() -> T) -> [f64; 2] {
    median_of(RUNS, work)
}

fn median_of<T>(runs: usize, mut work: impl FnMut() -> T) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..runs {
        let (wall, cpu) = (Instant::now(), processor_ms());
        std::hint::black_box(work());
        times[0].push(wall.elapsed().as_secs_f64() * 1e3);
        times[1].push(processor_ms() - cpu);
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[runs / 2]
    })
}

/// By the kernel's book, which it brings up to date every few milliseconds; 0 where there is none.
fn processor_ms() -> f64 {
    let book = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ran_ns: f64 = book.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0);
    ran_ns * 1e-6
}

/// What `lifetimes` calls frequency, recency, T and monetary value.
fn table(case: &Case) -> Result<String, Problem> {
    let mut text = String::from("frequency,recency,T,monetary\n");
    for customer in &case.customers {
        let seen = customer.observe(case.day);
        let mean = customer.monetary().unwrap_or(0.0);
        writeln!(text, "{},{},{},{mean}", seen.x, seen.t_x, seen.age)?;
    }
    Ok(text)
}
