//! RFM: scores 1..5 for recency, frequency and monetary value among all customers (5 is best).
//!
//! Definition and ties: let below be the number of customers with a strictly lower value and equal the number
//! with the same value (himself included). The mid-rank share s = (below + equal/2)/n lies strictly between 0
//! and 1, and the score is 1 + ⌊5 s⌋. Hence equal values always get equal scores, values without ties in a
//! multiple of five customers fall into exact fifths, and a value everybody shares scores a neutral 3. With fewer
//! than five customers the same formula leaves scores out (two customers get 2 and 4).
//!
//! Source: A. M. Hughes (1994), *Strategic Database Marketing* (quintiles); ties are ours.

use serde::{Deserialize, Serialize};

use crate::history::Summary;

/// The three scores, each 1..=5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rfm {
    pub recency: u8,
    pub frequency: u8,
    pub monetary: u8,
}

impl Rfm {
    /// The usual three digits, "545".
    pub fn code(&self) -> String {
        format!("{}{}{}", self.recency, self.frequency, self.monetary)
    }
}

/// The lowest values scoring 2, 3, 4 and 5; `None` where no customer reaches that score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bands {
    pub from: [Option<i64>; 4],
}

impl Bands {
    pub fn fit(values: &[i64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let n = sorted.len();
        let mut from = [None; 4];
        let mut below = 0;
        for same in sorted.chunk_by(|a, b| a == b) {
            // 1 + ⌊5 (below + equal/2)/n⌋ in whole numbers.
            let score = 1 + 5 * (2 * below + same.len()) / (2 * n);
            for limit in from.iter_mut().take(score - 1) {
                limit.get_or_insert(same[0]);
            }
            below += same.len();
        }
        Self { from }
    }

    /// 1..=5. A value that was among the fitted ones gets exactly its score; one in between gets the score of
    /// the next lower fitted value; the score never falls with the value.
    pub fn score(&self, value: i64) -> u8 {
        1 + self.from.iter().flatten().filter(|limit| **limit <= value).count() as u8
    }
}

/// Score boundaries of all three figures, kept with the model so that one customer can be scored live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RfmBands {
    /// Day of the last purchase.
    pub recency: Bands,
    /// Distinct purchase days.
    pub frequency: Bands,
    /// Total amount bought, ten-thousandths.
    pub monetary: Bands,
}

impl RfmBands {
    pub fn fit(customers: &[Summary]) -> Self {
        let bands = |value: fn(&Summary) -> i64| Bands::fit(&customers.iter().map(value).collect::<Vec<_>>());
        Self {
            recency: bands(|c| i64::from(c.last_day)),
            frequency: bands(|c| i64::from(c.orders)),
            monetary: bands(|c| c.total_amount),
        }
    }

    pub fn score(&self, customer: &Summary) -> Rfm {
        Rfm {
            recency: self.recency.score(i64::from(customer.last_day)),
            frequency: self.frequency.score(i64::from(customer.orders)),
            monetary: self.monetary.score(customer.total_amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scores(values: &[i64]) -> Vec<u8> {
        let bands = Bands::fit(values);
        values.iter().map(|v| bands.score(*v)).collect()
    }

    #[test]
    fn ten_different_values_fall_into_exact_fifths() {
        assert_eq!(scores(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn few_customers_and_ties_have_their_defined_scores() {
        assert!(scores(&[]).is_empty());
        assert_eq!(scores(&[7]), [3]);
        assert_eq!(scores(&[7, 9]), [2, 4]);
        assert_eq!(scores(&[4, 4, 4, 4]), [3, 3, 3, 3]);
        // Six of ten bought once: mid-rank 3/10 scores 2; the best of ten 9.5/10 scores 5.
        assert_eq!(scores(&[1, 1, 1, 1, 1, 1, 2, 2, 3, 9]), [2, 2, 2, 2, 2, 2, 4, 4, 5, 5]);
    }

    #[test]
    fn a_new_value_is_scored_by_its_lower_neighbour() {
        let bands = Bands::fit(&[10, 20, 30, 40, 50]);
        assert_eq!([5, 19, 20, 35, 50, 999].map(|v| bands.score(v)), [1, 1, 2, 3, 5, 5]);
    }

    proptest! {
        #[test]
        fn every_fitted_value_gets_the_score_of_the_definition(values in prop::collection::vec(-20_i64..20, 1..60)) {
            let bands = Bands::fit(&values);
            for value in &values {
                let below = values.iter().filter(|v| *v < value).count() as f64;
                let equal = values.iter().filter(|v| *v == value).count() as f64;
                let share = (below + equal / 2.0) / values.len() as f64;
                let expected = 1 + (5.0 * share + 1e-12).floor() as u8;
                prop_assert_eq!(bands.score(*value), expected);
                prop_assert!((1..=5).contains(&expected));
            }
        }

        #[test]
        fn the_order_of_customers_does_not_matter(
            (given, shuffled) in prop::collection::vec(-20_i64..20, 0..60)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            prop_assert_eq!(Bands::fit(&given), Bands::fit(&shuffled));
        }

        #[test]
        fn the_score_never_falls_with_the_value(values in prop::collection::vec(any::<i64>(), 1..40), a in any::<i64>(), b in any::<i64>()) {
            let bands = Bands::fit(&values);
            prop_assert!(bands.score(a.min(b)) <= bands.score(a.max(b)));
        }
    }
}
