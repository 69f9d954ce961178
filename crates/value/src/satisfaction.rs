//! Satisfaction and loyalty from what customers say and do.
//!
//! - **C = b / a**, perceived b over expected a (顾客满意度, the degree of satisfaction): 1 is what was expected, below 1 a
//!   disappointment. Of a dimension or of all the mean of the answers' ratios, with the interval of [`Clusters::mean`].
//! - **NPS**, the net promoter score: share of 9–10 less share of 0–6 of "how likely would you recommend us" (Reichheld 2003,
//!   *Harvard Business Review* 81(12)); standard error √((p + d − (p − d)²) / n) of a multinomial, or that of respondents who answered more than once.
//! - **Loyalty** in three parts between 0 and 1 (after Dick & Basu 1994, *JAMS* 22, attitude and repeat patronage): behavioural
//!   from purchases ([`Behaviour::loyalty`]), emotional from recommending and buying again, cognitive from price tolerance and
//!   being the first choice, both as answers 0–10 over 10. The index is 100 · the mean of the parts that are known; the weights
//!   are ours.

use serde::{Deserialize, Serialize};

use crate::proportion::{Clusters, Z_95};

/// Answers are whole numbers from 0 or 1 to this.
pub const MOST: u8 = 10;
/// Weeks after which tenure counts half.
const TENURE_HALF_WEEKS: f64 = 104.0;

/// Promoters less detractors, each as share of all who answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nps {
    pub promoters: u64,
    pub passives: u64,
    pub detractors: u64,
    /// Between −1 and 1, with its interval of 95 %.
    pub score: f64,
    pub low: f64,
    pub high: f64,
    /// Who gave these answers; not known of what earlier versions kept.
    #[serde(default)]
    pub respondents: u64,
}

impl Nps {
    /// Answers it is of.
    pub fn cases(&self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// With the interval of respondents who answered more than once: of each his answers, and a point for every promoter less
    /// one for every detractor. A single respondent says nothing of others.
    pub fn of_respondents(self, points: &Clusters) -> Self {
        let (low, high) = points.mean(1.0).map_or((-1.0, 1.0), |found| (found.low, found.high));
        Nps { low: low.max(-1.0), high: high.min(1.0), respondents: points.respondents, ..self }
    }

    /// So many answers of 9–10, 7–8, 0–6, each of somebody else; `None` without any.
    pub fn of_counts(promoters: u64, passives: u64, detractors: u64) -> Option<Self> {
        let answers = promoters + passives + detractors;
        if answers == 0 {
            return None;
        }
        let n = answers as f64;
        let (p, d) = (promoters as f64 / n, detractors as f64 / n);
        let score = p - d;
        let half = Z_95 * ((p + d - score * score).max(0.0) / n).sqrt();
        let (low, high) = ((score - half).max(-1.0), (score + half).min(1.0));
        Some(Nps { promoters, passives, detractors, score, low, high, respondents: answers })
    }
}

/// C of one answer in thousandths, rounded; `None` without an expectation.
pub fn ratio_thousandths(perceived: u8, expected: u8) -> Option<u32> {
    let expected = u32::from(expected);
    (expected > 0).then(|| (u32::from(perceived) * 1_000 + expected / 2) / expected)
}

/// What a customer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// Purchase days, ≥ 1.
    pub purchase_days: u32,
    /// Weeks since the first of them.
    pub tenure_weeks: f64,
    /// Probability that he buys within the horizon of the forecasts.
    pub p_active: f64,
    /// The share of what he needs that he says he buys here.
    pub share: Option<f64>,
}

impl Behaviour {
    /// P(active) · mean of: repeat buying (n − 1)/n, tenure T/(T + 104 weeks), and his share if he told it. 0 to 1.
    pub fn loyalty(&self) -> f64 {
        let days = f64::from(self.purchase_days.max(1));
        let tenure = self.tenure_weeks.max(0.0);
        let parts = [Some((days - 1.0) / days), Some(tenure / (tenure + TENURE_HALF_WEEKS)), self.share];
        let known: Vec<f64> = parts.into_iter().flatten().map(|part| part.clamp(0.0, 1.0)).collect();
        self.p_active.clamp(0.0, 1.0) * known.iter().sum::<f64>() / known.len() as f64
    }
}

/// The parts of loyalty that are known, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loyalty {
    pub behavioural: Option<f64>,
    pub emotional: Option<f64>,
    pub cognitive: Option<f64>,
}

impl Loyalty {
    /// 0 to 100; `None` if nothing is known.
    pub fn index(&self) -> Option<f64> {
        let known: Vec<f64> =
            [self.behavioural, self.emotional, self.cognitive].into_iter().flatten().collect();
        (!known.is_empty()).then(|| 100.0 * known.iter().sum::<f64>() / known.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_score_by_hand() {
        // Five promoters, three passives, two detractors.
        let found = Nps::of_counts(5, 3, 2).expect("answers");
        assert!((found.score - 0.3).abs() < 1e-12);
        // √((0.5 + 0.2 − 0.09)/10) = 0.247.
        assert!((found.high - 0.3 - 1.96 * 0.06100_f64.sqrt()).abs() < 1e-4, "{found:?}");
        assert_eq!(Nps::of_counts(0, 0, 0), None);
        // Ten respondents with an answer each: n − 1 in the place of n. One with ten: nothing is known of others.
        let points = [1, 1, 1, 1, 1, 0, 0, 0, -1, -1];
        let each = found.of_respondents(&Clusters::of(points.map(|point| (1, point))));
        assert!((each.high - 0.3 - Z_95 * (0.61_f64 / 9.0).sqrt()).abs() < 1e-9, "{each:?}");
        let one = found.of_respondents(&Clusters::of([(10, 3)]));
        assert_eq!((one.score, one.low, one.high), (found.score, -1.0, 1.0));
    }

    #[test]
    fn what_was_expected_is_one() {
        let found = [(8, 8), (6, 8), (10, 3), (0, 5)].map(|(b, a)| ratio_thousandths(b, a));
        assert_eq!(found, [Some(1_000), Some(750), Some(3_333), Some(0)]);
        assert_eq!(ratio_thousandths(5, 0), None);
    }

    #[test]
    fn loyalty_is_of_the_parts_that_are_known() {
        let behaviour = Behaviour { purchase_days: 5, tenure_weeks: 104.0, p_active: 0.5, share: None };
        // 0.5 · (0.8 + 0.5)/2
        assert!((behaviour.loyalty() - 0.325).abs() < 1e-12);
        let told = Behaviour { share: Some(0.2), ..behaviour };
        assert!((told.loyalty() - 0.25).abs() < 1e-12);
        let parts = Loyalty { behavioural: Some(0.325), emotional: Some(0.9), cognitive: None };
        assert!((parts.index().expect("known") - 61.25).abs() < 1e-12);
        assert_eq!(Loyalty::default().index(), None);
    }

    proptest! {
        #[test]
        fn scores_stay_in_their_range(counts in prop::array::uniform3(1_u64..60),
            purchase_days in 0_u32..1_000, tenure_weeks in -10.0_f64..2_000.0, p_active in 0.0_f64..=1.0) {
            let [promoters, passives, detractors] = counts;
            let nps = Nps::of_counts(promoters, passives, detractors).expect("answers");
            prop_assert!(-1.0 <= nps.low && nps.low <= nps.score && nps.score <= nps.high && nps.high <= 1.0);
            prop_assert_eq!(nps.cases(), counts.iter().sum::<u64>());
            let loyalty = Behaviour { purchase_days, tenure_weeks, p_active, share: Some(1.0) }.loyalty();
            prop_assert!((0.0..=1.0).contains(&loyalty));
        }
    }
}
