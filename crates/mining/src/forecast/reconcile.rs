//! Forecasts of parts and of their total that add up.
//!
//! Weighted least squares with the variances of the forecasts' own errors (Wickramasuriya, Athanasopoulos & Hyndman 2019,
//! MinT with a diagonal matrix). For one total over its parts this has a closed form: with the gap g = total − Σ parts, part i
//! moves by g · vᵢ / (v₀ + Σ v), v₀ being the total's variance. Who is least certain gives way most.

use super::Forecast;

/// Moves the parts' points; the total becomes their sum, step by step. Without any error known the total gives way.
pub fn reconcile(total: &mut Forecast, parts: &mut [&mut Forecast]) {
    for step in 0..total.points.len() {
        let sum: f64 = parts.iter().map(|part| part.points[step]).sum();
        let variance = |forecast: &Forecast| forecast.deviations[step].powi(2);
        let all = variance(total) + parts.iter().map(|part| variance(part)).sum::<f64>();
        let gap = total.points[step] - sum;
        for part in parts.iter_mut() {
            let share = if all > 0.0 { variance(part) / all } else { 0.0 };
            let moved = part.points[step] + gap * share;
            part.points[step] = if part.floor_at_zero { moved.max(0.0) } else { moved };
        }
        total.points[step] = parts.iter().map(|part| part.points[step]).sum();
    }
}

/// Moves the parts' points so that they sum to a total that stands: first by their variances, as above with v₀ = 0, then, where
/// the floor at zero was hit or no error is known, in proportion.
pub fn to_total(total: &[f64], parts: &mut [&mut Forecast]) {
    for (step, total) in total.iter().enumerate() {
        let sum: f64 = parts.iter().map(|part| part.points[step]).sum();
        let variances: f64 = parts.iter().map(|part| part.deviations[step].powi(2)).sum();
        for part in parts.iter_mut().filter(|_| variances > 0.0) {
            let moved = part.points[step] + (total - sum) * part.deviations[step].powi(2) / variances;
            part.points[step] = if part.floor_at_zero { moved.max(0.0) } else { moved };
        }
        let sum: f64 = parts.iter().map(|part| part.points[step]).sum();
        let count = parts.len().max(1) as f64;
        for part in parts.iter_mut() {
            part.points[step] =
                if sum.abs() > 0.0 { part.points[step] * (total / sum) } else { total / count };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, forecast};
    use super::*;
    use proptest::prelude::*;

    fn told(point: f64, deviation: f64) -> Forecast {
        let mut found = forecast(&[1.0; 20], 1, 2, &Method::QUICK).expect("a forecast");
        (found.points, found.deviations) = (vec![point; 2], vec![deviation; 2]);
        found
    }

    #[test]
    fn the_least_certain_gives_way_most() {
        let (mut total, mut a, mut b) = (told(130.0, 1.0), told(60.0, 2.0), told(40.0, 0.0));
        reconcile(&mut total, &mut [&mut a, &mut b]);
        // A gap of 30; variances 1, 4, 0.
        assert!((a.points[0] - 84.0).abs() < 1e-9 && b.points[0] == 40.0);
        assert!((total.points[0] - 124.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn parts_always_sum_to_the_total(
            total in (0.0_f64..1e6, 0.0_f64..1e4), parts in prop::collection::vec((0.0_f64..1e5, 0.0_f64..1e4), 1..6),
        ) {
            let mut total = told(total.0, total.1);
            let mut parts: Vec<Forecast> = parts.into_iter().map(|(point, deviation)| told(point, deviation)).collect();
            reconcile(&mut total, &mut parts.iter_mut().collect::<Vec<_>>());
            for step in 0..2 {
                let sum: f64 = parts.iter().map(|part| part.points[step]).sum();
                prop_assert_eq!(sum, total.points[step]);
                prop_assert!(parts.iter().all(|part| part.points[step] >= 0.0));
            }
            let wanted = [total.points[0] / 3.0, total.points[0] + 7.0];
            to_total(&wanted, &mut parts.iter_mut().collect::<Vec<_>>());
            for (step, wanted) in wanted.iter().enumerate() {
                let sum: f64 = parts.iter().map(|part| part.points[step]).sum();
                prop_assert!((sum - wanted).abs() <= 1e-9 * wanted.abs().max(1.0));
                prop_assert!(parts.iter().all(|part| part.points[step] >= 0.0));
            }
        }
    }
}
