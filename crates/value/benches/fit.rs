//! How long fitting and scoring takes at CDNOW's size (23,570 generated customers, 39 weeks): `cargo bench -p value`.

#[path = "../tests/generated/mod.rs"]
mod generated;

use std::time::Instant;

use value::bg_nbd::{self, BgNbd};
use value::gamma_gamma::GammaGamma;
use value::history::Summary;
use value::model::{Model, Question};

const CUSTOMERS: usize = 23_570;
const RUNS: u32 = 5;

fn main() {
    let bg = BgNbd { r: 0.25, alpha: 4.8, a: 0.72, b: 2.16 };
    let gg = GammaGamma { p: 6.25, q: 3.74, v: 15.44 };
    let histories = generated::histories(&bg, &gg, CUSTOMERS, 272, 1);
    let purchases: usize = histories.iter().map(Vec::len).sum();
    println!("{CUSTOMERS} customers, {purchases} purchases; best of {RUNS}");
    let customers =
        timed("summaries", || histories.iter().filter_map(|h| Summary::of(h)).collect::<Vec<_>>());
    let seen: Vec<_> = customers.iter().map(|c| c.observe(272)).collect();
    let fit = timed("BG/NBD fit", || bg_nbd::fit(&seen));
    let model = timed("all models", || Model::fit(&customers, 272));
    let question = Question::default();
    let total =
        timed("scores", || customers.iter().filter_map(|c| model.score(c, 272, &question).clv).sum::<f64>());
    println!("fitted {:?}, sum of CLV {total:.0}", fit.map(|f| f.parameters));
}

fn timed<T>(what: &str, mut work: impl FnMut() -> T) -> T {
    let mut best = f64::INFINITY;
    loop {
        let mut result = None;
        for _ in 0..RUNS {
            let begun = Instant::now();
            result = Some(std::hint::black_box(work()));
            best = best.min(begun.elapsed().as_secs_f64());
        }
        if let Some(result) = result {
            println!("{what:<12}{:>10.2} ms", best * 1e3);
            return result;
        }
    }
}
