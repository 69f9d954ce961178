//! Records that turn out to be one and the same: found ([`duplicates`]), made into one ([`Tx::merge`]), and parted again
//! ([`Tx::unmerge`]).
//!
//! One record, the winner, stays; the others are deleted, and whatever pointed to them points to the winner: references of
//! any record, numbers in other systems, shares, saved views. Where they lay stays known, so that old links lead on.

mod alike;
mod duplicates;
mod part;
mod pointers;

pub use alike::Sameness;
pub use duplicates::{Duplicate, Pair};

use crate::{
    Action, Engine, Error, Module, Result, Role, Tx, allow,
    db::name,
    privacy::Erasing,
    schema::{ColumnKind, Table},
};
use meta::{Entity, Id, Problem, Record, Value, Values, label};
use pointers::Moved;
use sea_query::{Expr, ExprTrait, Query as Sql};
use std::{collections::HashMap, sync::Arc};

/// Records merged into one at once.
pub const LOSERS_LIMIT: usize = 10;

/// What is to become one record.
#[derive(Clone, Debug)]
pub struct Merging {
    pub entity: String,
    pub winner: Id,
    pub losers: Vec<Id>,
    /// The version the winner must still be at.
    pub version: Option<i64>,
    /// What the winner holds afterwards; a field that is not named keeps the winner's value, or takes that of the first loser that
    /// has one.
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// By this [`Tx::unmerge`] knows it.
    pub merge: Id,
    /// How many references were moved.
    pub moved: usize,
}

pub(crate) fn add(module: Module) -> Module {
    duplicates::add(module)
        .table(
            Table::new("merged", ["record_id"])
                .required("record_id", ColumnKind::Id)
                .required("entity", ColumnKind::Text)
                .required("into_id", ColumnKind::Id)
                .required("merge_id", ColumnKind::Id)
                .required("at", ColumnKind::Instant)
                .optional("user_id", ColumnKind::Id)
                // What was moved, for the way back; and the log entry that tells the winner's old values.
                .required("moved", ColumnKind::Text)
                .optional("winner_seq", ColumnKind::Int)
                .index(["into_id"])
                .index(["merge_id"]),
        )
        .copies(|tx, erasing| Box::pin(forget(tx, erasing)))
}

/// Numbers in other systems are personal, and after an erasure there is no way back.
async fn forget(tx: &mut Tx, erasing: &Erasing) -> Result<Vec<crate::Found>> {
    if !erasing.dry {
        for column in ["record_id", "into_id"] {
            for ids in erasing.ids.chunks(500) {
                let update = Sql::update()
                    .table(name("merged"))
                    .value(name("moved"), "")
                    .value(name("winner_seq"), None::<i64>)
                    .and_where(Expr::col(name(column)).is_in(ids.iter().copied()))
                    .to_owned();
                tx.conn.execute(&update).await?;
            }
        }
    }
    Ok(vec![])
}

/// Refuses what is never merged: lines, what belongs to administrators, documents.
fn mergeable(entity: &Entity) -> Result<()> {
    if entity.mergeable {
        return Ok(());
    }
    Err(Error::rule("entity", "records of this kind are not merged", "此类数据不支持合并"))
}

impl Engine {
    /// What a record was merged into, if it was.
    pub async fn merged_into(&self, entity: &str, id: Id) -> Result<Option<Id>> {
        let select = Sql::select()
            .column(name("into_id"))
            .from(name("merged"))
            .and_where(Expr::col(name("record_id")).eq(id))
            .and_where(Expr::col(name("entity")).eq(entity))
            .to_owned();
        self.fetch(&select).await?.first().map(|row| row.id(0)).transpose()
    }

    /// The merges a record came out of that can be undone, newest first: (merge, when, by whom).
    pub async fn merges_of(&self, id: Id) -> Result<Vec<(Id, meta::DateTime<meta::Utc>, Option<Id>)>> {
        let select = Sql::select()
            .distinct()
            .columns(["merge_id", "at", "user_id"].map(name))
            .from(name("merged"))
            .and_where(Expr::col(name("into_id")).eq(id))
            .and_where(Expr::col(name("moved")).ne(""))
            .order_by(name("at"), sea_query::Order::Desc)
            .limit(20)
            .to_owned();
        let rows = self.fetch(&select).await?;
        rows.iter().map(|row| Ok((row.id(0)?, row.instant(1)?, row.opt_id(2)?))).collect()
    }
}

impl Tx {
    /// Makes several records one. The actor needs the right to merge each of them.
    pub async fn merge(&mut self, merging: Merging) -> Result<Merged> {
        let entity = self.engine.entity(&merging.entity)?.clone();
        mergeable(&entity)?;
        allow(&self.actor, &entity, Action::Merge)?;
        let (winner, losers) = self.candidates(&entity, &merging).await?;
        let mut values = merging.values;
        let refused = self.withheld(&entity, Some(&winner), &mut values);
        if !refused.is_empty() {
            return Err(Error::Invalid(refused));
        }
        refuse_computed(&entity, &values)?;
        fill(&entity, &winner, &losers, &mut values);
        // His right to merge is what counts: for what follows he may lack others.
        let role = std::mem::replace(&mut self.actor.role, Role::System);
        let done = self.unite(&entity, &winner, &losers, values).await;
        self.actor.role = role;
        done
    }

    /// The records that become one, live and within the actor's right; the losers in the order they were named.
    async fn candidates(&mut self, entity: &Arc<Entity>, merging: &Merging) -> Result<(Record, Vec<Record>)> {
        let mut ids = vec![merging.winner];
        for id in &merging.losers {
            if ids.contains(id) {
                return Err(Error::rule(
                    "records",
                    "names a record twice: name each once",
                    "同一记录重复出现，请只保留一次",
                ));
            }
            ids.push(*id);
        }
        if merging.losers.is_empty() || merging.losers.len() > LOSERS_LIMIT {
            return Err(Error::rule(
                "records",
                format!("must name 1 to {LOSERS_LIMIT} records that become one with this"),
                format!("应指定 1 至 {LOSERS_LIMIT} 条要并入的记录"),
            ));
        }
        let mut known: HashMap<Id, Record> = self
            .whole(entity, &ids)
            .await?
            .into_iter()
            .filter(|record| record.deleted_at.is_none())
            .map(|record| (record.id, record))
            .collect();
        self.confirm(entity, &ids, Action::Merge).await?;
        let mut records = Vec::with_capacity(ids.len());
        for id in &ids {
            records.push(
                known
                    .remove(id)
                    .ok_or_else(|| Error::NotFound(format!("{} {id}", entity.label.get(self.actor.lang))))?,
            );
        }
        let losers = records.split_off(1);
        let winner = records.remove(0);
        match merging.version {
            Some(version) if version != winner.version => Err(Error::Conflict { current: winner.version }),
            _ => Ok((winner, losers)),
        }
    }

    async fn unite(
        &mut self,
        entity: &Arc<Entity>,
        winner: &Record,
        losers: &[Record],
        values: Values,
    ) -> Result<Merged> {
        let ids: Vec<Id> = losers.iter().map(|loser| loser.id).collect();
        let mut moved: HashMap<Id, Moved> = self.move_pointers(entity, winner.id, &ids).await?;
        let count = moved.values().map(Moved::count).sum();
        self.delete_many(&entity.name, &ids).await?;
        // After the others are gone: two live records cannot share what is unique.
        let before = self.get(&entity.name, winner.id).await?;
        let version = self.update(&entity.name, winner.id, None, values).await?;
        let winner_seq = if version > before.version { self.newest_entry(winner.id).await? } else { None };
        self.reindex(&entity.name, &[winner.id], false).await?;
        let merge = self.clock().new_id();
        let (now, user) = (self.clock().now(), self.actor.user);
        let mut insert = Sql::insert();
        insert.into_table(name("merged")).columns(
            ["record_id", "entity", "into_id", "merge_id", "at", "user_id", "moved", "winner_seq"].map(name),
        );
        for id in &ids {
            let moved = serde_json::to_string(&moved.remove(id).unwrap_or_default())?;
            insert.values_panic([
                (*id).into(),
                entity.name.as_str().into(),
                winner.id.into(),
                merge.into(),
                now.into(),
                user.into(),
                moved.into(),
                winner_seq.into(),
            ]);
        }
        self.conn.execute(&insert).await?;
        self.forget_pairs(&ids).await?;
        Ok(Merged { merge, moved: count })
    }

    async fn newest_entry(&mut self, id: Id) -> Result<Option<i64>> {
        let select = Sql::select()
            .column(name("seq"))
            .from(name("change_log"))
            .and_where(Expr::col(name("record_id")).eq(id))
            .order_by(name("seq"), sea_query::Order::Desc)
            .limit(1)
            .to_owned();
        self.conn.fetch(&select).await?.first().map(|row| row.int(0)).transpose()
    }

    /// Deleted records that were merged come back by undoing that, not by themselves.
    pub(crate) async fn refuse_merged(&mut self, ids: &[Id]) -> Result<()> {
        for ids in ids.chunks(500) {
            let select = Sql::select()
                .column(name("record_id"))
                .from(name("merged"))
                .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
                .limit(1)
                .to_owned();
            if !self.conn.fetch(&select).await?.is_empty() {
                return Err(Error::rule(
                    "id",
                    "was merged into another record: undo the merge there",
                    "已并入另一条记录，请在那条记录上撤销合并",
                ));
            }
        }
        Ok(())
    }
}

fn refuse_computed(entity: &Entity, values: &Values) -> Result<()> {
    let wrong = values.keys().find(|name| entity.get(name).is_none_or(|field| field.computed));
    match wrong {
        Some(name) => Err(Error::invalid(
            name,
            Problem::Rule(label("cannot be chosen: leave it out", "不能选择此项，请去掉")),
        )),
        None => Ok(()),
    }
}

/// What the winner lacks comes from the first loser that has it.
fn fill(entity: &Entity, winner: &Record, losers: &[Record], values: &mut Values) {
    let ids: Vec<Id> = losers.iter().map(|loser| loser.id).chain([winner.id]).collect();
    for field in entity.fields.values().filter(|field| !field.computed) {
        if values.contains_key(&field.name) || !winner.get(&field.name).is_null() {
            continue;
        }
        let found = losers.iter().map(|loser| loser.get(&field.name)).find(|value| !value.is_null());
        // Nobody belongs to himself.
        let own = |value: &Value| value.as_id().is_some_and(|id| ids.contains(&id));
        if let Some(value) = found.filter(|value| !own(value)) {
            values.insert(field.name.clone(), value.clone());
        }
    }
}
