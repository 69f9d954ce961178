//! Whether the interval holds what it promises: series of several kinds are forecast, and what came is held against it.

use super::{LEVEL, Method, backtest::origins, forecast};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};

const HORIZON: usize = 13;
const SEASON: usize = 52;
const SERIES: usize = 250;

struct Chance(Xoshiro256PlusPlus);

impl Chance {
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of twelve uniform numbers: mean 0, standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

type Kind = (&'static str, fn(usize, &mut f64, &mut Chance) -> f64);

/// A week of each kind of sales, of its number and what is remembered of the weeks before.
const KINDS: [Kind; 7] = [
    ("noise", |_, _, chance| 100.0 + 20.0 * chance.normal()),
    ("random walk", |_, level, chance| {
        *level += 10.0 * chance.normal();
        1_000.0 + *level
    }),
    ("level that moves", |_, level, chance| {
        *level += 8.0 * chance.normal();
        1_000.0 + *level + 30.0 * chance.normal()
    }),
    ("trend", |week, _, chance| 100.0 + 0.8 * week as f64 + 15.0 * chance.normal()),
    ("season", |week, _, chance| {
        let wave = (week as f64 / SEASON as f64 * std::f64::consts::TAU).sin();
        200.0 + 60.0 * wave + 20.0 * chance.normal()
    }),
    ("rare", |_, _, chance| {
        let amount = -50.0 * (1.0 - chance.uniform()).ln();
        if chance.uniform() < 0.25 { amount } else { 0.0 }
    }),
    ("autocorrelated", |_, level, chance| {
        *level = 0.8 * *level + 10.0 * chance.normal();
        150.0 + *level
    }),
];

/// Shares of the single weeks, and of the sums of all weeks, that lie within their intervals.
fn covered(kind: &Kind, weeks: usize) -> [f64; 2] {
    let mut chance = Chance(Xoshiro256PlusPlus::seed_from_u64(weeks as u64));
    let (mut single, mut together) = (0, 0);
    for _ in 0..SERIES {
        let mut level = 0.0;
        let all: Vec<f64> =
            (0..weeks + HORIZON).map(|week| (kind.1)(week, &mut level, &mut chance).max(0.0)).collect();
        let (known, to_come) = all.split_at(weeks);
        let back = origins(weeks, SEASON, HORIZON);
        let told = forecast(known, SEASON, HORIZON, &Method::QUICK, &back).expect("a forecast");
        for (step, came) in to_come.iter().enumerate() {
            let (low, high) = told.interval(step);
            single += usize::from((low..=high).contains(came));
        }
        let sum = told.sum_of(HORIZON);
        together += usize::from((sum.low..=sum.high).contains(&to_come.iter().sum::<f64>()));
    }
    [single as f64 / (SERIES * HORIZON) as f64, together as f64 / SERIES as f64]
}

#[test]
fn four_fifths_of_the_weeks_and_nearly_as_many_sums_lie_within_the_interval() {
    // Of 250 sums 80 % are 200 ± 6, give or take twice that.
    for weeks in [120, 200] {
        let mut sums = 0.0;
        for kind in &KINDS {
            let [single, together] = covered(kind, weeks);
            assert!((0.72..0.94).contains(&single), "{} of {weeks} weeks: {single} of the weeks", kind.0);
            assert!((0.64..0.90).contains(&together), "{} of {weeks} weeks: {together} of the sums", kind.0);
            sums += together / KINDS.len() as f64;
        }
        assert!((LEVEL - 0.08..LEVEL + 0.04).contains(&sums), "{sums} of the sums of {weeks} weeks");
    }
}

#[test]
fn a_history_that_overlaps_is_not_taken_for_six() {
    // 26 weeks: six origins a week apart.
    for kind in KINDS.iter().filter(|kind| kind.0 != "season") {
        let [single, together] = covered(kind, 26);
        assert!((0.72..0.95).contains(&single), "{}: {single} of the weeks", kind.0);
        assert!((0.64..0.95).contains(&together), "{}: {together} of the sums", kind.0);
    }
}
