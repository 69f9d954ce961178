//! BG/NBD against the paper, its own closed forms and finite differences.

use proptest::prelude::*;

use super::*;
use crate::generated;
use crate::groups::Groups;

/// Table 2 of Fader, Hardie & Lee (2005).
const PAPER: BgNbd = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

fn seen(x: u32, t_x: f64, age: f64) -> Observation {
    Observation { x, t_x, age }
}

/// Gauss's ₂F₁(a, b; c; z) for 0 ≤ z < 1, c > 0, by Euler's transform where that converges faster: an oracle
/// independent of the series the model uses.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let series = |a: f64, b: f64| {
        let (mut term, mut sum) = (1.0_f64, 1.0_f64);
        for k in (0..100_000).map(f64::from) {
            term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
            sum += term;
        }
        sum
    };
    let exponent = c - a - b;
    if exponent < 0.0 { (1.0 - z).powf(exponent) * series(c - a, c - b) } else { series(a, b) }
}

#[test]
fn the_oracle_meets_closed_forms() {
    for z in [0.0_f64, 1e-9, 0.1, 0.5, 0.9, 0.99] {
        let close = |found: f64, expected: f64| {
            assert!((found / expected - 1.0).abs() < 1e-12, "{z}: {found} {expected}")
        };
        close(hypergeometric(2.3, 1.7, 1.7, z), (1.0 - z).powf(-2.3));
        if z > 0.0 {
            close(hypergeometric(1.0, 1.0, 2.0, z), -(-z).ln_1p() / z);
            close(hypergeometric(0.5, 1.0, 1.5, z), z.sqrt().atanh() / z.sqrt());
        }
    }
}

/// Eq. (10) as printed.
fn as_printed(model: &BgNbd, seen: &Observation, t: f64) -> f64 {
    let BgNbd { r, alpha, a, b } = *model;
    let x = f64::from(seen.x);
    let c = a + b + x - 1.0;
    let z = t / (alpha + seen.age + t);
    let f = hypergeometric(r + x, b + x, c, z);
    let top = c / (a - 1.0) * (1.0 - (1.0 - z).powf(r + x) * f);
    let idle = ((alpha + seen.age) / (alpha + seen.t_x)).powf(r + x);
    top / if seen.x > 0 { 1.0 + a / (b + x - 1.0) * idle } else { 1.0 }
}

#[test]
fn customer_of_the_papers_spreadsheet_buys_1_226_times() {
    // Fader, Hardie & Lee (2005), "Implementing the BG/NBD Model in Microsoft Excel", section 5.
    let found = PAPER.expected_purchases(&seen(2, 30.43, 38.86), 39.0);
    assert!((found - 1.226).abs() < 5e-4, "{found}");
}

#[test]
fn customer_without_repeat_purchase_is_always_alive() {
    assert_eq!(PAPER.p_alive(&seen(0, 0.0, 1e6)), 1.0);
}

#[test]
fn gradient_agrees_with_finite_differences() {
    let customers = [seen(0, 0.0, 30.0), seen(1, 3.0, 39.0), seen(7, 30.0, 33.0), seen(2, 2.0, 2.0)];
    let groups = Groups::new(&customers);
    for at in [[0.243, 4.414, 0.793, 2.426], [3.0, 60.0, 0.01, 40.0], [0.01, 0.1, 5.0, 0.02]] {
        let at = at.map(f64::ln);
        let (_, gradient) = groups.mean_loss(&at);
        for i in 0..4 {
            let mut above = at;
            let mut below = at;
            above[i] += 1e-5;
            below[i] -= 1e-5;
            let slope = (groups.mean_loss(&above).0 - groups.mean_loss(&below).0) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-8, "{i}: {slope} {}", gradient[i]);
        }
    }
}

#[test]
fn log_likelihood_is_the_papers_formula() {
    let customer = seen(3, 20.0, 35.0);
    let BgNbd { r, alpha, a, b } = PAPER;
    let beta = |p: f64, q: f64| libm::tgamma(p) * libm::tgamma(q) / libm::tgamma(p + q);
    let gammas = libm::tgamma(r + 3.0) * alpha.powf(r) / libm::tgamma(r);
    let likelihood = beta(a, b + 3.0) / beta(a, b) * gammas / (alpha + 35.0).powf(r + 3.0)
        + beta(a + 1.0, b + 2.0) / beta(a, b) * gammas / (alpha + 20.0).powf(r + 3.0);
    let found = -Groups::new(&[customer]).mean_loss(&[r, alpha, a, b].map(f64::ln)).0;
    assert!((found - likelihood.ln()).abs() < 1e-12, "{found} {}", likelihood.ln());
}

#[test]
fn expectation_is_continuous_where_a_is_one() {
    let customer = seen(2, 10.0, 20.0);
    let at = |a: f64| BgNbd { a, ..PAPER }.expected_purchases(&customer, 30.0);
    assert!((at(1.0) - at(1.0 + 1e-9)).abs() < 1e-8);
}

#[test]
fn a_heavy_buyer_is_expected_to_go_on() {
    let heavy = PAPER.expected_purchases(&seen(3000, 99.99, 100.0), 52.0);
    assert!(heavy > 1000.0 && heavy < 1560.0, "{heavy}");
}

#[test]
fn a_population_without_repeat_buyers_is_refused() {
    let customers = vec![seen(0, 0.0, 10.0); 50];
    assert_eq!(fit(&customers), Err(crate::estimate::Unfit::TooFewRepeatBuyers));
    assert_eq!(fit(&[]), Err(crate::estimate::Unfit::TooFewCustomers));
    assert_eq!(fit(&[seen(0, 0.0, 0.0)]), Err(crate::estimate::Unfit::NoTimePassed));
}

#[test]
fn customers_who_never_stop_are_told_as_a_boundary() {
    // Everybody bought every second week up to the end: neither dropout nor a spread of rates.
    let customers: Vec<_> = (1..=200).map(|i| seen(i % 4 + 10, 24.0, 24.1)).collect();
    let found = fit(&customers).expect("fitted");
    assert!(!found.boundary.is_empty(), "{found:?}");
    let BgNbd { r, alpha, a, b } = found.parameters;
    assert!([r, alpha, a, b, found.log_likelihood].iter().all(|v| v.is_finite()), "{found:?}");
    let rate = r / alpha;
    assert!((rate - 11.5 / 24.1).abs() < 0.02, "rate {rate}");
    // Every rate is the same and nobody stops: both limits are named, and what they touch has no error.
    let told: Vec<String> = found.boundary.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"r runs to infinity".to_owned()), "{told:?}");
    assert!(told.contains(&"a/b runs to zero".to_owned()), "{told:?}");
    let errors = found.standard_errors;
    assert_eq!((errors.r, errors.alpha, errors.a, errors.b), (None, None, None, None));
}

#[test]
fn a_fit_by_way_of_a_sample_is_the_maximum_over_everybody() {
    let customers = generated::observations(&PAPER, 30_000, 60.0, 4);
    let groups = Groups::new(&customers);
    let sample = groups.sample().expect("large enough");
    assert_eq!((groups.customers, sample.customers), (30_000.0, 10_000.0));
    let BgNbd { r, alpha, a, b } = fit(&customers).expect("fitted").parameters;
    let steepest = |groups: &Groups| {
        let slope = groups.mean_loss(&[r, alpha, a, b].map(f64::ln)).1;
        slope.iter().fold(0.0_f64, |most, s| most.max(s.abs()))
    };
    assert!(steepest(&groups) < 1e-8, "{}", steepest(&groups));
    // The sample alone would have ended elsewhere.
    assert!(steepest(&sample) > 1e-6, "{}", steepest(&sample));
}

fn any_model() -> impl Strategy<Value = BgNbd> {
    (0.05..5.0_f64, 0.5..80.0_f64, 0.05..4.0_f64, 0.1..9.0_f64).prop_map(|(r, alpha, a, b)| BgNbd {
        r,
        alpha,
        a,
        b,
    })
}

fn any_customer() -> impl Strategy<Value = Observation> {
    (0..40_u32, 0.0..100.0_f64, 0.0..100.0_f64).prop_map(|(x, t_x, idle)| match x {
        0 => seen(0, 0.0, idle),
        x => seen(x, t_x + 0.1, t_x + 0.1 + idle),
    })
}

proptest! {
    #[test]
    fn series_is_the_printed_formula(model in any_model(), customer in any_customer(), t in 0.1..150.0_f64) {
        // The printed form loses digits near a = 1 and has a pole where a + b + x = 1.
        prop_assume!((model.a - 1.0).abs() > 0.05 && model.a + model.b > 1.05);
        let (found, printed) = (model.expected_purchases(&customer, t), as_printed(&model, &customer, t));
        prop_assert!((found - printed).abs() < 1e-9 * (1.0 + printed.abs()), "{found} {printed}");
    }

    #[test]
    fn figures_stay_in_their_ranges(model in any_model(), customer in any_customer(), t in 0.0..300.0_f64) {
        let alive = model.p_alive(&customer);
        let buys = model.p_buy_within(&customer, t);
        let count = model.expected_purchases(&customer, t);
        prop_assert!((0.0..=1.0).contains(&alive));
        prop_assert!((0.0..=alive).contains(&buys));
        // The expected number is at least the chance of one, and grows with the horizon.
        prop_assert!(count >= buys * (1.0 - 1e-12));
        prop_assert!(model.expected_purchases(&customer, t + 1.0) >= count * (1.0 - 1e-12));
    }

    #[test]
    fn longer_silence_means_less_alive(model in any_model(), x in 1..40_u32, t_x in 0.1..80.0_f64, idle in 0.0..80.0_f64) {
        let sooner = model.p_alive(&seen(x, t_x, t_x + idle));
        let later = model.p_alive(&seen(x, t_x, t_x + idle + 1.0));
        prop_assert!(later <= sooner);
    }

    #[test]
    fn waiting_time_inverts_the_chance(model in any_model(), customer in any_customer(), chance in 0.01..0.99_f64) {
        match model.weeks_until(&customer, chance) {
            Some(weeks) => prop_assert!((model.p_buy_within(&customer, weeks) - chance).abs() < 1e-9),
            None => prop_assert!(model.p_buy_within(&customer, 1e12) <= chance + 1e-3),
        }
    }
}
