//! The purchase cycle of one customer, of all he buys or of one product: how regular it is, when the next purchase is
//! expected, and within which days.
//!
//! The gaps gᵢ ≥ 1 day between purchase days are taken as log-normal around the customer's own mean: ln gᵢ ~ N(μ, σ²). With n
//! gaps, m = mean of ln gᵢ and S = Σ (ln gᵢ − m)²:
//!
//! - typical gap e^m days (the geometric mean, which one long holiday does not spoil);
//! - σ² = (ν₀ σ₀² + S) / (ν₀ + n − 1), at least 0.1²: the customer's own variance drawn towards σ₀², everybody's pooled one, which counts
//!   for ν₀ = 4 gaps (the usual conjugate prior, Gelman et al. (2013), *Bayesian Data Analysis*, §3.3);
//! - next gap within e^(m ± z σ √(1 + 1/n)): a prediction interval, z = 1.2816 for 80 %.
//!
//! σ up to [`REGULAR_SD`] is called regular: gaps then mostly stay within a factor of 1.65. Random buying (exponential
//! gaps) has σ = π/√6 = 1.28. Told of are rhythms of [`GAPS_MINIMUM`] gaps and more ([`Known`]); the day of the next purchase only where
//! they are regular.

use crate::clv_range::normal_quantile;
use serde::{Deserialize, Serialize};

/// Fewer gaps are no rhythm; one purchase day more.
pub const GAPS_MINIMUM: u32 = 3;

/// ln 1.65.
pub const REGULAR_SD: f64 = 0.5;
/// Of the standard normal distribution, 80 % lie within ± this.
pub const Z_80: f64 = 1.281_551_565_5;
/// Whole days and few gaps let no rhythm be known better than this.
const SD_LEAST: f64 = 0.1;
/// How many gaps everybody's variance counts for.
const PRIOR_GAPS: f64 = 4.0;

/// m and S of gaps that come one after the other (Welford 1962).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gaps {
    pub mean_log: f64,
    pub squares: f64,
}

impl Gaps {
    /// Adds the gap with which there are `count`.
    pub fn add(&mut self, count: u32, days: f64) {
        let log = days.max(1.0).ln();
        let off = log - self.mean_log;
        self.mean_log += off / f64::from(count.max(1));
        self.squares += off * (log - self.mean_log);
    }
}

/// Needs two purchase days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Number of gaps, purchase days − 1, ≥ 1.
    pub gaps: u32,
    /// m, mean of the logarithms of the gaps in days.
    pub mean_log: f64,
    /// S, sum of squared deviations from it.
    pub squares: f64,
    pub last_day: i32,
}

/// When the next purchase is expected, days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub day: i32,
    /// With 80 % probability from … to …
    pub from_day: i32,
    pub to_day: i32,
}

impl Rhythm {
    /// `None` with fewer than two distinct days. Order does not matter.
    pub fn of(days: &[i32]) -> Option<Self> {
        let mut days = days.to_vec();
        days.sort_unstable();
        days.dedup();
        let last_day = *days.last()?;
        let mut gaps = Gaps::default();
        for (count, pair) in (1..).zip(days.windows(2)) {
            gaps.add(count, f64::from(pair[1]) - f64::from(pair[0]));
        }
        Self::new(gaps, u32::try_from(days.len()).unwrap_or(u32::MAX), last_day)
    }

    /// Of gaps between so many purchase days; `None` with fewer than two.
    pub fn new(gaps: Gaps, purchase_days: u32, last_day: i32) -> Option<Self> {
        let count = purchase_days.saturating_sub(1);
        (count > 0).then_some(Rhythm {
            gaps: count,
            mean_log: gaps.mean_log,
            squares: gaps.squares,
            last_day,
        })
    }

    /// Geometric mean of the gaps, days.
    pub fn typical_days(&self) -> f64 {
        self.mean_log.exp()
    }

    /// σ, drawn towards everybody's (`None`: nobody else is known; then two gaps are needed).
    pub fn sd(&self, everybodys: Option<f64>) -> Option<f64> {
        let own = f64::from(self.gaps) - 1.0;
        let (weight, prior) = everybodys.map_or((0.0, 0.0), |sd| (PRIOR_GAPS, sd * sd));
        let freedom = weight + own;
        (freedom > 0.0).then(|| ((weight * prior + self.squares) / freedom).sqrt().max(SD_LEAST))
    }

    /// `sd` is of [`Rhythm::sd`].
    pub fn next(&self, sd: f64) -> Next {
        Next { day: self.after(0.0, sd), from_day: self.after(-Z_80, sd), to_day: self.after(Z_80, sd) }
    }

    fn after(&self, z: f64, sd: f64) -> i32 {
        let log = self.mean_log + z * sd * (1.0 + 1.0 / f64::from(self.gaps)).sqrt();
        self.last_day.saturating_add(log.exp().round().clamp(1.0, 36_500.0) as i32)
    }
}

/// A rhythm of gaps enough to be told of, with its σ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    pub rhythm: Rhythm,
    pub sd: f64,
}

impl Known {
    pub fn of(rhythm: Rhythm, everybodys: Option<f64>) -> Option<Self> {
        let sd = rhythm.sd(everybodys).filter(|_| rhythm.gaps >= GAPS_MINIMUM)?;
        Some(Known { rhythm, sd })
    }

    pub fn is_regular(&self) -> bool {
        self.sd <= REGULAR_SD
    }

    pub fn next(&self) -> Next {
        self.rhythm.next(self.sd)
    }

    /// The day by which he has bought again with this probability.
    pub fn latest(&self, chance: f64) -> i32 {
        self.rhythm.after(normal_quantile(chance), self.sd)
    }

    /// Days since the last purchase / typical gap.
    pub fn overdue(&self, on_day: i32) -> f64 {
        (f64::from(on_day) - f64::from(self.rhythm.last_day)).max(0.0) / self.rhythm.typical_days()
    }
}

/// Everybody's σ₀, pooled over their gaps; `None` as long as nobody has two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pool {
    squares: f64,
    freedom: f64,
}

impl Pool {
    pub fn add(&mut self, one: &Rhythm) {
        self.squares += one.squares;
        self.freedom += f64::from(one.gaps) - 1.0;
    }

    pub fn sd(&self) -> Option<f64> {
        (self.freedom > 0.0).then(|| (self.squares / self.freedom).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_regular_buyer_by_hand() {
        let found = Rhythm::of(&[30, 0, 10, 20, 20, 40]).expect("four gaps");
        assert_eq!((found.gaps, found.last_day), (4, 40));
        assert!((found.typical_days() - 10.0).abs() < 1e-12);
        assert_eq!(found.sd(None), Some(SD_LEAST));
        let next = found.next(0.0);
        assert_eq!(next, Next { day: 50, from_day: 50, to_day: 50 });
        // σ² = (4·0.09 + 0)/(4 + 3); 10·e^(±1.2816·0.2268·√1.25) is 7.2 … 13.8.
        let sd = found.sd(Some(0.3)).expect("known");
        assert!((sd - (0.36_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(found.next(sd), Next { day: 50, from_day: 47, to_day: 54 });
        // 10·e^(1.6449·0.2268·√1.25) is 15.2.
        let known = Known::of(found, Some(0.3)).expect("four gaps");
        assert_eq!((known.next(), known.latest(0.95), known.is_regular()), (found.next(sd), 55, true));
        assert!((known.overdue(65) - 2.5).abs() < 1e-12 && known.overdue(30) == 0.0);
    }

    #[test]
    fn too_little_is_no_rhythm() {
        assert_eq!(Rhythm::of(&[]), None);
        assert_eq!(Rhythm::of(&[5, 5]), None);
        let single = Rhythm::of(&[0, 9]).expect("one gap");
        assert_eq!((single.sd(None), single.sd(Some(0.4))), (None, Some(0.4)));
        assert_eq!(Known::of(single, Some(0.4)), None);
        assert_eq!(Pool::default().sd(), None);
    }

    /// Customers with σ between 0.2 and 0.5 about their own gaps: the interval holds what it promises.
    #[test]
    fn four_fifths_of_next_purchases_fall_within_the_interval() {
        let mut chance = ChaCha8Rng::seed_from_u64(5);
        let mut normal = move || (0..12).map(|_| chance.random::<f64>()).sum::<f64>() - 6.0;
        let mut pool = Pool::default();
        let mut seen = vec![];
        for customer in 0..3_000 {
            let sd = 0.2 + 0.3 * f64::from(customer % 7) / 6.0;
            let mean = 3.0 + f64::from(customer % 5) * 0.3;
            let (mut day, mut days) = (0, vec![0]);
            for _ in 0..(4 + customer % 9) {
                day += (mean + sd * normal()).exp().round().max(1.0) as i32;
                days.push(day);
            }
            let next = days.pop().expect("the last");
            let rhythm = Rhythm::of(&days).expect("gaps");
            pool.add(&rhythm);
            seen.push((rhythm, next));
        }
        let everybodys = pool.sd();
        assert!((0.3..0.42).contains(&everybodys.expect("known")), "{everybodys:?}");
        let within = seen.iter().filter(|(rhythm, next)| {
            let found = rhythm.next(rhythm.sd(everybodys).expect("known"));
            (found.from_day..=found.to_day).contains(next)
        });
        let share = within.count() as f64 / seen.len() as f64;
        assert!((0.77..0.84).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn the_order_of_purchases_changes_nothing(
            (given, shuffled) in prop::collection::vec(0_i32..2_000, 0..40)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            prop_assert_eq!(Rhythm::of(&given), Rhythm::of(&shuffled));
        }
    }
}
