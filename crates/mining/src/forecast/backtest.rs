//! Rolling origin: from several points of the past each method forecasts what is known by now.
//!
//! **Origins** lie as far apart as the history allows, up to a whole horizon: then their forecasts have no period in common, and
//! each tells something the others do not. They are moved together only so that methods with a season can be tried from all of them, as
//! long as a third of a horizon is left between two. Who began later is tried from the origins at which enough was known of him;
//! from those before, the floor speaks for him, so that wholes and parts add up there, too, and does not count as his own.
//!
//! MASE: mean absolute error over that of the (seasonal) naive method within the first history, below 1 is better than it
//! (Hyndman & Koehler 2006); sMAPE: mean of 2|e|/(|actual|+|forecast|), 0/0 counting 0; WAPE: Σ|e|/Σ|actual|.

use super::{
    UPPER,
    methods::{self, Method},
    quantile,
};
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

/// Points of the past at most.
const MOST_ORIGINS: usize = 6;
const FEWEST_ORIGINS: usize = 2;
/// A history that cannot be tried with its season from so many is taken as one without.
const SEASON_ORIGINS: usize = 3;
/// Periods known at the first of them.
const FEWEST_KNOWN: usize = 8;
/// A method replaces a simpler one if its mean absolute error is lower by this share.
const MARGIN: f64 = 0.02;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// From so many the method was tried, the latest ones: by them errors are measured.
    pub origins: usize,
    /// Of all origins, the latest first: periods known by now that came after those forecast from it.
    pub back: Vec<usize>,
    /// Periods to a season, as far as methods with a season could be tried; else 1.
    pub season: usize,
    /// Methods that could say something from every origin, from the simplest up; none of a sum of forecasts.
    pub tried: Vec<Tried>,
    /// `None` for a sum of forecasts.
    pub best: Option<Method>,
    /// actual − forecast of what is told: origin by origin (the latest first), step by step.
    pub errors: Vec<Vec<f64>>,
    /// Mean absolute error of the naive method within the history known at the first origin; `None` if it makes none.
    pub scale: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub method: Method,
    #[serde(flatten)]
    pub errors: Measures,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    pub mae: f64,
    /// `None` if the naive method makes no error to compare with.
    pub mase: Option<f64>,
    pub smape: f64,
    /// `None` if nothing was sold.
    pub wape: Option<f64>,
}

/// Of outcomes of the past, how many lay within the interval that the other origins would have given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    pub within: usize,
    pub of: usize,
}

impl Covered {
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.within as f64 / self.of as f64)
    }

    fn add(&mut self, error: f64, reach: f64) {
        self.of += 1;
        self.within += usize::from(error.abs() <= reach);
    }
}

impl Backtest {
    pub fn of(&self, method: Method) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.method == method)
    }

    /// Errors from the origins that count, the latest first.
    pub fn counted(&self) -> &[Vec<f64>] {
        &self.errors[..self.origins.min(self.errors.len())]
    }

    /// How large the errors are, told of the same history.
    pub fn measured(&self, history: &[f64]) -> Measures {
        let mut pairs = vec![];
        for (errors, back) in self.counted().iter().zip(&self.back) {
            for (step, error) in errors.iter().enumerate() {
                let actual = actual(history, errors.len(), *back, step);
                pairs.push((actual, actual - error));
            }
        }
        measure(&pairs, self.scale)
    }

    /// Mean square of all errors.
    pub fn variance(&self) -> f64 {
        mean_square(self.counted().iter().flatten())
    }

    /// Mean square of all errors but those from one origin; 0 from an origin that does not count: there is nothing to be moved yet.
    pub fn variance_without(&self, origin: usize) -> f64 {
        if origin >= self.origins {
            return 0.0;
        }
        let others = self.counted().iter().enumerate().filter(|(at, _)| *at != origin);
        mean_square(others.flat_map(|(_, errors)| errors))
    }

    /// Root mean square error by step, as a straight line through the squares, which never falls: single steps are told of by too few
    /// errors each.
    pub fn deviations(&self) -> Vec<f64> {
        deviations(self.counted().iter())
    }

    /// Root mean square error of the weighted sum over the steps that have a weight.
    pub fn deviation_of(&self, weights: &[f64]) -> f64 {
        let sums: Vec<f64> = self.counted().iter().map(|origin| weighted(origin, weights)).collect();
        mean_square(&sums).sqrt()
    }

    /// Root mean square error of the sum over the first `steps`.
    pub fn deviation_of_sum(&self, steps: usize) -> f64 {
        self.deviation_of(&vec![1.0; steps])
    }

    /// So many independent origins would tell as much of the spread of errors over the first `span` periods as these: n² / Σᵢⱼ ρᵢⱼ², ρ being
    /// the share of these periods that two of them have in common (Bayley & Hammersley 1946).
    pub fn independent(&self, span: usize) -> f64 {
        independent(&self.back[..self.origins.min(self.back.len())], span)
    }

    /// Single steps, and sums over all of them, held against the interval of the other origins; nothing where these are too few.
    pub fn covered(&self) -> (Covered, Covered) {
        let (mut steps, mut sums) = (Covered::default(), Covered::default());
        if self.origins <= FEWEST_ORIGINS {
            return (steps, sums);
        }
        for (origin, errors) in self.counted().iter().enumerate() {
            let others =
                self.counted().iter().enumerate().filter(|(at, _)| *at != origin).map(|(_, one)| one);
            let mut back = self.back.clone();
            back.truncate(self.origins);
            back.remove(origin);
            let reach = |deviation: f64, span: usize| quantile(UPPER, independent(&back, span)) * deviation;
            for (step, (error, deviation)) in errors.iter().zip(deviations(others.clone())).enumerate() {
                steps.add(*error, reach(deviation, step + 1));
            }
            let all: Vec<f64> = others.map(|errors| errors.iter().sum()).collect();
            sums.add(errors.iter().sum(), reach(mean_square(&all).sqrt(), errors.len()));
        }
        (steps, sums)
    }
}

fn deviations<'e>(origins: impl Iterator<Item = &'e Vec<f64>> + Clone) -> Vec<f64> {
    let steps = origins.clone().next().map_or(0, Vec::len);
    let squares: Vec<f64> =
        (0..steps).map(|step| mean_square(origins.clone().map(|origin| &origin[step]))).collect();
    straight(&squares).into_iter().map(f64::sqrt).collect()
}

/// a + b·step by least squares, neither falling nor below zero.
fn straight(squares: &[f64]) -> Vec<f64> {
    let count = squares.len() as f64;
    let (middle, mean) = ((count + 1.0) / 2.0, squares.iter().sum::<f64>() / count.max(1.0));
    let (mut along, mut across, mut own, mut product) = (0.0, 0.0, 0.0, 0.0);
    for (step, square) in (1_u32..).map(f64::from).zip(squares) {
        along += (step - middle).powi(2);
        across += (step - middle) * (square - mean);
        own += step * step;
        product += step * square;
    }
    let slope = if along > 0.0 { f64::max(across / along, 0.0) } else { 0.0 };
    let (start, slope) =
        if mean < slope * middle { (0.0, product / own) } else { (mean - slope * middle, slope) };
    (1_u32..).map(f64::from).take(squares.len()).map(|step| start + slope * step).collect()
}

fn independent(back: &[usize], span: usize) -> f64 {
    let (count, span) = (back.len() as f64, span.max(1) as f64);
    let common = |a: &usize, b: &usize| f64::max(1.0 - a.abs_diff(*b) as f64 / span, 0.0).powi(2);
    let all: f64 = back.iter().map(|a| back.iter().map(|b| common(a, b)).sum::<f64>()).sum();
    count * count / all.max(1.0)
}

pub fn weighted(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// 0 of nothing.
pub fn mean_square<'v>(values: impl IntoIterator<Item = &'v f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0_u32), |(sum, count), value| (sum + value * value, count + 1));
    sum / f64::from(count.max(1))
}

/// What came of a step of a forecast that ended `back` periods before now; nothing was before the history.
pub fn actual(history: &[f64], horizon: usize, back: usize, step: usize) -> f64 {
    let at = (history.len() + step).checked_sub(horizon + back);
    at.and_then(|at| history.get(at)).copied().unwrap_or(0.0)
}

/// Points of the past from which a history of so many periods can be forecast, see [`Backtest::back`].
pub fn origins(length: usize, season: usize, horizon: usize) -> Vec<usize> {
    let gaps = MOST_ORIGINS - 1;
    let spare = |known: usize| length.checked_sub(horizon + known.max(FEWEST_KNOWN));
    let apart = |known: usize| spare(known).map(|spare| spare / gaps);
    let with_season = [2 * season + 1, season].into_iter().filter_map(apart);
    let stride = with_season.chain(apart(FEWEST_KNOWN)).find(|stride| *stride >= (horizon / 3).max(1));
    let stride = stride.or(apart(FEWEST_KNOWN)).unwrap_or(0).clamp(1, horizon.max(1));
    let count = spare(FEWEST_KNOWN).map_or(0, |spare| MOST_ORIGINS.min(spare / stride + 1));
    (0..count).map(|origin| origin * stride).collect()
}

/// Periods it takes for a forecast of `horizon`.
pub fn fewest(horizon: usize) -> usize {
    needed(horizon, &[])
}

/// Periods it takes to be tried from the fewest of these origins.
pub fn needed(horizon: usize, back: &[usize]) -> usize {
    FEWEST_KNOWN + horizon + back.get(FEWEST_ORIGINS - 1).copied().unwrap_or(FEWEST_ORIGINS - 1)
}

/// From how many origins, and with which season, a history can be tried.
fn tried_from(length: usize, season: usize, horizon: usize, back: &[usize]) -> (usize, usize) {
    let from = |known: usize| {
        back.iter().take_while(|back| length >= horizon + **back + known.max(FEWEST_KNOWN)).count()
    };
    match from(season) {
        enough if enough >= SEASON_ORIGINS.min(back.len()) => (enough, season),
        _ => (from(FEWEST_KNOWN), 1),
    }
}

/// `back` are the origins, of [`origins`]: those of the longest history, where several are to add up.
pub fn run(
    history: &[f64],
    season: usize,
    horizon: usize,
    methods: &[Method],
    back: &[usize],
) -> Result<Backtest, Reason> {
    let (counted, season) = tried_from(history.len(), season, horizon, back);
    if counted < FEWEST_ORIGINS {
        return Err(Reason::TooShort { have: history.len(), need: needed(horizon, back) });
    }
    let known = |back: usize| &history[..history.len().saturating_sub(horizon + back)];
    let off = |back: usize, points: &[f64]| -> Vec<f64> {
        points.iter().enumerate().map(|(step, point)| actual(history, horizon, back, step) - point).collect()
    };
    let (mine, before) = back.split_at(counted);
    let scale = mine.last().and_then(|back| naive_error(known(*back), season));
    let (mut tried, mut errors): (Vec<Tried>, Vec<Vec<Vec<f64>>>) = (vec![], vec![]);
    for method in methods {
        let told: Option<Vec<Vec<f64>>> =
            mine.iter().map(|back| methods::points(*method, known(*back), season, horizon)).collect();
        let Some(told) = told else { continue };
        let mut pairs = vec![];
        for (back, points) in mine.iter().zip(&told) {
            let actual = |step| actual(history, horizon, *back, step);
            pairs.extend(points.iter().enumerate().map(|(step, point)| (actual(step), *point)));
        }
        tried.push(Tried { method: *method, errors: measure(&pairs, scale) });
        errors.push(mine.iter().zip(&told).map(|(back, points)| off(*back, points)).collect());
    }
    let mut best = 0;
    for at in 1..tried.len() {
        if tried[at].errors.mae < tried[best].errors.mae * (1.0 - MARGIN) {
            best = at;
        }
    }
    let method = tried.get(best).ok_or(Reason::NotConverged)?.method;
    let mut errors = errors.swap_remove(best);
    for back in before {
        let floor = methods::points(Method::SeasonalNaive, known(*back), season, horizon);
        errors.push(off(*back, &floor.unwrap_or_else(|| vec![0.0; horizon])));
    }
    Ok(Backtest { origins: counted, back: back.to_vec(), season, best: Some(method), errors, tried, scale })
}

/// Mean absolute error of repeating the last season within the history; of repeating the last period if there is none.
pub(super) fn naive_error(history: &[f64], season: usize) -> Option<f64> {
    let lag = if history.len() > season { season } else { 1 };
    let errors: Vec<f64> =
        history[lag.min(history.len())..].iter().zip(history).map(|(a, b)| (a - b).abs()).collect();
    let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    (mean > 0.0).then_some(mean)
}

/// Of actual and forecast.
pub(super) fn measure(pairs: &[(f64, f64)], scale: Option<f64>) -> Measures {
    let count = pairs.len().max(1) as f64;
    let absolute: f64 = pairs.iter().map(|(actual, point)| (actual - point).abs()).sum();
    let sold: f64 = pairs.iter().map(|(actual, _)| actual.abs()).sum();
    let symmetric = |(actual, point): &(f64, f64)| {
        let both = actual.abs() + point.abs();
        if both > 0.0 { 2.0 * (actual - point).abs() / both } else { 0.0 }
    };
    let mae = absolute / count;
    Measures {
        mae,
        mase: scale.map(|scale| mae / scale),
        smape: pairs.iter().map(symmetric).sum::<f64>() / count,
        wape: (sold > 0.0).then(|| absolute / sold),
    }
}

#[cfg(test)]
mod tests;
