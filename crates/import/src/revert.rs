//! Taking an import back: what it made is deleted unless somebody else has worked on it since, what it changed gets its old
//! value unless it was changed again. Newest first, in small transactions; a revert that was interrupted goes on.

use crate::{
    Control, FileProblem, Progress,
    run::{State, read_progress, set_state},
};
use engine::{
    Actor, Engine, LogEntry, LogKind, Result, Tx, name,
    sea_query::{Cond, Expr, ExprTrait, Order, Query},
};
use meta::{Entity, Id, Record, Values};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// How far a revert is, kept with the run's progress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reverting {
    /// Log entries from here on are undone.
    pub before: Option<i64>,
    pub undone: u64,
    pub deleted: u64,
    /// Records and values left alone because of later work on them.
    pub kept: u64,
    /// The first of them: entity and id.
    pub examples: Vec<(String, Id)>,
}

const ENTRIES: u64 = 500;
const RECORDS: u64 = 500;
const EXAMPLES: usize = 20;

/// Whoever refers goes first; lines follow their document, so only lines added to older documents are left.
const DELETED: [&str; 10] = [
    "return",
    "order",
    "return_line",
    "order_line",
    "activity",
    "contact",
    "address",
    "product",
    "product_category",
    "account",
];

pub async fn revert(
    engine: &Engine,
    actor: &Actor,
    run: Id,
    control: &Control,
) -> Result<Reverting, FileProblem> {
    let record = engine.get(&Actor::system(), "import_run", run).await?;
    let state = record.text("state");
    if !["finished", "cancelled", "failed", "reverting"].contains(&state) {
        return Err(FileProblem::refused(
            format!("an import that is {state} cannot be taken back: wait for its end or cancel it"),
            "导入尚未结束或已撤销，无法撤销：请等它结束或先取消",
        ));
    }
    set_state(engine, run, State::Reverting, Values::new()).await?;
    let mut progress = read_progress(&record);
    loop {
        (control.progress)(&progress);
        let (more, next) = step(engine, actor, run, progress, undo_updates).await?;
        progress = next;
        if !more {
            break;
        }
    }
    loop {
        (control.progress)(&progress);
        let (more, next) = step(engine, actor, run, progress, delete_created).await?;
        progress = next;
        if !more {
            break;
        }
    }
    let reverting = progress.reverting.clone().unwrap_or_default();
    let message =
        format!("{} deleted, {} undone, {} kept", reverting.deleted, reverting.undone, reverting.kept);
    set_state(engine, run, State::Reverted, Values::from([("message".to_owned(), message.into())])).await?;
    Ok(reverting)
}

type Step = for<'t> fn(&'t mut Tx, Id, &'t mut Reverting) -> engine::BoxFuture<'t, Result<bool>>;

/// One transaction; says whether there is more to do.
async fn step(
    engine: &Engine,
    actor: &Actor,
    run: Id,
    mut progress: Progress,
    work: Step,
) -> Result<(bool, Progress)> {
    engine
        .write(actor, move |tx| {
            Box::pin(async move {
                tx.trust();
                let mut reverting = progress.reverting.take().unwrap_or_default();
                let more = work(tx, run, &mut reverting).await?;
                progress.reverting = Some(reverting);
                tx.set_figures("import_run", &[(run, progress.figures()?)]).await?;
                Ok((more, progress))
            })
        })
        .await
}

impl Reverting {
    fn keep(&mut self, entity: &str, id: Id) {
        self.kept += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push((entity.to_owned(), id));
        }
    }
}

fn undo_updates<'t>(
    tx: &'t mut Tx,
    run: Id,
    reverting: &'t mut Reverting,
) -> engine::BoxFuture<'t, Result<bool>> {
    Box::pin(async move {
        let entries = tx.changes_of_run(run, reverting.before.unwrap_or(i64::MAX), ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(false) };
        reverting.before = Some(last.seq);
        let mut by_entity: HashMap<&str, Vec<&LogEntry>> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.entity != "import_run") {
            if matches!(entry.kind, LogKind::Update | LogKind::Restore) {
                by_entity.entry(&entry.entity).or_default().push(entry);
            }
        }
        for (entity, entries) in by_entity {
            undo(tx, run, entity, &entries, reverting).await?;
        }
        Ok(true)
    })
}

/// Entries are newest first; several of one record are undone one after the other in memory.
async fn undo(
    tx: &mut Tx,
    run: Id,
    entity: &str,
    entries: &[&LogEntry],
    reverting: &mut Reverting,
) -> Result<()> {
    let entity = tx.engine().entity(entity)?.clone();
    let ids: Vec<Id> = entries.iter().flat_map(|entry| entry.ids.iter().copied()).collect();
    let made = made_by(tx, &entity.name, run, &ids).await?;
    let mut records: HashMap<Id, Record> =
        tx.get_many(&entity.name, &ids).await?.into_iter().map(|record| (record.id, record)).collect();
    let mut updates: HashMap<Id, Values> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.kind == LogKind::Update) {
        let Some(id) = entry.ids.first().filter(|id| !made.contains(*id)) else { continue };
        let Some(record) = records.get_mut(id).filter(|record| record.deleted_at.is_none()) else { continue };
        if !undo_entry(&entity, entry, record, updates.entry(*id).or_default()) {
            reverting.keep(&entity.name, *id);
        }
    }
    updates.retain(|_, values| !values.is_empty());
    reverting.undone += updates.len() as u64;
    tx.update_many(&entity.name, updates.into_iter().collect()).await?;
    // Who was only brought back by the import goes again.
    let restored = entries.iter().filter(|entry| entry.kind == LogKind::Restore);
    let restored: Vec<Id> = restored.flat_map(|entry| entry.ids.iter().copied()).collect();
    reverting.deleted += delete_unused(tx, run, &entity, &restored, reverting).await?;
    Ok(())
}

/// False if one of the fields was changed again since.
fn undo_entry(entity: &Entity, entry: &LogEntry, record: &mut Record, values: &mut Values) -> bool {
    let mut all = true;
    for (name, change) in entry.changes.as_object().into_iter().flatten() {
        // What rules keep follows by itself.
        let Some(field) = entity.get(name).filter(|field| !field.computed) else { continue };
        let (old, new) = (field.parse_json(&change[0]), field.parse_json(&change[1]));
        match (old, new) {
            (Ok(old), Ok(new)) if *record.get(name) == new => {
                record.values.insert(name.clone(), old.clone());
                values.insert(name.clone(), old);
            }
            _ => all = false,
        }
    }
    all
}

/// Those of `ids` that the run created.
async fn made_by(tx: &mut Tx, entity: &str, run: Id, ids: &[Id]) -> Result<HashSet<Id>> {
    let mut made = HashSet::new();
    for ids in ids.chunks(500) {
        let select = Query::select()
            .column(name("id"))
            .from(name(entity))
            .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
            .and_where(Expr::col(name("run_id")).eq(run))
            .to_owned();
        for row in tx.fetch(&select).await? {
            made.insert(row.id(0)?);
        }
    }
    Ok(made)
}

fn delete_created<'t>(
    tx: &'t mut Tx,
    run: Id,
    reverting: &'t mut Reverting,
) -> engine::BoxFuture<'t, Result<bool>> {
    Box::pin(async move {
        let engine = tx.engine().clone();
        for entity in DELETED {
            let Ok(entity) = engine.entity(entity) else { continue };
            let mut after: Option<Id> = None;
            // Kept records stay in the way of the query, so look on behind them.
            loop {
                let mut select = Query::select();
                select
                    .column(name("id"))
                    .from(name(&entity.name))
                    .and_where(Expr::col(name("run_id")).eq(run))
                    .and_where(Expr::col(name("deleted_at")).is_null())
                    .order_by(name("id"), Order::Desc)
                    .limit(RECORDS);
                if let Some(after) = after {
                    select.and_where(Expr::col(name("id")).lt(after));
                }
                let ids: Vec<Id> =
                    tx.fetch(&select).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                // What is kept is met again in each round; it is counted in the last one.
                let mut round = Reverting::default();
                let deleted = delete_unused(tx, run, entity, &ids, &mut round).await?;
                if deleted > 0 {
                    reverting.deleted += deleted;
                    return Ok(true);
                }
            }
        }
        count_kept(tx, run, reverting).await?;
        free_numbers(tx, run).await?;
        Ok(false)
    })
}

/// Deletes those nobody else has worked on or refers to; returns how many.
async fn delete_unused(
    tx: &mut Tx,
    run: Id,
    entity: &Entity,
    ids: &[Id],
    reverting: &mut Reverting,
) -> Result<u64> {
    let (mut unused, kept): (Vec<Id>, Vec<Id>) = {
        let mut used = touched_since(tx, run, ids).await?;
        used.extend(referred_to(tx, run, entity, ids).await?);
        ids.iter().partition(|id| !used.contains(id))
    };
    for id in kept {
        reverting.keep(&entity.name, id);
    }
    unused.sort_unstable();
    unused.dedup();
    let deleted = tx.delete_many(&entity.name, &unused).await?;
    tx.forget_external_ids(run, &unused).await?;
    Ok(deleted as u64)
}

/// Records that a user or another import has changed.
async fn touched_since(tx: &mut Tx, run: Id, ids: &[Id]) -> Result<HashSet<Id>> {
    let mut touched = HashSet::new();
    for ids in ids.chunks(500) {
        let run_id = || Expr::col(name("run_id"));
        let by_a_user = run_id().is_null().and(Expr::col(name("user_id")).is_not_null());
        let select = Query::select()
            .distinct()
            .column(name("record_id"))
            .from(name("change_log"))
            .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
            .and_where(Expr::col(name("kind")).eq(LogKind::Update.name()))
            .cond_where(Cond::any().add(run_id().ne(run)).add(by_a_user))
            .to_owned();
        for row in tx.fetch(&select).await? {
            touched.insert(row.id(0)?);
        }
    }
    Ok(touched)
}

/// Records that live ones refer to; a document's own lines count only if others made them.
async fn referred_to(tx: &mut Tx, run: Id, entity: &Entity, ids: &[Id]) -> Result<HashSet<Id>> {
    let engine = tx.engine().clone();
    let mut referred = HashSet::new();
    for (other, field) in engine.registry().referrers(&entity.name) {
        let is_line = other.parent.as_deref() == Some(field.name.as_str());
        for chunk in ids.chunks(500) {
            let mut select = Query::select();
            select
                .columns([name(&field.name), name("id"), name("run_id")])
                .from(name(&other.name))
                .and_where(Expr::col(name(&field.name)).is_in(chunk.iter().copied()))
                .and_where(Expr::col(name("deleted_at")).is_null());
            for row in tx.fetch(&select).await? {
                let of_the_run = row.opt_id(2)? == Some(run);
                let goes_along =
                    (is_line && of_the_run) || (other.name == entity.name && ids.contains(&row.id(1)?));
                if !goes_along {
                    referred.insert(row.id(0)?);
                }
            }
        }
    }
    Ok(referred)
}

/// What is still there of the run's records.
async fn count_kept(tx: &mut Tx, run: Id, reverting: &mut Reverting) -> Result<()> {
    let engine = tx.engine().clone();
    for entity in DELETED.into_iter().filter_map(|entity| engine.entity(entity).ok()) {
        // Lines stay with their documents and are not counted beside them.
        if entity.parent.is_some() {
            continue;
        }
        let select = Query::select()
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name("run_id")).eq(run))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .to_owned();
        for row in tx.fetch(&select).await? {
            reverting.keep(&entity.name, row.id(0)?);
        }
    }
    Ok(())
}

/// Numbers the run gave to records it did not make.
async fn free_numbers(tx: &mut Tx, run: Id) -> Result<()> {
    let engine = tx.engine().clone();
    for entity in engine.registry().entities().filter(|entity| entity.external_ids) {
        let own = Query::select()
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name("run_id")).eq(run))
            .to_owned();
        let given = Query::select()
            .column(name("record_id"))
            .from(name("external_id"))
            .and_where(Expr::col(name("run_id")).eq(run))
            .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
            .and_where(Expr::col(name("record_id")).not_in_subquery(own))
            .to_owned();
        let ids: Vec<Id> = tx.fetch(&given).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        tx.forget_external_ids(run, &ids).await?;
    }
    Ok(())
}
