//! What the uplift model costs, and how often it claims a difference between customers that is not there.
//! `cargo run -p mining --example uplift -- cost 100000` · `cargo run -p mining --example uplift -- claims 400 2000`

use mining::effect::uplift::{self, Subject, Terms};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use std::io::Write;

const FEATURES: usize = 16;
const TERMS: Terms = Terms { counted: true, value: 40.0, margin: 0.5, cost: 1.0 };

/// Customers of whom a tenth to a half buys; `spread` is how far the effect goes to either side of 5 points.
fn customers(count: u64, spread: f64, seed: u64) -> Vec<Subject> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut draw = move || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let one = |at: u64| {
        let features: Vec<f64> = (0..FEATURES).map(|_| draw()).collect();
        let treated = draw() < 0.7;
        let chance = 0.1 + 0.4 * features[0] * features[1];
        let effect = 0.05 + spread * (2.0 * features[2] - 1.0);
        let bought = draw() < chance + if treated { effect } else { 0.0 };
        let outcome = f64::from(u8::from(bought));
        Subject {
            key: seed << 32 | at,
            features,
            treated,
            outcome,
            sales: outcome * 40.0 / (1.0 - draw()).sqrt(),
        }
    };
    (0..count).map(one).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let mut out = std::io::stdout();
    match (arguments.first().map(String::as_str), number(1), number(2)) {
        (Some("cost"), Some(count), _) => {
            let subjects = customers(count, 0.1, 1);
            let began = std::time::Instant::now();
            let (found, model) = uplift::learn(&subjects, TERMS)?;
            let learned = began.elapsed();
            let rows: Vec<Vec<f64>> = subjects.into_iter().map(|one| one.features).collect();
            let began = std::time::Instant::now();
            let told = model.map(|model| model.effects(&rows)).transpose()?.map_or(0, |told| told.len());
            writeln!(out, "{count} customers: learned in {learned:?}, {told} told in {:?}", began.elapsed())?;
            writeln!(out, "{:?}", found.tried)?;
        }
        (Some("claims"), Some(seeds), Some(count)) => {
            for (name, spread) in [("one effect for all", 0.0), ("effects from -5 to +15 points", 0.1)] {
                let claims = (0..seeds).filter(|seed| {
                    let found = uplift::learn(&customers(count, spread, *seed), TERMS);
                    found.is_ok_and(|(found, _)| found.proven.is_some())
                });
                writeln!(out, "{name}: claimed in {} of {seeds} experiments of {count}", claims.count())?;
            }
        }
        _ => writeln!(out, "say `cost CUSTOMERS` or `claims EXPERIMENTS CUSTOMERS`")?,
    }
    Ok(())
}
