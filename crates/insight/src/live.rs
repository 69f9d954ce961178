//! The reader of the change log that keeps figures live: whoever's orders or returns changed is scored again with the
//! last fitted model, and the reader's position moves in the same transaction.

use crate::{after_fit, cost_rate, fields::CLASSES, past, refit, satisfaction, settings::Settings, store};
use engine::{
    Actor, BoxFuture, Engine, LogEntry, LogKind, Result, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};
use value::service_cost::Group;

pub const READER: &str = "insight";
const LEASE: &str = "value.live";
/// Figures follow within a second, or, if whoever followed has died, after this.
const TERM: Duration = Duration::from_secs(5);
/// Other processes write too, unheard.
const POLL: Duration = Duration::from_millis(500);
/// Between two looks whether a refit is due.
const LOOK: Duration = Duration::from_secs(2);
const BREATH: Duration = Duration::from_millis(400);
const AFTER_ERROR: Duration = Duration::from_secs(2);
/// Entries of the log taken at once; each may name a thousand records.
const ENTRIES_LIMIT: u64 = 500;
/// Entries read at once only to know the last.
const SEEN_AT_ONCE: u64 = 5_000;
/// Accounts scored in one transaction, during which nobody else writes on SQLite: as many as take [`TRANSACTION`].
const BATCH: std::ops::RangeInclusive<usize> = 10..=200;
const TRANSACTION: Duration = Duration::from_millis(40);
const LOOKUP: usize = 1_000;
/// A refit is due when this share of the customers changed since the last, but not more often than …
const CHANGED_SHARE: i64 = 10;
const REST: chrono::Duration = chrono::Duration::seconds(10);
/// An import that began longer ago may have died with its process.
const IMPORT_PATIENCE: chrono::Duration = chrono::Duration::hours(1);

pub fn start(engine: Engine) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut moved = engine.subscribe();
        let mut looked: Option<Instant> = None;
        loop {
            let began = Instant::now();
            let outcome = match follow(&engine).await {
                Ok(0) if looked.is_none_or(|looked| looked.elapsed() >= LOOK) => {
                    looked = Some(began);
                    queue_if_due(&engine).await.map(|()| 0)
                }
                other => other,
            };
            match outcome {
                Ok(0) => {
                    let heard = tokio::time::timeout(POLL, moved.changed()).await;
                    // The sender lives as long as the engine; without it only the timetable is left.
                    if matches!(heard, Ok(Err(_))) {
                        tokio::time::sleep(POLL).await;
                    }
                }
                // Leaves half of the writer's time to others, an import above all.
                Ok(_) => tokio::time::sleep(began.elapsed().min(BREATH)).await,
                Err(error) => {
                    tracing::warn!("figures wait for the database: {error}");
                    tokio::time::sleep(AFTER_ERROR).await;
                }
            }
        }
    })
}

/// Follows the log by one step, one process at a time; returns how many entries it took.
pub async fn follow(engine: &Engine) -> Result<usize> {
    // A look without the lease first: most of the time there is nothing to follow.
    if engine.changes(engine.position(READER).await?, 1).await?.is_empty() {
        return Ok(0);
    }
    engine.alone_for(TERM, LEASE, |engine| Box::pin(async move { step(&engine).await })).await
}

/// [`follow`] without regard to others: doing it twice changes no figure.
pub async fn step(engine: &Engine) -> Result<usize> {
    let overwritten = engine.position(&engine::overwritten(READER)).await?;
    let position = engine.position(READER).await?;
    let entries = engine.changes(position, ENTRIES_LIMIT).await?;
    let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(0) };
    let accounts: Vec<Id> = affected(engine, &entries).await?.into_iter().collect();
    let changed = accounts.len();
    let (mut left, mut many) = (accounts.as_slice(), *BATCH.start());
    loop {
        let (batch, rest) = left.split_at(many.min(left.len()));
        let (batch, is_last) = (batch.to_vec(), rest.is_empty());
        // The transaction finds it read, and nobody waits for that.
        store::newest_model(engine).await?;
        let took = engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let began = Instant::now();
                    store::lock(tx).await?;
                    store::rescore(tx, &batch).await?;
                    // A refit may have written older figures over these, and set the position back: then they are due once more.
                    let done = is_last && tx.position(&engine::overwritten(READER)).await? == overwritten;
                    if done && tx.position(READER).await? < last {
                        tx.set_position(READER, last).await?;
                        store::count_changed(tx, changed).await?;
                    }
                    Ok(began.elapsed())
                })
            })
            .await?;
        if is_last {
            break;
        }
        left = rest;
        many = if took > TRANSACTION { many / 2 } else { many * 2 }.clamp(*BATCH.start(), *BATCH.end());
    }
    Ok(entries.len())
}

/// The last entry of the log that whoever reads from now on sees, and all before it.
pub async fn seen(engine: &Engine) -> Result<i64> {
    let mut last = engine.position(READER).await?;
    loop {
        let entries = engine.changes(last, SEEN_AT_ONCE).await?;
        let Some(entry) = entries.last() else { return Ok(last) };
        last = entry.seq;
        if (entries.len() as u64) < SEEN_AT_ONCE {
            return Ok(last);
        }
    }
}

/// Follows whatever was written so far: for a refit, whose figures rest on what it had read before.
pub async fn catch_up(engine: &Engine) -> Result<()> {
    let last = seen(engine).await?;
    while engine.position(READER).await? < last && follow(engine).await? > 0 {}
    Ok(())
}

/// Everybody whose figures the entries may move: the customers of the orders and returns named, before and after.
async fn affected(engine: &Engine, entries: &[LogEntry]) -> Result<BTreeSet<Id>> {
    let mut accounts = BTreeSet::new();
    // By entity: what belongs to a customer (orders, returns, contacts), and lines that lead to it.
    let mut documents: HashMap<&str, BTreeSet<Id>> = HashMap::new();
    let mut lines: HashMap<&str, BTreeSet<Id>> = HashMap::new();
    let contacts_cost = cost_rate::load(engine).await?.has_group(Group::Contacts);
    for entry in entries {
        match entry.entity.as_str() {
            entity @ ("order" | "return") => {
                documents.entry(entity).or_default().extend(&entry.ids);
                accounts.extend(referenced(entry, "account"));
            }
            line @ ("order_line" | "return_line") => {
                let document = parent_of(line);
                lines.entry(line).or_default().extend(&entry.ids);
                documents.entry(document).or_default().extend(referenced(entry, document));
            }
            contact @ "activity" if contacts_cost => {
                accounts.extend(referenced(entry, "account"));
                documents.entry(contact).or_default().extend(&entry.ids);
            }
            satisfaction::ENTITY => {
                accounts.extend(referenced(entry, "account"));
                documents.entry(satisfaction::ENTITY).or_default().extend(&entry.ids);
            }
            "account" if moves_account(entry) => accounts.extend(&entry.ids),
            _ => {}
        }
    }
    for (line, ids) in lines {
        let document = parent_of(line);
        let parents = referred(engine, line, document, &ids).await?;
        documents.entry(document).or_default().extend(parents);
    }
    for (document, ids) in documents {
        accounts.extend(referred(engine, document, "account", &ids).await?);
    }
    Ok(accounts)
}

fn parent_of(line: &str) -> &'static str {
    if line == "order_line" { "order" } else { "return" }
}

/// A new or restored account gets its first figures; a class chosen by hand or given up is settled again.
fn moves_account(entry: &LogEntry) -> bool {
    match entry.kind {
        LogKind::Create | LogKind::Restore => true,
        LogKind::Update => {
            CLASSES.iter().any(|class| entry.changes.get(format!("{class}_override")).is_some())
        }
        LogKind::Delete | LogKind::Erase => false,
    }
}

/// Old and new value of a reference that the entry changed.
fn referenced(entry: &LogEntry, field: &str) -> Vec<Id> {
    let change = entry.changes.get(field).and_then(|change| change.as_array());
    change.into_iter().flatten().filter_map(|value| value.as_str()?.parse().ok()).collect()
}

/// What `field` of the records `ids` refers to, deleted records included.
async fn referred(engine: &Engine, entity: &str, field: &str, ids: &BTreeSet<Id>) -> Result<BTreeSet<Id>> {
    let ids: Vec<Id> = ids.iter().copied().collect();
    let mut found = BTreeSet::new();
    for ids in ids.chunks(LOOKUP) {
        let select = Sql::select()
            .distinct()
            .column(name(field))
            .from(name(entity))
            .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
            .and_where(Expr::col(name(field)).is_not_null())
            .to_owned();
        for row in engine.fetch(&select).await? {
            found.insert(row.id(0)?);
        }
    }
    Ok(found)
}

/// Queues a refit when it is due; not while an import runs, whose end will be followed anyway.
pub async fn queue_if_due(engine: &Engine) -> Result<()> {
    let Some(idle) = engine.idle(refit::JOB).await? else { return Ok(()) };
    if importing(engine).await? {
        return Ok(());
    }
    if !is_due(engine).await? {
        past::queue_if_due(engine).await?;
        return after_fit::queue_if_failed(engine).await;
    }
    if engine.failed_lately(refit::JOB).await? {
        return Ok(());
    }
    engine.queue_if_idle(idle).await.map(drop)
}

/// Whether the models are of another day or other settings, or enough customers changed; never right after a fit.
pub async fn is_due(engine: &Engine) -> Result<bool> {
    let changed = store::changed_since_fit(engine).await?;
    let Some(model) = store::model_in_force(engine).await? else {
        return Ok(changed > 0 || store::newest_id(engine).await?.is_some());
    };
    let now = engine.clock().now();
    // A fit in the future was before somebody set the clock back.
    if model.fitted_at <= now && now - model.fitted_at < REST {
        return Ok(false);
    }
    let settings = Settings::load(engine).await?;
    let customers = i64::try_from(model.fitted.model.customers).unwrap_or(i64::MAX);
    let many = changed > 0 && changed.saturating_mul(CHANGED_SHARE) >= customers;
    Ok(many || !model.is_of_today(&settings, engine.clock()))
}

async fn importing(engine: &Engine) -> Result<bool> {
    let select = Sql::select()
        .column(name("id"))
        .from(name("import_run"))
        .and_where(Expr::col(name("state")).is_in(["running", "reverting"]))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("started_at")).gt(engine.clock().now() - IMPORT_PATIENCE))
        .limit(1)
        .to_owned();
    Ok(!engine.fetch(&select).await?.is_empty())
}
