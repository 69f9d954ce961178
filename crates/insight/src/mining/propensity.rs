//! Who will buy a product: for each customer the probability of buying it within a quarter, from what he bought and who he
//! is, with the reasons; the method is the one that told the quarter before most truly.

use super::{
    accounts::{self, Profile, Profiles},
    kept::{self, Kept},
    lines::{Line, Sales},
};
use crate::settings::{Settings, day_number};
use engine::{BoxFuture, Engine, JobContext, Result};
use meta::Id;
use mining::{
    propensity::{
        Example, Model,
        backtest::{self, Backtest},
    },
    reason::Reason,
    recommend::{
        history::History,
        neighbours::{self, Neighbour},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub const KIND: &str = "propensity";
pub const JOB: &str = "mining.propensity";
/// The horizon, and the time that is held out.
pub const HORIZON_DAYS: i32 = 91;
/// Customers kept, the most likely first.
const KEPT: usize = 200;
pub(super) const RECENT_DAYS: i32 = 364;
/// Neighbours of the product that count as related.
const RELATED: usize = 5;
/// Reasons told of a customer.
const REASONS: usize = 3;

pub const FEATURES: [&str; 11] = [
    "recency_days",
    "orders",
    "sales",
    "tenure_days",
    "products",
    "bought_before",
    "affinity",
    "related_bought",
    "is_company",
    "industry_share",
    "region_share",
];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub customers: usize,
    /// Who bought it so far.
    pub buyers: usize,
    pub backtest: Backtest,
    /// Sum of all probabilities: how many are expected to buy.
    pub expected: f64,
    /// The most likely first.
    pub likely: Vec<Likely>,
    /// What customers buy most who buy it.
    pub related: Vec<(Id, u32)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Likely {
    pub account: Id,
    pub probability: f64,
    pub bought_before: bool,
    /// Feature and what it adds to the log-odds, the strongest first, of those that speak for it.
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

/// What was known of everybody on a day.
struct Known<'a> {
    day: i32,
    product: u32,
    near: Vec<Neighbour>,
    industry: BTreeMap<&'a str, (u32, u32)>,
    region: BTreeMap<&'a str, (u32, u32)>,
    overall: (u32, u32),
}

impl<'a> Known<'a> {
    fn on(day: i32, product: u32, sales: &'a Sales, profiles: &'a Profiles, history: &History) -> Self {
        let near = neighbours::of_one(&history.until(day), product);
        let mut known =
            Known { day, product, near, industry: BTreeMap::new(), region: BTreeMap::new(), overall: (0, 0) };
        for (account, lines) in sales.by_account().filter(|(_, lines)| lines[0].day <= day) {
            let bought = u32::from(lines.iter().any(|line| line.day <= day && line.product == Some(product)));
            let profile = &profiles.of[account as usize];
            let parts = [(&mut known.industry, &profile.industry), (&mut known.region, &profile.region)];
            for (shares, key) in parts {
                if let Some(key) = key {
                    let share = shares.entry(key.as_str()).or_default();
                    (share.0, share.1) = (share.0 + bought, share.1 + 1);
                }
            }
            known.overall = (known.overall.0 + bought, known.overall.1 + 1);
        }
        known
    }

    /// In the order of [`FEATURES`]; `None` for who had not bought anything.
    fn features(&self, lines: &[Line], profile: &Profile) -> Option<Vec<f64>> {
        let known = || lines.iter().filter(|line| line.day <= self.day);
        let (first, last) = (known().next()?.day, known().next_back()?.day);
        let recent = || known().filter(|line| line.day > self.day - RECENT_DAYS);
        let owned: BTreeSet<u32> = known().filter_map(|line| line.product).collect();
        let mine: f64 =
            self.near.iter().filter(|near| owned.contains(&near.product)).map(|near| near.similarity).sum();
        let related = self.near.iter().take(RELATED).filter(|near| owned.contains(&near.product)).count();
        let log = |value: f64| value.max(0.0).ln_1p();
        Some(vec![
            log(f64::from(self.day - last)),
            log(recent().map(|line| line.order).collect::<BTreeSet<_>>().len() as f64),
            log(recent().map(|line| line.amount).sum()),
            log(f64::from(self.day - first)),
            log(owned.len() as f64),
            f64::from(u8::from(owned.contains(&self.product))),
            mine,
            related as f64,
            f64::from(u8::from(profile.company)),
            self.share(&self.industry, profile.industry.as_deref()),
            self.share(&self.region, profile.region.as_deref()),
        ])
    }

    /// The share of buyers of a part, drawn towards that of all: as if ten more of average taste were in it.
    fn share(&self, shares: &BTreeMap<&str, (u32, u32)>, key: Option<&str>) -> f64 {
        let overall = f64::from(self.overall.0) / f64::from(self.overall.1.max(1));
        let (bought, all) = key.and_then(|key| shares.get(key)).copied().unwrap_or((0, 0));
        (f64::from(bought) + 10.0 * overall) / (f64::from(all) + 10.0)
    }
}

/// Everybody known by `day`, and whether he bought the product within the horizon after it.
fn examples(day: i32, product: u32, sales: &Sales, profiles: &Profiles, history: &History) -> Vec<Example> {
    let known = Known::on(day, product, sales, profiles, history);
    let within = day + 1..=day + HORIZON_DAYS;
    let everybody = sales.by_account().filter_map(|(account, lines)| {
        let features = known.features(lines, &profiles.of[account as usize])?;
        let happened = lines.iter().any(|line| line.product == Some(product) && within.contains(&line.day));
        Some(Example { key: key(sales.accounts[account as usize]), features, happened })
    });
    everybody.collect()
}

pub(super) fn key(account: Id) -> u64 {
    let (high, low) = account.as_u64_pair();
    high ^ low
}

pub fn find(sales: &Sales, profiles: &Profiles, product: u32) -> std::result::Result<Found, Reason> {
    let (history, today) = (sales.history(), day_number(sales.until));
    let earlier = examples(today - 2 * HORIZON_DAYS, product, sales, profiles, &history);
    let later = examples(today - HORIZON_DAYS, product, sales, profiles, &history);
    let backtest = backtest::run(&earlier, &later)?;
    let learned: Vec<Example> = earlier.into_iter().chain(later).collect();
    let model = Model::fit(&learned, backtest.best)?;
    let known = Known::on(today, product, sales, profiles, &history);
    let (mut accounts, mut rows) = (vec![], vec![]);
    for (account, lines) in sales.by_account() {
        if let Some(row) = known.features(lines, &profiles.of[account as usize]) {
            accounts.push(account);
            rows.push(row);
        }
    }
    let told = model.predict(&rows)?;
    let expected = told.iter().map(|one| one.probability).sum();
    let mut order: Vec<usize> = (0..told.len()).collect();
    order.sort_by(|a, b| told[*b].probability.total_cmp(&told[*a].probability).then(a.cmp(b)));
    let likely = order.into_iter().take(KEPT).map(|at| {
        let owned = history.owned(accounts[at]);
        let mut reasons: Vec<(String, f64)> = FEATURES
            .iter()
            .zip(&told[at].contributions)
            .filter(|(_, adds)| **adds > 0.0)
            .map(|(feature, adds)| ((*feature).to_owned(), *adds))
            .collect();
        reasons.sort_by(|a, b| b.1.total_cmp(&a.1));
        reasons.truncate(REASONS);
        let related = known.near.iter().find(|near| owned.binary_search(&near.product).is_ok());
        Likely {
            account: sales.accounts[accounts[at] as usize],
            probability: told[at].probability,
            bought_before: owned.binary_search(&product).is_ok(),
            reasons,
            related: related.map(|near| sales.products[near.product as usize]),
        }
    });
    Ok(Found {
        customers: rows.len(),
        buyers: history.popularity()[product as usize] as usize,
        expected,
        likely: likely.collect(),
        related: known
            .near
            .iter()
            .take(RELATED)
            .map(|near| (sales.products[near.product as usize], near.both))
            .collect(),
        backtest,
    })
}

/// Computes and keeps who will buy each of `products`.
pub async fn refresh(engine: &Engine, sales: &Arc<Sales>, products: &[Id]) -> Result<()> {
    let profiles = Arc::new(accounts::read(engine, &sales.accounts).await?);
    for product in products {
        let found = match sales.products.binary_search(product) {
            Ok(number) => {
                let (sales, profiles) = (sales.clone(), profiles.clone());
                super::refresh::computed(move || find(&sales, &profiles, number as u32)).await?
            }
            // Nobody bought it in the years read.
            Err(_) => Err(Reason::TooFewEvents { have: 0, need: mining::propensity::FEWEST_EVENTS }),
        };
        kept::keep(engine, KIND, &product.to_string(), sales.until, &found).await?;
    }
    Ok(())
}

/// The job for one product, asked for from its page.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let product: Id = serde_json::from_value(context.job.payload["product"].clone())?;
        let settings = Settings::load(&context.engine).await?;
        let sales = Arc::new(super::lines::read(&context.engine, &settings).await?);
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
