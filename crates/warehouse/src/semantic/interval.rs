//! How sure a measure is: of a mean of answers the same interval as on the pages of satisfaction, of how many customers will do
//! something, and of what they will bring, what chance leaves open.

use super::measure::{Expression, Measure};
use meta::Decimal;
use serde::{Serialize, Serializer};
use value::{
    proportion::{Z_95, mean_of_sums},
    satisfaction::Nps,
};

/// Why a measure is more than what was counted, and what its interval is worked out from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampled {
    /// A ratio of sum and number: the part that sums the squares, of whole numbers of which so many make one of the measure.
    Mean { squares: &'static str, unit: u32 },
    /// Promoters less detractors, in points.
    Promoters,
    /// A sum of probabilities, or its share of `all` customers who have one: the part that sums p (1 − p), the variance of how many
    /// will do it, each by himself (Poisson's binomial distribution).
    Chances { variance: &'static str, all: &'static str },
    /// A sum of what is expected of each, or its mean over `all` customers: the part that sums the variances of what each brings by himself, and
    /// of how many one is `known`. Who `may_cost` can bring less than nothing.
    Worth { variance: &'static str, known: &'static str, all: &'static str, may_cost: bool },
    /// A sum of what is expected of each, without an interval.
    Forecast,
    /// Counted, but for costs that are not known and are taken for those of the customer's other goods.
    Extended,
}

/// How sure the values of a measure are, for whoever says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sure {
    Exact,
    Answers,
    Chances,
    Worth,
    Forecast,
    Extended,
}

impl Sure {
    pub(super) fn of(measure: &Measure) -> Sure {
        match measure.sampled {
            None => Sure::Exact,
            Some(Sampled::Mean { .. } | Sampled::Promoters) => Sure::Answers,
            Some(Sampled::Chances { .. }) => Sure::Chances,
            Some(Sampled::Worth { .. }) => Sure::Worth,
            Some(Sampled::Forecast) => Sure::Forecast,
            Some(Sampled::Extended) => Sure::Extended,
        }
    }

    /// Whether an interval may stand beside a value.
    pub fn has_interval(self) -> bool {
        matches!(self, Sure::Answers | Sure::Chances | Sure::Worth)
    }
}

/// The counts a net promoter score is of.
pub(super) const PROMOTERS: [&str; 3] = ["promoters", "passives", "detractors"];

/// What fewer customers bring together is too uneven to be taken as normal.
const FEWEST_WORTH: f64 = 10.0;

/// Where a measure lies with 95 % confidence, in its own unit. Of answers it is as if they were drawn at random and did not depend on
/// each other: how those who do not answer differ is not in it. Of chances it is where what happens will lie if each customer decides by
/// himself: how far the model is off is not in it. What many customers will bring is taken as normal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    #[serde(serialize_with = "as_text")]
    pub low: Decimal,
    #[serde(serialize_with = "as_text")]
    pub high: Decimal,
    /// Answers it is of, or customers.
    pub cases: u64,
}

fn as_text<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.normalize().to_string())
}

impl Interval {
    /// `value` knows the other measures of the same row. None of fewer than two answers nor of answers that are all the same: how
    /// much others would differ is not known then. None of chances that are all 0 or 1, nor of what few
    /// customers bring, or those of whom one may miss nobody knows how far.
    pub(super) fn of(measure: &Measure, value: impl Fn(&str) -> Option<Decimal>) -> Option<Interval> {
        let whole = |name: &str| i64::try_from(value(name)?.round()).ok();
        let count = |name: &str| u64::try_from(whole(name)?).ok();
        let (low, high, cases) = match (measure.sampled?, &measure.expression) {
            (Sampled::Mean { squares, unit }, Expression::Ratio(sum, number)) => {
                let sum = value(sum)?.checked_mul(unit.into())?.round();
                let found =
                    mean_of_sums(count(number)?, i64::try_from(sum).ok()?, whole(squares)?, unit.into())?;
                (found.low, found.high, found.cases)
            }
            (Sampled::Promoters, _) => {
                let found = Nps::of_counts(count("promoters")?, count("passives")?, count("detractors")?)?;
                (found.low * 100.0, found.high * 100.0, found.cases())
            }
            (Sampled::Chances { variance, all } | Sampled::Worth { variance, all, .. }, of) => {
                let float = |name: &str| f64::try_from(value(name)?).ok();
                let (half, all) = (Z_95 * float(variance)?.max(0.0).sqrt(), float(all)?);
                let (expected, one) = match of {
                    Expression::Ratio(sum, _) => (float(sum)?, all),
                    _ => (float(measure.name)?, 1.0),
                };
                let (least, most) = match measure.sampled {
                    Some(Sampled::Chances { .. }) => (0.0, all),
                    Some(Sampled::Worth { known, .. }) if all < FEWEST_WORTH || float(known)? < all => {
                        return None;
                    }
                    Some(Sampled::Worth { may_cost: true, .. }) => (f64::NEG_INFINITY, f64::INFINITY),
                    _ => (0.0, f64::INFINITY),
                };
                let end = |end: f64| end.clamp(least, most) / one;
                (end(expected - half), end(expected + half), all as u64)
            }
            _ => return None,
        };
        let decimal = |number: f64| Decimal::try_from(number).ok().map(|number| number.round_dp(6));
        let (low, high) = (decimal(low)?, decimal(high)?);
        (low < high).then_some(Interval { low, high, cases })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::customers::customers;

    #[test]
    fn what_customers_bring_has_an_interval_where_all_of_many_are_known() {
        let measures = customers();
        let worth = measures.iter().find(|measure| measure.name == "clv_52w").unwrap();
        let told = |all: i64, known: i64| {
            Interval::of(worth, |name| match name {
                "clv_52w" => Some(1_000.into()),
                "variance_of_clv" => Some(10_000.into()),
                "known_of_clv" => Some(known.into()),
                "valued_customers" => Some(all.into()),
                _ => None,
            })
        };
        let [low, high] = ["804.003602", "1195.996398"].map(|end| end.parse().unwrap());
        assert_eq!(told(10, 10), Some(Interval { low, high, cases: 10 }));
        assert_eq!((told(9, 9), told(10, 9)), (None, None));
    }
}
