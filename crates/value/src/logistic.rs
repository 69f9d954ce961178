//! Logistic regression: what goes with a higher or lower probability of something, each trait adjusted for all others.
//!
//! P(happened | x) = 1 / (1 + e^−(α + β·x)), maximised by Newton's method without a penalty; standard errors from the
//! information. (The propensities of crate `mining` penalise and give no standard errors: they are to forecast, this is to say
//! how sure an effect is.) Shown of each trait:
//!
//! - the **odds ratio** e^β: so many times the odds per unit of the trait, with Wald's 95 % interval e^(β ± 1.96 s);
//! - the **average change** of the probability, mean over all cases of P(x′) − P(x), where x′ is x with the trait raised by
//!   one; of a yes-or-no trait, P with yes less P with no. Its interval is that of the delta method, s² = gᵀ Σ g with g its
//!   gradient in (α, β) and Σ the inverse information.
//!
//! Sources: D. W. Hosmer & S. Lemeshow (2000), *Applied Logistic Regression*; J. S. Long & J. Freese (2014), *Regression
//! Models for Categorical Dependent Variables*, on average discrete changes. Ten of the rarer outcome for each trait are the
//! rule of thumb of P. Peduzzi et al. (1996), *J. Clin. Epidemiol.* 49, 1373–1379.
//!
//! Long because its tests hold published data.

use serde::{Deserialize, Serialize};

use crate::estimate::storable;
use crate::linear::{self, dot};
use crate::proportion::Z_95;

/// One customer: what is known of him, and whether it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub traits: Vec<f64>,
    pub happened: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// β.
    pub coefficient: f64,
    pub standard_error: f64,
    pub odds_ratio: f64,
    pub low: f64,
    pub high: f64,
    /// Of the probability, −1 to 1.
    pub change: f64,
    pub change_low: f64,
    pub change_high: f64,
}

impl Effect {
    /// Whether it is more than chance: 1 lies outside the interval of the odds ratio.
    pub fn is_clear(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogisticFit {
    pub effects: Vec<Effect>,
    /// α: the log odds where every trait is 0.
    pub intercept: f64,
    pub log_likelihood: f64,
    /// Without any trait.
    pub null_log_likelihood: f64,
    /// Of two cases, one in which it happened and one in which it did not, the share in which the first has the higher
    /// probability; ties count half.
    pub concordance: f64,
    pub cases: u64,
    pub happened: u64,
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogisticProblem {
    /// Not the same number of traits for everybody, or one that is not a finite number.
    BadData,
    /// Fewer than ten of the rarer outcome for each trait, or no traits.
    TooFewCases,
    /// The trait with this number is the same for everybody, or follows from those before it.
    Redundant(usize),
    /// The trait with this number tells perfectly of some whether it happened: its effect has no finite estimate.
    Separated(usize),
}

/// Of the rarer outcome, for each trait.
pub const CASES_PER_TRAIT: usize = 10;
const ROUNDS: usize = 50;
/// An effect beyond this per standard deviation of the trait is running away.
const LARGEST: f64 = 20.0;
/// A probability so near to 0 or 1 for everybody with a trait is no estimate any more.
const SURE: f64 = 1e-8;

/// # Errors
/// [`LogisticProblem`].
pub fn fit(cases: &[Case]) -> Result<LogisticFit, LogisticProblem> {
    let traits = cases.first().map_or(0, |case| case.traits.len());
    let good = |case: &Case| case.traits.len() == traits && case.traits.iter().all(|x| x.is_finite());
    if !cases.iter().all(good) {
        return Err(LogisticProblem::BadData);
    }
    let happened = cases.iter().filter(|case| case.happened).count();
    if traits == 0 || happened.min(cases.len() - happened) < CASES_PER_TRAIT * traits {
        return Err(LogisticProblem::TooFewCases);
    }
    // Such a trait runs away by one in each round, which standardising hides if few have it.
    if let Some(one) = separated(cases) {
        return Err(LogisticProblem::Separated(one));
    }
    let (rows, scales) = standardised(cases)?;
    let share = happened as f64 / cases.len() as f64;
    let mut beta = vec![0.0; traits + 1];
    beta[0] = (share / (1.0 - share)).ln();
    let mut at = Likelihood::of(&rows, &beta);
    let null = at.value;
    for _ in 0..ROUNDS {
        let step = match linear::solve(&at.information, &at.slope) {
            Ok(step) => step,
            // The information vanishes where everything is sure.
            Err(_) if at.sure => return Err(LogisticProblem::Separated(largest(&beta))),
            Err(column) => return Err(LogisticProblem::Redundant(column.saturating_sub(1))),
        };
        let mut part = 1.0;
        let next = loop {
            let tried: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + part * s).collect();
            let found = Likelihood::of(&rows, &tried);
            if found.value >= at.value - 1e-12 * at.value.abs() {
                break Some((tried, found));
            }
            part *= 0.5;
            if part < 1e-8 {
                break None;
            }
        };
        let Some((tried, found)) = next else { break };
        let moved = step.iter().fold(0.0_f64, |most, s| most.max((part * s).abs()));
        (beta, at) = (tried, found);
        if beta.iter().skip(1).any(|b| b.abs() > LARGEST) {
            return Err(LogisticProblem::Separated(largest(&beta)));
        }
        if moved < 1e-10 {
            break;
        }
    }
    let covariance = linear::inverse(&at.information)
        .map_err(|column| LogisticProblem::Redundant(column.saturating_sub(1)))?;
    let effects = (0..traits).map(|i| effect(&rows, &beta, &covariance, i, scales[i])).collect();
    let shift: f64 = scales.iter().zip(&beta[1..]).map(|(scale, b)| b * scale.mean / scale.deviation).sum();
    Ok(LogisticFit {
        effects,
        intercept: storable(beta[0] - shift),
        log_likelihood: storable(at.value),
        null_log_likelihood: storable(null),
        concordance: concordance(&rows, &beta),
        cases: cases.len() as u64,
        happened: happened as u64,
    })
}

/// The trait whose effect per standard deviation is largest.
fn largest(beta: &[f64]) -> usize {
    let effects = beta.iter().skip(1).enumerate();
    effects.max_by(|one, other| one.1.abs().total_cmp(&other.1.abs())).map_or(0, |(at, _)| at)
}

/// A yes-or-no trait with (or without) which it happened to everybody or nobody.
fn separated(cases: &[Case]) -> Option<usize> {
    let traits = cases.first().map_or(0, |case| case.traits.len());
    (0..traits).find(|i| {
        let is_flag = cases.iter().all(|case| is_flag(case.traits[*i]));
        let one_sided = |value: f64| {
            let side = cases.iter().filter(|case| case.traits[*i] == value);
            let (of, happened) =
                side.fold((0, 0), |(of, happened), case| (of + 1, happened + usize::from(case.happened)));
            of > 0 && (happened == 0 || happened == of)
        };
        is_flag && (one_sided(0.0) || one_sided(1.0))
    })
}

fn is_flag(value: f64) -> bool {
    value == 0.0 || value == 1.0
}

#[derive(Clone, Copy)]
struct Scale {
    mean: f64,
    deviation: f64,
    /// Yes or no.
    flag: bool,
}

/// With a leading 1, mean 0 and standard deviation 1, in an order of their own.
struct Row {
    x: Vec<f64>,
    happened: bool,
}

fn standardised(cases: &[Case]) -> Result<(Vec<Row>, Vec<Scale>), LogisticProblem> {
    // Sums of floating numbers depend on their order: the answer must not depend on that of the customers.
    let mut sorted: Vec<&Case> = cases.iter().collect();
    sorted.sort_by(|one, other| {
        let pairs = one.traits.iter().zip(&other.traits);
        let traits = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
        traits.unwrap_or(std::cmp::Ordering::Equal).then(one.happened.cmp(&other.happened))
    });
    let n = sorted.len() as f64;
    let mut scales = vec![];
    for i in 0..sorted[0].traits.len() {
        let of = || sorted.iter().map(|case| case.traits[i]);
        let mean = of().sum::<f64>() / n;
        let deviation = (of().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        if deviation <= 1e-12 * mean.abs() || deviation == 0.0 {
            return Err(LogisticProblem::Redundant(i));
        }
        scales.push(Scale { mean, deviation, flag: of().all(is_flag) });
    }
    let row = |case: &&Case| {
        let scaled = case.traits.iter().zip(&scales).map(|(x, scale)| (x - scale.mean) / scale.deviation);
        Row { x: std::iter::once(1.0).chain(scaled).collect(), happened: case.happened }
    };
    Ok((sorted.iter().map(row).collect(), scales))
}

struct Likelihood {
    value: f64,
    slope: Vec<f64>,
    /// −Hessian.
    information: Vec<Vec<f64>>,
    /// Everybody's probability is next to 0 or 1.
    sure: bool,
}

impl Likelihood {
    fn of(rows: &[Row], beta: &[f64]) -> Self {
        let n = beta.len();
        let mut found =
            Self { value: 0.0, slope: vec![0.0; n], information: vec![vec![0.0; n]; n], sure: true };
        for row in rows {
            let linear = dot(beta, &row.x);
            let p = sigmoid(linear);
            // ln P = −ln(1 + e^∓η), written so that it neither overflows nor loses digits.
            let signed = if row.happened { linear } else { -linear };
            found.value -= if signed > 0.0 { (-signed).exp().ln_1p() } else { signed.exp().ln_1p() - signed };
            let (left, weight) = (f64::from(u8::from(row.happened)) - p, p * (1.0 - p));
            found.sure &= weight < SURE;
            for i in 0..n {
                found.slope[i] += left * row.x[i];
                let weighted = weight * row.x[i];
                for j in 0..=i {
                    found.information[i][j] += weighted * row.x[j];
                }
            }
        }
        for i in 0..n {
            for j in i + 1..n {
                found.information[i][j] = found.information[j][i];
            }
        }
        found
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

/// Of trait `i`, in its own unit.
fn effect(rows: &[Row], beta: &[f64], covariance: &[Vec<f64>], i: usize, scale: Scale) -> Effect {
    let (coefficient, error) =
        (beta[i + 1] / scale.deviation, covariance[i + 1][i + 1].sqrt() / scale.deviation);
    let (mut change, mut gradient) = (0.0, vec![0.0; beta.len()]);
    for row in rows {
        let own = row.x[i + 1];
        let (before, after) = if scale.flag {
            (-scale.mean / scale.deviation, (1.0 - scale.mean) / scale.deviation)
        } else {
            (own, own + 1.0 / scale.deviation)
        };
        let rest = dot(beta, &row.x) - beta[i + 1] * own;
        let (p, raised) = (sigmoid(rest + beta[i + 1] * before), sigmoid(rest + beta[i + 1] * after));
        let (slope, slope_raised) = (p * (1.0 - p), raised * (1.0 - raised));
        change += raised - p;
        for (j, sum) in gradient.iter_mut().enumerate() {
            *sum += if j == i + 1 {
                slope_raised * after - slope * before
            } else {
                (slope_raised - slope) * row.x[j]
            };
        }
    }
    let n = rows.len() as f64;
    change /= n;
    gradient.iter_mut().for_each(|sum| *sum /= n);
    let variance: f64 = covariance.iter().zip(&gradient).map(|(row, g)| g * dot(row, &gradient)).sum();
    let half = Z_95 * variance.max(0.0).sqrt();
    Effect {
        coefficient: storable(coefficient),
        standard_error: storable(error),
        odds_ratio: storable(coefficient.exp()),
        low: storable((coefficient - Z_95 * error).exp()),
        high: storable((coefficient + Z_95 * error).exp()),
        change: storable(change),
        change_low: storable((change - half).max(-1.0)),
        change_high: storable((change + half).min(1.0)),
    }
}

/// By ranks: ties have the mean of theirs.
fn concordance(rows: &[Row], beta: &[f64]) -> f64 {
    let mut scored: Vec<(f64, bool)> = rows.iter().map(|row| (dot(beta, &row.x), row.happened)).collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut right) = (0.0, 0.0);
    for same in scored.chunk_by(|one, other| one.0 == other.0) {
        let happened = same.iter().filter(|(_, happened)| *happened).count() as f64;
        let not = same.len() as f64 - happened;
        right += happened * (below + 0.5 * not);
        below += not;
    }
    let happened = scored.len() as f64 - below;
    right / (below * happened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(count: usize, traits: &[f64], happened: bool) -> Vec<Case> {
        vec![Case { traits: traits.to_vec(), happened }; count]
    }

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() < within, "{found} is not {expected}");
    }

    #[test]
    fn a_table_of_four_cells_is_worked_by_hand() {
        // With the trait 30 of 40, without 20 of 60: odds 3 and ½, ratio 6, s² of its logarithm 1/30 + 1/10 + 1/20 + 1/40.
        let cases = [
            times(30, &[1.0], true),
            times(10, &[1.0], false),
            times(20, &[0.0], true),
            times(40, &[0.0], false),
        ]
        .concat();
        let found = fit(&cases).expect("fitted");
        let effect = found.effects[0];
        let error = (1.0_f64 / 30.0 + 1.0 / 10.0 + 1.0 / 20.0 + 1.0 / 40.0).sqrt();
        near(effect.odds_ratio, 6.0, 1e-8);
        near(effect.standard_error, error, 1e-8);
        near(effect.low, (6.0_f64.ln() - Z_95 * error).exp(), 1e-7);
        near(found.intercept, 0.5_f64.ln(), 1e-9);
        // The probability is ¾ with it, ⅓ without; the difference of two shares has the variance p q / n of each.
        near(effect.change, 0.75 - 1.0 / 3.0, 1e-9);
        let variance: f64 = 0.75 * 0.25 / 40.0 + (1.0 / 3.0) * (2.0 / 3.0) / 60.0;
        near(effect.change_high - effect.change, Z_95 * variance.sqrt(), 1e-8);
        // Pairs: 30·40 in the right order, 30·10 and 20·40 tied, of 50·50.
        near(found.concordance, (1200.0 + 0.5 * (300.0 + 800.0)) / 2500.0, 1e-12);
        assert_eq!((found.cases, found.happened, effect.is_clear()), (100, 50, true));
    }

    #[test]
    fn finneys_vasoconstrictions_have_the_published_effects() {
        // Finney (1947), volume and rate of air inspired; Pregibon (1981), Ann. Statist. 9: −2.875, 5.179, 4.562. Six of each
        // outcome more than twenty, twice over so that there are ten for each trait: the estimates stay, errors shrink by √2.
        let volume = [
            3.70, 3.50, 1.25, 0.75, 0.80, 0.70, 0.60, 1.10, 0.90, 0.90, 0.80, 0.55, 0.60, 1.40, 0.75, 2.30,
            3.20, 0.85, 1.70, 1.80, 0.40, 0.95, 1.35, 1.50, 1.60, 0.60, 1.80, 0.95, 1.90, 1.60, 2.70, 2.35,
            1.10, 1.10, 1.20, 0.80, 0.95, 0.75, 1.30,
        ];
        let rate = [
            0.825, 1.09, 2.50, 1.50, 3.20, 3.50, 0.75, 1.70, 0.75, 0.45, 0.57, 2.75, 3.00, 2.33, 3.75, 1.64,
            1.60, 1.415, 1.06, 1.80, 2.00, 1.36, 1.35, 1.36, 1.78, 1.50, 1.50, 1.90, 0.95, 0.40, 0.75, 0.03,
            1.83, 2.20, 2.00, 3.33, 1.90, 1.90, 1.625,
        ];
        let constricted = [
            1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0,
            0, 1, 1, 1, 0, 0, 1,
        ];
        let once: Vec<Case> = (0..39)
            .map(|i| Case {
                traits: vec![f64::ln(volume[i]), f64::ln(rate[i])],
                happened: constricted[i] == 1,
            })
            .collect();
        let found = fit(&[once.clone(), once].concat()).expect("fitted");
        near(found.intercept, -2.875, 1e-3);
        near(found.effects[0].coefficient, 5.179, 1e-3);
        near(found.effects[1].coefficient, 4.562, 1e-3);
        near(found.effects[0].standard_error * 2.0_f64.sqrt(), 1.865, 2e-3);
        near(found.effects[1].standard_error * 2.0_f64.sqrt(), 1.838, 2e-3);
        near(found.log_likelihood / 2.0, -14.614, 1e-3);
    }

    /// Charig et al. (1986): kidney stones; removed by open surgery or else, small or large stones. Success.
    fn stones() -> Vec<Case> {
        let group = |open: f64, large: f64, success: usize, of: usize| {
            [times(success, &[open, large], true), times(of - success, &[open, large], false)].concat()
        };
        [
            group(1.0, 0.0, 81, 87),
            group(0.0, 0.0, 234, 270),
            group(1.0, 1.0, 192, 263),
            group(0.0, 1.0, 55, 80),
        ]
        .concat()
    }

    #[test]
    fn adjusting_turns_simpsons_paradox_round() {
        let alone: Vec<Case> =
            stones().into_iter().map(|case| Case { traits: vec![case.traits[0]], ..case }).collect();
        let crude = fit(&alone).expect("fitted").effects[0];
        // 273 of 350 against 289 of 350.
        near(crude.odds_ratio, (273.0 / 77.0) / (289.0 / 61.0), 1e-8);
        let adjusted = fit(&stones()).expect("fitted").effects;
        assert!(crude.odds_ratio < 1.0 && adjusted[0].odds_ratio > 1.3, "{adjusted:?}");
        // Between the ratios of the two sizes, 2.08 and 1.23, near the pooled one of Mantel and Haenszel, 1.45.
        near(adjusted[0].odds_ratio, 1.45, 0.05);
        assert!(adjusted[1].high < 1.0);
        assert!(adjusted[0].change > 0.0 && crude.change < 0.0);
    }

    #[test]
    fn what_cannot_be_estimated_is_refused_with_the_reason() {
        assert_eq!(fit(&[]), Err(LogisticProblem::TooFewCases));
        assert_eq!(fit(&stones()[..50]), Err(LogisticProblem::TooFewCases));
        let with = |third: fn(&Case, usize) -> f64| -> Vec<Case> {
            let one = |(at, case): (usize, Case)| {
                let more = third(&case, at);
                Case { traits: [case.traits, vec![more]].concat(), ..case }
            };
            stones().into_iter().enumerate().map(one).collect()
        };
        assert_eq!(fit(&with(|_, _| 4.0)), Err(LogisticProblem::Redundant(2)));
        assert_eq!(fit(&with(|case, _| 1.0 - case.traits[0])), Err(LogisticProblem::Redundant(2)));
        assert_eq!(fit(&with(|_, at| if at == 3 { f64::NAN } else { 1.0 })), Err(LogisticProblem::BadData));
        // Whoever has it, had success: few or all of them.
        let few = with(|case, at| f64::from(u8::from(case.happened && at % 9 == 0)));
        assert_eq!(fit(&few), Err(LogisticProblem::Separated(2)));
        assert_eq!(
            fit(&with(|case, _| f64::from(u8::from(case.happened)))),
            Err(LogisticProblem::Separated(2))
        );
        let told = with(|case, at| at as f64 + if case.happened { 10_000.0 } else { 0.0 });
        assert_eq!(fit(&told), Err(LogisticProblem::Separated(2)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn neither_the_order_of_cases_nor_units_change_anything(
            cases in prop::collection::vec((0.0..9.0_f64, any::<bool>(), 0.0..1.0_f64), 150..200),
            shuffle in any::<u64>(),
        ) {
            let mut cases: Vec<Case> = cases
                .into_iter()
                .map(|(x, flag, chance)| Case {
                    traits: vec![x, f64::from(u8::from(flag))],
                    happened: chance < 0.3 + 0.04 * x,
                })
                .collect();
            let Ok(first) = fit(&cases) else { return Ok(()) };
            let mut state = shuffle;
            for at in (1..cases.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                cases.swap(at, (state >> 33) as usize % (at + 1));
            }
            prop_assert_eq!(&fit(&cases).expect("fitted"), &first);
            for case in &mut cases {
                case.traits[0] = case.traits[0] * 100.0 - 3.0;
            }
            let scaled = fit(&cases).expect("fitted");
            prop_assert!((scaled.effects[0].coefficient * 100.0 - first.effects[0].coefficient).abs() < 1e-8);
            prop_assert!((scaled.effects[1].change - first.effects[1].change).abs() < 1e-8);
        }

        #[test]
        fn the_probabilities_add_up_to_what_happened(
            cases in prop::collection::vec((0.0..9.0_f64, 0.0..1.0_f64), 100..150),
        ) {
            let cases: Vec<Case> = cases
                .into_iter()
                .map(|(x, chance)| Case { traits: vec![x], happened: chance < 0.3 + 0.04 * x })
                .collect();
            let Ok(found) = fit(&cases) else { return Ok(()) };
            let of = |case: &Case| sigmoid(found.intercept + found.effects[0].coefficient * case.traits[0]);
            let sum: f64 = cases.iter().map(of).sum();
            prop_assert!((sum - found.happened as f64).abs() < 1e-6, "{} {}", sum, found.happened);
        }
    }
}
