//! Whether effects are as large as they are told: the slope of the best linear predictor of the scores by what was told,
//! ψ − mean = β (told − mean) + noise within each fold (Chernozhukov, Demirer, Duflo & Fernández-Val 2018, "Generic machine
//! learning inference on heterogeneous treatment effects", with Horvitz–Thompson-like scores). 1: as told; below 1: exaggerated; 0:
//! nothing in it. Standard error robust to unequal variances (HC1; White 1980).

use super::{Estimate, validation::Judged};

pub fn slope(judged: &[Judged]) -> Estimate {
    let spread: f64 = judged.iter().map(|one| one.told * one.told).sum();
    if spread <= f64::MIN_POSITIVE || judged.len() < 3 {
        return Estimate::default();
    }
    let value = judged.iter().map(|one| one.told * one.surplus).sum::<f64>() / spread;
    let squares: f64 = judged.iter().map(|one| (one.told * (one.surplus - value * one.told)).powi(2)).sum();
    let count = judged.len() as f64;
    Estimate { value, error: (squares * count / (count - 2.0)).sqrt() / spread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_much_as_happened_has_a_slope_of_a_half() {
        let one = |at: usize| {
            let told = at as f64 - 49.5;
            Judged { at, rank: 0.0, told, score: told / 2.0, surplus: told / 2.0, sales: 0.0, fold: 0 }
        };
        let judged: Vec<Judged> = (0..100).map(one).collect();
        let found = slope(&judged);
        assert!((found.value - 0.5).abs() < 1e-12 && found.error < 1e-9, "{found:?}");
        assert_eq!(slope(&judged[..1]), Estimate::default());
    }
}
