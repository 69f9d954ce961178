//! Customers drawn from the models' own assumptions, with a fixed seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use value::bg_nbd::BgNbd;
use value::erlang::Erlang;
use value::gamma_gamma::{GammaGamma, Spending};
use value::history::{Observation, Purchase};
use value::pareto_nbd::ParetoNbd;

pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in (0, 1].
    pub fn uniform(&mut self) -> f64 {
        1.0 - self.0.random::<f64>()
    }

    pub fn exponential(&mut self, rate: f64) -> f64 {
        -self.uniform().ln() / rate
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Marsaglia & Tsang (2000); shapes below 1 by Γ(s) = Γ(s+1)·U^(1/s).
    pub fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return boost * self.gamma(shape + 1.0, rate);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let z = self.normal();
            let v = (1.0 + c * z).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * z * z + d - d * v + d * v.ln() {
                return d * v / rate;
            }
        }
    }

    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a, 1.0), self.gamma(b, 1.0));
        x / (x + y)
    }
}

/// Weeks of the repeat purchases of a customer observed for `age` weeks, and whether he is still alive then.
pub fn repeat_weeks(model: &BgNbd, age: f64, chance: &mut Chance) -> (Vec<f64>, bool) {
    let rate = chance.gamma(model.r, model.alpha);
    let stops = chance.beta(model.a, model.b);
    let mut weeks = Vec::new();
    let mut at = 0.0;
    loop {
        at += chance.exponential(rate);
        if at > age {
            return (weeks, true);
        }
        weeks.push(at);
        if chance.uniform() <= stops {
            return (weeks, false);
        }
    }
}

/// What is seen of them in continuous time; first purchases are spread over the first quarter.
#[allow(dead_code)]
pub fn observations(model: &BgNbd, customers: usize, weeks: f64, seed: u64) -> Vec<Observation> {
    let mut chance = Chance::new(seed);
    (0..customers)
        .map(|_| {
            let age = weeks * (1.0 - 0.25 * chance.uniform());
            let (at, _) = repeat_weeks(model, age, &mut chance);
            Observation { x: at.len() as u32, t_x: at.last().copied().unwrap_or(0.0), age }
        })
        .collect()
}

/// Mean repeat amounts of customers with 1 to 8 repeat purchases.
#[allow(dead_code)]
pub fn spending(model: &GammaGamma, customers: usize, seed: u64) -> Vec<Spending> {
    let mut chance = Chance::new(seed);
    (0..customers)
        .map(|i| {
            let x = 1 + (i % 8) as u32;
            let rate = chance.gamma(model.q, model.v);
            let total: f64 = (0..x).map(|_| chance.gamma(model.p, rate)).sum();
            Spending { x, mean: total / f64::from(x) }
        })
        .collect()
}

/// Whole purchase histories in days, as a company has them: first purchases in the first 84 days, seen until `last_day`.
#[allow(dead_code)]
pub fn histories(
    bg: &BgNbd,
    gg: &GammaGamma,
    customers: usize,
    last_day: i32,
    seed: u64,
) -> Vec<Vec<Purchase>> {
    histories_arriving(bg, gg, customers, 84, last_day, seed)
}

/// The same with first purchases spread over the first `arrival_days`.
#[allow(dead_code)]
pub fn histories_arriving(
    bg: &BgNbd,
    gg: &GammaGamma,
    customers: usize,
    arrival_days: i32,
    last_day: i32,
    seed: u64,
) -> Vec<Vec<Purchase>> {
    let weeks = |age: f64, chance: &mut Chance| repeat_weeks(bg, age, chance).0;
    histories_by(weeks, gg, customers, arrival_days, last_day, seed)
}

/// The same of any model, which tells the weeks of a customer's repeat purchases up to an age.
#[allow(dead_code)]
pub fn histories_by(
    repeat_weeks: impl Fn(f64, &mut Chance) -> Vec<f64>,
    gg: &GammaGamma,
    customers: usize,
    arrival_days: i32,
    last_day: i32,
    seed: u64,
) -> Vec<Vec<Purchase>> {
    let mut chance = Chance::new(seed);
    (0..customers)
        .map(|_| {
            let first = (chance.uniform() * f64::from(arrival_days)) as i32;
            let rate = chance.gamma(gg.q, gg.v);
            let weeks = repeat_weeks(f64::from(last_day - first) / 7.0, &mut chance);
            let days = std::iter::once(first).chain(weeks.into_iter().map(|w| first + (w * 7.0) as i32));
            days.map(|day| {
                let amount = value::money::from_units(chance.gamma(gg.p, rate));
                Purchase { day, amount }
            })
            .collect()
        })
        .collect()
}

/// Weeks of the repeat purchases of customers seen for `age` weeks, and after how many of them one stopped.
#[allow(dead_code)]
pub fn erlang_weeks(model: &Erlang, customers: usize, age: f64, seed: u64) -> Vec<(Vec<f64>, Option<usize>)> {
    let mut chance = Chance::new(seed);
    (0..customers).map(|_| erlang_customer(model, age, &mut chance)).collect()
}

/// A customer of Pareto/NBD: buys at random until an end at random.
#[allow(dead_code)]
pub fn pareto_weeks(model: &ParetoNbd, age: f64, chance: &mut Chance) -> Vec<f64> {
    let (rate, end) = (chance.gamma(model.r, model.alpha), chance.gamma(model.s, model.beta));
    let until = age.min(chance.exponential(end));
    let mut at = 0.0;
    std::iter::from_fn(|| {
        at += chance.exponential(rate);
        (at <= until).then_some(at)
    })
    .collect()
}

#[allow(dead_code)]
pub fn erlang_customer(model: &Erlang, age: f64, chance: &mut Chance) -> (Vec<f64>, Option<usize>) {
    let rate = chance.gamma(model.r, model.alpha);
    let stops = model.dropout.map_or(0.0, |dropout| chance.beta(dropout.a, dropout.b));
    let (mut weeks, mut at) = (Vec::new(), 0.0);
    loop {
        if chance.uniform() <= stops {
            let after = weeks.len();
            return (weeks, Some(after));
        }
        at += (0..model.k).map(|_| chance.exponential(rate)).sum::<f64>();
        if at > age {
            return (weeks, None);
        }
        weeks.push(at);
    }
}

/// Whole histories in days; first purchases in the first 84 days.
#[allow(dead_code)]
pub fn erlang_days(model: &Erlang, customers: usize, last_day: i32, seed: u64) -> Vec<Vec<Purchase>> {
    let mut chance = Chance::new(seed);
    (0..customers)
        .map(|_| {
            let first = (chance.uniform() * 84.0) as i32;
            let (weeks, _) = erlang_customer(model, f64::from(last_day - first) / 7.0, &mut chance);
            let days = std::iter::once(first).chain(weeks.into_iter().map(|w| first + (w * 7.0) as i32));
            days.map(|day| Purchase { day, amount: 10_000 + (chance.uniform() * 90_000.0) as i64 }).collect()
        })
        .collect()
}
