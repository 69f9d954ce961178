//! The fits find the parameters their data were generated with, and the predictions come true.

mod generated;

use generated::Chance;
use value::bg_nbd::{self, BgNbd};
use value::gamma_gamma::{self, GammaGamma};
use value::history::Observation;

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
