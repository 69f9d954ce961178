//! Who may take part in an experiment: who meets its condition now and may be addressed. Where it is for the likely buyers of a product, the
//! likeliest of them, so many as are wanted.

use super::{DRAWN_AT, ENTITY, LIKELIEST, MEDIUM, POPULATION, PRODUCT, plan, reachable};
use crate::{
    mining::{
        groups,
        propensity::{self, Found, HORIZON_DAYS, likely},
    },
    settings::{Settings, day_number},
};
use engine::{Actor, BoxFuture, Engine, Error, Query, Result};
use meta::{Id, NaiveDate, Record};
use std::collections::{HashMap, HashSet};

/// Customers read at once.
const BATCH: usize = 1_000;
/// Of the likely buyers, who are read until enough are found.
const LIKELY_BATCH: usize = 200;
/// Products that are foreseen every night for experiments that wait for their draw.
const FORESEEN: usize = 10;

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
    /// With these, the likeliest first, until so many are found.
    Likely {
        customers: std::vec::IntoIter<Id>,
        wanted: usize,
    },
    Nobody,
}

/// What is told of a product's buyers, and as of which day.
pub struct Foreseen {
    pub product: Id,
    pub as_of: NaiveDate,
    found: Found,
}

/// Of the product whose likely buyers take part, read anew: what another process found a moment ago counts. `None` where everybody
/// does; fails where nothing is told of it, or only of weeks that are over.
pub async fn foreseen(engine: &Engine, experiment: &Record) -> Result<Option<Foreseen>> {
    let Some(product) = experiment.reference(PRODUCT) else { return Ok(None) };
    let today = Settings::load(engine).await?.as_of_day(engine.clock());
    let kept = propensity::read(engine, product).await?;
    let lasts = |as_of: NaiveDate| day_number(today) - day_number(as_of) <= HORIZON_DAYS;
    match kept.filter(|kept| lasts(kept.as_of)).and_then(|kept| Some((kept.as_of, kept.body.ok()?))) {
        Some((as_of, found)) => Ok(Some(Foreseen { product, as_of, found })),
        None => Err(Error::rule(
            PRODUCT,
            "nobody is known to be likely to buy this product: choose it under Bought together, open Who will buy it, and let it be computed, or leave the field empty",
            "尚无该产品的可能购买者：请在“关联购买”中选择该产品，打开“谁会购买”并计算，或将此项留空",
        )),
    }
}

/// The products of experiments that wait for their draw and are not over.
pub async fn products(engine: &Engine) -> Result<Vec<Id>> {
    let today = Settings::load(engine).await?.as_of_day(engine.clock());
    let waiting = format!("{PRODUCT} != null && {DRAWN_AT} == null && end_on >= '{today}'");
    let query = Query::new(ENTITY).filter(waiting).sort("-start_on").limit(FORESEEN).fields(&[PRODUCT]);
    let waiting = engine.list(&Actor::system(), &query).await?.records;
    Ok(waiting.iter().filter_map(|experiment| experiment.reference(PRODUCT)).collect())
}

/// After something else was foreseen of a product: what experiments on its buyers can show is told anew.
pub async fn foreseen_anew(engine: &Engine, product: Id) -> Result<()> {
    let waiting = Query::new(ENTITY)
        .belongs_to(PRODUCT, product)
        .filter(format!("{DRAWN_AT} == null"))
        .limit(FORESEEN)
        .fields(&[PRODUCT]);
    let waiting = engine.list(&Actor::system(), &waiting).await?.records;
    let system = Actor::system();
    let queued = engine.write(&system, move |tx| {
        Box::pin(async move {
            for experiment in waiting {
                plan::queue(tx, experiment.id).await?;
            }
            Ok(())
        })
    });
    queued.await
}

impl<'a> Candidates<'a> {
    /// Those but `already`, of whom an interrupted draw has drawn so many. Their order is read once: another forecast may take its place
    /// meanwhile.
    pub async fn of(engine: &'a Engine, experiment: &'a Record, already: &HashSet<Id>) -> Result<Self> {
        let rest = match foreseen(engine, experiment).await? {
            None => Rest::All(None),
            Some(Foreseen { product, found, .. }) => {
                let mut customers = likely::ranked(engine, product, &found).await?;
                if customers.is_empty() && found.customers > 0 {
                    return Err(Error::Unavailable("who will buy the product was just computed anew".into()));
                }
                customers.retain(|customer| !already.contains(customer));
                let wanted = experiment.get(LIKELIEST).as_int().and_then(|many| usize::try_from(many).ok());
                let wanted = wanted.unwrap_or(0).saturating_sub(already.len());
                Rest::Likely { customers: customers.into_iter(), wanted }
            }
        };
        Ok(Candidates { engine, experiment, rest, left_out: 0 })
    }

    /// Some more of them; `None` where there are no more. Boxed: unoptimised builds keep every future of a draw's way on the stack.
    pub fn more(&mut self) -> BoxFuture<'_, Result<Option<Vec<Record>>>> {
        Box::pin(async move {
            match std::mem::replace(&mut self.rest, Rest::Nobody) {
                Rest::Nobody => Ok(None),
                Rest::All(after) => {
                    let page = self.engine.list(&Actor::system(), &self.query().after(after)).await?;
                    if page.next.is_some() {
                        self.rest = Rest::All(page.next);
                    }
                    self.taken(page.records, usize::MAX).await.map(Some)
                }
                Rest::Likely { mut customers, wanted } => {
                    let ids: Vec<Id> = customers.by_ref().take(LIKELY_BATCH).collect();
                    if ids.is_empty() || wanted == 0 {
                        return Ok(None);
                    }
                    let taken = self.taken(self.meeting(&ids).await?, wanted).await?;
                    self.rest = Rest::Likely { customers, wanted: wanted - taken.len() };
                    Ok(Some(taken))
                }
            }
        })
    }

    fn query(&self) -> Query {
        let fields = ["name", "province", "country", groups::FIELD];
        Query::new("account")
            .filter(self.experiment.text(POPULATION))
            .sort("name")
            .limit(BATCH)
            .fields(&fields)
    }

    /// Those of the customers who meet the condition, in the same order.
    async fn meeting(&self, ids: &[Id]) -> Result<Vec<Record>> {
        let (mut records, mut after) = (vec![], None);
        loop {
            let query = self.query().among(ids).after(after);
            let page = self.engine.list(&Actor::system(), &query).await?;
            records.extend(page.records);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let places: HashMap<Id, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        records.sort_by_key(|record| places.get(&record.id));
        Ok(records)
    }

    /// The first `wanted` of those who may be addressed.
    async fn taken(&mut self, records: Vec<Record>, wanted: usize) -> Result<Vec<Record>> {
        let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
        let refused = reachable::not(self.engine, self.experiment.text(MEDIUM), &ids).await?;
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

/// All of them, in order of their ids.
pub async fn everybody(engine: &Engine, experiment: &Record) -> Result<Vec<Id>> {
    let mut candidates = Candidates::of(engine, experiment, &HashSet::new()).await?;
    let mut found = vec![];
    while let Some(accounts) = candidates.more().await? {
        found.extend(accounts.iter().map(|account| account.id));
    }
    found.sort_unstable();
    Ok(found)
}
