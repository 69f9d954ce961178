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
    let mut report = format!("{CUSTOMERS} customers, best of {RUNS}\n");
    let customers: Vec<Summary> = histories.iter().filter_map(|h| Summary::of(h)).collect();
    let seen: Vec<_> = customers.iter().map(|c| c.observe(272)).collect();
    let model = Model::fit(&customers, 272);
    let question = Question::default();
    report += &timed("summaries", || histories.iter().filter_map(|h| Summary::of(h)).count());
    report += &timed("BG/NBD fit", || bg_nbd::fit(&seen));
    report += &timed("whole model", || Model::fit(&customers, 272));
    report +=
        &timed("scores", || customers.iter().filter_map(|c| model.score(c, 272, &question).clv).sum::<f64>());
    print!("{report}");
}

fn timed<T>(what: &str, mut work: impl FnMut() -> T) -> String {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let begun = Instant::now();
        std::hint::black_box(work());
        best = best.min(begun.elapsed().as_secs_f64());
    }
    format!("{what:<12}{:>10.2} ms\n", best * 1e3)
}
