//! Who responds to being reached: learned from an experiment once it has ended, kept with the proof, and, where the
//! proof holds, told of every customer the experiment's condition finds ([`scores`]).

pub mod features;
pub mod scores;

use super::{
    CONTACT_COST, FIXED_COST, members,
    result::{self, Bought, MONEY},
};
use crate::{
    mining::{
        accounts,
        kept::{self, Kept},
        lines::{self, Sales},
        propensity, refresh,
    },
    settings::{Settings, day_number},
};
use engine::{Engine, Result};
use features::{Encoder, Feature};
use meta::{Id, NaiveDate, Record};
use mining::{
    effect::uplift::{self, Subject, Terms},
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

pub const KIND: &str = "uplift";
const MODEL: &str = "uplift_model";
/// Amounts are learned from up to this quantile of the buyers': one enormous order is no response.
const CAPPED_AT: f64 = 0.99;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is learned on that day, when the experiment has ended.
    TooEarly {
        until: NaiveDate,
    },
    Missing(Reason),
    Learned(Box<Learned>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Learned {
    pub found: uplift::Found,
    /// In the order the traits name them.
    pub features: Vec<Feature>,
    pub money: Money,
    /// Whether it is kept who is in which fifth; an earlier version did not.
    #[serde(default)]
    pub placed: bool,
}

/// What a campaign costs and brings, in units of the company currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// Of a contact.
    pub cost: f64,
    /// Of the campaign, however many are reached: it is spent whoever is chosen, and so does not decide whom reaching pays for. Zero in
    /// what an earlier version kept.
    #[serde(default)]
    pub fixed: f64,
    /// Margin over sales of what these customers bought, as far as its cost is known.
    pub margin: Option<f64>,
    /// Sales per customer who bought.
    pub per_buyer: f64,
}

impl Money {
    pub(super) fn of(experiment: &Record, bought: &HashMap<Id, Bought>) -> Self {
        let sum =
            |part: fn(&Bought) -> i64| bought.values().map(|one| i128::from(part(one))).sum::<i128>() as f64;
        let costed = sum(|one| one.costed);
        let cost = |field: &str| {
            let cost = experiment.get(field).as_decimal();
            cost.and_then(|cost| cost.to_string().parse().ok()).unwrap_or(0.0)
        };
        Money {
            cost: cost(CONTACT_COST),
            fixed: cost(FIXED_COST),
            margin: (costed > 0.0).then(|| sum(|one| one.margin) / costed),
            per_buyer: sum(|one| one.sales) / MONEY / bought.len().max(1) as f64,
        }
    }

    fn terms(&self, counted: bool) -> Terms {
        // Without any known cost of goods it is sales that are weighed.
        let margin = self.margin.unwrap_or(1.0).max(0.0);
        let value = if counted { self.per_buyer * margin } else { margin };
        Terms { counted, value, margin, cost: self.cost }
    }
}

/// What tells of customers, and what reaching them is worth.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proven {
    model: uplift::Model,
    encoder: Encoder,
    /// Units of money for one unit of effect, and for a contact; the effect that pays for it.
    value: f64,
    cost: f64,
    break_even: f64,
}

pub async fn load(engine: &Engine, experiment: Id) -> Result<Option<Arc<Kept<State>>>> {
    kept::load(engine, KIND, &experiment.to_string()).await
}

/// Whether it was learned, in the form of this version.
pub async fn is_learned(engine: &Engine, experiment: Id) -> Result<bool> {
    let is_former = |state: &State| match state {
        State::Learned(learned) => learned.found.proven.is_some() && !learned.placed,
        _ => false,
    };
    let former = load(engine, experiment).await?.is_some_and(|kept| is_former(&kept.body));
    Ok(!former && model(engine, experiment).await?.is_some())
}

async fn model(engine: &Engine, experiment: Id) -> Result<Option<Arc<Kept<Option<Proven>>>>> {
    kept::load(engine, MODEL, &experiment.to_string()).await
}

/// Learns, keeps, and tells of customers what there is to tell.
pub async fn compute(
    engine: &Engine,
    experiment: &Record,
    result: &result::Found,
    sides: &[(Id, bool)],
    bought: &HashMap<Id, Bought>,
) -> Result<()> {
    let subject = experiment.id.to_string();
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    if !result.ended {
        let until = result::told_from(experiment);
        kept::keep(engine, KIND, &subject, as_of, &State::TooEarly { until }).await?;
        return scores::withdraw(engine, experiment.id, as_of).await;
    }
    let sales = Arc::new(lines::read(engine, &settings).await?);
    let counted = !result::by_sales(experiment);
    let money = Money::of(experiment, bought);
    let (state, proven, fifths) =
        learn(engine, last_day(result), (sides, bought), &sales, counted, money).await?;
    members::place(engine, experiment.id, &fifths).await?;
    kept::keep(engine, KIND, &subject, as_of, &state).await?;
    kept::keep(engine, MODEL, &subject, as_of, &proven).await?;
    match proven {
        Some(_) => scores::begin(engine, experiment, &sales).await,
        None => scores::withdraw(engine, experiment.id, as_of).await,
    }
}

/// The last day on which what customers did says who they are: the next they may be drawn, or reached.
fn last_day(result: &result::Found) -> i32 {
    day_number(result.drawn_on.map_or(result.from, |drawn| Ord::min(drawn, result.from))) - 1
}

async fn learn(
    engine: &Engine,
    day: i32,
    (sides, bought): (&[(Id, bool)], &HashMap<Id, Bought>),
    sales: &Arc<Sales>,
    counted: bool,
    money: Money,
) -> Result<(State, Option<Proven>, HashMap<Id, i64>)> {
    let mut sides = sides.to_vec();
    sides.sort_unstable();
    let accounts: Vec<Id> = sides.iter().map(|(account, _)| *account).collect();
    let profiles = accounts::read(engine, &accounts).await?;
    let cap = if counted { f64::INFINITY } else { cap(bought) };
    let outcomes: Vec<f64> = accounts
        .iter()
        .map(|account| bought.get(account).map_or(0.0, |bought| bought.sales as f64 / MONEY))
        .collect();
    let (sales, terms) = (sales.clone(), money.terms(counted));
    refresh::computed(move || {
        let encoder = Encoder::of(&profiles, &sales, day);
        let rows = encoder.rows(&accounts, &profiles, &sales, day);
        let subjects: Vec<Subject> = sides
            .iter()
            .zip(rows)
            .zip(&outcomes)
            .map(|(((account, control), features), sales)| Subject {
                key: propensity::key(*account),
                features,
                treated: !control,
                outcome: if counted { f64::from(u8::from(*sales > 0.0)) } else { sales.min(cap) },
                sales: *sales,
            })
            .collect();
        match uplift::learn_placed(&subjects, terms) {
            Err(reason) => (State::Missing(reason), None, HashMap::new()),
            Ok(uplift::Learned { found, model, places }) => {
                let features = encoder.features();
                let (value, cost, break_even) = (terms.value, terms.cost, terms.break_even());
                let proven = model.map(|model| Proven { model, encoder, value, cost, break_even });
                let places: HashMap<u64, usize> = places.into_iter().collect();
                let fifth = |account: &Id| {
                    let place = places.get(&propensity::key(*account))?;
                    Some((*account, *place as i64 + 1))
                };
                let fifths = accounts.iter().filter_map(fifth).collect();
                let learned = Learned { found, features, money, placed: true };
                (State::Learned(Box::new(learned)), proven, fifths)
            }
        }
    })
    .await
}

/// The quantile [`CAPPED_AT`] of what buyers bought for.
fn cap(bought: &HashMap<Id, Bought>) -> f64 {
    let mut sums: Vec<i64> = bought.values().map(|one| one.sales).collect();
    sums.sort_unstable();
    let at = (sums.len() as f64 * CAPPED_AT) as usize;
    sums.get(at).or(sums.last()).map_or(0.0, |sum| *sum as f64 / MONEY)
}
