//! How sure a mean of answers is: the same interval as on the pages of satisfaction.

use super::measure::{Expression, Measure};
use meta::Decimal;
use serde::{Serialize, Serializer};
use value::{proportion::mean_of_sums, satisfaction::Nps};

/// What a mean of answers has to know of them for its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampled {
    /// A ratio of sum and number: the part that sums the squares, of whole numbers of which so many make one of the measure.
    Mean { squares: &'static str, unit: u32 },
    /// Promoters less detractors, in points.
    Promoters,
}

/// The counts a net promoter score is of.
pub(super) const PROMOTERS: [&str; 3] = ["promoters", "passives", "detractors"];

/// Where a measure lies with 95 % confidence, in its own unit. It is as if the answers were drawn at random and did not depend on
/// each other: how those who do not answer differ is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    #[serde(serialize_with = "as_text")]
    pub low: Decimal,
    #[serde(serialize_with = "as_text")]
    pub high: Decimal,
    /// Answers it is of.
    pub cases: u64,
}

fn as_text<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.normalize().to_string())
}

impl Interval {
    /// `value` knows the other measures of the same row. None of fewer than two answers nor of answers that are all the same: how
    /// much others would differ is not known then.
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
            _ => return None,
        };
        let decimal = |number: f64| Decimal::try_from(number).ok().map(|number| number.round_dp(6));
        let (low, high) = (decimal(low)?, decimal(high)?);
        (low < high).then_some(Interval { low, high, cases })
    }
}
