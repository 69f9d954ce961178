//! Whether the stored figures of every customer are those a fresh computation gives: for `zhike doctor --deep`.
//!
//! A refit scores everybody part by part, and when the day has changed nobody is scored until the next one: while a refit is
//! under way or due, figures of an earlier fit are early, not wrong. Figures of no fit at all are always wrong.

use crate::{
    live, refit,
    scoring::{Fitted, Scorer},
    settings::{Settings, day_number},
    statistics::{self, Statistics, UpTo},
    store::{self, StoredModel},
};
use engine::{
    BoxFuture, Result, Tx, Verdict, name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::{Id, NaiveDate, Record, Values};
use std::collections::{HashMap, hash_map::Entry};

/// Customers computed at once.
const BATCH: u64 = 500;
/// Earlier fits whose figures may still stand.
const EARLIER_LIMIT: u64 = 20;

/// What figures may have been computed with, the one in force first.
struct Ground {
    settings: Settings,
    scorers: Vec<Scorer>,
    /// Why figures of an earlier fit are no damage; `None` if they are.
    excuse: Option<&'static str>,
}

pub fn check(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Verdict>>> {
    Box::pin(async move {
        let remedy = "zhike value refresh";
        let mut wrong = Verdict::new("figures", "customers", remedy);
        let mut early = Verdict::new(
            "refit",
            "customers",
            "let the server run until the refit has ended, or zhike value refresh",
        );
        let behind = tx.last_change().await? - tx.position(live::READER).await?;
        if behind > 0 {
            wrong.under_way = Some(format!("{behind} entries of the change log are not followed yet"));
        }
        let ground = ground(tx).await?;
        early.under_way = ground.excuse.map(str::to_owned);
        let mut last = None;
        loop {
            let ids = next_accounts(tx, last).await?;
            last = ids.last().copied();
            if last.is_none() {
                break;
            }
            wrong.saw(ids.len());
            early.saw(ids.len());
            compare(tx, &ground, &ids, &mut wrong, &mut early).await?;
        }
        Ok(vec![wrong, early])
    })
}

async fn ground(tx: &mut Tx) -> Result<Ground> {
    let settings = Settings::load_in(tx).await?;
    let today = settings.as_of_day(tx.clock());
    let fits = store::newest_models(tx, EARLIER_LIMIT).await?;
    let clock = tx.clock().clone();
    let due = |fit: &StoredModel| !fit.is_of_today(&settings, &clock);
    let excuse = if tx.job_under_way(refit::JOB).await?.is_some() {
        Some("a refit is under way")
    } else if fits.first().is_some_and(due) {
        Some("a refit is due: the day or a setting has changed")
    } else {
        None
    };
    let mut scorers = vec![];
    let mut days: Vec<NaiveDate> = vec![today];
    for fit in fits {
        for day in [today, fit.as_of] {
            scorers.push(Scorer::new(fit.fitted.clone(), settings.clone(), day));
        }
        days.push(fit.as_of);
    }
    days.dedup();
    for day in days {
        scorers.push(Scorer::new(Fitted::nothing(day_number(day)), settings.clone(), day));
    }
    Ok(Ground { settings, scorers, excuse })
}

async fn next_accounts(tx: &mut Tx, last: Option<Id>) -> Result<Vec<Id>> {
    let mut select = Sql::select();
    select
        .column(name("id"))
        .from(name("account"))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .order_by(name("id"), Order::Asc)
        .limit(BATCH);
    if let Some(last) = last {
        select.and_where(Expr::col(name("id")).gt(last));
    }
    tx.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

async fn compare(
    tx: &mut Tx,
    ground: &Ground,
    ids: &[Id],
    wrong: &mut Verdict,
    early: &mut Verdict,
) -> Result<()> {
    let mut records = tx.get_many("account", ids).await?;
    let chosen = store::chosen_by_hand(tx, ids).await?;
    let mut told: HashMap<Id, String> = HashMap::new();
    let mut statistics: HashMap<i32, HashMap<Id, Statistics>> = HashMap::new();
    for (index, scorer) in ground.scorers.iter().enumerate() {
        let of_day = match statistics.entry(scorer.day) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let up_to = UpTo { day: crate::settings::date_of(scorer.day), settings: &ground.settings };
                new.insert(statistics::of_in(tx, ids, &up_to).await?)
            }
        };
        records.retain(|record| {
            let own = of_day.get(&record.id).copied().unwrap_or_default();
            let fresh = fresh(scorer, &own, chosen.get(&record.id));
            let different = difference(record, &fresh);
            if let Some(different) = &different {
                told.entry(record.id).or_insert_with(|| different.clone());
            } else if index > 0 {
                early.wrong(format!("account {} has figures of an earlier fit", record.id));
            }
            different.is_some()
        });
        if records.is_empty() || (index == 0 && ground.excuse.is_none()) {
            break;
        }
    }
    for record in records {
        wrong.wrong(format!("account {} {}", record.id, told.remove(&record.id).unwrap_or_default()));
    }
    Ok(())
}

fn fresh(scorer: &Scorer, statistics: &Statistics, chosen: Option<&Values>) -> Values {
    let mut values = scorer.values(&scorer.score(statistics));
    values.extend(chosen.cloned().unwrap_or_default());
    values
}

/// The first figure that is stored otherwise.
fn difference(record: &Record, fresh: &Values) -> Option<String> {
    fresh.iter().find_map(|(field, made)| {
        let stored = record.get(field);
        (stored != made).then(|| {
            format!("has {field} {}, a fresh computation gives {}", stored.to_json(), made.to_json())
        })
    })
}
