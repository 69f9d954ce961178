//! What the customers of an experiment did in as long a time before it: it says how large an effect so many of them can show, before
//! anybody is drawn for good.

use super::{
    ENTITY, PRODUCT, candidates,
    result::{self, Bought, MONEY},
};
use crate::{
    mining::kept::{self, Kept},
    settings::Settings,
};
use engine::{Actor, BoxFuture, Engine, Error, JobContext, Result, Tx};
use meta::{Id, NaiveDate, Record};
use mining::effect::{difference::Amounts, power};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

pub const JOB: &str = "mining.experiment_plan";
const KIND: &str = "experiment_plan";

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    pub customers: u64,
    pub from: NaiveDate,
    pub until: NaiveDate,
    /// Share who bought.
    pub bought: f64,
    /// Per customer in units of the company currency, those who bought nothing counting zero, and the standard deviation.
    pub sales: f64,
    pub deviation: f64,
}

impl Before {
    pub(super) async fn of(
        engine: &Engine,
        experiment: &Record,
        settings: &Settings,
        (drawn, customers): (Option<Id>, &[Id]),
    ) -> Result<Self> {
        let days = days(experiment, settings.as_of_day(engine.clock()));
        let bought = result::sums(engine, drawn, settings, days).await?;
        Ok(Self::counted(customers, &bought, days))
    }

    fn counted(
        customers: &[Id],
        bought: &HashMap<Id, Bought>,
        (from, until): (NaiveDate, NaiveDate),
    ) -> Self {
        let buyers = customers.iter().filter(|customer| bought.contains_key(customer)).count();
        let sales: Vec<f64> = customers
            .iter()
            .map(|customer| bought.get(customer).map_or(0.0, |bought| bought.sales as f64 / MONEY))
            .collect();
        let amounts = Amounts::of(&sales);
        Before {
            customers: amounts.customers,
            from,
            until,
            bought: buyers as f64 / customers.len().max(1) as f64,
            sales: amounts.mean,
            deviation: amounts.deviation(),
        }
    }

    /// The smallest rise over the share who bought that would be proven with this share left alone; `None` if none would.
    pub fn smallest_rise(&self, control_share: f64) -> Option<f64> {
        power::smallest_rise(self.bought, self.customers, control_share)
    }

    /// Customers to prove a rise of a tenth.
    pub fn needed_for_a_tenth(&self, control_share: f64) -> Option<u64> {
        power::customers_needed(self.bought, self.bought * 1.1, control_share)
    }

    /// The smallest difference in sales per customer that would be proven; `None` where nobody bought.
    pub fn smallest_difference(&self, control_share: f64) -> Option<f64> {
        power::smallest_difference(self.deviation, self.customers, control_share)
    }
}

/// As many days as the experiment has, up to the one before it, or to today while that is to come.
fn days(experiment: &Record, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (first, last) = (result::day(experiment, "start_on"), result::day(experiment, "end_on"));
    let until = Ord::min(first.pred_opt().unwrap_or(first), today);
    (until - last.signed_duration_since(first), until)
}

pub async fn load(engine: &Engine, experiment: Id) -> Result<Option<Arc<Kept<Before>>>> {
    kept::load(engine, KIND, &experiment.to_string()).await
}

/// Of everybody whom the condition finds now.
pub async fn compute(engine: &Engine, experiment: &Record) -> Result<()> {
    let settings = Settings::load(engine).await?;
    let customers = match candidates::everybody(engine, experiment).await {
        // Nothing is told of the product: the page says what to do.
        Err(Error::Invalid(_)) if experiment.reference(PRODUCT).is_some() => vec![],
        customers => customers?,
    };
    let before = Before::of(engine, experiment, &settings, (None, &customers)).await?;
    let as_of = settings.as_of_day(engine.clock());
    kept::keep(engine, KIND, &experiment.id.to_string(), as_of, &before).await
}

/// After an experiment was written that nobody is drawn for yet.
pub(super) async fn queue(tx: &mut Tx, experiment: Id) -> Result<()> {
    tx.enqueue(JOB, json!({ "experiment": experiment })).await.map(drop)
}

pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let id: Id = serde_json::from_value(context.job.payload["experiment"].clone())?;
        match context.engine.get(&Actor::system(), ENTITY, id).await {
            Ok(experiment) => Ok(compute(&context.engine, &experiment).await?),
            // It was taken away meanwhile.
            Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sales_vary_over_everybody_those_who_bought_nothing_included() {
        let ids: Vec<Id> = (1..=4).map(Id::from_u128).collect();
        let bought = Bought { sales: 400_000, ..Bought::default() };
        let day = |text: &str| text.parse().expect("a day");
        let days = (day("2026-01-01"), day("2026-01-31"));
        // One of four for 40, and one who is none of them.
        let of = HashMap::from([(ids[0], bought), (Id::from_u128(9), bought)]);
        let found = Before::counted(&ids, &of, days);
        // Squares: 30² + 3 · 10² = 1,200; over 3 is 400.
        assert_eq!((found.customers, found.bought, found.sales, found.deviation), (4, 0.25, 10.0, 20.0));
    }
}
