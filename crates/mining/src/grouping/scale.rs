//! Features made comparable, so that neither their units nor a few enormous values decide who is alike.

use serde::{Deserialize, Serialize};

/// Scaled values lie within ± this many (robust) standard deviations.
pub const CUT: f64 = 3.0;
/// The interquartile range of a normal distribution with standard deviation 1.
const NORMAL_RANGE: f64 = 1.349;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    Plain,
    /// ln(1 + x), for amounts and counts, whose ratios matter; below zero counts as zero.
    Log,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    pub curve: Curve,
}

impl Feature {
    pub fn new(name: &str, curve: Curve) -> Self {
        Feature { name: name.to_owned(), curve }
    }
}

/// Centre and spread of each feature, as fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    pub features: Vec<Feature>,
    centre: Vec<f64>,
    /// 0 for a feature that is the same for everybody, which then says nothing.
    spread: Vec<f64>,
}

impl Scaling {
    /// `None` if no feature varies. `rows` are finite and as wide as `features`.
    pub fn fit(features: &[Feature], rows: &[Vec<f64>]) -> Option<Self> {
        let (mut centre, mut spread) = (vec![], vec![]);
        for (at, feature) in features.iter().enumerate() {
            let mut values: Vec<f64> = rows.iter().map(|row| curved(feature.curve, row[at])).collect();
            values.sort_unstable_by(f64::total_cmp);
            centre.push(quantile(&values, 0.5));
            let range = quantile(&values, 0.75) - quantile(&values, 0.25);
            // More than half the customers alike (bought once): the range is 0 though the feature says something.
            spread.push(if range > 0.0 { range / NORMAL_RANGE } else { deviation(&values) });
        }
        let varies = spread.iter().any(|spread| *spread > 0.0);
        varies.then(|| Scaling { features: features.to_vec(), centre, spread })
    }

    pub fn apply(&self, row: &[f64]) -> Vec<f64> {
        let scaled = |at: usize, value: f64| {
            let spread = self.spread[at];
            if spread > 0.0 {
                ((curved(self.features[at].curve, value) - self.centre[at]) / spread).clamp(-CUT, CUT)
            } else {
                0.0
            }
        };
        row.iter().take(self.features.len()).enumerate().map(|(at, value)| scaled(at, *value)).collect()
    }
}

fn curved(curve: Curve, value: f64) -> f64 {
    match curve {
        Curve::Plain => value,
        Curve::Log => value.max(0.0).ln_1p(),
    }
}

/// Of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996); 0 of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, rest) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(last);
    sorted[below] + rest * (sorted[above] - sorted[below])
}

fn deviation(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    // Rounding makes a constant's deviation a hair above zero.
    if square.sqrt() > 1e-12 * mean.abs() { square.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_is_cut_off_and_moves_nobody_else() {
        let mut rows: Vec<Vec<f64>> = (0..99).map(|value| vec![f64::from(value)]).collect();
        rows.push(vec![1e12]);
        let scaling = Scaling::fit(&[Feature::new("x", Curve::Plain)], &rows).expect("varies");
        assert_eq!(scaling.apply(&[1e12]), [CUT]);
        assert!(scaling.apply(&[49.5])[0].abs() < 1e-9);
        // Quartiles of 0..98 and one more: 24.75 and 74.25.
        assert!((scaling.apply(&[74.25])[0] - 24.75 / (49.5 / NORMAL_RANGE)).abs() < 1e-9);
    }

    #[test]
    fn a_constant_feature_says_nothing_and_alone_is_refused() {
        let features = [Feature::new("x", Curve::Log), Feature::new("y", Curve::Plain)];
        let rows: Vec<Vec<f64>> = (0..10).map(|value| vec![0.1, f64::from(value)]).collect();
        let scaling = Scaling::fit(&features, &rows).expect("y varies");
        assert_eq!(scaling.apply(&[999.0, 4.5])[0], 0.0);
        assert_eq!(Scaling::fit(&features[..1], &rows), None);
    }

    #[test]
    fn mostly_equal_values_are_spread_by_their_deviation() {
        let rows: Vec<Vec<f64>> = (0..10).map(|at| vec![f64::from(at / 9)]).collect();
        let scaling = Scaling::fit(&[Feature::new("x", Curve::Plain)], &rows).expect("varies");
        assert!((scaling.apply(&[1.0])[0] - 3.0).abs() < 1e-9, "1 / 0.3, cut at 3");
    }
}
