//! Pareto/NBD against the note's ₂F₁, published figures, finite differences and fine subdivision.

use proptest::prelude::*;

use super::*;

/// Published for the CDNOW sample (Fader & Hardie 2005, and the paper's table of Fader, Hardie & Lee 2005).
const CDNOW: ParetoNbd = ParetoNbd { r: 0.553, alpha: 10.578, s: 0.606, beta: 11.669 };

fn seen(x: u32, t_x: f64, age: f64) -> Observation {
    Observation { x, t_x, age }
}

fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0_f64, 1.0_f64, 0.0);
    while term.abs() > 1e-17 * sum.abs() {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
        sum += term;
        k += 1.0;
    }
    sum
}

/// L as printed in the note, eq. (18)–(20).
fn likelihood_as_printed(model: &ParetoNbd, seen: &Observation) -> f64 {
    let ParetoNbd { r, alpha, s, beta } = *model;
    let x = f64::from(seen.x);
    let all = r + s + x;
    let part = |t: f64| {
        if alpha >= beta {
            hypergeometric(all, s + 1.0, all + 1.0, (alpha - beta) / (alpha + t)) / (alpha + t).powf(all)
        } else {
            hypergeometric(all, r + x, all + 1.0, (beta - alpha) / (beta + t)) / (beta + t).powf(all)
        }
    };
    let gone = s / all * (part(seen.t_x) - part(seen.age));
    let alive = (alpha + seen.age).powf(-(r + x)) * (beta + seen.age).powf(-s);
    libm::tgamma(r + x) / libm::tgamma(r) * alpha.powf(r) * beta.powf(s) * (alive + gone)
}

#[test]
fn log_likelihood_and_p_alive_are_the_notes_formulas() {
    for model in
        [CDNOW, ParetoNbd { beta: 2.0, ..CDNOW }, ParetoNbd { alpha: 1.0, s: 3.0, beta: 60.0, r: 2.0 }]
    {
        for customer in [seen(0, 0.0, 38.86), seen(2, 30.43, 38.86), seen(9, 5.0, 39.0), seen(1, 1.0, 1.0)] {
            let ParetoNbd { r, alpha, s, beta } = model;
            let found = -mean_loss(&Groups::new(&[customer]), &[r, alpha, s, beta].map(f64::ln)).0;
            let printed = likelihood_as_printed(&model, &customer);
            assert!((found - printed.ln()).abs() < 1e-9, "{model:?} {customer:?}: {found} {}", printed.ln());
            let x = f64::from(customer.x);
            let alive = libm::tgamma(r + x) / libm::tgamma(r) * alpha.powf(r) * beta.powf(s)
                / (alpha + customer.age).powf(r + x)
                / (beta + customer.age).powf(s);
            let p = model.p_alive(&customer);
            assert!((p - alive / printed).abs() < 1e-9, "{p} {}", alive / printed);
        }
    }
}

#[test]
fn gradient_agrees_with_finite_differences() {
    let customers = [seen(0, 0.0, 30.0), seen(1, 3.0, 39.0), seen(7, 30.0, 33.0), seen(2, 2.0, 2.0)];
    let groups = Groups::new(&customers);
    for at in [[0.553, 10.578, 0.606, 11.669], [3.0, 60.0, 0.01, 40.0], [0.05, 1.0, 5.0, 30.0]] {
        let at = at.map(f64::ln);
        let gradient = mean_loss(&groups, &at).1;
        for i in 0..4 {
            let (mut above, mut below) = (at, at);
            above[i] += 1e-5;
            below[i] -= 1e-5;
            let slope = (mean_loss(&groups, &above).0 - mean_loss(&groups, &below).0) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-7, "{i}: {slope} {}", gradient[i]);
        }
    }
}

#[test]
fn silence_agrees_with_a_fine_subdivision() {
    for (n, alpha, s, beta, t) in [
        (0.55, 10.6, 0.6, 11.7, 39.0),
        (40.5, 30.0, 0.6, 40.0, 9.0),
        (300.0, 50.0, 0.6, 60.0, 30.0),
        (0.05, 0.5, 2.0, 500.0, 52.0),
        (2.0, 100.0, 0.01, 0.5, 52.0),
        (5.0, 10.0, 500.0, 20_000.0, 200.0),
    ] {
        let silence = Silence { n, alpha, s, beta };
        let fine: f64 = {
            // Midpoints in equal steps of ln(1+u/w), w small enough to follow the fall.
            let w = 1.0 / (n / alpha + (s + 1.0) / beta);
            let (steps, end) = (200_000, (t / w).ln_1p());
            let step = end / f64::from(steps);
            (0..steps)
                .map(|i| {
                    let grown = ((f64::from(i) + 0.5) * step).exp();
                    let u = w * (grown - 1.0);
                    (-n * (u / alpha).ln_1p() - (s + 1.0) * (u / beta).ln_1p()).exp() * w * grown * step
                })
                .sum()
        };
        let found = silence.integral(t);
        assert!((found / fine - 1.0).abs() < 1e-8, "{silence:?}: {found} {fine}");
    }
}

#[test]
fn moments_are_those_of_their_integrals() {
    let (customer, t) = (seen(3, 10.0, 20.0), 30.0);
    for s in [0.606, 1.0, 2.0, 3.5] {
        let model = ParetoNbd { s, ..CDNOW };
        let (n, alpha, beta) = (model.r + 3.0, model.alpha + 20.0, model.beta + 20.0);
        let steps = 200_000;
        let step = t / f64::from(steps);
        let (mut first, mut second) = (0.0, 0.0);
        for i in 0..steps {
            let u = (f64::from(i) + 0.5) * step;
            let stays = (beta / (beta + u)).powf(s);
            first += stays * step;
            second += 2.0 * u * stays * step;
        }
        let mean = n / alpha * first;
        let square = mean + n * (n + 1.0) / (alpha * alpha) * second;
        let found = model.purchases_if_alive(&customer, &[t])[0];
        assert!((found / mean - 1.0).abs() < 1e-8, "{found} {mean}");
        let found = model.squared_purchases_if_alive(&customer, t);
        assert!((found / square - 1.0).abs() < 1e-8, "{found} {square}");
    }
}

proptest! {
    #[test]
    fn figures_stay_in_their_ranges(
        r in 0.05..5.0_f64, alpha in 0.5..80.0_f64, s in 0.05..4.0_f64, beta in 0.5..90.0_f64,
        x in 0..40_u32, t_x in 0.1..100.0_f64, idle in 0.0..100.0_f64, t in 0.0..300.0_f64,
    ) {
        let model = ParetoNbd { r, alpha, s, beta };
        let customer = seen(x, if x == 0 { 0.0 } else { t_x }, t_x + idle);
        let (alive, buys) = (model.p_alive(&customer), model.p_buy_if_alive(&customer, t));
        let counts = model.purchases_if_alive(&customer, &[t, t + 1.0]);
        let square = model.squared_purchases_if_alive(&customer, t);
        prop_assert!((0.0..=1.0).contains(&alive) && (0.0..=1.0).contains(&buys));
        prop_assert!(counts[0] >= buys * (1.0 - 1e-6) - 1e-9, "{} {}", counts[0], buys);
        prop_assert!(counts[1] >= counts[0] && square >= counts[0] * (1.0 - 1e-9));
        prop_assert!(square >= counts[0] * counts[0] * (1.0 - 1e-9));
        let later = model.p_alive(&Observation { age: customer.age + 1.0, ..customer });
        prop_assert!(later <= alive + 1e-9);
    }
}
