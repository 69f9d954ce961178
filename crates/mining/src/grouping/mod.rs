//! Groups of customers who are alike: k-means on chosen features, the number of groups proposed by the silhouette, each
//! group described by what marks it, matched with the groups of the run before.
//!
//! Features are made comparable first ([`scale`]): amounts and counts on a logarithmic scale, then centred at the median
//! and divided by the interquartile range, and cut off at ±[`scale::CUT`], so that one enormous customer does not become
//! a group of his own.

pub mod number;
pub mod profile;
pub mod scale;
pub mod stable;
pub mod taste;

use crate::reason::{Reason, all_finite};
use linfa::{DatasetBase, traits::Fit};
use linfa_clustering::KMeans;
use linfa_nn::distance::{Distance, L2Dist};
use ndarray::{Array2, ArrayView, Dimension};
use rand_xoshiro::{Xoshiro256Plus, rand_core::SeedableRng};
use rayon::prelude::*;
use scale::{Feature, Scaling};
use serde::{Deserialize, Serialize};

/// Fewer customers than this are looked at one by one, not in groups.
pub const FEWEST_CUSTOMERS: usize = 50;
pub const MOST_GROUPS: usize = 8;
/// Centres are found on so many customers at most, evenly spread over all; everybody is assigned.
const MOST_FITTED: usize = 10_000;
const RUNS: usize = 4;
/// How little the centres may still move.
const TOLERANCE: f64 = 1e-4;
const SEED: u64 = 0x6b6d_6561_6e73;

/// The centres, from which anybody can be assigned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    pub scaling: Scaling,
    /// One a group, in scaled units, the largest group first.
    pub centres: Vec<Vec<f64>>,
    /// How well each number of groups separates the customers.
    pub choice: number::Choice,
}

/// A run: the centres and each customer's group, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    pub groups: Groups,
    pub of: Vec<usize>,
}

/// Groups `rows`, one a customer, one value a feature. `wanted` groups, or as many as the silhouette proposes.
pub fn fit(features: &[Feature], rows: &[Vec<f64>], wanted: Option<usize>) -> Result<Grouped, Reason> {
    if rows.len() < FEWEST_CUSTOMERS {
        return Err(Reason::TooFewCustomers { have: rows.len(), need: FEWEST_CUSTOMERS });
    }
    if rows.iter().any(|row| row.len() != features.len()) {
        return Err(Reason::Ragged);
    }
    all_finite(rows.iter().flatten())?;
    let scaling = Scaling::fit(features, rows).ok_or(Reason::NoVariation)?;
    let scaled: Vec<Vec<f64>> = rows.iter().map(|row| scaling.apply(row)).collect();
    // k-means begins with random rows: in an order of their own, the same ones whatever order they came in.
    let mut order: Vec<usize> = (0..scaled.len()).collect();
    order.sort_by(|a, b| compare(&scaled[*a], &scaled[*b]));
    let sample: Vec<&Vec<f64>> = evenly(&order, MOST_FITTED).map(|at| &scaled[at]).collect();
    let mut distinct: Vec<&Vec<f64>> = sample.clone();
    distinct.dedup();
    let most = MOST_GROUPS.min(distinct.len());
    if most < 2 {
        return Err(Reason::NoVariation);
    }
    let numbers = match wanted {
        Some(wanted) => wanted.clamp(2, most)..=wanted.clamp(2, most),
        None => 2..=most,
    };
    let tried = numbers.into_par_iter().map(|number| Ok((number, k_means(&sample, number)?)));
    let tried = tried.collect::<Result<Vec<_>, Reason>>()?;
    let choice = number::choose(&sample, &tried);
    let mut centres = tried
        .into_iter()
        .find(|(number, _)| *number == choice.proposed)
        .map(|(_, centres)| centres)
        .ok_or(Reason::NotConverged)?;
    let counted = count(&scaled, &centres);
    let mut by_size: Vec<usize> = (0..centres.len()).filter(|group| counted[*group] > 0).collect();
    by_size.sort_by(|a, b| counted[*b].cmp(&counted[*a]).then(compare(&centres[*a], &centres[*b])));
    centres = by_size.into_iter().map(|group| std::mem::take(&mut centres[group])).collect();
    let of = scaled.iter().map(|row| nearest(row, &centres)).collect();
    Ok(Grouped { groups: Groups { scaling, centres, choice }, of })
}

impl Groups {
    /// The group of a customer who may not have been there when the groups were found.
    pub fn assign(&self, row: &[f64]) -> usize {
        nearest(&self.scaling.apply(row), &self.centres)
    }
}

fn k_means(rows: &[&Vec<f64>], number: usize) -> Result<Vec<Vec<f64>>, Reason> {
    let width = rows.first().map_or(0, |row| row.len());
    let flat: Vec<f64> = rows.iter().flat_map(|row| row.iter().copied()).collect();
    let records = Array2::from_shape_vec((rows.len(), width), flat).map_err(|_| Reason::Ragged)?;
    let chance = Xoshiro256Plus::seed_from_u64(SEED);
    let model = KMeans::params_with(number, chance, Squared)
        .n_runs(RUNS)
        .tolerance(TOLERANCE)
        .fit(&DatasetBase::from(records))
        .map_err(|_| Reason::NotConverged)?;
    let centres: Vec<Vec<f64>> = model.centroids().outer_iter().map(|centre| centre.to_vec()).collect();
    all_finite(centres.iter().flatten())?;
    Ok(centres)
}

/// As [`linfa_nn::distance::L2Dist`], on rows that stand together: that one walks each pair of rows as arrays of any shape, which takes
/// several times as long for a dozen numbers.
#[derive(Clone)]
struct Squared;

impl Distance<f64> for Squared {
    fn distance<D: Dimension>(&self, a: ArrayView<f64, D>, b: ArrayView<f64, D>) -> f64 {
        self.rdistance(a, b).sqrt()
    }
    fn rdistance<D: Dimension>(&self, a: ArrayView<f64, D>, b: ArrayView<f64, D>) -> f64 {
        match (a.as_slice(), b.as_slice()) {
            (Some(a), Some(b)) => squared(a, b),
            _ => L2Dist.rdistance(a, b),
        }
    }
    fn rdist_to_dist(&self, rdist: f64) -> f64 {
        rdist.sqrt()
    }
    fn dist_to_rdist(&self, dist: f64) -> f64 {
        dist * dist
    }
}

fn count(rows: &[Vec<f64>], centres: &[Vec<f64>]) -> Vec<usize> {
    let mut counted = vec![0; centres.len()];
    for row in rows {
        counted[nearest(row, centres)] += 1;
    }
    counted
}

pub(crate) fn nearest(row: &[f64], centres: &[Vec<f64>]) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (group, centre) in centres.iter().enumerate() {
        let distance = squared(row, centre);
        if distance < best.0 {
            best = (distance, group);
        }
    }
    best.1
}

pub(crate) fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn compare(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    differing.unwrap_or(std::cmp::Ordering::Equal)
}

/// At most `most` of `order`, evenly spread.
pub(crate) fn evenly(order: &[usize], most: usize) -> impl Iterator<Item = usize> + '_ {
    let taken = order.len().min(most);
    (0..taken).map(move |at| order[at * order.len() / taken])
}

#[cfg(test)]
mod tests {
    use super::scale::Curve;
    use super::*;
    use proptest::prelude::*;

    fn features() -> Vec<Feature> {
        vec![Feature::new("money", Curve::Log), Feature::new("days", Curve::Plain)]
    }

    /// Three clouds of twenty, thirty and forty customers far from each other.
    fn clouds() -> Vec<Vec<f64>> {
        let cloud = |count: usize, money: f64, days: f64| {
            (0..count).map(move |at| {
                let noise = (at as f64 * 0.618).fract();
                vec![money * (1.0 + 0.2 * noise), days + 5.0 * (at as f64 * 0.414).fract()]
            })
        };
        cloud(40, 100.0, 10.0).chain(cloud(30, 10_000.0, 15.0)).chain(cloud(20, 9_000.0, 300.0)).collect()
    }

    #[test]
    fn clear_clouds_are_found_and_their_number_proposed() {
        let found = fit(&features(), &clouds(), None).expect("groups");
        assert_eq!(found.groups.choice.proposed, 3);
        assert!(found.groups.choice.clear(), "{:?}", found.groups.choice);
        // The largest first, and nobody in the wrong one.
        let expected: Vec<usize> = [vec![0; 40], vec![1; 30], vec![2; 20]].concat();
        assert_eq!(found.of, expected);
        let again: Vec<usize> = clouds().iter().map(|row| found.groups.assign(row)).collect();
        assert_eq!(again, expected);
    }

    #[test]
    fn one_cloud_cut_into_pieces_is_not_clear() {
        // Points spread evenly over a cube of ten dimensions (the sequence of Kronecker): wherever it is cut, there is no gap.
        let primes = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0];
        let point = |at: i32| primes.map(|prime| (f64::from(at) * prime.sqrt()).fract()).to_vec();
        let rows: Vec<Vec<f64>> = (1..=400).map(point).collect();
        let cube = primes.map(|prime| Feature::new(&prime.to_string(), Curve::Plain));
        let choice = fit(&cube, &rows, None).expect("groups").groups.choice;
        assert_eq!(choice.silhouettes.len(), MOST_GROUPS - 1, "{choice:?}");
        assert!(!choice.clear(), "{choice:?}");
    }

    #[test]
    fn a_wanted_number_is_kept() {
        let found = fit(&features(), &clouds(), Some(5)).expect("groups");
        assert_eq!(found.groups.centres.len(), 5);
    }

    #[test]
    fn unusable_input_gives_its_reason() {
        let few = vec![vec![1.0, 2.0]; 10];
        let need = FEWEST_CUSTOMERS;
        assert_eq!(fit(&features(), &few, None).err(), Some(Reason::TooFewCustomers { have: 10, need }));
        assert_eq!(fit(&features(), &vec![vec![1.0, 2.0]; 60], None).err(), Some(Reason::NoVariation));
        let mut rows = clouds();
        rows[3][0] = f64::NAN;
        assert_eq!(fit(&features(), &rows, None).err(), Some(Reason::NotFinite));
        rows[3] = vec![1.0];
        assert_eq!(fit(&features(), &rows, None).err(), Some(Reason::Ragged));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn the_order_of_customers_changes_nothing(
            rows in prop::collection::vec((0.0_f64..1e6, -50.0_f64..400.0), 60..120),
            seed in any::<u64>(),
        ) {
            let rows: Vec<Vec<f64>> = rows.into_iter().map(|(a, b)| vec![a, b]).collect();
            let found = fit(&features(), &rows, None).expect("groups");
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|at| (*at as u64).wrapping_mul(seed | 1).rotate_left(17));
            let shuffled: Vec<Vec<f64>> = order.iter().map(|at| rows[*at].clone()).collect();
            let again = fit(&features(), &shuffled, None).expect("groups");
            prop_assert_eq!(&again.groups, &found.groups);
            let expected: Vec<usize> = order.iter().map(|at| found.of[*at]).collect();
            prop_assert_eq!(again.of, expected);
            prop_assert!(found.groups.centres.iter().flatten().all(|number| number.is_finite()));
        }
    }
}
