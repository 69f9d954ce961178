//! Who will buy a product: for each customer the probability of buying it within a quarter, from what he bought and who he
//! is ([`super::traits`]), with the reasons; the method is the one that told the quarter before most truly. Of a product that is new
//! it is learned from the most bought one of its category.

mod known;

use super::{
    forecast,
    kept::{self, Kept},
    lines::{self, Line, Sales},
    traits,
};
use crate::settings::{Settings, date_of, day_number};
use engine::{
    BoxFuture, Engine, Erasing, JobContext, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use known::{Known, Past, RELATED, SHARES};
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

pub const KIND: &str = "propensity";
pub const JOB: &str = "mining.propensity";
/// The horizon, and the time that is held out.
pub const HORIZON_DAYS: i32 = 91;
/// Customers kept, the most likely first.
const KEPT: usize = 200;
pub(super) const RECENT_DAYS: i32 = 364;
/// Days before each of the three days that are looked at whose orders count: what is read, less the two quarters that the first lies back.
const WINDOW_DAYS: i32 = lines::DAYS - 2 * HORIZON_DAYS;
/// Reasons kept of a customer: more than are told, since who reads them may not see all of them.
const REASONS: usize = 8;
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
/// Before the name of a field of the archive, in [`Likely::reasons`].
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
    /// The most likely first.
    pub likely: Vec<Likely>,
    /// What the model goes by: what each reason moves log-odds on the mean, up or down, of some customers, evenly spread; the most first.
    pub weights: Vec<(String, f64)>,
    /// What customers buy most who buy it.
    pub related: Vec<(Id, u32)>,
    /// The product it was learned from, where too few had bought this one.
    #[serde(default)]
    pub like: Option<Id>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Likely {
    pub account: Id,
    pub probability: f64,
    pub bought_before: bool,
    /// What each adds to the log-odds, the strongest first, of those that speak for it: one of [`HISTORY`], or [`FIELD`] and a field of the
    /// archive. What stands in the field is not kept: whoever reads it reads the archive with his own rights.
    pub reasons: Vec<(String, f64)>,
    /// Of the related products one that he bought.
    pub related: Option<Id>,
}

pub async fn load(
    engine: &Engine,
    product: Id,
) -> Result<Option<Arc<Kept<std::result::Result<Found, Reason>>>>> {
    kept::load(engine, KIND, &product.to_string()).await
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

fn find(past: &Past<'_>, product: u32) -> std::result::Result<Found, Reason> {
    let sampled = past.sample();
    let [earlier, later, today] = &past.days;
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
    let told = told(&known, &model, &places)?;
    let related = known.near.iter().take(RELATED);
    Ok(Found {
        customers: told.customers,
        buyers: known.buyers as usize,
        expected: told.expected,
        expected_error: told.variance.sqrt(),
        likely: told.likely,
        weights: told.weights,
        related: related.map(|near| (past.sales.products[near.product as usize], near.both)).collect(),
        backtest,
        like: None,
    })
}

#[derive(Default)]
struct Told {
    customers: usize,
    expected: f64,
    variance: f64,
    likely: Vec<Likely>,
    weights: Vec<(String, f64)>,
}

/// Everybody's probability, some at a time; of the most likely the reasons, and what moves it of some, evenly spread.
fn told(known: &Known<'_>, model: &Model, places: &[usize]) -> std::result::Result<Told, Reason> {
    let past = known.past;
    let looked_at = &places[..model.width()];
    let row = |account: usize| {
        let history_alone = looked_at.iter().all(|at| *at < HISTORY.len());
        let row = if history_alone { known.history(account) } else { known.features(account) };
        row.map(|row| narrowed(&row, looked_at))
    };
    let (mut told, mut best) = (Told::default(), Vec::<(f64, usize)>::new());
    let everybody: Vec<usize> = (0..past.lines.len()).collect();
    for part in everybody.chunks(TOLD_AT_ONCE) {
        let (accounts, rows): (Vec<usize>, Vec<Vec<f64>>) =
            part.iter().filter_map(|account| Some((*account, row(*account)?))).unzip();
        for (account, probability) in accounts.into_iter().zip(model.probabilities(&rows)?) {
            told.customers += 1;
            told.expected += probability;
            told.variance += probability * (1.0 - probability);
            best.push((probability, account));
        }
        best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        best.truncate(KEPT);
    }
    // Features of one field are one reason.
    let mut keys: Vec<&str> = vec![];
    let reason_of: Vec<usize> = looked_at
        .iter()
        .map(|at| {
            let key = past.keys[*at].as_str();
            keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            })
        })
        .collect();
    let reasons = |accounts: &mut dyn Iterator<Item = usize>| {
        let rows: Vec<Vec<f64>> = accounts.filter_map(row).collect();
        let added = model.predict(&rows)?.into_iter().map(|one| {
            let mut adds = vec![0.0; keys.len()];
            reason_of.iter().zip(&one.contributions).for_each(|(reason, part)| adds[*reason] += part);
            adds
        });
        Ok(added.collect::<Vec<Vec<f64>>>())
    };
    let ranked = |numbers: Vec<f64>| {
        let named = keys.iter().zip(numbers).filter(|(_, number)| *number > 0.0);
        let mut named: Vec<(String, f64)> = named.map(|(key, number)| ((*key).to_owned(), number)).collect();
        named.sort_by(|a, b| b.1.total_cmp(&a.1));
        named
    };
    let step = everybody.len().div_ceil(WEIGHED).max(1);
    let some = reasons(&mut everybody.iter().copied().step_by(step))?;
    let mut weights = vec![0.0; keys.len()];
    for adds in &some {
        weights.iter_mut().zip(adds).for_each(|(weight, adds): (&mut f64, &f64)| *weight += adds.abs());
    }
    told.weights = ranked(weights.into_iter().map(|sum| sum / some.len().max(1) as f64).collect());
    let of_best = reasons(&mut best.iter().map(|(_, account)| *account))?;
    let likely = best.into_iter().zip(of_best).map(|((probability, account), adds)| {
        let owned = |product: u32| past.had_bought(account, product, known.at.day);
        let mut reasons = ranked(adds);
        reasons.truncate(REASONS);
        let related = known.near.iter().find(|near| owned(near.product));
        Likely {
            account: past.sales.accounts[account],
            probability,
            bought_before: owned(known.product),
            reasons,
            related: related.map(|near| past.sales.products[near.product as usize]),
        }
    });
    told.likely = likely.collect();
    Ok(told)
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
        let past = Past::of(&all, &traits, &numbers.iter().flatten().copied().collect::<Vec<_>>());
        // Nobody bought it in the years read.
        let never = Reason::TooFewEvents { have: 0, need: mining::propensity::FEWEST_EVENTS };
        let found = |number: Option<u32>| number.map_or(Err(never), |number| find(&past, number));
        let mut found: Vec<_> = wanted.into_par_iter().zip(numbers.into_par_iter().map(found)).collect();
        let learned_elsewhere: Vec<(usize, u32)> = found
            .iter()
            .enumerate()
            .filter(|(_, (_, found))| matches!(found, Err(Reason::TooFewEvents { .. })))
            .filter_map(|(at, (product, _))| Some((at, most_bought_like(&all, &categories, *product)?)))
            .collect();
        if !learned_elsewhere.is_empty() {
            let numbers: Vec<u32> = learned_elsewhere.iter().map(|(_, number)| *number).collect();
            let past = Past::of(&all, &traits, &numbers);
            for (at, number) in learned_elsewhere {
                if let Ok(known) = find(&past, number) {
                    found[at].1 = Ok(Found { like: Some(all.products[number as usize]), ..known });
                }
            }
        }
        found
    })
    .await?;
    for (product, found) in found {
        kept::keep(engine, KIND, &product.to_string(), sales.until, &found).await?;
    }
    Ok(())
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

/// Takes erased people from those who are likely to buy; returns how often one was.
pub async fn forget(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let of = |subject: String| Expr::col(name("kind")).eq(KIND).and(Expr::col(name("subject")).eq(subject));
    let select = Sql::select()
        .columns(["subject", "body"].map(name))
        .from(name(kept::TABLE))
        .and_where(Expr::col(name("kind")).eq(KIND))
        .to_owned();
    let erased: HashSet<Id> = erasing.ids.iter().copied().collect();
    let mut count = 0;
    for row in tx.fetch(&select).await? {
        let (subject, body) = (row.text(0)?, row.text(1)?);
        let found: std::result::Result<Found, Reason> = match serde_json::from_str(&body) {
            Ok(found) => found,
            Err(_) => {
                // What another version kept is not shown, and nobody can say who is in it.
                if !erasing.dry {
                    tx.execute(
                        &Sql::delete().from_table(name(kept::TABLE)).and_where(of(subject)).to_owned(),
                    )
                    .await?;
                }
                continue;
            }
        };
        let Ok(mut found) = found else { continue };
        let before = found.likely.len();
        found.likely.retain(|one| !erased.contains(&one.account));
        let gone = before - found.likely.len();
        count += gone as u64;
        if gone > 0 && !erasing.dry {
            let body = serde_json::to_string(&Ok::<_, Reason>(found))?;
            let update = Sql::update()
                .table(name(kept::TABLE))
                .value(name("body"), body)
                .and_where(of(subject))
                .to_owned();
            tx.execute(&update).await?;
            tx.mark_changed(kept::TABLE);
        }
    }
    Ok(count)
}

/// The job for one product, asked for from its page.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let product: Id = serde_json::from_value(context.job.payload["product"].clone())?;
        let settings = Settings::load(&context.engine).await?;
        let sales = Arc::new(lines::read(&context.engine, &settings).await?);
        refresh(&context.engine, &sales, &[product]).await?;
        Ok(())
    })
}

pub async fn queue(engine: &Engine, product: Id) -> Result<()> {
    let payload = json!({ "product": product });
    let actor = engine::Actor::system();
    let queued = engine.write(&actor, move |tx| Box::pin(async move { tx.enqueue(JOB, payload).await }));
    queued.await.map(drop)
}

/// Whether it is being computed for a product.
pub async fn in_progress(engine: &Engine, product: Id) -> Result<bool> {
    super::refresh::is_queued(engine, JOB, &json!({ "product": product }).to_string()).await
}
