//! Why one customer has the probability he has: what speaks for it and what against it, computed when he is looked at. Kept is what it
//! takes of each product, the model and what was known of everybody, in a row of its own beside [`Found`], which every customer's page
//! reads; read for it are his own orders and his own record. Features and reasons are made as at night ([`Known`], [`Looking`]).

use super::{
    Found, HISTORY, before,
    known::{Kept, Known, Past},
    likely, narrowed,
};
use crate::{
    mining::{
        kept,
        lines::{self, Sales},
        traits::{self, Coding, Traits},
    },
    settings::Settings,
};
use engine::{Actor, Engine, Error, Result};
use meta::{Id, NaiveDate};
use mining::{
    propensity::{Model, Prediction},
    reason::Reason,
};
use serde::{Deserialize, Serialize};

pub const KIND: &str = "propensity_model";

/// The first of [`HISTORY`], whose features are logarithms ln(1 + x).
const LOGARITHMIC: usize = 5;

/// A model, which features of a customer it looks at, and what each is told as: features of one field are one reason.
#[derive(Debug, Serialize, Deserialize)]
pub struct Looking {
    pub model: Model,
    looked_at: Vec<usize>,
    /// As [`Found::keys`].
    pub keys: Vec<String>,
    /// Of each feature looked at its place in `keys`.
    reason_of: Vec<usize>,
}

impl Looking {
    /// Of the features at `places`, the first of which the model looks at; `all` are told as that.
    pub fn new(model: Model, mut places: Vec<usize>, all: &[String]) -> Self {
        places.truncate(model.width());
        let mut keys: Vec<String> = vec![];
        let mut reason_of = vec![];
        for at in &places {
            let known = keys.iter().position(|known| *known == all[*at]);
            reason_of.push(known.unwrap_or(keys.len()));
            if known.is_none() {
                keys.push(all[*at].clone());
            }
        }
        Looking { model, looked_at: places, keys, reason_of }
    }

    /// Whether features are what they were when it was kept: another version of the program may know others.
    fn fits(&self, all: &[String]) -> bool {
        let is_told = |(at, reason): (&usize, &usize)| {
            let key = self.keys.get(*reason);
            key.is_some() && key == all.get(*at)
        };
        self.looked_at.len() == self.reason_of.len()
            && self.looked_at.iter().zip(&self.reason_of).all(is_told)
    }

    /// What it looks at of a customer; `None` for who had not bought anything within the window.
    pub fn row(&self, known: &Known<'_>, account: usize) -> Option<Vec<f64>> {
        let history_alone = self.looked_at.iter().all(|at| *at < HISTORY.len());
        let row = if history_alone { known.history(account) } else { known.features(account) };
        row.map(|row| narrowed(&row, &self.looked_at))
    }

    /// What each of `keys` adds to the log-odds.
    pub fn reasons(&self, told: &Prediction) -> Vec<f64> {
        let mut adds = vec![0.0; self.keys.len()];
        self.reason_of.iter().zip(&told.contributions).for_each(|(reason, part)| adds[*reason] += part);
        adds
    }
}

/// What it takes to explain any customer's probability of a product.
#[derive(Debug, Serialize, Deserialize)]
pub struct Learned {
    /// As [`Found::run`].
    pub run: i64,
    /// The one it was learned from.
    product: Id,
    looking: Looking,
    known: Kept,
    traits: Coding,
}

impl Learned {
    pub fn new(known: &Known<'_>, looking: Looking) -> Self {
        let product = known.past.sales.products[known.product as usize];
        Learned { run: 0, product, looking, known: known.keep(), traits: known.past.coding() }
    }

    /// Of the only customer of `sales` and `traits`, who was told this probability.
    fn explain(
        &self,
        sales: &Sales,
        traits: &Traits,
        told: f64,
    ) -> std::result::Result<Why, Reason> {
        let past = Past::of(sales, traits);
        let product = sales.products.binary_search(&self.product).ok().map(|number| number as u32);
        let Some(product) = product.filter(|_| self.looking.fits(&past.keys)) else {
            return Ok(Why::NotKept(told));
        };
        let today = past.today(product, self.known.neighbours(sales));
        let known = Known::by(&past, &today, product, &self.known);
        let (Some(row), Some(did)) = (self.looking.row(&known, 0), known.history(0)) else {
            return Ok(Why::Gone(told));
        };
        let Some(now) = self.looking.model.predict(&[row])?.pop() else { return Ok(Why::NotKept(told)) };
        let did = |key: &String| {
            let at = HISTORY.iter().position(|name| name == key)?;
            let number = *did.get(at)?;
            Some(if at < LOGARITHMIC { number.exp_m1() } else { number })
        };
        let adds = self.looking.reasons(&now);
        let reasons = self.looking.keys.iter().zip(adds);
        let mut reasons: Vec<Speaks> =
            reasons.map(|(key, adds)| Speaks { key: key.clone(), adds, did: did(key) }).collect();
        reasons.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
        let bought = |near: &u32| past.had_bought(0, *near, &today);
        let related = known.near.iter().map(|near| near.product).filter(bought);
        Ok(Why::Told(Explained {
            told,
            now: now.probability,
            base: now.base,
            reasons,
            related: related.map(|near| sales.products[near as usize]).collect(),
        }))
    }
}

/// A reason of [`Found::keys`], and what it adds to the log-odds against the average customer: above zero it speaks for it, below
/// against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Speaks {
    pub key: String,
    pub adds: f64,
    /// What he did, of one of [`HISTORY`]. What stands in a field is not told: whoever reads it reads the archive with his own rights.
    pub did: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The probability everybody was told, as it was kept.
    pub told: f64,
    /// The same by his orders of those days and his archive as they stand now, which may have changed since: what the reasons are of.
    pub now: f64,
    /// Log-odds of the average customer. With what every reason adds they are those of `now`.
    pub base: f64,
    /// The strongest first, whether for it or against it.
    pub reasons: Vec<Speaks>,
    /// Of the products that go with it those he bought, the nearest first.
    pub related: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Told(Explained),
    /// He has none: nothing he bought within the window was known, or his part was taken out.
    Untold,
    /// He was told this, by an earlier version of the program or a moment before it is told anew: what explains it is not there.
    NotKept(f64),
    /// He was told this, and by now no order of those days counts any more.
    Gone(f64),
}

impl Explained {
    /// Whether it is what was told but for the rounding it is kept with: his orders of those days and his archive are as they were.
    pub fn holds(&self) -> bool {
        (self.told - self.now).abs() <= 1.0 / super::told::PARTS
    }
}

/// Of a customer who is there, whoever asks: he must be one who may see him.
pub async fn of(
    engine: &Engine,
    product: Id,
    found: &Found,
    as_of: NaiveDate,
    account: Id,
) -> Result<Why> {
    let record = engine.get(&Actor::system(), "account", account).await?;
    let Some(told) = likely::of_one(engine, product, found, account).await? else { return Ok(Why::Untold) };
    let kept = kept::read::<Learned>(engine, KIND, &product.to_string()).await?;
    let Some(learned) = kept.map(|kept| kept.body).filter(|learned| learned.run == found.run) else {
        return Ok(Why::NotKept(told));
    };
    let settings = Settings::load(engine).await?;
    let catalogue: Vec<Id> = learned.known.near().chain([learned.product]).collect();
    let sales = lines::of_account(engine, &settings, account, (before(as_of), as_of), &catalogue).await?;
    let currency = engine.company_currency().await?;
    let archive = engine.registry().entity("account")?;
    let traits = traits::of_record(archive, &record, &currency, &learned.traits);
    let why = learned.explain(&sales, &traits, told);
    why.map_err(|reason| Error::Internal(format!("what was told of {account} cannot be explained: {reason}")))
}
