//! Back-test: what would the forecasts have been worth? The models are fitted to the purchases up to a cut, forecast the
//! held-out period after it, and are compared there with each other and with the naive rules ([`rules`]).
//!
//! **Choice.** The score of a method is ½ (D/D₀ + B/B₀): the mean Poisson deviance D of the purchases,
//! 2 [y ln(y/μ) − (y−μ)], and the Brier score B of P(buy), each over that of the rule that gives everybody the average;
//! 1 is no better than that, 0 perfect. Both are proper: no method gains by saying what it does not believe. A model whose
//! score is worse than the best model's by more than one standard error of the (paired) difference, and not by
//! less than [`SAME_SCORE`], is out; among the
//! others the smallest BIC is chosen, and below a difference of [`SAME_BIC`] the simpler family. Without a held-out
//! purchase the likelihood decides alone.
//!
//! **What figures come from.** The model gives way to a rule of thumb where one is better at the question: at how often customers
//! buy, at whether they do, each by itself; see [`choice`].

use serde::{Deserialize, Serialize};

use crate::clv_range::{Amount, Outcome, Range, range};
use crate::estimate::{Edge, Unfit};
use crate::gamma_gamma::{self, GammaGammaFit, Spending};
use crate::history::{DAYS_PER_WEEK, Observation, Purchase, Summary};
use crate::money;
use crate::purchasing::{Customers, Family, PurchaseFit};
use choice::{By, Contest, by, mean, score};

pub mod choice;
mod measures;
pub mod rules;

pub use choice::{Because, Reason, Verdict};
pub use measures::{Bin, Measures};
pub use rules::Rule;

/// Of how often, of whether.
const DECIDING: [By; 2] = [|loss| loss.often, |loss| loss.whether];
/// Held-out weeks, the longest that leaves twice as much to learn from.
const HORIZONS: [i32; 6] = [52, 39, 26, 13, 8, 4];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Method {
    Rule { rule: Rule },
    Model { family: Family },
}

/// How one method did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub method: Method,
    pub measures: Measures,
    /// See the module; `None` without a held-out purchase.
    pub score: Option<f64>,
    /// Errors of how often (R/R₀) and of whether (B/B₀), which decide between model and rules, see [`choice`].
    pub errors: Option<[f64; 2]>,
    /// Score less the chosen model's, and the standard error of that difference.
    pub behind: Option<[f64; 2]>,
    /// Of a model: how well it fits the past.
    pub fit: Option<Fitted>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    pub log_likelihood: f64,
    pub parameters: u32,
    pub aic: f64,
    pub bic: f64,
    pub boundary: Vec<Edge>,
    pub shows_dropout: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// Last day of the past.
    pub cut_day: i32,
    /// Last day of the held-out period.
    pub end_day: i32,
    /// Customers with a purchase up to the cut.
    pub customers: u64,
    pub repeat_customers: u64,
    /// Those who bought in the held-out period, how often (days), and for how much, currency units.
    pub buyers: u64,
    pub bought: u64,
    pub money: f64,
    /// Entries left out: amounts of zero or less, days after the end.
    pub left_out: u64,
    pub tried: Vec<Tried>,
    pub chosen: Family,
    pub reason: Reason,
    /// What says how often customers buy, and with it what they are worth.
    pub purchases: Verdict,
    /// What says whether they buy at all: the churn score.
    pub churn: Verdict,
    /// Share of customers whose held-out money lay in the chosen model's 80 % interval.
    pub coverage: Option<f64>,
    /// Families that could not be fitted.
    pub unfit: Vec<(Family, Unfit)>,
}

impl Backtest {
    pub fn weeks(&self) -> f64 {
        f64::from(self.end_day - self.cut_day) / DAYS_PER_WEEK
    }

    pub fn of(&self, family: Family) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.method == Method::Model { family })
    }
}

/// One customer as the cut divides him; amounts in currency units.
#[derive(Clone, Debug)]
pub(crate) struct Divided {
    pub past: Vec<Purchase>,
    pub summary: Summary,
    pub seen: Observation,
    /// What the held-out period showed: purchase days and money.
    pub actual: [f64; 2],
}

/// What a method says of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Forecast {
    pub purchases: f64,
    pub p_buy: f64,
    /// Currency units.
    pub money: f64,
}

/// The cut for purchases between two days: as long a held-out period as leaves twice as much before it.
///
/// # Errors
/// [`Unfit::TooShort`] below twelve weeks.
pub fn cut(first_day: i32, last_day: i32) -> Result<i32, Unfit> {
    let span = last_day.saturating_sub(first_day);
    let fits = HORIZONS.iter().find(|weeks| span >= 3 * 7 * **weeks);
    fits.map(|weeks| last_day - 7 * weeks).ok_or(Unfit::TooShort)
}

/// Compares all methods over the days `cut_day`+1 … `end_day`. Histories in any order; the result does not depend on it.
///
/// # Errors
/// [`Unfit`] if there are too few customers or repeat buyers before the cut, or no model can be fitted.
pub fn run<H: AsRef<[Purchase]>>(histories: &[H], cut_day: i32, end_day: i32) -> Result<Backtest, Unfit> {
    if end_day <= cut_day {
        return Err(Unfit::TooShort);
    }
    let mut left_out = 0;
    let mut customers: Vec<Divided> =
        histories.iter().filter_map(|h| divide(h.as_ref(), cut_day, end_day, &mut left_out)).collect();
    // Sums are then the same whatever the order the customers came in.
    customers.sort_by(|one, other| {
        one.past
            .iter()
            .map(key)
            .cmp(other.past.iter().map(key))
            .then_with(|| one.actual.map(f64::to_bits).cmp(&other.actual.map(f64::to_bits)))
    });
    let past: Vec<&[Purchase]> = customers.iter().map(|c| c.past.as_slice()).collect();
    let known = Customers::of_histories(&past, cut_day);
    known.check()?;
    let (fits, unfit) = fit_all(&known);
    let spending = fit_spending(&customers);
    let period = rules::Period::new(&customers, cut_day, end_day);
    let weeks = period.weeks();

    let mut forecasts: Vec<(Method, Vec<Forecast>, Option<&PurchaseFit>)> = period
        .rules()
        .into_iter()
        .map(|(rule, forecasts)| (Method::Rule { rule }, forecasts, None))
        .collect();
    for fit in &fits {
        let of = |c: &Divided| model_forecast(fit, spending.as_ref(), c, weeks);
        let method = Method::Model { family: fit.family };
        forecasts.push((method, customers.iter().map(of).collect(), Some(fit)));
    }
    let average = &forecasts[0].1;
    let mut tried = Vec::new();
    let mut losses = Vec::new();
    for (method, forecasts, fit) in &forecasts {
        let loss = measures::losses(&customers, forecasts, average);
        tried.push(Tried {
            method: *method,
            measures: Measures::of(&customers, forecasts),
            score: loss.as_ref().map(|loss| mean(&by(loss, score))),
            errors: loss.as_ref().map(|loss| DECIDING.map(|deciding| mean(&by(loss, deciding)))),
            behind: None,
            fit: fit.map(fitted),
        });
        losses.push(loss);
    }
    let buyers = customers.iter().filter(|c| c.actual[0] > 0.0).count() as u64;
    let contest = Contest { tried: &tried, losses: &losses, buyers };
    let (chosen, reason) = contest.model(&fits)?;
    let [purchases, churn] = DECIDING.map(|deciding| contest.verdict(chosen, deciding));
    let behind = contest.behind(chosen);
    for (tried, behind) in tried.iter_mut().zip(behind) {
        tried.behind = behind;
    }
    let fit = fits.iter().find(|fit| fit.family == chosen);
    let coverage =
        fit.zip(spending.as_ref()).and_then(|(fit, spending)| coverage(fit, spending, &customers, weeks));
    let sum = |of: fn(&Divided) -> f64| customers.iter().map(of).sum::<f64>();
    Ok(Backtest {
        cut_day,
        end_day,
        customers: customers.len() as u64,
        repeat_customers: customers.iter().filter(|c| c.seen.x > 0).count() as u64,
        buyers,
        bought: sum(|c| c.actual[0]) as u64,
        money: sum(|c| c.actual[1]),
        left_out,
        tried,
        chosen,
        reason,
        purchases,
        churn,
        coverage,
        unfit,
    })
}

fn key(purchase: &Purchase) -> (i32, i64) {
    (purchase.day, purchase.amount)
}

/// `None` for who had not bought by the cut.
fn divide(history: &[Purchase], cut_day: i32, end_day: i32, left_out: &mut u64) -> Option<Divided> {
    let mut counted: Vec<Purchase> =
        history.iter().copied().filter(|p| p.amount > 0 && p.day <= end_day).collect();
    *left_out += (history.len() - counted.len()) as u64;
    counted.sort_unstable_by_key(key);
    let future = counted.split_off(counted.partition_point(|p| p.day <= cut_day));
    let summary = Summary::of(&counted)?;
    let days = Summary::of(&future);
    let actual = days.map_or([0.0; 2], |days| [f64::from(days.orders), money::to_units(days.total_amount)]);
    Some(Divided { seen: summary.observe(cut_day), past: counted, summary, actual })
}

fn fit_all(customers: &Customers) -> (Vec<PurchaseFit>, Vec<(Family, Unfit)>) {
    let (mut fits, mut unfit): (Vec<PurchaseFit>, Vec<(Family, Unfit)>) = (Vec::new(), Vec::new());
    for family in Family::RANDOM {
        match PurchaseFit::of(family, customers) {
            Ok(fit) => fits.push(fit),
            Err(reason) => unfit.push((family, reason)),
        }
    }
    for dropout in [false, true] {
        match PurchaseFit::regular(customers, dropout) {
            Ok(fit) if fit.family.k() > 1 => fits.push(fit),
            Ok(_) => {}
            Err(reason) => {
                unfit.push((if dropout { Family::MbgCnbd { k: 2 } } else { Family::Cnbd { k: 2 } }, reason))
            }
        }
    }
    fits.sort_by_key(|fit| fit.family);
    (fits, unfit)
}

fn fit_spending(customers: &[Divided]) -> Option<GammaGammaFit> {
    let spending: Vec<Spending> = customers
        .iter()
        .filter_map(|c| Some(Spending { x: c.seen.x, mean: c.summary.monetary()? }))
        .collect();
    gamma_gamma::fit(&spending).ok()
}

fn model_forecast(
    fit: &PurchaseFit,
    spending: Option<&GammaGammaFit>,
    customer: &Divided,
    weeks: f64,
) -> Forecast {
    let seen = &customer.seen;
    let own = || money::to_units(customer.summary.total_amount) / f64::from(customer.summary.orders.max(1));
    let expected = spending
        .and_then(|gg| gg.parameters.expected_spend(seen.x, customer.summary.monetary().unwrap_or(0.0)))
        .unwrap_or_else(own);
    let purchases = fit.model.expected_purchases(seen, weeks);
    Forecast { purchases, p_buy: 1.0 - fit.model.p_no_purchase(seen, weeks), money: purchases * expected }
}

fn fitted(fit: &PurchaseFit) -> Fitted {
    Fitted {
        log_likelihood: fit.log_likelihood,
        parameters: fit.family.parameters(),
        aic: fit.aic(),
        bic: fit.bic(),
        boundary: fit.boundary.clone(),
        shows_dropout: fit.shows_dropout(),
    }
}

fn coverage(fit: &PurchaseFit, spending: &GammaGammaFit, customers: &[Divided], weeks: f64) -> Option<f64> {
    let inside: Vec<bool> = customers
        .iter()
        .filter_map(|customer| {
            let (seen, mean) = (&customer.seen, customer.summary.monetary().unwrap_or(0.0));
            let alive = fit.model.p_alive(seen);
            let outcome = Outcome {
                p_none: fit.model.p_no_purchase(seen, weeks),
                mean: fit.model.expected_purchases(seen, weeks),
                square: alive * fit.model.squared_purchases_if_alive(seen, weeks),
                parameters: 0.0,
            };
            let Range { low, high } =
                range(&outcome, &Amount::of(&spending.parameters, seen.x, mean, 0.0)?, 1.0)?;
            Some((low..=high).contains(&customer.actual[1]))
        })
        .collect();
    let hits = inside.iter().filter(|hit| **hit).count();
    (!inside.is_empty()).then(|| hits as f64 / inside.len() as f64)
}

#[cfg(test)]
mod tests;
