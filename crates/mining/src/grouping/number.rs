//! How many groups: the number whose groups are tightest for their distance from each other, by the mean silhouette.
//!
//! Silhouette of a customer: (b − a) / max(a, b), a his mean distance to his own group, b that to the nearest other; its mean
//! over all lies in −1..1. Source: P. Rousseeuw (1987), *Silhouettes*, J. Comput. Appl. Math. 20; the readings of its height
//! are those of Kaufman & Rousseeuw (1990), *Finding Groups in Data*, table 4: up to 0.25 no substantial structure.

use super::{evenly, nearest, squared};
use serde::{Deserialize, Serialize};

/// Silhouettes take the distances between all pairs: of so many customers at most.
const MOST_COMPARED: usize = 1_000;
const NO_STRUCTURE: f64 = 0.25;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub proposed: usize,
    /// (number of groups, mean silhouette), in order of the number.
    pub silhouettes: Vec<(usize, f64)>,
    /// Customers compared.
    pub compared: usize,
}

impl Choice {
    pub fn silhouette(&self) -> f64 {
        let proposed = self.silhouettes.iter().find(|(number, _)| *number == self.proposed);
        proposed.map_or(0.0, |(_, silhouette)| *silhouette)
    }

    /// Whether there are groups in the data, and not merely a cloud cut into pieces.
    pub fn clear(&self) -> bool {
        self.silhouette() > NO_STRUCTURE
    }
}

/// The number with the highest silhouette; of equals the smaller.
pub(super) fn choose(rows: &[&Vec<f64>], tried: &[(usize, Vec<Vec<f64>>)]) -> Choice {
    let order: Vec<usize> = (0..rows.len()).collect();
    let compared: Vec<&Vec<f64>> = evenly(&order, MOST_COMPARED).map(|at| rows[at]).collect();
    let mut silhouettes = vec![];
    for (number, centres) in tried {
        let of: Vec<usize> = compared.iter().map(|row| nearest(row, centres)).collect();
        silhouettes.push((*number, silhouette(&compared, &of, *number)));
    }
    let mut proposed = (0, f64::NEG_INFINITY);
    for (number, height) in &silhouettes {
        if *height > proposed.1 {
            proposed = (*number, *height);
        }
    }
    Choice { proposed: proposed.0, silhouettes, compared: compared.len() }
}

/// The mean silhouette; a customer alone in his group counts 0, as Rousseeuw has it.
fn silhouette(rows: &[&Vec<f64>], of: &[usize], groups: usize) -> f64 {
    let mut size = vec![0_usize; groups];
    for group in of {
        size[*group] += 1;
    }
    let mut sum = 0.0;
    for (at, row) in rows.iter().enumerate() {
        let own = of[at];
        if size[own] < 2 {
            continue;
        }
        let mut distance = vec![0.0; groups];
        for (other, group) in rows.iter().zip(of) {
            distance[*group] += squared(row, other).sqrt();
        }
        let inside = distance[own] / (size[own] - 1) as f64;
        let others = (0..groups).filter(|group| *group != own && size[*group] > 0);
        let outside = others.map(|group| distance[group] / size[group] as f64).fold(f64::INFINITY, f64::min);
        if outside.is_finite() && inside.max(outside) > 0.0 {
            sum += (outside - inside) / inside.max(outside);
        }
    }
    sum / rows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_a_quarter_there_is_no_structure() {
        let of = |height: f64| Choice { proposed: 3, silhouettes: vec![(2, 0.9), (3, height)], compared: 9 };
        assert_eq!([0.25, 0.26].map(|height| of(height).clear()), [false, true]);
    }

    #[test]
    fn the_silhouette_of_a_known_case() {
        // 0, 1 | 10, 11: a = 1 everywhere; b = 10.5, 9.5, 9.5, 10.5.
        let rows = [vec![0.0], vec![1.0], vec![10.0], vec![11.0]];
        let rows: Vec<&Vec<f64>> = rows.iter().collect();
        let expected = (2.0 * (9.5 / 10.5) + 2.0 * (8.5 / 9.5)) / 4.0;
        assert!((silhouette(&rows, &[0, 0, 1, 1], 2) - expected).abs() < 1e-12);
        // Alone in a group: 0.
        assert!((silhouette(&rows[..1], &[0], 2)).abs() < 1e-12);
    }
}
