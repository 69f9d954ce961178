//! What goes with the move to break-up: of the customers who were active at the beginning, the traits they had then, each adjusted for
//! all others by a logistic regression. It goes with it; that it is the cause no observation of this kind proves.

use super::{
    LOST, Member, Moved,
    histories::Histories,
    is_active,
    traits::{Known, Trait},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    logistic::{self, CASES_PER_TRAIT, Case, Effect, LogisticProblem},
    markov::Driver,
};

/// Smaller groups tell nothing: customers, and of them broken up and not.
pub const FEWEST_CUSTOMERS: u64 = 20;
pub const FEWEST_EACH: u64 = 5;
/// Of more customers an even sample is looked at, every n-th.
pub const MOST_CASES: usize = 100_000;
/// Channels told apart from the most common one.
const CHANNELS: usize = 4;

/// Why a trait has no adjusted effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Too few customers with it or without it, broken up or not.
    Few,
    /// Too few broke up, or stayed, to tell so many traits apart.
    TooMany,
    /// It follows from the others.
    Follows,
    /// It tells of some perfectly whether they broke up.
    Separated,
    /// It is the same for everybody.
    Same,
}

/// One trait.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub what: Trait,
    /// Of a number: who has at least so much counts as having it where two groups are compared.
    pub threshold: f64,
    /// Customers looked at who have it, and of them those who broke up.
    pub with: (u64, u64),
    pub without: (u64, u64),
    /// How often those who have it broke up against those who do not, adjusted for nothing.
    pub simple: Option<Driver>,
    pub adjusted: Result<Effect, Why>,
}

impl Line {
    pub fn has(&self, value: f64) -> bool {
        value >= self.threshold
    }

    /// Whether it goes with more break-ups (`false`: with fewer) and not by chance.
    pub fn raises(&self) -> Option<bool> {
        match (&self.adjusted, &self.simple) {
            (Ok(effect), _) => effect.is_clear().then_some(effect.odds_ratio > 1.0),
            (Err(_), Some(simple)) => simple.is_clear().then_some(simple.ratio > 1.0),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Active at the beginning.
    pub active: u64,
    /// Of these looked at, and of those broken up.
    pub cases: u64,
    pub lost: u64,
    pub lines: Vec<Line>,
    /// The channel the others are held against.
    pub common_channel: Option<String>,
    /// See [`logistic::LogisticFit::concordance`]; `None` if nothing could be adjusted.
    pub concordance: Option<f64>,
    /// What the reader may not see, or this installation does not have.
    pub hidden: Vec<Trait>,
}

impl Found {
    pub fn of(histories: &Histories, known: &Known, moved: &Moved) -> Found {
        let active: Vec<&Member> =
            moved.members.iter().filter(|member| is_active(usize::from(member.was))).collect();
        let step = active.len().div_ceil(MOST_CASES).max(1);
        let cases: Vec<&Member> = active.iter().copied().step_by(step).collect();
        let lost: Vec<bool> = cases.iter().map(|member| usize::from(member.is) == LOST).collect();
        let mut found = Found {
            active: active.len() as u64,
            cases: cases.len() as u64,
            lost: lost.iter().filter(|lost| **lost).count() as u64,
            hidden: known.hidden.clone(),
            ..Found::default()
        };
        let values = |of: &Trait| -> Vec<f64> {
            cases.iter().map(|member| known.value(histories, member.key, of)).collect()
        };
        let (traits, common) = compared(known.traits(), values);
        found.common_channel = common;
        let columns: Vec<Vec<f64>> = traits.iter().map(values).collect();
        found.lines =
            traits.into_iter().zip(&columns).map(|(what, column)| line(what, column, &lost)).collect();
        found.concordance = adjust(&mut found.lines, &columns, &lost);
        found
    }
}

/// The traits, of the channels the more common ones; the most common one is what they are held against.
fn compared(traits: Vec<Trait>, values: impl Fn(&Trait) -> Vec<f64>) -> (Vec<Trait>, Option<String>) {
    let (mut channels, mut plain): (Vec<Trait>, Vec<Trait>) =
        traits.into_iter().partition(|one| matches!(one, Trait::Channel(_)));
    let sizes: BTreeMap<Trait, usize> = channels
        .iter()
        .map(|channel| (channel.clone(), values(channel).iter().filter(|value| **value > 0.0).count()))
        .collect();
    channels.sort_by_key(|channel| (std::cmp::Reverse(sizes.get(channel).copied()), channel.clone()));
    let mut channels = channels.into_iter();
    let common = match channels.next() {
        Some(Trait::Channel(channel)) => Some(channel),
        _ => None,
    };
    plain.extend(channels.take(CHANNELS));
    (plain, common)
}

fn line(what: Trait, column: &[f64], lost: &[bool]) -> Line {
    let threshold = if what.is_flag() { 1.0 } else { middle(column) };
    let (mut with, mut without) = ((0, 0), (0, 0));
    for (value, lost) in column.iter().zip(lost) {
        let side = if *value >= threshold { &mut with } else { &mut without };
        side.0 += 1;
        side.1 += u64::from(*lost);
    }
    let enough = with.0 >= FEWEST_CUSTOMERS && without.0 >= FEWEST_CUSTOMERS;
    let simple = Driver::of((with.1, with.0), (without.1, without.0)).filter(|_| enough);
    Line { adjusted: first_look(&what, column, with, without), what, threshold, with, without, simple }
}

/// What speaks against a trait before anything is fitted; an effect is put in later.
fn first_look(what: &Trait, column: &[f64], with: (u64, u64), without: (u64, u64)) -> Result<Effect, Why> {
    let varies = column.windows(2).any(|pair| pair[0] != pair[1]);
    let large =
        |(of, lost): (u64, u64)| of >= FEWEST_CUSTOMERS && lost >= FEWEST_EACH && of - lost >= FEWEST_EACH;
    Err(match varies {
        false => Why::Same,
        true if what.is_flag() && !(large(with) && large(without)) => Why::Few,
        true => Why::TooMany,
    })
}

/// The smallest number that at most half lie below, above the smallest of all if there is one: somebody has to be without.
fn middle(column: &[f64]) -> f64 {
    let mut sorted = column.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(first) = sorted.first().copied() else { return 0.0 };
    let median = sorted[sorted.len() / 2];
    if median > first { median } else { sorted.iter().copied().find(|value| *value > first).unwrap_or(first) }
}

/// Puts in the effects; returns the concordance.
fn adjust(lines: &mut [Line], columns: &[Vec<f64>], lost: &[bool]) -> Option<f64> {
    let broken = lost.iter().filter(|lost| **lost).count();
    let room = broken.min(lost.len() - broken) / CASES_PER_TRAIT;
    let mut chosen: Vec<usize> =
        (0..lines.len()).filter(|at| lines[*at].adjusted == Err(Why::TooMany)).take(room).collect();
    loop {
        let case = |(row, happened): (usize, &bool)| Case {
            traits: chosen.iter().map(|at| columns[*at][row]).collect(),
            happened: *happened,
        };
        let cases: Vec<Case> = lost.iter().enumerate().map(case).collect();
        let (at, why) = match logistic::fit(&cases) {
            Ok(fit) => {
                chosen.iter().zip(&fit.effects).for_each(|(at, effect)| lines[*at].adjusted = Ok(*effect));
                return Some(fit.concordance);
            }
            Err(LogisticProblem::Redundant(at)) => (at, Why::Follows),
            Err(LogisticProblem::Separated(at)) => (at, Why::Separated),
            Err(LogisticProblem::BadData | LogisticProblem::TooFewCases) => return None,
        };
        if at >= chosen.len() {
            return None;
        }
        lines[chosen.remove(at)].adjusted = Err(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// 600 customers of whom half were contacted and a third gave back. Who was contacted breaks up less often, but the company
    /// contacts those more who have been silent for longer, and they break up more often.
    fn world() -> (Vec<Vec<f64>>, Vec<bool>) {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let (mut silence, mut contact, mut back, mut lost) = (vec![], vec![], vec![], vec![]);
        for _ in 0..600 {
            let silent: f64 = random.random_range(0.0..8.0);
            let contacted = random.random_bool(0.1 + 0.1 * silent);
            let odds = -4.0 + 0.8 * silent - if contacted { 1.2 } else { 0.0 };
            silence.push(silent);
            contact.push(f64::from(u8::from(contacted)));
            back.push(f64::from(u8::from(random.random_bool(0.3))));
            lost.push(random.random_bool(1.0 / (1.0 + f64::exp(-odds))));
        }
        (vec![silence, contact, back], lost)
    }

    fn lines(columns: &[Vec<f64>], lost: &[bool]) -> Vec<Line> {
        let traits = [Trait::Silence, Trait::Contact, Trait::Returned, Trait::Satisfied];
        let mut lines: Vec<Line> =
            traits.into_iter().zip(columns).map(|(what, column)| line(what, column, lost)).collect();
        adjust(&mut lines, columns, lost);
        lines
    }

    #[test]
    fn contacts_help_though_the_contacted_break_up_more() {
        let (columns, lost) = world();
        let found = lines(&columns, &lost);
        let contact = &found[1];
        assert!(contact.simple.unwrap().ratio > 1.0, "{contact:?}");
        let effect = contact.adjusted.unwrap();
        assert!(effect.high < 1.0 && (-0.3..0.0).contains(&effect.change), "{effect:?}");
        assert!((effect.coefficient + 1.2).abs() < 3.0 * effect.standard_error, "{effect:?}");
        assert_eq!((contact.raises(), found[0].raises(), found[2].raises()), (Some(false), Some(true), None));
        assert_eq!(contact.with.0 + contact.without.0, 600);
        assert_eq!(contact.with.0, columns[1].iter().filter(|value| **value == 1.0).count() as u64);
    }

    #[test]
    fn what_cannot_be_adjusted_says_why_and_keeps_the_simple_figure() {
        let (mut columns, lost) = world();
        columns.push(columns[1].iter().map(|value| 1.0 - value).collect());
        let found = lines(&columns, &lost);
        assert_eq!(found[3].adjusted, Err(Why::Follows));
        assert!(found[3].simple.is_some() && found[1].adjusted.is_ok());
        columns[3] = vec![0.0; 600];
        assert_eq!(
            (lines(&columns, &lost)[3].adjusted, lines(&columns, &lost)[3].simple),
            (Err(Why::Same), None)
        );
        columns[3][..19].fill(1.0);
        assert_eq!(lines(&columns, &lost)[3].adjusted, Err(Why::Few));
        // Twelve who broke up are enough for one trait.
        let mut left = 12;
        let few: Vec<bool> = lost
            .iter()
            .map(|lost| {
                left -= i32::from(*lost);
                *lost && left >= 0
            })
            .collect();
        let found = lines(&columns[..2], &few);
        assert!(found[0].adjusted.is_ok() && found[1].simple.is_some(), "{found:?}");
        assert!(matches!(found[1].adjusted, Err(Why::TooMany | Why::Few)));
    }

    #[test]
    fn a_number_is_split_where_somebody_is_on_each_side() {
        assert_eq!(middle(&[1.0, 2.0, 3.0, 4.0]), 3.0);
        assert_eq!(middle(&[0.0, 0.0, 0.0, 5.0, 9.0]), 5.0);
        assert_eq!((middle(&[2.0, 2.0]), middle(&[])), (2.0, 0.0));
    }
}
