//! Gamma-Gamma against the note, finite differences and its own limits.

use super::*;

const PAPER: GammaGamma = GammaGamma { p: 6.25, q: 3.74, v: 15.44 };

#[test]
fn published_parameters_give_the_published_mean() {
    // Fader & Hardie (2013), note 25: the mean across customers is 6.25·15.44/(3.74−1) = 35.2.
    let mean = PAPER.population_mean().expect("finite");
    assert!((mean - 35.22).abs() < 0.005, "{mean}");
}

#[test]
fn one_purchase_moves_the_expectation_towards_it() {
    let mean = PAPER.population_mean().expect("finite");
    let after = |x, m| PAPER.expected_spend(x, m).expect("finite");
    assert!(mean < after(1, 100.0) && after(1, 100.0) < after(5, 100.0));
    assert!(after(5, 100.0) < 100.0 && after(1, 1.0) < mean);
    assert!((after(1, mean) - mean).abs() < 1e-12);
}

#[test]
fn slope_of_the_expectation_agrees_with_finite_differences() {
    for (x, mean) in [(0, 0.0), (1, 50.0), (7, 22.0)] {
        let at = [PAPER.p.ln(), PAPER.q.ln(), (PAPER.p * PAPER.v / PAPER.q).ln()];
        let expected = |at: [f64; 3]| {
            let [p, q, v] = log_parameters(&at).map(f64::exp);
            GammaGamma { p, q, v }.expected_spend(x, mean).expect("finite").ln()
        };
        let slope = PAPER.slope_of_expected_spend(x, mean).expect("finite");
        for i in 0..3 {
            let (mut above, mut below) = (at, at);
            above[i] += 1e-5;
            below[i] -= 1e-5;
            assert!(((expected(above) - expected(below)) / 2e-5 - slope[i]).abs() < 1e-8, "x {x} {i}");
        }
    }
}

#[test]
fn infinite_expectations_are_not_numbers() {
    let heavy = GammaGamma { p: 0.5, q: 0.8, v: 10.0 };
    assert_eq!(heavy.population_mean(), None);
    assert!(heavy.expected_spend(1, 10.0).is_some());
    assert_eq!(PAPER.expected_spend(2, -5.0), None);
}

#[test]
fn gradient_agrees_with_finite_differences() {
    let spending = [(1, 12.0), (3, 40.5), (1, 99.0), (9, 20.0)].map(|(x, mean)| Spending { x, mean });
    let spenders = Spenders::new(&spending).expect("usable");
    for at in [[6.25, 3.74, 0.4], [0.2, 0.5, 3.0], [50.0, 9.0, 0.01]] {
        let at = at.map(f64::ln);
        let gradient = spenders.mean_loss(&at).1;
        for i in 0..3 {
            let (mut above, mut below) = (at, at);
            above[i] += 1e-5;
            below[i] -= 1e-5;
            let slope = (spenders.mean_loss(&above).0 - spenders.mean_loss(&below).0) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-7 * (1.0 + slope.abs()), "{i}: {slope} {}", gradient[i]);
        }
    }
}

#[test]
fn log_likelihood_is_the_notes_formula() {
    let (x, m, GammaGamma { p, q, v }) = (3.0, 40.0, PAPER);
    let px = p * x;
    let density = libm::tgamma(px + q) / (libm::tgamma(px) * libm::tgamma(q))
        * v.powf(q)
        * f64::powf(m, px - 1.0)
        * f64::powf(x, px)
        / (v + m * x).powf(px + q);
    let spenders = Spenders::new(&[Spending { x: 3, mean: m }]).expect("usable");
    let scaled = spenders.mean_loss(&[p, q, v / spenders.scale].map(f64::ln)).0;
    let found = -(scaled + spenders.scale.ln());
    assert!((found - density.ln()).abs() < 1e-11, "{found} {}", density.ln());
}

#[test]
fn a_fit_by_way_of_a_sample_is_the_maximum_over_everybody() {
    let spending: Vec<Spending> = (0..30_000_u32)
        .map(|i| {
            let share = (f64::from(i) * 0.618_033_988_749_895).fract();
            Spending { x: 1 + i % 4, mean: 20.0 * (0.2 + share) / (1.1 - share) }
        })
        .collect();
    let spenders = Spenders::new(&spending).expect("usable");
    let sample = spenders.sample().expect("large enough");
    let GammaGamma { p, q, v } = fit(&spending).expect("fitted").parameters;
    let steepest = |spenders: &Spenders| {
        let slope = spenders.mean_loss(&[p, q, v / spenders.scale].map(f64::ln)).1;
        slope.iter().fold(0.0_f64, |most, s| most.max(s.abs()))
    };
    assert!(steepest(&spenders) < 1e-8, "{}", steepest(&spenders));
    // The sample alone would have ended elsewhere.
    assert!(steepest(&sample) > 1e-7, "{}", steepest(&sample));
}

#[test]
fn the_order_of_spenders_does_not_matter() {
    let mut spending: Vec<Spending> =
        (1..=500_u32).map(|i| Spending { x: 1 + i % 7, mean: f64::from(i * 37 % 501) + 0.1 }).collect();
    let found = fit(&spending).expect("fitted");
    spending.reverse();
    assert_eq!(fit(&spending), Ok(found));
}

#[test]
fn equal_spenders_are_told_as_a_boundary() {
    let spending: Vec<_> = (0..60).map(|i| Spending { x: 1 + i % 5, mean: 20.0 }).collect();
    let found = fit(&spending).expect("fitted");
    assert!(!found.boundary.is_empty(), "{found:?}");
    assert_eq!(found.correlation, None);
    let spend = found.parameters.expected_spend(1, 20.0).expect("finite");
    assert!((spend - 20.0).abs() < 0.1, "{spend}");
}

#[test]
fn nobody_with_a_positive_amount_is_refused() {
    assert_eq!(fit(&[Spending { x: 3, mean: 0.0 }]), Err(Unfit::TooFewRepeatBuyers));
}
