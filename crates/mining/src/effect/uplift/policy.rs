//! What it is worth to reach only those whom it pays to reach, measured on customers the rule had not seen.
//!
//! The worth of reaching one is margin · ψ of sales − cost, in money; of a rule the mean over everybody of what it reaches
//! (Athey & Wager 2021, "Policy learning with observational data"). The rule's one number that was learned from these same customers is the slope
//! by which effects are drawn in.

use super::{Estimate, Terms, validation::Judged};
use serde::{Deserialize, Serialize};

/// What to do with a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The effect brings more than reaching costs.
    Reach,
    /// It brings something, less than it costs.
    NotWorth,
    /// Reaching lowers the outcome.
    LeaveAlone,
}

impl Advice {
    pub const ALL: [Advice; 3] = [Advice::Reach, Advice::NotWorth, Advice::LeaveAlone];

    pub fn of(effect: f64, break_even: f64) -> Self {
        if effect > break_even {
            Advice::Reach
        } else if effect < 0.0 {
            Advice::LeaveAlone
        } else {
            Advice::NotWorth
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Advice::Reach => "reach",
            Advice::NotWorth => "not_worth",
            Advice::LeaveAlone => "leave_alone",
        }
    }
}

/// Money per customer of all, against reaching nobody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Share of the customers the rule reaches.
    pub reached: f64,
    pub everybody: Estimate,
    pub chosen: Estimate,
    /// The rule less everybody.
    pub gain: Estimate,
}

/// `told` is what was told of each beyond the average effect.
pub fn of(judged: &[Judged], told: &[f64], terms: &Terms) -> Policy {
    let average = judged.iter().map(|one| one.score).sum::<f64>() / judged.len().max(1) as f64;
    let break_even = terms.break_even();
    let worth: Vec<f64> = judged.iter().map(|one| terms.margin * one.sales - terms.cost).collect();
    let reached: Vec<f64> = told
        .iter()
        .map(|told| f64::from(u8::from(Advice::of(average + told, break_even) == Advice::Reach)))
        .collect();
    let mean = |value: fn(f64, f64) -> f64| {
        let values: Vec<f64> =
            worth.iter().zip(&reached).map(|(worth, reached)| value(*worth, *reached)).collect();
        Estimate::of_mean(&values)
    };
    Policy {
        reached: reached.iter().sum::<f64>() / reached.len().max(1) as f64,
        everybody: mean(|worth, _| worth),
        chosen: mean(|worth, reached| worth * reached),
        gain: mean(|worth, reached| worth * (reached - 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_than_it_brings_is_not_worth_it() {
        assert_eq!(Advice::of(0.02, 0.01), Advice::Reach);
        assert_eq!(Advice::of(0.01, 0.01), Advice::NotWorth);
        assert_eq!(Advice::of(0.0, 0.0), Advice::NotWorth);
        assert_eq!(Advice::of(-0.01, 0.0), Advice::LeaveAlone);
    }

    #[test]
    fn leaving_out_who_is_harmed_is_worth_what_it_saves() {
        // Half gain 10 of sales, half lose 6; a margin of a half, a cost of 1.
        let one = |at: usize| {
            let told = if at.is_multiple_of(2) { 10.0 } else { -6.0 };
            Judged { at, rank: 0.0, told: told - 2.0, score: told, surplus: told - 2.0, sales: told, fold: 0 }
        };
        let judged: Vec<Judged> = (0..100).map(one).collect();
        let told: Vec<f64> = judged.iter().map(|one| one.told).collect();
        let terms = Terms { counted: false, value: 0.5, margin: 0.5, cost: 1.0 };
        let found = of(&judged, &told, &terms);
        assert_eq!((found.reached, found.everybody.value, found.chosen.value), (0.5, 0.0, 2.0));
        assert_eq!(found.gain.value, 2.0);
        // Nobody is reached where it costs too much.
        let dear = of(&judged, &told, &Terms { cost: 100.0, ..terms });
        assert_eq!((dear.reached, dear.chosen.value), (0.0, 0.0));
    }
}
