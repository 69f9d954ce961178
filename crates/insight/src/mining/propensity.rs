//! Who will buy a product: for each customer who bought anything lately the probability of buying it within a quarter, from what he
//! bought and who he is ([`super::traits`]), with the reasons; the method is the one that told the quarter before most truly. Of a product that is new
//! it is learned from the most bought one of its category.

pub mod explained;
mod known;
pub mod likely;
pub mod told;

use super::{
    experiment::candidates,
    forecast,
    kept::{self, Kept},
    lines::{self, Line, Sales},
    traits,
};
use crate::settings::{Settings, date_of, day_number};
use engine::{
    BoxFuture, Engine, JobContext, JobState, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use explained::{Learned, Looking};
use known::{Day, Known, Past, SHARES};
use meta::{Id, NaiveDate};
use mining::{
    propensity::{
        Example, Model,
        backtest::{self, Backtest},
        screen,
    },
    reason::Reason,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use told::Everybody;

pub const KIND: &str = "propensity";
pub const JOB: &str = "mining.propensity";
/// The horizon, and the time that is held out.
pub const HORIZON_DAYS: i32 = 91;
pub(super) const RECENT_DAYS: i32 = 364;
/// Days before each of the three days that are looked at whose orders count: what is read, less the two quarters that the first lies back.
const WINDOW_DAYS: i32 = lines::DAYS - 2 * HORIZON_DAYS;
/// Features of who customers are, beside the shares of buyers.
const MOST_TRAITS: usize = 24;
/// Customers told at once.
const TOLD_AT_ONCE: usize = 20_000;
/// Customers, evenly spread, of whom it is looked at what moves the probability how much.
const WEIGHED: usize = 20_000;

/// What a customer did.
pub const HISTORY: [&str; 8] = [
    "recency_days",
    "orders",
    "sales",
    "tenure_days",
    "products",
    "bought_before",
    "affinity",
    "related_bought",
];
/// Before the name of a field of the archive, in [`Found::keys`].
pub const FIELD: &str = "field:";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// Who bought anything within the window, and has a probability.
    pub customers: usize,
    /// Who of them bought it.
    pub buyers: usize,
    pub backtest: Backtest,
    /// Sum of all probabilities: how many are expected to buy.
    pub expected: f64,
    /// Standard error of that number, if the probabilities are right and customers decide by themselves.
    pub expected_error: f64,
    /// Under which everybody's probability is found ([`told`]).
    pub run: i64,
    /// What may speak for it: one of [`HISTORY`], or [`FIELD`] and a field of the archive.
    pub keys: Vec<String>,
    /// What goes with it, the nearest first.
    pub near: Vec<Id>,
    /// What the model goes by: what each reason moves log-odds on the mean, up or down, of some customers, evenly spread; the most first.
    pub weights: Vec<(String, f64)>,
    /// The product it was learned from, where too few had bought this one.
    #[serde(default)]
    pub like: Option<Id>,
}

/// What was found of a product, or why nothing was.
pub type KeptFound = Arc<Kept<std::result::Result<Found, Reason>>>;

pub async fn load(engine: &Engine, product: Id) -> Result<Option<KeptFound>> {
    kept::load(engine, KIND, &product.to_string()).await
}

/// The same with what another process found a moment ago.
pub async fn read(engine: &Engine, product: Id) -> Result<Option<Kept<std::result::Result<Found, Reason>>>> {
    kept::read(engine, KIND, &product.to_string()).await
}

/// Orders of this day are the first that are too old to count.
pub fn before(until: NaiveDate) -> NaiveDate {
    date_of(day_number(until) - WINDOW_DAYS)
}

pub(super) fn key(account: Id) -> u64 {
    let (high, low) = account.as_u64_pair();
    high ^ low
}

/// Of every row, what stands in `places`.
fn narrowed(row: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|at| row[*at]).collect()
}

fn find(
    past: &Past<'_>,
    [earlier, later, today]: &[Day; 3],
    product: u32,
) -> std::result::Result<(Found, Learned, Everybody), Reason> {
    let sampled = past.sample(later);
    let always = HISTORY.len() + SHARES;
    // Rows of all features are megabytes: no more than one set of them at a time.
    let known = Known::on(past, earlier, product);
    let whole: Vec<Example> = known.examples(&sampled).collect();
    let places: Vec<usize> = (0..always).chain(screen(&whole, always, MOST_TRAITS)).collect();
    let narrow = |example: Example| Example { features: narrowed(&example.features, &places), ..example };
    let earlier: Vec<Example> = whole.into_iter().map(narrow).collect();
    let later: Vec<Example> = Known::on(past, later, product).examples(&sampled).map(narrow).collect();
    let backtest = backtest::run(&earlier, &later, HISTORY.len())?;
    let learned: Vec<Example> = earlier.into_iter().chain(later).collect();
    let model = Model::fit(&learned, backtest.best, HISTORY.len())?;
    drop(learned);
    let known = Known::on(past, today, product);
    let looking = Looking::new(model, places, &past.keys);
    let told = told(&known, &looking)?;
    let found = Found {
        customers: known.customers as usize,
        buyers: known.buyers as usize,
        expected: told.expected,
        expected_error: told.variance.sqrt(),
        run: 0,
        keys: looking.keys.clone(),
        near: known.near.iter().map(|near| past.sales.products[near.product as usize]).collect(),
        weights: told.weights,
        backtest,
        like: None,
    };
    Ok((found, Learned::new(&known, looking), told.everybody))
}

struct Told {
    expected: f64,
    variance: f64,
    everybody: Everybody,
    weights: Vec<(String, f64)>,
}

/// Everybody's probability, some at a time; of those above the average the reasons, and what moves it of some, evenly spread.
fn told(known: &Known<'_>, looking: &Looking) -> std::result::Result<Told, Reason> {
    let (past, keys) = (known.past, &looking.keys);
    let row = |account: usize| looking.row(known, account);
    let (mut expected, mut variance) = (0.0, 0.0);
    let mut everybody = Everybody::new(past.lines.len());
    let all: Vec<usize> = (0..past.lines.len()).collect();
    for part in all.chunks(TOLD_AT_ONCE) {
        let (accounts, rows): (Vec<usize>, Vec<Vec<f64>>) =
            part.iter().filter_map(|account| Some((*account, row(*account)?))).unzip();
        for (account, probability) in accounts.into_iter().zip(looking.model.probabilities(&rows)?) {
            expected += probability;
            variance += probability * (1.0 - probability);
            everybody.tell(account, probability);
        }
    }
    let reasons = |accounts: &mut dyn Iterator<Item = usize>| {
        let rows: Vec<Vec<f64>> = accounts.filter_map(row).collect();
        let told = looking.model.predict(&rows)?;
        Ok::<Vec<Vec<f64>>, Reason>(told.iter().map(|one| looking.reasons(one)).collect())
    };
    let ranked = |numbers: Vec<f64>| {
        let above = numbers.into_iter().enumerate().filter(|(_, number)| *number > 0.0);
        let mut above: Vec<(usize, f64)> = above.collect();
        above.sort_by(|a, b| b.1.total_cmp(&a.1));
        above
    };
    let step = all.len().div_ceil(WEIGHED).max(1);
    let some = reasons(&mut all.iter().copied().step_by(step))?;
    let mut weights = vec![0.0; keys.len()];
    for adds in &some {
        weights.iter_mut().zip(adds).for_each(|(weight, adds): (&mut f64, &f64)| *weight += adds.abs());
    }
    let weights = ranked(weights.into_iter().map(|sum| sum / some.len().max(1) as f64).collect());
    let weights = weights.into_iter().map(|(at, weight)| (keys[at].clone(), weight)).collect();
    let mean = expected / f64::from(Ord::max(known.customers, 1));
    for part in everybody.likeliest(mean).chunks(TOLD_AT_ONCE) {
        let of_part = reasons(&mut part.iter().copied())?;
        for (account, adds) in part.iter().zip(of_part) {
            let owned = |product: u32| past.had_bought(*account, product, known.at);
            let related = known.near.iter().position(|near| owned(near.product));
            everybody.explain(*account, owned(known.product), related, &ranked(adds));
        }
    }
    Ok(Told { expected, variance, everybody, weights })
}

/// Computes and keeps who will buy each of `products`.
pub async fn refresh(engine: &Engine, sales: &Arc<Sales>, products: &[Id]) -> Result<()> {
    let traits = traits::read(engine, sales).await?;
    let mut categories = forecast::categories(engine).await?;
    let live = live_products(engine).await?;
    categories.retain(|product, _| live.contains(product));
    let (all, wanted) = (sales.clone(), products.to_vec());
    let found = super::refresh::computed(move || {
        let number = |product: &Id| all.products.binary_search(product).ok().map(|number| number as u32);
        let numbers: Vec<Option<u32>> = wanted.iter().map(number).collect();
        let past = Past::of(&all, &traits);
        let days = past.days(&numbers.iter().flatten().copied().collect::<Vec<_>>());
        // Nobody bought it in the years read.
        let never = Reason::TooFewEvents { have: 0, need: mining::propensity::FEWEST_EVENTS };
        let found = |number: Option<u32>| number.map_or(Err(never), |number| find(&past, &days, number));
        let mut found: Vec<_> = wanted.into_par_iter().zip(numbers.into_par_iter().map(found)).collect();
        let learned_elsewhere: Vec<(usize, u32)> = found
            .iter()
            .enumerate()
            .filter(|(_, (_, found))| matches!(found, Err(Reason::TooFewEvents { .. })))
            .filter_map(|(at, (product, _))| Some((at, most_bought_like(&all, &categories, *product)?)))
            .collect();
        if !learned_elsewhere.is_empty() {
            let numbers: Vec<u32> = learned_elsewhere.iter().map(|(_, number)| *number).collect();
            let days = past.days(&numbers);
            for (at, number) in learned_elsewhere {
                if let Ok((known, learned, everybody)) = find(&past, &days, number) {
                    let like = Some(all.products[number as usize]);
                    found[at].1 = Ok((Found { like, ..known }, learned, everybody));
                }
            }
        }
        found
    })
    .await?;
    told::keep(engine, &sales.accounts, sales.until, found).await
}

async fn live_products(engine: &Engine) -> Result<HashSet<Id>> {
    let live = Expr::col(name("deleted_at")).is_null();
    let select = Sql::select().column(name("id")).from(name("product")).and_where(live).to_owned();
    engine.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

/// Of the other products of its category the one on most lines.
fn most_bought_like(sales: &Sales, categories: &HashMap<Id, Id>, product: Id) -> Option<u32> {
    let category = categories.get(&product)?;
    let mut lines = vec![0u64; sales.products.len()];
    sales.lines.iter().filter_map(Line::product).for_each(|number| lines[number as usize] += 1);
    let is_like = |other: Id| other != product && categories.get(&other) == Some(category);
    let like = (0..lines.len()).filter(|number| is_like(sales.products[*number]));
    like.max_by_key(|number| (lines[*number], std::cmp::Reverse(*number))).map(|number| number as u32)
}

/// The job for one product, asked for from its page.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let product: Id = serde_json::from_value(context.job.payload["product"].clone())?;
        let settings = Settings::load(&context.engine).await?;
        let sales = Arc::new(lines::read(&context.engine, &settings).await?);
        refresh(&context.engine, &sales, &[product]).await?;
        Ok(candidates::foreseen_anew(&context.engine, product).await?)
    })
}

pub async fn queue(engine: &Engine, product: Id) -> Result<()> {
    let payload = json!({ "product": product });
    let actor = engine::Actor::system();
    let under_way = [JobState::Queued, JobState::Running];
    let queued = engine
        .write(&actor, move |tx| Box::pin(async move { tx.enqueue_unless(&under_way, JOB, payload).await }));
    queued.await.map(drop)
}

/// Whether it is being computed for a product.
pub async fn in_progress(engine: &Engine, product: Id) -> Result<bool> {
    engine.is_under_way(JOB, &json!({ "product": product })).await
}
