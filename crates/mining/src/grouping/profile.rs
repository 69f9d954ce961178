//! What a group is like: mean of each feature, its share of customers and of the feature's sum, lift against all, and the
//! few features that mark it, of which its name is made.

use super::Grouped;
use serde::{Deserialize, Serialize};

/// A feature marks a group from this distance on, in robust standard deviations between its mean and everybody's.
const MARKED_FROM: f64 = 0.35;
const MOST_MARKS: usize = 2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub customers: usize,
    /// Of all customers.
    pub share: f64,
    /// In the order of the features.
    pub features: Vec<FeatureProfile>,
    /// The strongest first; empty for a group that is like everybody.
    pub marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureProfile {
    pub name: String,
    /// In the feature's own unit.
    pub mean: f64,
    /// Mean of the group / mean of all; `None` where all have a mean of zero or below.
    pub lift: Option<f64>,
    /// Of the feature's sum over all customers; `None` likewise.
    pub share_of_sum: Option<f64>,
    /// Mean of the scaled values less that of all: how far the group stands out.
    pub distance: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub feature: String,
    pub high: bool,
}

/// One profile a group, in the order of the groups. `rows` are those the groups were found on.
pub fn profiles(grouped: &Grouped, rows: &[Vec<f64>]) -> Vec<Profile> {
    let scaling = &grouped.groups.scaling;
    let all: Vec<usize> = (0..rows.len()).collect();
    let overall = Sums::of(&all, rows, |row| scaling.apply(row), scaling.features.len());
    (0..grouped.groups.centres.len())
        .map(|group| {
            let members: Vec<usize> =
                all.iter().copied().filter(|customer| grouped.of[*customer] == group).collect();
            let sums = Sums::of(&members, rows, |row| scaling.apply(row), scaling.features.len());
            let features: Vec<FeatureProfile> = scaling
                .features
                .iter()
                .enumerate()
                .map(|(at, feature)| {
                    let (mean, of_all) = (sums.mean(at), overall.mean(at));
                    FeatureProfile {
                        name: feature.name.clone(),
                        mean,
                        lift: (of_all > 0.0).then(|| mean / of_all),
                        share_of_sum: (of_all > 0.0).then(|| sums.raw[at] / overall.raw[at]),
                        distance: sums.scaled_mean(at) - overall.scaled_mean(at),
                    }
                })
                .collect();
            Profile {
                customers: members.len(),
                share: members.len() as f64 / rows.len().max(1) as f64,
                marks: marks(&features),
                features,
            }
        })
        .collect()
}

struct Sums {
    count: f64,
    raw: Vec<f64>,
    scaled: Vec<f64>,
}

impl Sums {
    fn of(members: &[usize], rows: &[Vec<f64>], scale: impl Fn(&[f64]) -> Vec<f64>, width: usize) -> Self {
        let mut values: Vec<(&Vec<f64>, Vec<f64>)> =
            members.iter().map(|at| (&rows[*at], scale(&rows[*at]))).collect();
        // Sums of floating-point numbers depend on their order.
        values.sort_by(|a, b| super::compare(a.0, b.0));
        let (mut raw, mut scaled) = (vec![0.0; width], vec![0.0; width]);
        for (row, scaled_row) in &values {
            for at in 0..width {
                raw[at] += row[at];
                scaled[at] += scaled_row[at];
            }
        }
        Sums { count: members.len().max(1) as f64, raw, scaled }
    }

    fn mean(&self, at: usize) -> f64 {
        self.raw[at] / self.count
    }

    fn scaled_mean(&self, at: usize) -> f64 {
        self.scaled[at] / self.count
    }
}

fn marks(features: &[FeatureProfile]) -> Vec<Mark> {
    let mut standing: Vec<&FeatureProfile> =
        features.iter().filter(|feature| feature.distance.abs() >= MARKED_FROM).collect();
    standing.sort_by(|a, b| b.distance.abs().total_cmp(&a.distance.abs()));
    let mark =
        |feature: &&FeatureProfile| Mark { feature: feature.name.clone(), high: feature.distance > 0.0 };
    standing.iter().take(MOST_MARKS).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{
        fit,
        scale::{Curve, Feature},
    };
    use super::*;

    #[test]
    fn a_profile_says_share_lift_and_what_marks_the_group() {
        let rows: Vec<Vec<f64>> = (0..60)
            .map(|at| vec![if at < 45 { 10.0 } else { 1_000.0 } + f64::from(at % 5), f64::from(at % 3)])
            .collect();
        let features = [Feature::new("money", Curve::Log), Feature::new("noise", Curve::Plain)];
        let grouped = fit(&features, &rows, Some(2)).expect("groups");
        let found = profiles(&grouped, &rows);
        assert_eq!(found.iter().map(|one| one.customers).sum::<usize>(), 60);
        let shares: f64 = found.iter().filter_map(|one| one.features[0].share_of_sum).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        for (at, one) in found.iter().enumerate() {
            let members: Vec<f64> =
                (0..60).filter(|row| grouped.of[*row] == at).map(|row| rows[row][0]).collect();
            let mean = members.iter().sum::<f64>() / members.len() as f64;
            assert!((one.features[0].mean - mean).abs() < 1e-9);
            let all = rows.iter().map(|row| row[0]).sum::<f64>() / 60.0;
            assert!((one.features[0].lift.expect("lift") - mean / all).abs() < 1e-9);
            assert!((one.share - members.len() as f64 / 60.0).abs() < 1e-12);
            assert!(one.marks.iter().any(|mark| mark.high == (one.features[0].distance > 0.0)));
        }
    }

    #[test]
    fn sums_below_zero_have_no_lift() {
        let rows: Vec<Vec<f64>> = (0..60).map(|at| vec![-f64::from(at), f64::from(at)]).collect();
        let features = [Feature::new("loss", Curve::Plain), Feature::new("x", Curve::Plain)];
        let grouped = fit(&features, &rows, Some(2)).expect("groups");
        let found = profiles(&grouped, &rows);
        assert!(found.iter().all(|one| one.features[0].lift.is_none() && one.features[1].lift.is_some()));
    }
}
