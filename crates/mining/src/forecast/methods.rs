//! The methods, each a function of the history.

use augurs::{Fit, Predict, ets::AutoETS, mstl::MSTLModel};
use serde::{Deserialize, Serialize};

/// Periods the average is taken over.
pub const WINDOW: usize = 12;

/// From the simplest to the most involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    SeasonalNaive,
    Average,
    Theta,
    Ets,
    Mstl,
}

impl Method {
    pub const ALL: [Method; 5] =
        [Method::SeasonalNaive, Method::Average, Method::Theta, Method::Ets, Method::Mstl];
    /// Those that take microseconds: for thousands of products.
    pub const QUICK: [Method; 3] = [Method::SeasonalNaive, Method::Average, Method::Theta];

    pub fn name(self) -> &'static str {
        match self {
            Method::SeasonalNaive => "seasonal_naive",
            Method::Average => "average",
            Method::Theta => "theta",
            Method::Ets => "ets",
            Method::Mstl => "mstl",
        }
    }
}

/// The next `horizon` values; `None` where the method cannot say. A series that was never below zero stays so.
pub fn points(method: Method, history: &[f64], season: usize, horizon: usize) -> Option<Vec<f64>> {
    let last = *history.last()?;
    let points = match method {
        Method::SeasonalNaive if season > 1 && history.len() >= season => {
            let year = &history[history.len() - season..];
            (0..horizon).map(|step| year[step % season]).collect()
        }
        Method::SeasonalNaive => vec![last; horizon],
        Method::Average => {
            let recent = &history[history.len().saturating_sub(WINDOW)..];
            vec![recent.iter().sum::<f64>() / recent.len() as f64; horizon]
        }
        Method::Theta => theta(history, season, horizon)?,
        Method::Ets => AutoETS::non_seasonal().fit(history).ok()?.predict(horizon, None).ok()?.point,
        Method::Mstl if season > 1 && history.len() > 2 * season => {
            let model = MSTLModel::new(vec![season], AutoETS::non_seasonal().into_trend_model());
            model.fit(history).ok()?.predict(horizon, None).ok()?.point
        }
        Method::Mstl => return None,
    };
    let floor = if history.iter().all(|value| *value >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
    let usable = points.len() == horizon && points.iter().all(|point| point.is_finite());
    usable.then(|| points.into_iter().map(|point| point.max(floor)).collect())
}

/// Exponential smoothing plus half the slope of the trend line, on the series without its season.
fn theta(history: &[f64], season: usize, horizon: usize) -> Option<Vec<f64>> {
    if history.len() < 3 {
        return None;
    }
    let seasons = (season > 1 && is_seasonal(history, season)).then(|| Seasons::of(history, season));
    let plain: Vec<f64> = match &seasons {
        Some(seasons) => (0..).zip(history).map(|(at, value)| seasons.without(at, *value)).collect(),
        None => history.to_vec(),
    };
    let count = plain.len() as f64;
    let (mean_time, mean) = ((count - 1.0) / 2.0, plain.iter().sum::<f64>() / count);
    let (mut along, mut across) = (0.0, 0.0);
    for (at, value) in plain.iter().enumerate() {
        along += (at as f64 - mean_time).powi(2);
        across += (at as f64 - mean_time) * (value - mean);
    }
    let drift = across / along / 2.0;
    let (alpha, level) = smoothed(&plain);
    let ahead = (1.0 - (1.0 - alpha).powf(count)) / alpha;
    let point = |step: usize| {
        let value = level + drift * (step as f64 + ahead);
        seasons.as_ref().map_or(value, |seasons| seasons.with(history.len() + step, value))
    };
    Some((0..horizon).map(point).collect())
}

/// The weight with the least squared error one step ahead, of 0.05, 0.10 … 0.95, and the last level.
fn smoothed(values: &[f64]) -> (f64, f64) {
    let mut best = (f64::INFINITY, 0.5, 0.0);
    for twentieth in 1..20 {
        let alpha = f64::from(twentieth) / 20.0;
        let (mut level, mut squares) = (values[0], 0.0);
        for value in &values[1..] {
            let error = value - level;
            squares += error * error;
            level += alpha * error;
        }
        if squares < best.0 {
            best = (squares, alpha, level);
        }
    }
    (best.1, best.2)
}

/// The autocorrelation at the season is above chance at 90 %, as in the M competitions; two seasons at least.
fn is_seasonal(values: &[f64], season: usize) -> bool {
    let count = values.len();
    if count < 2 * season {
        return false;
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    let all: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if all <= 0.0 {
        return false;
    }
    let correlation = |lag: usize| {
        let pairs = values[lag..].iter().zip(values);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / all
    };
    let before: f64 = (1..season).map(|lag| correlation(lag).powi(2)).sum();
    correlation(season).abs() > 1.645 * ((1.0 + 2.0 * before) / count as f64).sqrt()
}

/// Indices of classical decomposition: ratios to the centred moving average where all values are above zero, else differences.
struct Seasons {
    index: Vec<f64>,
    ratio: bool,
}

impl Seasons {
    fn of(values: &[f64], season: usize) -> Self {
        let ratio = values.iter().all(|value| *value > 0.0);
        let (mut sum, mut count) = (vec![0.0; season], vec![0_u32; season]);
        let half = season / 2;
        for at in half..values.len() - half {
            // A season of even length has its middle between two periods: the ends count half.
            let window = &values[at - half..=at + half];
            let mut total: f64 = window.iter().sum();
            if season.is_multiple_of(2) {
                total -= (window[0] + window[window.len() - 1]) / 2.0;
            }
            let trend = total / season as f64;
            sum[at % season] += if ratio { values[at] / trend } else { values[at] - trend };
            count[at % season] += 1;
        }
        let neutral = if ratio { 1.0 } else { 0.0 };
        let raw: Vec<f64> = sum
            .iter()
            .zip(&count)
            .map(|(sum, count)| if *count > 0 { sum / f64::from(*count) } else { neutral })
            .collect();
        let mean = raw.iter().sum::<f64>() / season as f64;
        let level = |index: f64| if ratio { index / mean } else { index - mean };
        Seasons { index: raw.into_iter().map(level).collect(), ratio }
    }

    fn without(&self, at: usize, value: f64) -> f64 {
        let index = self.index[at % self.index.len()];
        if self.ratio { value / index } else { value - index }
    }

    fn with(&self, at: usize, value: f64) -> f64 {
        let index = self.index[at % self.index.len()];
        if self.ratio { value * index } else { value + index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_floor_repeats_the_last_season() {
        let history: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(points(Method::SeasonalNaive, &history, 4, 5), Some(vec![6.0, 7.0, 8.0, 9.0, 6.0]));
        assert_eq!(points(Method::SeasonalNaive, &history, 52, 2), Some(vec![9.0, 9.0]));
        assert_eq!(points(Method::Average, &[1.0, 3.0], 1, 1), Some(vec![2.0]));
    }

    #[test]
    fn theta_continues_half_the_trend_of_a_straight_line() {
        // On a straight line of slope 2 the best weight is the largest tried, 0.95; the drift is 1.
        let history: Vec<f64> = (0..30).map(|at| 2.0 * f64::from(at)).collect();
        let found = points(Method::Theta, &history, 1, 3).expect("points");
        let level = smoothed(&history).1;
        assert!((58.0 - level).abs() < 0.2 && (found[1] - found[0] - 1.0).abs() < 1e-9, "{found:?}");
        assert!((found[0] - (level + 1.0 / 0.95)).abs() < 1e-9);
    }

    #[test]
    fn a_clear_season_is_continued() {
        let wave = |at: usize| 100.0 + 40.0 * (at as f64 / 12.0 * std::f64::consts::TAU).sin();
        let history: Vec<f64> = (0..48).map(wave).collect();
        for method in [Method::Theta, Method::Mstl] {
            let found = points(method, &history, 12, 12).expect("points");
            let off = (0..12).map(|step| (found[step] - wave(48 + step)).abs()).fold(0.0, f64::max);
            assert!(off < 8.0, "{method:?} is {off} off");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn points_are_finite_and_never_below_zero(
            history in prop::collection::vec(prop_oneof![Just(0.0), 0.0_f64..1e9], 1..80), season in 1_usize..14,
        ) {
            for method in Method::ALL {
                if let Some(found) = points(method, &history, season, 6) {
                    prop_assert!(found.iter().all(|point| point.is_finite() && *point >= 0.0), "{:?} {:?}", method, found);
                }
            }
        }
    }
}
