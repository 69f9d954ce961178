//! Which of many features are worth learning from: those that go with what is to be predicted, each looked at alone (sure
//! independence screening, Fan and Lv 2008). It looks at the examples learned from only, so that the test stays a test.

use super::Example;

/// Correlation with the outcome below which a feature is left out, in standard errors of a correlation that is none.
const LEAST: f64 = 2.0;

/// The places of at most `most` features from place `from` on, rising: those most correlated with the outcome, beyond chance.
pub fn screen(examples: &[Example], from: usize, most: usize) -> Vec<usize> {
    let width = examples.first().map_or(0, |example| example.features.len());
    let least = LEAST / (examples.len().max(1) as f64).sqrt();
    let mut found: Vec<(f64, usize)> = (from..width)
        .map(|at| (correlation(examples, at).abs(), at))
        .filter(|(strength, _)| *strength > least)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(most);
    let mut places: Vec<usize> = found.into_iter().map(|(_, at)| at).collect();
    places.sort_unstable();
    places
}

/// Pearson's, 0 where one of the two never varies.
fn correlation(examples: &[Example], at: usize) -> f64 {
    let count = examples.len() as f64;
    let mean = examples.iter().map(|example| example.features[at]).sum::<f64>() / count;
    let rate = examples.iter().filter(|example| example.happened).count() as f64 / count;
    let (mut together, mut spread) = (0.0, 0.0);
    for example in examples {
        let off = example.features[at] - mean;
        together += off * (f64::from(u8::from(example.happened)) - rate);
        spread += off * off;
    }
    let found = together / (spread * count * rate * (1.0 - rate)).sqrt();
    if found.is_finite() { found } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_the_outcome_is_kept_and_noise_is_not() {
        let one = |key: u64| {
            let happened = super::super::mixed(key).is_multiple_of(3);
            let truth = if happened { 1.0 } else { 0.0 };
            let noise = |salt: u64| (super::super::mixed(key ^ salt) % 100) as f64;
            let features = vec![truth, noise(0xa0), 5.0, truth * 3.0 + noise(0xb0) / 50.0, -truth];
            Example { key, features, happened }
        };
        let examples: Vec<Example> = (0..2_000).map(one).collect();
        assert!(
            (correlation(&examples, 0) - 1.0).abs() < 1e-9 && (correlation(&examples, 4) + 1.0).abs() < 1e-9
        );
        // The first is not asked about, the second is noise, the third never varies.
        assert_eq!(screen(&examples, 1, 10), [3, 4]);
        assert_eq!(screen(&examples, 1, 1), [4]);
        assert!(screen(&[], 0, 5).is_empty());
    }
}
