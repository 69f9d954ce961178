//! Who may take part in an experiment: who meets its condition now and may be addressed. Where it is for the likely buyers of a product, the
//! likeliest of them, so many as are wanted.

use super::{LIKELIEST, MEDIUM, POPULATION, PRODUCT, reachable};
use crate::{
    mining::{
        groups,
        propensity::{
            self, KeptFound,
            likely::{self, Asked, Place},
        },
    },
    pages::customer_table::among,
};
use engine::{Actor, BoxFuture, Engine, Error, Query, Result};
use meta::{Id, Record};
use std::collections::{HashMap, HashSet};

/// Customers read at once.
const BATCH: usize = 1_000;

pub struct Candidates<'a> {
    engine: &'a Engine,
    experiment: &'a Record,
    rest: Rest,
    /// Of those passed so far, who meets the condition and may not be addressed.
    pub left_out: u64,
}

/// Where they go on.
enum Rest {
    /// In the list of who meets the condition.
    All(Option<String>),
    /// Among the likely buyers, with so many still wanted.
    Likely {
        product: Id,
        found: KeptFound,
        after: Option<Place>,
        wanted: usize,
    },
    Nobody,
}

/// What is told of the product's buyers; `Err` says why nothing is, and what to do. `None` where the experiment is for all.
pub async fn foreseen(engine: &Engine, experiment: &Record) -> Result<Option<(Id, KeptFound)>> {
    let Some(product) = experiment.reference(PRODUCT) else { return Ok(None) };
    match propensity::load(engine, product).await?.filter(|kept| kept.body.is_ok()) {
        Some(found) => Ok(Some((product, found))),
        None => Err(Error::rule(
            PRODUCT,
            "nobody is known to be likely to buy this product: open it under Analysis, What goes together, Who will buy it, and let it be computed, or leave the field empty",
            "尚无该产品的可能购买者：请在“分析 → 关联购买 → 谁会购买”中打开该产品并计算，或将此项留空",
        )),
    }
}

impl<'a> Candidates<'a> {
    pub async fn of(engine: &'a Engine, experiment: &'a Record) -> Result<Self> {
        let rest = match foreseen(engine, experiment).await? {
            None => Rest::All(None),
            Some((product, found)) => {
                let wanted = experiment.get(LIKELIEST).as_int().and_then(|many| usize::try_from(many).ok());
                Rest::Likely { product, found, after: None, wanted: wanted.unwrap_or(0) }
            }
        };
        Ok(Candidates { engine, experiment, rest, left_out: 0 })
    }

    /// Some more of them; `None` where there are no more. Boxed: unoptimised builds keep every future of a draw's way on the stack.
    pub fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<Record>>>> {
        Box::pin(async move {
            match std::mem::replace(&mut self.rest, Rest::Nobody) {
                Rest::Nobody => Ok(None),
                Rest::All(after) => {
                    let query = of_accounts(self.experiment.text(POPULATION)).sort("name").limit(BATCH);
                    let page = self.engine.list(&Actor::system(), &query.after(after)).await?;
                    if page.next.is_some() {
                        self.rest = Rest::All(page.next);
                    }
                    self.taken(page.records, usize::MAX).await.map(Some)
                }
                Rest::Likely { product, found, after, wanted } => {
                    let Ok(kept) = &found.body else { return Ok(None) };
                    let asked = Asked { best: usize::MAX, after, limit: BATCH };
                    let (likely, next) = likely::likely(self.engine, product, kept, asked).await?;
                    let ids: Vec<Id> = likely.iter().map(|one| one.account).collect();
                    let taken = self.taken(self.meeting(&ids).await?, wanted).await?;
                    let wanted = wanted - taken.len();
                    if wanted > 0 && next.is_some() {
                        self.rest = Rest::Likely { product, found, after: next, wanted };
                    }
                    Ok(Some(taken))
                }
            }
        })
    }

    /// Those of the customers who meet the condition, in the same order.
    async fn meeting(&self, ids: &[Id]) -> Result<Vec<Record>> {
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let condition = match self.experiment.text(POPULATION).trim() {
            "" => among(ids),
            condition => format!("({condition}) && {}", among(ids)),
        };
        let query = of_accounts(&condition).limit(ids.len());
        let mut records = self.engine.list(&Actor::system(), &query).await?.records;
        let places: HashMap<Id, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        records.sort_by_key(|record| places.get(&record.id));
        Ok(records)
    }

    /// The first `wanted` of those who may be addressed.
    async fn taken(&mut self, records: Vec<Record>, wanted: usize) -> Result<Vec<Record>> {
        let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
        let refused: HashSet<Id> = reachable::not(self.engine, self.experiment.text(MEDIUM), &ids).await?;
        let mut taken = vec![];
        for record in records {
            if taken.len() == wanted {
                break;
            }
            if refused.contains(&record.id) {
                self.left_out += 1;
            } else {
                taken.push(record);
            }
        }
        Ok(taken)
    }
}

fn of_accounts(condition: &str) -> Query {
    Query::new("account").filter(condition).fields(&["name", "province", "country", groups::FIELD])
}

/// All of them, in order of their ids; nobody where nothing is told of the product.
pub async fn everybody(engine: &Engine, experiment: &Record) -> Result<Vec<Id>> {
    let mut candidates = match Candidates::of(engine, experiment).await {
        Err(Error::Invalid(_)) => return Ok(vec![]),
        candidates => candidates?,
    };
    let mut found = vec![];
    while let Some(accounts) = candidates.next().await? {
        found.extend(accounts.iter().map(|account| account.id));
    }
    found.sort_unstable();
    Ok(found)
}
