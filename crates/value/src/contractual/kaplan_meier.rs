//! Kaplan–Meier: the share of customers still there after some time, without any assumption on why they leave; those whose
//! end is not seen yet count as long as they are seen.
//!
//! Sources: E. L. Kaplan & P. Meier (1958), "Nonparametric Estimation from Incomplete Observations", *JASA* 53, 457–481;
//! variance by M. Greenwood (1926), S² Σ d/(n (n−d)); the interval is symmetric in ln(−ln S), so that it stays in [0, 1]
//! (J. D. Kalbfleisch & R. L. Prentice 1980).

use serde::{Deserialize, Serialize};

use crate::clv_range::normal_quantile;
use crate::estimate::Unfit;

/// One customer, seen for some time, in any unit; `ended` if he left then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lifetime {
    pub time: f64,
    pub ended: bool,
}

/// The curve falls at `time` to `survival`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub time: f64,
    pub at_risk: u64,
    pub ended: u64,
    pub survival: f64,
    /// Greenwood's.
    pub standard_error: f64,
    /// 95 %; the whole range where nobody is left.
    pub low: f64,
    pub high: f64,
}

/// # Errors
/// [`Unfit::TooFewCustomers`] without a lifetime that is finite and not negative, [`Unfit::NobodyLeft`] without an end.
pub fn estimate(lifetimes: &[Lifetime]) -> Result<Vec<Step>, Unfit> {
    let mut seen: Vec<Lifetime> =
        lifetimes.iter().copied().filter(|l| l.time.is_finite() && l.time >= 0.0).collect();
    if seen.is_empty() {
        return Err(Unfit::TooFewCustomers);
    }
    seen.sort_by(|one, other| one.time.total_cmp(&other.time));
    let z = normal_quantile(0.975);
    let mut at_risk = seen.len();
    let (mut survival, mut greenwood) = (1.0_f64, 0.0_f64);
    let mut steps = Vec::new();
    for same in seen.chunk_by(|one, other| one.time == other.time) {
        let ended = same.iter().filter(|l| l.ended).count();
        if ended > 0 {
            let (n, d) = (at_risk as f64, ended as f64);
            survival *= (n - d) / n;
            greenwood += if n > d { d / (n * (n - d)) } else { 0.0 };
            let half = z * greenwood.sqrt() / survival.ln().abs();
            let (low, high) = match survival {
                0.0 => (0.0, 1.0),
                survival => (survival.powf(half.exp()), survival.powf((-half).exp())),
            };
            steps.push(Step {
                time: same[0].time,
                at_risk: at_risk as u64,
                ended: ended as u64,
                survival,
                standard_error: survival * greenwood.sqrt(),
                low,
                high,
            });
        }
        at_risk -= same.len();
    }
    if steps.is_empty() { Err(Unfit::NobodyLeft) } else { Ok(steps) }
}

/// The time after which no more than half are left; `None` if more are to the end.
pub fn median(steps: &[Step]) -> Option<f64> {
    steps.iter().find(|step| step.survival <= 0.5).map(|step| step.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_remissions_of_freireich_are_the_textbooks() {
        // Freireich et al. (1963), 6-MP group; S and Greenwood's error as in Kalbfleisch & Prentice and many textbooks.
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let going_on = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let of = |times: &[i32], ended| -> Vec<Lifetime> {
            times.iter().map(|t| Lifetime { time: f64::from(*t), ended }).collect()
        };
        let steps = estimate(&[of(&going_on, false), of(&ended, true)].concat()).expect("ends");
        let printed = [
            (6.0, 21, 0.857, 0.0764),
            (7.0, 17, 0.807, 0.0869),
            (10.0, 15, 0.753, 0.0963),
            (13.0, 12, 0.690, 0.1068),
            (16.0, 11, 0.627, 0.1141),
            (22.0, 7, 0.538, 0.1282),
            (23.0, 6, 0.448, 0.1346),
        ];
        assert_eq!(steps.len(), printed.len());
        for (step, (time, at_risk, survival, error)) in steps.iter().zip(printed) {
            assert_eq!((step.time, step.at_risk), (time, at_risk));
            assert!(
                (step.survival - survival).abs() < 5.1e-4 && (step.standard_error - error).abs() < 5.1e-5,
                "{step:?}"
            );
            assert!(step.low < step.survival && step.survival < step.high);
        }
        assert_eq!(median(&steps), Some(23.0));
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        assert_eq!(estimate(&[Lifetime { time: f64::NAN, ended: true }]), Err(Unfit::TooFewCustomers));
        assert_eq!(estimate(&[Lifetime { time: 2.0, ended: false }]), Err(Unfit::NobodyLeft));
        let all = estimate(&[Lifetime { time: 2.0, ended: true }]).expect("an end");
        assert_eq!((all[0].survival, all[0].low, all[0].high), (0.0, 0.0, 1.0));
    }

    proptest! {
        #[test]
        fn the_order_of_customers_changes_nothing(
            (given, shuffled) in prop::collection::vec((0_u16..40, any::<bool>()), 1..80)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            let of = |seen: Vec<(u16, bool)>| {
                let lifetime = |(time, ended)| Lifetime { time: f64::from(time) / 3.0, ended };
                estimate(&seen.into_iter().map(lifetime).collect::<Vec<Lifetime>>())
            };
            prop_assert_eq!(of(given), of(shuffled));
        }
    }
}
