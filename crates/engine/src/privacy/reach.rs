//! Which records are about a person: his own, those that refer to him, and their lines; deleted ones, too.

use crate::{
    Error, PREFIX, Result, Tx, among,
    db::name,
    store::{by_ids, decode_all},
};
use meta::{Entity, Id, Label, Persons, Record, label};
use sea_query::{Expr, ExprTrait, Query as Sql};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// Records of one person; more are a mistake of somebody's, such as all orders on one account.
const RECORDS_LIMIT: usize = 200_000;
const CHUNK: usize = 500;

/// References to users say whose work a record is, not whom it is about.
const USER: &str = "user";

/// Records of one entity.
pub(crate) struct Group {
    pub entity: Arc<Entity>,
    pub records: Vec<Record>,
}

impl Group {
    pub fn ids(&self) -> Vec<Id> {
        self.records.iter().map(|record| record.id).collect()
    }
}

/// The person's record, also when it is deleted; refused for what is no person.
pub(super) async fn person(tx: &mut Tx, entity: &str, id: Id) -> Result<Record> {
    let entity = tx.engine.entity(entity)?.clone();
    let missing = || Error::NotFound(format!("{} {id}", entity.label.get(tx.actor.lang)));
    if entity.persons == Persons::None {
        return Err(missing());
    }
    let rows = tx.conn.fetch(&by_ids(&entity, &[id])).await?;
    let record = decode_all(&entity, rows)?.into_iter().next().ok_or_else(missing)?;
    if !entity.is_person(&record) {
        let (en, zh) = no_person(&entity);
        return Err(Error::rule("id", en, zh));
    }
    Ok(record)
}

fn no_person(entity: &Entity) -> (String, String) {
    let Label { en, zh } = match &entity.persons {
        Persons::When { field, value } => {
            let field = entity.get(field);
            let choice = field
                .and_then(|field| field.choices().iter().find(|choice| choice.value == *value))
                .map_or_else(|| label(value.as_str(), value.as_str()), |choice| choice.label.clone());
            label(
                format!(
                    "is no person: only “{}” has personal data of its own; look at its contacts",
                    choice.en
                ),
                format!("不是“{}”，没有自身的个人信息，请查看其联系人", choice.zh),
            )
        }
        _ => label("is no person", "不是个人"),
    };
    (en, zh)
}

/// Everything about the person, in the order of the registry; he himself stands in it as well.
pub(super) async fn of_person(tx: &mut Tx, person: &Record) -> Result<Vec<Group>> {
    let engine = tx.engine.clone();
    let registry = engine.registry();
    let mut found: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    let mut seen = HashSet::from([person.id]);
    let mut queue = vec![(registry.entity(&person.entity)?.clone(), vec![person.id])];
    while let Some((entity, ids)) = queue.pop() {
        let mut records = vec![];
        for ids in ids.chunks(CHUNK) {
            records.extend(decode_all(&entity, tx.conn.fetch(&by_ids(&entity, ids)).await?)?);
        }
        let (persons, others): (Vec<&Record>, Vec<&Record>) =
            records.iter().partition(|record| entity.is_person(record) && entity.name != USER);
        let persons: Vec<Id> = persons.iter().map(|record| record.id).collect();
        let others: Vec<Id> = others.iter().map(|record| record.id).collect();
        for (other, field) in registry.referrers(&entity.name) {
            let line = other.parent.as_deref() == Some(&field.name);
            // Who belongs to somebody is somebody else. A field the company added tells of some relation (who recommended whom); only
            // what it made up whole may be about the person alone.
            let relation = field.name.starts_with(PREFIX) && !other.name.starts_with(PREFIX);
            if other.name == entity.name || other.internal || relation {
                continue;
            }
            for (whose, wanted) in [(&persons, true), (&others, line)] {
                let ids = if wanted { referring(tx, other, &field.name, whose).await? } else { vec![] };
                let new: Vec<Id> = ids.into_iter().filter(|id| seen.insert(*id)).collect();
                if !new.is_empty() {
                    queue.push((other.clone(), new));
                }
            }
        }
        let same: Vec<Id> =
            merged_into(tx, &persons).await?.into_iter().filter(|id| seen.insert(*id)).collect();
        if !same.is_empty() {
            queue.push((entity.clone(), same));
        }
        if seen.len() > RECORDS_LIMIT {
            return Err(Error::Limit(label(
                format!("More than {RECORDS_LIMIT} records refer to this person: move them elsewhere first."),
                format!("与此人相关的记录超过 {RECORDS_LIMIT} 条，请先将其移到别处。"),
            )));
        }
        found.entry(entity.name.clone()).or_default().extend(records);
    }
    let in_order = registry.entities().filter_map(|entity| {
        let records = found.remove(&entity.name)?;
        Some(Group { entity: entity.clone(), records })
    });
    Ok(in_order.collect())
}

/// Deleted records that were the same person before they were merged.
async fn merged_into(tx: &mut Tx, persons: &[Id]) -> Result<Vec<Id>> {
    let mut found = vec![];
    for ids in persons.chunks(CHUNK) {
        let select = Sql::select()
            .column(name("record_id"))
            .from(name("merged"))
            .and_where(Expr::col(name("into_id")).is_in(among(ids)))
            .to_owned();
        for row in tx.conn.fetch(&select).await? {
            found.push(row.id(0)?);
        }
    }
    Ok(found)
}

/// Live and deleted ones are asked for apart: each have an index of their own.
async fn referring(tx: &mut Tx, entity: &Entity, field: &str, ids: &[Id]) -> Result<Vec<Id>> {
    let mut found = vec![];
    for ids in ids.chunks(CHUNK) {
        let deleted = || Expr::col(name("deleted_at"));
        for which in [deleted().is_null(), deleted().is_not_null()] {
            let select = Sql::select()
                .column(name("id"))
                .from(name(&entity.name))
                .and_where(Expr::col(name(field)).is_in(among(ids)))
                .and_where(which)
                .to_owned();
            for row in tx.conn.fetch(&select).await? {
                found.push(row.id(0)?);
            }
        }
    }
    Ok(found)
}
