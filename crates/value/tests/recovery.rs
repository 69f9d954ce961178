//! The fits find the parameters their data were generated with, and the predictions come true.

mod generated;

use generated::Chance;
use value::bg_nbd::{self, BgNbd};
use value::erlang::Erlang;
use value::gamma_gamma::{self, GammaGamma};
use value::history::Observation;
use value::pareto_nbd::ParetoNbd;
use value::purchasing::{Customers, Family, PurchaseFit};

fn within(name: &str, found: f64, truth: f64, error: Option<f64>) {
    let error = error.unwrap_or_else(|| panic!("{name} has no standard error"));
    let off = (found - truth) / error;
    assert!(off.abs() < 3.5, "{name}: {found} is {off:.1} standard errors from {truth}");
    assert!(error < truth, "{name}: standard error {error} tells nothing");
}

#[test]
fn bg_nbd_finds_the_parameters_of_generated_customers() {
    let truths = [
        BgNbd { r: 0.25, alpha: 4.5, a: 0.8, b: 2.4 },
        BgNbd { r: 1.8, alpha: 12.0, a: 1.2, b: 6.0 },
        BgNbd { r: 0.6, alpha: 20.0, a: 0.4, b: 0.9 },
    ];
    for (seed, truth) in (1..).zip(truths) {
        let customers = generated::observations(&truth, 12_000, 104.0, seed);
        let found = bg_nbd::fit(&customers).expect("fitted");
        assert!(found.boundary.is_empty(), "{found:?}");
        let (p, e) = (found.parameters, found.standard_errors);
        within("r", p.r, truth.r, e.r);
        within("alpha", p.alpha, truth.alpha, e.alpha);
        within("a", p.a, truth.a, e.a);
        within("b", p.b, truth.b, e.b);
    }
}

/// A model that customers are drawn from.
enum Truth {
    Erlang(Erlang),
    ParetoNbd(ParetoNbd),
}

impl Truth {
    /// By the names a fit gives them.
    fn parameters(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Erlang(Erlang { r, alpha, .. }) => vec![("r", r), ("alpha", alpha)],
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => {
                vec![("r", r), ("alpha", alpha), ("s", s), ("beta", beta)]
            }
        }
    }

    /// To customers in continuous time, seen for up to 104 weeks; first purchases are spread over the first quarter.
    fn fit(&self, family: Family, customers: usize, seed: u64) -> PurchaseFit {
        let mut chance = Chance::new(seed);
        let seen: Vec<Observation> = (0..customers)
            .map(|_| {
                let age = 104.0 * (1.0 - 0.25 * chance.uniform());
                let at = match self {
                    Self::Erlang(model) => generated::erlang_customer(model, age, &mut chance).0,
                    Self::ParetoNbd(model) => generated::pareto_weeks(model, age, &mut chance),
                };
                Observation { x: at.len() as u32, t_x: at.last().copied().unwrap_or(0.0), age }
            })
            .collect();
        let fit = PurchaseFit::of(family, &Customers::of_observations(&seen)).expect("fitted");
        assert!(fit.family == family && fit.boundary.is_empty(), "{fit:?}");
        let names: Vec<&str> = fit.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, self.parameters().iter().map(|(name, _)| *name).collect::<Vec<_>>());
        fit
    }

    fn is_found(&self, family: Family, customers: usize, seed: u64) {
        let fit = self.fit(family, customers, seed);
        for (found, (name, truth)) in fit.parameters.iter().zip(self.parameters()) {
            within(name, found.value, truth, found.standard_error);
        }
    }

    /// Over many samples the mean square of (found − truth) / standard error, in logarithms, which are nearer to normal. It is 1
    /// if the standard errors are right, a quarter if they are twice too large, 4 if they are half of what they should be.
    fn mean_square_off(&self, family: Family, customers: usize, samples: u64) -> f64 {
        let squares: Vec<f64> = (0..samples)
            .flat_map(|seed| {
                let fit = self.fit(family, customers, 500 + seed);
                let off = fit.parameters.into_iter().zip(self.parameters()).map(|(found, (_, truth))| {
                    let error = found.standard_error.expect("a standard error") / found.value;
                    ((found.value / truth).ln() / error).powi(2)
                });
                off.collect::<Vec<f64>>()
            })
            .collect();
        squares.iter().sum::<f64>() / squares.len() as f64
    }
}

fn erlang(k: u32, r: f64, alpha: f64) -> Truth {
    Truth::Erlang(Erlang { k, r, alpha, dropout: None })
}

fn pareto(r: f64, alpha: f64, s: f64, beta: f64) -> Truth {
    Truth::ParetoNbd(ParetoNbd { r, alpha, s, beta })
}

#[test]
fn nbd_finds_the_parameters_of_generated_customers() {
    for (seed, truth) in (21..).zip([erlang(1, 0.25, 4.5), erlang(1, 1.8, 12.0), erlang(1, 0.6, 20.0)]) {
        truth.is_found(Family::Nbd, 8_000, seed);
    }
}

#[test]
fn cnbd_finds_the_parameters_of_generated_customers() {
    for (seed, (k, r, alpha)) in (31..).zip([(2, 0.8, 3.0), (3, 1.8, 2.5), (5, 0.5, 4.0)]) {
        erlang(k, r, alpha).is_found(Family::Cnbd { k }, 8_000, seed);
    }
}

#[test]
fn pareto_nbd_finds_the_parameters_of_generated_customers() {
    let truths = [pareto(0.553, 10.578, 0.606, 11.669), pareto(2.0, 8.0, 1.0, 40.0)];
    for (seed, truth) in (41..).zip(truths) {
        truth.is_found(Family::ParetoNbd, 4_000, seed);
    }
}

/// 40 samples with about one independent parameter each know a mean square to about 0.22, 20 with two as well as that.
#[test]
fn parameters_scatter_from_sample_to_sample_by_their_standard_errors() {
    let found = [
        erlang(1, 0.9, 6.0).mean_square_off(Family::Nbd, 600, 40),
        erlang(3, 1.8, 2.5).mean_square_off(Family::Cnbd { k: 3 }, 600, 40),
        pareto(2.0, 8.0, 0.7, 12.0).mean_square_off(Family::ParetoNbd, 800, 20),
    ];
    assert!(found.iter().all(|square| (0.4..2.2).contains(square)), "{found:?}");
}

#[test]
fn gamma_gamma_finds_the_parameters_of_generated_customers() {
    let truths = [
        GammaGamma { p: 6.25, q: 3.74, v: 15.44 },
        GammaGamma { p: 1.5, q: 2.2, v: 8_000.0 },
        GammaGamma { p: 20.0, q: 12.0, v: 0.04 },
    ];
    for (seed, truth) in (11..).zip(truths) {
        let customers = generated::spending(&truth, 8_000, seed);
        let found = gamma_gamma::fit(&customers).expect("fitted");
        assert!(found.boundary.is_empty(), "{found:?}");
        let (p, e) = (found.parameters, found.standard_errors);
        within("p", p.p, truth.p, e.p);
        within("q", p.q, truth.q, e.q);
        within("v", p.v, truth.v, e.v);
        assert!(found.correlation.expect("varied").abs() < 0.05, "{found:?}");
    }
}

#[test]
fn gamma_gamma_scales_with_the_currency() {
    let dollars = generated::spending(&GammaGamma { p: 6.25, q: 3.74, v: 15.44 }, 1_000, 5);
    let yen: Vec<_> = dollars.iter().map(|s| gamma_gamma::Spending { mean: s.mean * 150.0, ..*s }).collect();
    let (one, other) = (gamma_gamma::fit(&dollars).expect("fitted"), gamma_gamma::fit(&yen).expect("fitted"));
    assert!((other.parameters.v / one.parameters.v / 150.0 - 1.0).abs() < 1e-5);
    assert!((other.parameters.q / one.parameters.q - 1.0).abs() < 1e-5);
    let shift = one.log_likelihood - other.log_likelihood - 1_000.0 * 150.0_f64.ln();
    assert!(shift.abs() < 1e-4, "{shift}");
}

/// Among simulated customers alike in (x, t_x), the future does what the formulas say.
#[test]
fn predictions_come_true_on_average() {
    let model = BgNbd { r: 0.9, alpha: 6.0, a: 0.9, b: 3.0 };
    let (age, ahead) = (40.0, 26.0);
    let mut chance = Chance::new(77);
    let (mut n, mut alive, mut bought, mut count) = (0.0, 0.0, 0.0, 0.0);
    let (mut p_alive, mut p_buy, mut expected) = (0.0, 0.0, 0.0);
    for _ in 0..60_000 {
        let (weeks, _) = generated::repeat_weeks(&model, age + ahead, &mut chance);
        let past: Vec<f64> = weeks.iter().copied().filter(|w| *w <= age).collect();
        if past.is_empty() || past.len() > 5 {
            continue;
        }
        let seen = Observation { x: past.len() as u32, t_x: past[past.len() - 1], age };
        let future = (weeks.len() - past.len()) as f64;
        n += 1.0;
        count += future;
        bought += f64::from(u8::from(future > 0.0));
        p_alive += model.p_alive(&seen);
        p_buy += model.p_buy_within(&seen, ahead);
        expected += model.expected_purchases(&seen, ahead);
    }
    for _ in 0..60_000 {
        let (weeks, still) = generated::repeat_weeks(&model, age, &mut chance);
        if (1..=5).contains(&weeks.len()) {
            alive += f64::from(u8::from(still));
        }
    }
    assert!((bought - p_buy).abs() < 4.0 * (p_buy * (1.0 - p_buy / n)).sqrt(), "{bought} {p_buy}");
    assert!((count / expected - 1.0).abs() < 0.03, "{count} {expected}");
    assert!((alive / p_alive - 1.0).abs() < 0.03, "{alive} {p_alive}");
}

#[test]
fn new_customers_buy_as_often_as_expected() {
    let model = BgNbd { r: 0.9, alpha: 6.0, a: 0.9, b: 3.0 };
    let mut chance = Chance::new(78);
    let total: usize = (0..40_000).map(|_| generated::repeat_weeks(&model, 30.0, &mut chance).0.len()).sum();
    let expected = 40_000.0 * model.expected_of_new_customer(30.0);
    assert!((total as f64 / expected - 1.0).abs() < 0.03, "{total} {expected}");
}
