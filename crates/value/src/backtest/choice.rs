//! Which method is in force.
//!
//! **Among the models** as [`crate::backtest`] says: the score, then the likelihood, then simplicity.
//!
//! **Between the model and the rules of thumb**, once for how often customers buy (squared error of the purchases, R/R₀: smallest for
//! the expected number, and, other than the deviance, not infinite for a rule that expects nothing of somebody who then buys) and once for whether
//! they do (Brier score, B/B₀): the model stays unless a rule is *better beyond doubt*. With l the customers' losses,
//! δ = mean(l_rule − l_model) and s its standard error from the paired differences, a rule is better if −δ > max(2.128 s,
//! [`SAME_SCORE`]): one-sided 5 %, shared among the three rules (Bonferroni). Ties and doubts go to the model, which also gives intervals
//! and P(alive). With fewer than [`FEWEST_BUYERS`] buyers in the held-out period the normal approximation is not trusted and no
//! rule wins. The average is no candidate, for it tells no customer from another; that it forecast better is said.

use serde::{Deserialize, Serialize};

use super::{Method, Rule, Tried};
use crate::estimate::Unfit;
use crate::purchasing::{Family, PurchaseFit};

/// A difference in score below this is nothing, however surely it is there.
const SAME_SCORE: f64 = 0.005;
/// A difference in BIC below this is "not worth more than a bare mention" (Kass & Raftery 1995).
const SAME_BIC: f64 = 2.0;
/// Standard errors a rule must win by: the normal quantile of 1 − 0.05/3.
pub const SURE: f64 = 2.128;
/// Customers who bought in the held-out period below which no rule replaces the model.
pub const FEWEST_BUYERS: u64 = 30;

/// Why the chosen model was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It forecast best, and no other came within a standard error.
    Forecast,
    /// Several forecast equally well; it fits the past best for its number of parameters.
    Likelihood,
    /// Several are equal in both; it is the simplest.
    Simplest,
    /// Nobody bought in the held-out period.
    LikelihoodAlone,
}

/// Why a rule replaced the model, or did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A rule forecast better beyond doubt.
    RuleBetter,
    /// No rule forecast better.
    ModelBetter,
    /// A rule forecast better, but that may be chance, or is too little to matter.
    Doubtful,
    /// Too few bought in the held-out period to tell.
    TooFewBuyers,
}

/// A rule of thumb against the model: its loss less the model's, in shares of the average rule's loss, and the standard error of
/// that (paired) difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    pub rule: Rule,
    pub behind: f64,
    pub error: f64,
}

impl Rival {
    fn is_better(&self) -> bool {
        -self.behind > (SURE * self.error).max(SAME_SCORE)
    }
}

/// What is in force for one question, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub because: Because,
    /// The rule that did best; `None` if nobody, or everybody, bought.
    pub rival: Option<Rival>,
    /// Giving everybody the average was better than the model beyond doubt: take single customers' figures with caution.
    pub average_better: bool,
}

impl Verdict {
    /// The rule in force; `None` is the model.
    pub fn rule(&self) -> Option<Rule> {
        self.rival.map(|rival| rival.rule).filter(|_| self.because == Because::RuleBetter)
    }
}

/// One customer's losses by one method, in means of the average rule's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Loss {
    pub deviance: f64,
    pub often: f64,
    pub whether: f64,
}

pub(super) type Losses = Vec<Loss>;

/// Which of the losses decides.
pub(super) type By = fn(&Loss) -> f64;

pub(super) fn by(losses: &Losses, by: By) -> Vec<f64> {
    losses.iter().map(by).collect()
}

/// The score: the number of purchases and the chance count half each.
pub(super) fn score(loss: &Loss) -> f64 {
    0.5 * (loss.deviance + loss.whether)
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean of the paired differences and its standard error.
fn difference(loss: &[f64], other: &[f64]) -> Option<[f64; 2]> {
    let n = loss.len() as f64;
    let differences: Vec<f64> = loss.iter().zip(other).map(|(one, other)| one - other).collect();
    let mean = mean(&differences);
    let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
    (n > 1.0).then(|| [mean, (squares / (n - 1.0) / n).sqrt()])
}

/// All that were tried, and their losses in the same order.
pub(super) struct Contest<'t> {
    pub tried: &'t [Tried],
    pub losses: &'t [Option<Losses>],
    pub buyers: u64,
}

impl Contest<'_> {
    fn place(&self, method: Method) -> Option<usize> {
        self.tried.iter().position(|tried| tried.method == method)
    }

    fn losses_of(&self, method: Method) -> Option<&Losses> {
        self.losses[self.place(method)?].as_ref()
    }

    /// The model, see [`crate::backtest`].
    ///
    /// # Errors
    /// [`Unfit::NotConverged`] without a model.
    pub fn model(&self, fits: &[PurchaseFit]) -> Result<(Family, Reason), Unfit> {
        let scored: Vec<(&PurchaseFit, f64, Vec<f64>)> = fits
            .iter()
            .filter_map(|fit| {
                let losses = by(self.losses_of(Method::Model { family: fit.family })?, score);
                Some((fit, mean(&losses), losses))
            })
            .collect();
        let best = scored.iter().min_by(|one, other| one.1.total_cmp(&other.1));
        let equal: Vec<&PurchaseFit> = match best {
            None => fits.iter().collect(),
            Some((_, _, best)) => scored
                .iter()
                .filter(|(_, _, loss)| {
                    difference(loss, best).is_none_or(|[behind, error]| behind <= error.max(SAME_SCORE))
                })
                .map(|(fit, _, _)| *fit)
                .collect(),
        };
        let least = equal.iter().map(|fit| fit.bic()).min_by(f64::total_cmp).ok_or(Unfit::NotConverged)?;
        let mut fitting: Vec<&&PurchaseFit> =
            equal.iter().filter(|fit| fit.bic() < least + SAME_BIC).collect();
        fitting.sort_by_key(|fit| (fit.family.parameters(), fit.family));
        let chosen = fitting.first().ok_or(Unfit::NotConverged)?.family;
        let reason = match (best, equal.len(), fitting.len()) {
            (None, ..) => Reason::LikelihoodAlone,
            (_, 1, _) => Reason::Forecast,
            (_, _, 1) => Reason::Likelihood,
            _ => Reason::Simplest,
        };
        Ok((chosen, reason))
    }

    /// Score less the chosen model's, and the standard error of that difference.
    pub fn behind(&self, chosen: Family) -> Vec<Option<[f64; 2]>> {
        let model = self.losses_of(Method::Model { family: chosen }).map(|losses| by(losses, score));
        self.losses.iter().map(|loss| difference(&by(loss.as_ref()?, score), model.as_ref()?)).collect()
    }

    /// The model against the rules by one of the losses.
    pub fn verdict(&self, chosen: Family, deciding: By) -> Verdict {
        let against = |rule: Rule| {
            let model = self.losses_of(Method::Model { family: chosen })?;
            let losses = self.losses_of(Method::Rule { rule })?;
            let [behind, error] = difference(&by(losses, deciding), &by(model, deciding))?;
            Some(Rival { rule, behind, error })
        };
        let rules = self.tried.iter().filter_map(|tried| match tried.method {
            Method::Rule { rule } => against(rule),
            Method::Model { .. } => None,
        });
        let (average, rivals): (Vec<Rival>, Vec<Rival>) =
            rules.partition(|rival| rival.rule == Rule::Average);
        // The best of those that are better beyond doubt, else the best.
        let rival = rivals.into_iter().min_by(|one, other| {
            other.is_better().cmp(&one.is_better()).then(one.behind.total_cmp(&other.behind))
        });
        let because = match rival {
            _ if self.buyers < FEWEST_BUYERS => Because::TooFewBuyers,
            Some(rival) if rival.is_better() => Because::RuleBetter,
            Some(rival) if rival.behind < 0.0 => Because::Doubtful,
            _ => Because::ModelBetter,
        };
        Verdict { because, rival, average_better: average.iter().any(Rival::is_better) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::Measures;
    use crate::erlang::Erlang;
    use crate::purchasing::Purchasing;

    /// Four customers' scores by the model that forecasts best; their mean is 0.75.
    const BEST: [f64; 4] = [0.6, 0.8, 0.7, 0.9];
    /// Behind by 0.2, 0.4, 0.1, 0.3: 0.25 in the mean, with a standard error of √(0.05/3/4) = 0.065.
    const WORSE: [f64; 4] = [0.8, 1.2, 0.8, 1.2];
    /// Behind by 0.2, −0.2, 0.3, −0.1: 0.05 in the mean, with a standard error of √(0.17/3/4) = 0.119.
    const AS_GOOD: [f64; 4] = [0.8, 0.6, 1.0, 0.8];

    /// A model with this BIC: of one customer, whose logarithm is 0, it is −2 ln L whatever the number of parameters.
    fn fit(family: Family, bic: f64) -> PurchaseFit {
        PurchaseFit {
            family,
            model: Purchasing::Erlang(Erlang { k: 1, r: 1.0, alpha: 1.0, dropout: None }),
            parameters: vec![],
            log_likelihood: -0.5 * bic,
            covariance: vec![],
            boundary: vec![],
            customers: 1,
            repeat_customers: 1,
        }
    }

    /// The choice among models with these BICs and scores of the customers.
    fn choose(models: &[(Family, f64, [f64; 4])]) -> (Family, Reason) {
        let tried: Vec<Tried> = models
            .iter()
            .map(|(family, ..)| Tried {
                method: Method::Model { family: *family },
                measures: Measures::of(&[], &[]),
                score: None,
                errors: None,
                behind: None,
                fit: None,
            })
            .collect();
        // Half of a score is the deviance; the squared error of the purchases takes no part.
        let loss = |score: f64| Loss { deviance: score + 0.1, often: 0.0, whether: score - 0.1 };
        let losses: Vec<Option<Losses>> =
            models.iter().map(|(.., scores)| Some(scores.map(loss).to_vec())).collect();
        let fits: Vec<PurchaseFit> = models.iter().map(|(family, bic, _)| fit(*family, *bic)).collect();
        Contest { tried: &tried, losses: &losses, buyers: 100 }.model(&fits).expect("a model")
    }

    #[test]
    fn who_forecasts_worse_is_out_however_well_it_fits_the_past() {
        let alone = choose(&[(Family::Nbd, 900.0, WORSE), (Family::BgNbd, 1_000.0, BEST)]);
        assert_eq!(alone, (Family::BgNbd, Reason::Forecast));
        // Of the two that are left the likelihood decides.
        let of_three = choose(&[
            (Family::Nbd, 1_000.0, AS_GOOD),
            (Family::BgNbd, 900.0, WORSE),
            (Family::MbgNbd, 990.0, BEST),
        ]);
        assert_eq!(of_three, (Family::MbgNbd, Reason::Likelihood));
    }

    #[test]
    fn among_equal_forecasts_the_likelihood_decides() {
        let best_score_wins = choose(&[(Family::Nbd, 1_000.0, AS_GOOD), (Family::BgNbd, 990.0, BEST)]);
        assert_eq!(best_score_wins, (Family::BgNbd, Reason::Likelihood));
        let other_wins = choose(&[(Family::BgNbd, 1_000.0, BEST), (Family::ParetoNbd, 990.0, AS_GOOD)]);
        assert_eq!(other_wins, (Family::ParetoNbd, Reason::Likelihood));
        // Surely behind, but by what matters to nobody, is equal; by more than that it is not.
        let behind =
            |by: f64| choose(&[(Family::Nbd, 990.0, BEST.map(|s| s + by)), (Family::BgNbd, 1_000.0, BEST)]);
        assert_eq!(behind(0.004), (Family::Nbd, Reason::Likelihood));
        assert_eq!(behind(0.006), (Family::BgNbd, Reason::Forecast));
    }

    #[test]
    fn among_equals_in_both_the_simplest_is_chosen() {
        let nbd = |bic: f64| choose(&[(Family::BgNbd, 1_000.0, BEST), (Family::Nbd, bic, AS_GOOD)]);
        assert_eq!(nbd(1_001.9), (Family::Nbd, Reason::Simplest));
        assert_eq!(nbd(1_002.1), (Family::BgNbd, Reason::Likelihood));
        // As many parameters: in the order of the families.
        let four = choose(&[(Family::ParetoNbd, 999.0, BEST), (Family::BgNbd, 1_000.0, AS_GOOD)]);
        assert_eq!(four, (Family::BgNbd, Reason::Simplest));
    }
}
