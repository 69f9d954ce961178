//! The published figures of CDNOW, computed from the data themselves: `script/published-figures`.
//!
//! Arguments: the 1/10 sample (`cdnow_sample.txt`) and, if wanted, the whole file (`cdnow_master.txt`), for which no
//! published figures are compared, only shown with the time the fit takes. Exits 1 on a figure that is not met.
//!
//! Of BG/NBD, Pareto/NBD and Gamma-Gamma by Fader, Hardie & Lee; of NBD, MBG/NBD and MBG/CNBD-k by M. Platzer's R package
//! BTYDplus (`demo` of CDNOW, where MBG is called CBG). Its NBD r is left out: 0.382 is printed beside the α found here, but
//! 0.385 is more likely.

mod cdnow;

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use value::bg_nbd;
use value::gamma_gamma::{self, Spending};
use value::history::Summary;
use value::purchasing::{Customers, Family, Parameter, PurchaseFit};

use cdnow::{CALIBRATION_END, read};

type Problem = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let Some(sample) = files.first() else {
        eprintln!("usage: published SAMPLE [MASTER]   (cdnow_sample.txt, cdnow_master.txt)");
        return ExitCode::from(2);
    };
    let mut report = String::new();
    let outcome = compare(sample, &mut report).and_then(|met| {
        files.get(1).map_or(Ok(()), |master| show(master, &mut report))?;
        Ok(met)
    });
    print!("{report}");
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

/// One line of the comparison.
#[derive(Clone)]
struct Row {
    name: String,
    published: f64,
    found: f64,
    error: Option<f64>,
    digits: usize,
}

impl Row {
    /// Up to one unit of the last digit printed: those who published stopped where the optimiser they used did.
    fn is_met(&self) -> bool {
        (self.found - self.published).abs() < 10_f64.powi(-(self.digits as i32))
    }
}

/// All parameters of a fit, in their order, beside those published.
fn of_fit(fit: &PurchaseFit, published: [f64; 4]) -> Vec<Row> {
    let row = |(parameter, published): (&Parameter, f64)| Row {
        name: format!("{} {}", fit.family, parameter.name),
        published,
        found: parameter.value,
        error: parameter.standard_error,
        digits: 3,
    };
    fit.parameters.iter().zip(published).map(row).collect()
}

fn compare(path: &str, report: &mut String) -> Result<bool, Problem> {
    let customers = read(path)?;
    let seen: Vec<_> = customers.iter().map(|c| c.observe(CALIBRATION_END)).collect();
    let bg = bg_nbd::fit(&seen)?;
    let gg = gamma_gamma::fit(&spending(&customers))?;
    let fit = |family| PurchaseFit::of(family, &Customers::of_observations(&seen));
    let pareto = fit(Family::ParetoNbd)?;
    let nbd = fit(Family::Nbd)?;
    let (p, e) = (bg.parameters, bg.standard_errors);
    let (gp, ge) = (gg.parameters, gg.standard_errors);
    let row = |name: &str, published, found, error, digits| Row {
        name: name.into(),
        published,
        found,
        error,
        digits,
    };
    let nbd_alpha = &nbd.parameters[1];
    let rows = [
        vec![
            row("customers", 2357.0, customers.len() as f64, None, 0),
            row("repeat buyers", 946.0, gg.customers as f64, None, 0),
            row("BG/NBD r", 0.243, p.r, e.r, 3),
            row("BG/NBD alpha", 4.414, p.alpha, e.alpha, 3),
            row("BG/NBD a", 0.793, p.a, e.a, 3),
            row("BG/NBD b", 2.426, p.b, e.b, 3),
            row("BG/NBD log-likelihood", -9582.4, bg.log_likelihood, None, 1),
        ],
        of_fit(&pareto, [0.553, 10.578, 0.606, 11.669]),
        vec![
            row("Pareto/NBD log-likelihood", -9595.0, pareto.log_likelihood, None, 1),
            row("NBD alpha", 12.072, nbd_alpha.value, nbd_alpha.standard_error, 3),
        ],
        of_fit(&fit(Family::MbgNbd)?, [0.525, 6.183, 0.891, 1.614]),
        of_fit(&fit(Family::MbgCnbd { k: 2 })?, [0.580, 2.288, 1.135, 1.585]),
        of_fit(&fit(Family::MbgCnbd { k: 3 })?, [0.533, 1.258, 1.289, 1.845]),
        vec![
            row("Gamma-Gamma p", 6.25, gp.p, ge.p, 2),
            row("Gamma-Gamma q", 3.74, gp.q, ge.q, 2),
            row("Gamma-Gamma v", 15.44, gp.v, ge.v, 2),
        ],
    ]
    .concat();
    writeln!(report, "{path}, calibration to 1997-09-30")?;
    writeln!(report, "{:<26}{:>12}{:>12}{:>10}", "figure", "published", "found", "std.err.")?;
    for row in &rows {
        let error = row.error.map_or(String::new(), |e| format!("{e:.4}"));
        let mark = if row.is_met() { "" } else { "   <-- not met" };
        let (name, digits) = (&row.name, row.digits);
        writeln!(report, "{name:<26}{:>12.digits$}{:>12.5}{error:>10}{mark}", row.published, row.found)?;
    }
    for edge in bg.boundary.iter().chain(&gg.boundary) {
        writeln!(report, "boundary: {edge}")?;
    }
    let missed = rows.iter().filter(|row| !row.is_met()).count();
    writeln!(report, "{} of {} published figures are met", rows.len() - missed, rows.len())?;
    Ok(missed == 0)
}

fn show(path: &str, report: &mut String) -> Result<(), Problem> {
    let customers = read(path)?;
    let begun = Instant::now();
    let seen: Vec<_> = customers.iter().map(|c| c.observe(CALIBRATION_END)).collect();
    let bg = bg_nbd::fit(&seen)?;
    let bg_ms = begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    let gg = gamma_gamma::fit(&spending(&customers))?;
    let gg_ms = begun.elapsed().as_secs_f64() * 1e3;
    writeln!(report, "\n{} customers of the whole file", customers.len())?;
    writeln!(report, "{:?}, log-likelihood {:.1}, in {bg_ms:.1} ms", bg.parameters, bg.log_likelihood)?;
    writeln!(report, "{:?} on {} repeat buyers, in {gg_ms:.1} ms", gg.parameters, gg.customers)?;
    for family in Family::RANDOM {
        let begun = Instant::now();
        let fit = PurchaseFit::of(family, &Customers::of_observations(&seen))?;
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        let shown: Vec<String> =
            fit.parameters.iter().map(|p| format!("{} {:.3}", p.name, p.value)).collect();
        writeln!(
            report,
            "{family}: {}, log-likelihood {:.1}, in {ms:.1} ms",
            shown.join(", "),
            fit.log_likelihood
        )?;
    }
    Ok(())
}

fn spending(customers: &[Summary]) -> Vec<Spending> {
    let repeat = customers.iter();
    repeat.filter_map(|c| Some(Spending { x: c.repeat(), mean: c.monetary()? })).collect()
}
