//! One pass over the records of every entity: what they refer to exists, lines stand and fall with their parent, required
//! fields are filled, computed fields are what their rules make of the rest, and the log tells of every change.

use super::{BATCH_LIMIT, Verdict, log};
use crate::{Result, Tx, db::name};
use meta::{Change, Draft, Entity, Id, Record};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use std::collections::{BTreeMap, BTreeSet, HashMap};

struct Verdicts {
    references: Verdict,
    lines: Verdict,
    required: Verdict,
    rules: Verdict,
    history: Verdict,
}

pub(super) async fn examine(tx: &mut Tx) -> Result<Vec<Verdict>> {
    let mut verdicts = Verdicts {
        references: Verdict::new(
            "references",
            "references",
            "open the records named and choose again, or bring back the database from a backup",
        ),
        lines: Verdict::new("lines", "lines", "delete the lines named, or restore what they belong to"),
        required: Verdict::new("required", "records", "open the records named and fill in the fields"),
        rules: Verdict::new(
            "rules",
            "records",
            "open the records named and save them: their rules run again",
        ),
        history: Verdict::new(
            "history",
            "records",
            "bring back the database from a backup: a change was logged and not made, or made and not logged",
        ),
    };
    let engine = tx.engine.clone();
    for entity in engine.registry().entities() {
        let mut last = None;
        loop {
            let ids = next_ids(tx, entity, last).await?;
            last = ids.last().copied();
            if last.is_none() {
                break;
            }
            let records = tx.get_many(&entity.name, &ids).await?;
            look(tx, entity, &records, &mut verdicts).await?;
        }
    }
    Ok(vec![verdicts.references, verdicts.lines, verdicts.required, verdicts.rules, verdicts.history])
}

async fn next_ids(tx: &mut Tx, entity: &Entity, last: Option<Id>) -> Result<Vec<Id>> {
    let mut select = Sql::select();
    select.column(name("id")).from(name(&entity.name)).order_by(name("id"), Order::Asc).limit(BATCH_LIMIT);
    if let Some(last) = last {
        select.and_where(Expr::col(name("id")).gt(last));
    }
    tx.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

async fn look(tx: &mut Tx, entity: &Entity, records: &[Record], verdicts: &mut Verdicts) -> Result<()> {
    let live: Vec<&Record> = records.iter().filter(|record| record.deleted_at.is_none()).collect();
    let known = targets(tx, entity, &live).await?;
    for record in &live {
        let own = |text: String| format!("{} {} {text}", entity.name, record.id);
        for field in entity.fields.values() {
            let value = record.get(&field.name);
            if field.required && value.is_null() {
                verdicts.required.wrong(own(format!("has no {}", field.name)));
            }
            let (Some(_), Some(target)) = (field.target(), value.as_id()) else { continue };
            verdicts.references.saw(1);
            let is_parent = entity.parent.as_ref() == Some(&field.name);
            match known.get(&target) {
                None => verdicts.references.wrong(own(format!("has {} {target}, which is gone", field.name))),
                Some(true) if is_parent => {
                    verdicts.lines.wrong(own(format!("is live, but its {} {target} is deleted", field.name)));
                }
                Some(_) => {}
            }
        }
        if entity.parent.is_some() {
            verdicts.lines.saw(1);
        }
        for text in broken_rules(tx, entity, record) {
            verdicts.rules.wrong(own(text));
        }
    }
    verdicts.required.saw(live.len());
    verdicts.rules.saw(live.len());
    verdicts.history.saw(records.len());
    for (id, text) in log::contradictions(tx, entity, records).await? {
        verdicts.history.wrong(format!("{} {id} {text}", entity.name));
    }
    Ok(())
}

/// The records that live ones refer to, and whether they are deleted.
async fn targets(tx: &mut Tx, entity: &Entity, live: &[&Record]) -> Result<HashMap<Id, bool>> {
    let mut wanted: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
    for field in entity.fields.values() {
        if let Some(target) = field.target() {
            let ids = live.iter().filter_map(|record| record.reference(&field.name));
            wanted.entry(target).or_default().extend(ids);
        }
    }
    let mut known = HashMap::new();
    for (target, ids) in wanted {
        for ids in ids.into_iter().collect::<Vec<_>>().chunks(BATCH_LIMIT as usize) {
            let select = Sql::select()
                .columns([name("id"), name("deleted_at")])
                .from(name(target))
                .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
                .to_owned();
            for row in tx.fetch(&select).await? {
                known.insert(row.id(0)?, row.opt_instant(1)?.is_some());
            }
        }
    }
    Ok(known)
}

/// Computed fields that the entity's rules would give another value than is stored.
fn broken_rules(tx: &Tx, entity: &Entity, record: &Record) -> Vec<String> {
    let rules = tx.engine.registry().rules(&entity.name);
    let mut values = record.values.clone();
    let mut draft = Draft {
        id: record.id,
        change: Change::Update,
        before: Some(record),
        values: &mut values,
        problems: vec![],
    };
    for rule in rules {
        rule(&mut draft);
    }
    let computed = entity.fields.values().filter(|field| field.computed && !field.figure);
    computed
        .filter(|field| values.get(&field.name).is_some_and(|value| value != record.get(&field.name)))
        .map(|field| {
            let made = values.get(&field.name).map(meta::Value::to_json).unwrap_or_default();
            format!("has {} {}, its rule makes {made}", field.name, record.get(&field.name).to_json())
        })
        .collect()
}
