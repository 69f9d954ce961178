//! MBG/CNBD-k against the papers' formulas, BG/NBD, finite differences and simulation.

use proptest::prelude::*;

use super::*;
use crate::generated;
use crate::purchasing::{Family, PurchaseFit};

fn seen(x: u32, t_x: f64, age: f64) -> Observation {
    Observation { x, t_x, age }
}

fn model(k: u32) -> Erlang {
    Erlang { k, r: 0.525, alpha: 6.183, dropout: Some(Dropout { a: 0.891, b: 1.614 }) }
}

#[test]
fn gradient_agrees_with_finite_differences() {
    let customers = [seen(0, 0.0, 30.0), seen(1, 3.0, 39.0), seen(7, 30.0, 33.0), seen(2, 2.0, 2.0)];
    let groups = Groups::new(&customers);
    for k in [1, 2, 5] {
        for at in [[0.5, 6.0, 0.9, 1.6], [3.0, 60.0, 0.01, 40.0], [0.01, 0.1, 5.0, 0.02]] {
            let at = at.map(f64::ln);
            for dropout in [true, false] {
                let loss =
                    |at: [f64; 4]| mean_loss(&groups, k, [at[0], at[1]], dropout.then_some([at[2], at[3]]));
                let gradient = loss(at).1;
                for i in 0..4 {
                    let (mut above, mut below) = (at, at);
                    above[i] += 1e-5;
                    below[i] -= 1e-5;
                    let slope = (loss(above).0 - loss(below).0) / 2e-5;
                    assert!((slope - gradient[i]).abs() < 1e-7, "k {k} {i}: {slope} {}", gradient[i]);
                }
            }
        }
    }
}

/// ∫∫ of the individual likelihood over λ and p by brute force.
fn likelihood_by_quadrature(model: &Erlang, x: u32, t_x: f64, age: f64) -> f64 {
    let Dropout { a, b } = model.dropout.expect("with dropout");
    let (k, x) = (f64::from(model.k), f64::from(x));
    let gamma = libm::tgamma;
    let beta = |p: f64, q: f64| gamma(p) * gamma(q) / gamma(p + q);
    // p enters as p^e (1−p)^f, whose mean is known; only λ is integrated.
    let survived = beta(a, b + x + 1.0) / beta(a, b);
    let stopped = beta(a + 1.0, b + x) / beta(a, b);
    let steps = 400_000;
    let highest = 12.0;
    (0..steps)
        .map(|i| {
            let lambda = (f64::from(i) + 0.5) / f64::from(steps) * highest;
            let density =
                model.alpha.powf(model.r) * lambda.powf(model.r - 1.0) * (-model.alpha * lambda).exp()
                    / gamma(model.r);
            let idle = lambda * (age - t_x);
            let quiet: f64 =
                (0..model.k).map(|j| idle.powi(j as i32) / gamma(f64::from(j) + 1.0)).sum::<f64>()
                    * (-idle).exp();
            density * lambda.powf(k * x) * (-lambda * t_x).exp() * (survived * quiet + stopped) * highest
                / f64::from(steps)
        })
        .sum()
}

#[test]
fn log_likelihood_is_the_integral_over_all_customers_who_might_be() {
    for k in [1, 2, 3] {
        let model = Erlang { r: 1.5, ..model(k) };
        let Dropout { a, b } = model.dropout.expect("with dropout");
        let groups = Groups::new(&[seen(3, 20.0, 35.0)]);
        let loss = mean_loss(&groups, k, [model.r.ln(), model.alpha.ln()], Some([a.ln(), b.ln()])).0;
        let expected = likelihood_by_quadrature(&model, 3, 20.0, 35.0).ln();
        assert!((-loss - expected).abs() < 1e-5, "k {k}: {} {expected}", -loss);
    }
}

#[test]
fn mbg_nbd_knows_that_one_time_buyers_may_be_gone() {
    // Batislam et al. (2007): P(alive | 0, 0, T) = 1/(1 + a/b ((α+T)/α)^r).
    let found = model(1).p_alive(&seen(0, 0.0, 38.86));
    let expected = 1.0 / (1.0 + 0.891 / 1.614 * ((6.183 + 38.86) / 6.183_f64).powf(0.525));
    assert!((found - expected).abs() < 1e-14, "{found} {expected}");
}

#[test]
fn mbg_nbd_is_the_beta_geometric_shifted_by_one_purchase() {
    // Alive, the future of MBG/NBD with b is that of BG/NBD with b+1.
    let customer = seen(4, 20.0, 30.0);
    let bg = crate::bg_nbd::BgNbd { r: 0.525, alpha: 6.183, a: 0.891, b: 2.614 };
    let weeks = [1.0, 10.0, 52.0];
    assert_eq!(model(1).purchases_if_alive(&customer, &weeks), bg.purchases_if_alive(&customer, &weeks));
}

/// What really happens to customers drawn from the model, among those seen like this one.
#[test]
fn figures_are_those_of_simulated_customers() {
    let model = Erlang { k: 2, r: 2.0, alpha: 4.0, dropout: Some(Dropout { a: 0.8, b: 4.0 }) };
    let customers = generated::erlang_weeks(&model, 40_000, 72.0, 11);
    let (mut alive, mut count, mut square, mut buyers) = (0.0, 0.0, 0.0, 0.0);
    let (mut p_alive, mut expected, mut expected_square, mut p_buy) = (0.0, 0.0, 0.0, 0.0);
    for (weeks, stopped) in &customers {
        let past: Vec<f64> = weeks.iter().copied().filter(|w| *w <= 40.0).collect();
        let future = (weeks.len() - past.len()) as f64;
        let customer = seen(past.len() as u32, past.last().copied().unwrap_or(0.0), 40.0);
        let p = model.p_alive(&customer);
        p_alive += p;
        expected += p * model.purchases_if_alive(&customer, &[32.0])[0];
        expected_square += p * model.squared_purchases_if_alive(&customer, 32.0);
        p_buy += p * model.p_buy_if_alive(&customer, 32.0);
        alive += f64::from(u8::from(stopped.is_none_or(|last| last > past.len())));
        count += future;
        square += future * future;
        buyers += f64::from(u8::from(future > 0.0));
    }
    let close = |what: &str, found: f64, truth: f64, tolerance: f64| {
        assert!((found / truth - 1.0).abs() < tolerance, "{what}: {found} {truth}");
    };
    close("alive", p_alive, alive, 0.01);
    close("purchases", expected, count, 0.01);
    close("squares", expected_square, square, 0.02);
    close("buyers", p_buy, buyers, 0.01);
}

#[test]
fn parameters_and_regularity_are_recovered() {
    let truth = Erlang { k: 3, r: 1.5, alpha: 2.5, dropout: Some(Dropout { a: 0.9, b: 5.0 }) };
    let histories = generated::erlang_days(&truth, 4_000, 364, 5);
    let customers = crate::purchasing::Customers::of_histories(&histories, 364);
    let fit = PurchaseFit::regular(&customers, true).expect("fitted");
    assert_eq!(fit.family, Family::MbgCnbd { k: 3 });
    for (parameter, truth) in fit.parameters.iter().zip([1.5, 2.5, 0.9, 5.0]) {
        let error = parameter.standard_error.expect("known");
        // Days instead of instants add a little.
        assert!((parameter.value - truth).abs() < 3.5 * error, "{parameter:?} is not {truth}");
    }
}

fn any_model() -> impl Strategy<Value = Erlang> {
    (1..5_u32, 0.05..5.0_f64, 0.5..80.0_f64, 0.05..4.0_f64, 0.1..9.0_f64, any::<bool>()).prop_map(
        |(k, r, alpha, a, b, stops)| Erlang { k, r, alpha, dropout: stops.then_some(Dropout { a, b }) },
    )
}

fn any_customer() -> impl Strategy<Value = Observation> {
    (0..40_u32, 0.0..100.0_f64, 0.0..100.0_f64).prop_map(|(x, t_x, idle)| match x {
        0 => seen(0, 0.0, idle),
        x => seen(x, t_x + 0.1, t_x + 0.1 + idle),
    })
}

proptest! {
    #[test]
    fn figures_stay_in_their_ranges(model in any_model(), customer in any_customer(), t in 0.0..300.0_f64) {
        let alive = model.p_alive(&customer);
        let buys = model.p_buy_if_alive(&customer, t);
        let counts = model.purchases_if_alive(&customer, &[t, t + 1.0]);
        let square = model.squared_purchases_if_alive(&customer, t);
        prop_assert!((0.0..=1.0).contains(&alive) && (0.0..=1.0).contains(&buys));
        prop_assert!(counts[0] >= buys * (1.0 - 1e-9) - 1e-15);
        prop_assert!(counts[1] >= counts[0] * (1.0 - 1e-12));
        prop_assert!(square >= counts[0] * (1.0 - 1e-9));
        prop_assert!(square >= counts[0] * counts[0] * (1.0 - 1e-9));
    }

    #[test]
    fn longer_silence_means_less_alive_for_random_buyers(model in any_model(), x in 0..40_u32, t_x in 0.1..80.0_f64, idle in 0.0..80.0_f64) {
        let model = Erlang { k: 1, ..model };
        let t_x = if x == 0 { 0.0 } else { t_x };
        prop_assert!(model.p_alive(&seen(x, t_x, t_x + idle + 1.0)) <= model.p_alive(&seen(x, t_x, t_x + idle)));
    }
}
