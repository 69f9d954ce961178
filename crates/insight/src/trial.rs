//! The back-test that chooses the model, or the rule of thumb that is better: on the histories of a sample of the customers, at each refit, kept for its page.
//!
//! The sample is every n-th customer in the order of ids, which is the order they were entered in: the same customers give
//! the same choice. The models in force are always fitted to everybody.

use serde::{Deserialize, Serialize};
use value::{
    backtest::{self, Backtest, Verdict, rules::RuleScore},
    estimate::Unfit,
    history::Purchase,
    model::{Part, Question, RulesInForce},
    purchasing::Family,
};

/// Accounts whose histories are tried on: standard errors are small enough to tell the models apart, and all of them
/// are fitted in about a second.
const SAMPLE: usize = 5_000;

/// Collects the histories of every n-th account.
pub struct Sample {
    every: usize,
    histories: Vec<Vec<Purchase>>,
}

impl Sample {
    pub fn of(accounts: usize) -> Self {
        let every = accounts.div_ceil(SAMPLE).max(1);
        Sample { every, histories: vec![vec![]; accounts.div_ceil(every)] }
    }

    /// A purchase of the account at this place.
    pub fn add(&mut self, account: usize, purchase: Purchase) {
        if account.is_multiple_of(self.every)
            && let Some(history) = self.histories.get_mut(account / self.every)
        {
            history.push(purchase);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Customers with a purchase whose histories were looked at, of so many accounts.
    pub sampled: u64,
    pub accounts: u64,
    pub result: Part<Backtest>,
    /// What the rules that won there learned from the same histories.
    pub rules: RulesInForce,
}

impl Trial {
    /// The held-out period ends with the last purchase: days without anybody's are no sign of anything.
    pub fn of(sample: Sample, accounts: usize, question: &Question) -> Self {
        let histories: Vec<Vec<Purchase>> =
            sample.histories.into_iter().filter(|history| !history.is_empty()).collect();
        let days = || histories.iter().flatten().map(|purchase| purchase.day);
        let result = match days().min().zip(days().max()) {
            None => Err(Unfit::TooFewCustomers),
            Some((first, last)) => {
                backtest::cut(first, last).and_then(|cut| backtest::run(&histories, cut, last))
            }
        };
        let in_force = |found: &Backtest, verdict: &Verdict| {
            let rule = verdict.rule()?;
            Some(RuleScore::learn(rule, &histories, found.end_day, question, found.weeks()))
        };
        let rules = result.as_ref().map_or_else(
            |_| RulesInForce::default(),
            |found| RulesInForce {
                purchases: in_force(found, &found.purchases),
                churn: in_force(found, &found.churn),
            },
        );
        Trial { sampled: histories.len() as u64, accounts: accounts as u64, result: result.into(), rules }
    }

    /// Whether only a part of the customers was looked at.
    pub fn is_sample(&self) -> bool {
        self.accounts > SAMPLE as u64
    }

    /// The family that won, or the standard one.
    pub fn chosen(&self) -> Family {
        self.result.fitted().map_or(Family::BgNbd, |backtest| backtest.chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_account_is_in_the_sample() {
        let mut sample = Sample::of(12_000);
        for account in 0..12_000 {
            sample.add(account, Purchase { day: account as i32, amount: 1 });
        }
        assert_eq!((sample.every, sample.histories.len()), (3, 4_000));
        assert!(sample.histories.iter().zip(0..).all(|(h, i)| h.len() == 1 && h[0].day == 3 * i));
        let trial = Trial::of(Sample::of(0), 0, &Question::default());
        assert_eq!((trial.result.missing(), trial.chosen()), (Some(Unfit::TooFewCustomers), Family::BgNbd));
    }
}
