//! Where the likelihood has its maximum at an edge of the parameter space, the fit says which and stays usable.

mod generated;

use value::bg_nbd::{self, BgNbd, BgNbdFit};
use value::gamma_gamma::{self, GammaGamma, Spending};
use value::history::Observation;

fn fitted(truth: BgNbd) -> BgNbdFit {
    bg_nbd::fit(&generated::observations(&truth, 6_000, 60.0, 9)).expect("fitted")
}

fn told(edges: &[value::estimate::Edge]) -> Vec<String> {
    edges.iter().map(ToString::to_string).collect()
}

/// The rate E(λ) = r/α is known however uncertain the spread of rates is.
fn rate_is_near(fit: &BgNbdFit, truth: f64) {
    let rate = fit.parameters.r / fit.parameters.alpha;
    assert!((rate / truth - 1.0).abs() < 0.06, "{rate} {fit:?}");
}

#[test]
fn customers_with_one_common_rate_have_r_at_infinity() {
    let found = fitted(BgNbd { r: 5e3, alpha: 5e4, a: 0.8, b: 2.4 });
    assert_eq!(told(&found.boundary), ["r runs to infinity"]);
    rate_is_near(&found, 0.1);
    let errors = found.standard_errors;
    assert_eq!((errors.r, errors.alpha), (None, None));
    assert!(errors.a.is_some() && errors.b.is_some());
}

#[test]
fn customers_with_one_common_dropout_chance_have_a_plus_b_at_infinity() {
    let found = fitted(BgNbd { r: 0.6, alpha: 5.0, a: 8e3, b: 3.2e4 });
    assert_eq!(told(&found.boundary), ["a+b runs to infinity"]);
    rate_is_near(&found, 0.12);
    let BgNbd { a, b, .. } = found.parameters;
    assert!((a / (a + b) - 0.2).abs() < 0.02, "{found:?}");
    assert!(found.standard_errors.r.is_some() && found.standard_errors.a.is_none());
}

#[test]
fn customers_who_never_stop_stay_alive() {
    let found = fitted(BgNbd { r: 0.6, alpha: 5.0, a: 1e-6, b: 1.0 });
    assert!(!found.boundary.is_empty(), "{found:?}");
    assert_eq!((found.standard_errors.a, found.standard_errors.b), (None, None));
    assert!(found.parameters.a < 0.01 * found.parameters.b, "{found:?}");
    rate_is_near(&found, 0.12);
    let seen = Observation { x: 3, t_x: 30.0, age: 50.0 };
    assert!(found.parameters.p_alive(&seen) > 0.99);
    // Without dropout it is the negative binomial's n t/(α + T).
    let expected = (found.parameters.r + 3.0) / (found.parameters.alpha + 50.0) * 10.0;
    assert!((found.parameters.expected_purchases(&seen, 10.0) / expected - 1.0).abs() < 0.01);
}

#[test]
fn degenerate_populations_are_fitted_without_nonsense() {
    let seen = |x: u32, t_x: f64, age: f64| Observation { x, t_x, age };
    let populations: [Vec<Observation>; 5] = [
        (0..500).map(|i| if i == 0 { seen(1, 3.0, 20.0) } else { seen(0, 0.0, 20.0) }).collect(),
        (0..500).map(|i| seen(1, 3.0 + 0.01 * f64::from(i), 20.0)).collect(),
        (0..500).map(|i| seen(300 + i, 400.0, 520.0)).collect(),
        (0..500).map(|i| seen(1 + i % 5, f64::from(1 + i % 5), 520.0)).collect(),
        (0..500).map(|i| seen(i % 2, f64::from(i % 2) / 7.0, 1.0 / 7.0)).collect(),
    ];
    for customers in populations {
        let found = bg_nbd::fit(&customers).expect("fitted");
        assert!(!found.boundary.is_empty(), "{found:?}");
        assert!(found.log_likelihood.is_finite());
        for customer in &customers {
            let (alive, count) =
                (found.parameters.p_alive(customer), found.parameters.expected_purchases(customer, 52.0));
            assert!(
                (0.0..=1.0).contains(&alive) && count.is_finite() && count >= 0.0,
                "{customer:?} {found:?}"
            );
        }
    }
}

#[test]
fn spenders_who_are_all_alike_have_q_at_infinity() {
    let truth = GammaGamma { p: 3.0, q: 2e4, v: 1.5e5 };
    let found = gamma_gamma::fit(&generated::spending(&truth, 5_000, 9)).expect("fitted");
    assert_eq!(told(&found.boundary), ["q runs to infinity"]);
    assert!(found.standard_errors.p.is_some() && found.standard_errors.v.is_none());
    let mean = found.parameters.population_mean().expect("finite");
    assert!((mean / 22.5 - 1.0).abs() < 0.03, "{mean}");
}

#[test]
fn a_mean_that_does_not_exist_is_not_invented() {
    let truth = GammaGamma { p: 2.0, q: 0.6, v: 15.0 };
    let found = gamma_gamma::fit(&generated::spending(&truth, 5_000, 9)).expect("fitted");
    assert!((found.parameters.q - 0.6).abs() < 0.05, "{found:?}");
    assert_eq!(found.parameters.population_mean(), None);
}

#[test]
fn one_or_two_spenders_do_not_break_the_fit() {
    for means in [vec![5.0], vec![5.0, 6.0], vec![1e-4, 1e11]] {
        let spending: Vec<Spending> = means.iter().map(|mean| Spending { x: 2, mean: *mean }).collect();
        let found = gamma_gamma::fit(&spending).expect("fitted");
        assert!(!found.boundary.is_empty() && found.log_likelihood.is_finite(), "{found:?}");
    }
}
