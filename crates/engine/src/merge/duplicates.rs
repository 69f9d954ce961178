//! Records that are probably one and the same: they share an e-mail address, a telephone number, or the words of their name.
//!
//! For one record the indexes are asked at once. For all of them a job reads every record once a night, a part of the keys at a
//! time so that memory stays bounded, and keeps the likeliest pairs; why two are alike is told from what they hold when it is
//! asked, so that nobody learns it from fields he may not see.

use super::{
    alike::{PROBABLE, Sameness, alike, keys, points},
    mergeable,
};
use crate::{
    Action, Actor, Engine, JobContext, JobState, Module, Query, Result, TryStreamExt, Tx, allow,
    db::name,
    night,
    schema::{ColumnKind, Table},
    search,
    store::number,
};
use meta::{Entity, Field, Id, Kind, Record, Value, Values};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::json;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

const JOB: &str = "duplicates.find";
const LAST: &str = "duplicates.last_on";
const HOUR: u32 = 4;
/// Keys held in memory at once; an entity with more is read several times.
const KEYS_LIMIT: u64 = 400_000;
/// More records with one key are no duplicates but a switchboard, or a name like “Test”.
const GROUP_LIMIT: usize = 8;
/// Pairs kept of an entity.
const PAIRS_LIMIT: usize = 10_000;
/// Looked at for one page.
const LOOK_LIMIT: u64 = 500;

/// Another record that is probably the same as one in hand.
#[derive(Clone, Debug)]
pub struct Duplicate {
    pub record: Record,
    pub alike: Vec<Sameness>,
}

/// Two records that are probably the same.
#[derive(Clone, Debug)]
pub struct Pair {
    pub one: Record,
    pub other: Record,
    pub alike: Vec<Sameness>,
}

pub(super) fn add(module: Module) -> Module {
    module
        .table(
            Table::new("duplicate", ["one_id", "other_id"])
                .required("one_id", ColumnKind::Id)
                .required("other_id", ColumnKind::Id)
                .required("entity", ColumnKind::Text)
                .required("score", ColumnKind::Int)
                .optional("dismissed_at", ColumnKind::Instant)
                .optional("dismissed_by", ColumnKind::Id)
                .index(["entity", "score"])
                .index(["other_id"]),
        )
        .job(JOB, |context| Box::pin(run(context)))
        .start(|engine| Box::pin(night::every_night(engine, LAST, JOB, HOUR)))
}

/// A pair has one row, whichever of the two is looked at.
fn in_order(one: Id, other: Id) -> (Id, Id) {
    if one < other { (one, other) } else { (other, one) }
}

fn of_kind(entity: &Entity, wanted: fn(&Kind) -> bool) -> impl Iterator<Item = &Field> {
    entity.fields.values().filter(move |field| !field.masked && field.indexed && wanted(&field.kind))
}

impl Engine {
    /// The records that are probably the same as this one, the likeliest first, of those the actor may see.
    pub async fn duplicates_of(&self, actor: &Actor, entity: &str, id: Id) -> Result<Vec<Duplicate>> {
        const FOUND_LIMIT: usize = 50;
        let entity = actor.view(self.entity(entity)?).clone();
        mergeable(&entity)?;
        let record = self.get(actor, &entity.name, id).await?;
        let own = keys(&entity, &record.values);
        let mut ways: Vec<String> = vec![];
        for wanted in [|kind: &Kind| *kind == Kind::Email, |kind: &Kind| *kind == Kind::Phone] {
            let fields: Vec<&Field> = of_kind(&entity, wanted).collect();
            let texts: HashSet<&str> =
                fields.iter().filter_map(|field| record.get(&field.name).as_text()).collect();
            for (field, text) in fields.iter().flat_map(|field| texts.iter().map(move |text| (field, text))) {
                ways.push(format!("{} == {}", field.name, json!(text)));
            }
        }
        let mut found: HashMap<Id, Record> = HashMap::new();
        for filter in ways {
            let query = Query::new(&entity.name).filter(filter).limit(FOUND_LIMIT);
            found.extend(
                self.list(actor, &query).await?.records.into_iter().map(|record| (record.id, record)),
            );
        }
        if entity.get(&entity.title).is_some_and(|title| title.searched && !title.masked) {
            // The longest word is the rarest.
            let words = search::words(record.text(&entity.title));
            if let Some(word) = words.into_iter().max_by_key(String::len) {
                let query = Query::new(&entity.name).search(word).limit(FOUND_LIMIT);
                found.extend(
                    self.list(actor, &query).await?.records.into_iter().map(|record| (record.id, record)),
                );
            }
        }
        found.remove(&id);
        let mut duplicates: Vec<Duplicate> = found
            .into_values()
            .map(|record| Duplicate { alike: alike(&own, &keys(&entity, &record.values)), record })
            .filter(|duplicate| points(&duplicate.alike) > 0)
            .collect();
        duplicates.sort_by_key(|duplicate| (-points(&duplicate.alike), duplicate.record.id));
        Ok(duplicates)
    }

    /// The likeliest pairs of an entity both of which the actor may see and merge.
    pub async fn duplicates(&self, actor: &Actor, entity: &str, limit: usize) -> Result<Vec<Pair>> {
        let entity = actor.view(self.entity(entity)?).clone();
        mergeable(&entity)?;
        allow(actor, &entity, Action::Merge)?;
        let select = Sql::select()
            .columns(["one_id", "other_id"].map(name))
            .from(name("duplicate"))
            .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
            .and_where(Expr::col(name("dismissed_at")).is_null())
            .order_by(name("score"), Order::Desc)
            .limit(LOOK_LIMIT)
            .to_owned();
        let rows = self.fetch(&select).await?;
        let ids: Vec<(Id, Id)> =
            rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect::<Result<_>>()?;
        let all: HashSet<Id> = ids.iter().flat_map(|(one, other)| [*one, *other]).collect();
        let all: Vec<Id> = all.into_iter().collect();
        let known = self.get_many(actor, &entity.name, &all).await?;
        let known: HashMap<Id, Record> = known
            .into_iter()
            .filter(|record| record.deleted_at.is_none())
            .map(|record| (record.id, record))
            .collect();
        let mut pairs = vec![];
        for (one, other) in ids {
            let (Some(one), Some(other)) = (known.get(&one), known.get(&other)) else { continue };
            let alike = alike(&keys(&entity, &one.values), &keys(&entity, &other.values));
            if points(&alike) < PROBABLE || !self.may_merge(actor, &entity, &[one.id, other.id]).await? {
                continue;
            }
            pairs.push(Pair { one: one.clone(), other: other.clone(), alike });
            if pairs.len() == limit {
                break;
            }
        }
        Ok(pairs)
    }

    async fn may_merge(&self, actor: &Actor, entity: &Entity, ids: &[Id]) -> Result<bool> {
        if actor.limits().is_none() {
            return Ok(true);
        }
        for id in ids {
            if !self.may(actor, &entity.name, *id, Action::Merge).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Tx {
    /// Says that two records are not the same: they are not shown as duplicates again.
    pub async fn dismiss_duplicate(&mut self, entity: &str, one: Id, other: Id) -> Result<()> {
        let entity = self.engine.entity(entity)?.clone();
        mergeable(&entity)?;
        allow(&self.actor, &entity, Action::Merge)?;
        self.confirm(&entity, &[one, other], Action::Merge).await?;
        let (one, other) = in_order(one, other);
        let insert = Sql::insert()
            .into_table(name("duplicate"))
            .columns(["one_id", "other_id", "entity", "score", "dismissed_at", "dismissed_by"].map(name))
            .values_panic([
                one.into(),
                other.into(),
                entity.name.as_str().into(),
                0i64.into(),
                self.clock().now().into(),
                self.actor.user.into(),
            ])
            .on_conflict(
                sea_query::OnConflict::columns(["one_id", "other_id"].map(name))
                    .update_columns(["dismissed_at", "dismissed_by"].map(name))
                    .to_owned(),
            )
            .to_owned();
        self.conn.execute(&insert).await.map(drop)
    }

    /// Looks for duplicates of every entity in the background.
    pub async fn find_duplicates(&mut self) -> Result<Id> {
        self.enqueue_unless(&[JobState::Queued, JobState::Running], JOB, json!({})).await
    }

    pub(super) async fn forget_pairs(&mut self, ids: &[Id]) -> Result<()> {
        for column in ["one_id", "other_id"] {
            let delete = Sql::delete()
                .from_table(name("duplicate"))
                .and_where(Expr::col(name(column)).is_in(ids.iter().copied()))
                .to_owned();
            self.conn.execute(&delete).await?;
        }
        Ok(())
    }
}

async fn run(context: JobContext) -> anyhow::Result<()> {
    let engine = &context.engine;
    let entities: Vec<Arc<Entity>> =
        engine.registry().entities().filter(|entity| entity.mergeable).cloned().collect();
    for entity in entities {
        let pairs = find(&context, &entity).await?;
        if context.cancelled().await? {
            return Ok(());
        }
        let found = pairs.len();
        keep(engine, &entity, pairs).await?;
        context.progress(json!({ "entity": entity.name, "pairs": found })).await?;
    }
    Ok(())
}

/// The likeliest pairs among all live records.
async fn find(context: &JobContext, entity: &Arc<Entity>) -> Result<Vec<(Id, Id, i64)>> {
    let engine = &context.engine;
    let live = || Expr::col(name("deleted_at")).is_null();
    let count =
        Sql::select().expr(Expr::cust("COUNT(*)")).from(name(&entity.name)).and_where(live()).to_owned();
    let fields: Vec<&Field> = entity
        .fields
        .values()
        .filter(|field| matches!(field.kind, Kind::Email | Kind::Phone) || field.name == entity.title)
        .collect();
    let keys_at_most = number(&engine.fetch(&count).await?)? * fields.len() as u64;
    let parts = std::cmp::max(keys_at_most.div_ceil(KEYS_LIMIT), 1);
    let mut select = Sql::select();
    select
        .column(name("id"))
        .columns(fields.iter().map(|field| name(&field.name)))
        .from(name(&entity.name))
        .and_where(live());
    let mut pairs: HashMap<(Id, Id), i64> = HashMap::new();
    for part in 0..parts {
        if context.cancelled().await? {
            break;
        }
        let mut known: Vec<(u64, Sameness, Id)> = vec![];
        let mut rows = engine.stream(&select);
        while let Some(row) = rows.try_next().await? {
            let id = row.id(0)?;
            let mut values = Values::new();
            for (index, field) in fields.iter().enumerate() {
                values.insert(field.name.clone(), row.opt_text(index + 1)?.map_or(Value::Null, Value::Text));
            }
            let own = keys(entity, &values).into_iter().filter(|(key, _)| key % parts == part);
            known.extend(own.map(|(key, alike)| (key, alike, id)));
        }
        known.sort_unstable();
        for group in known
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|group| (2..=GROUP_LIMIT).contains(&group.len()))
        {
            for (index, (_, alike, one)) in group.iter().enumerate() {
                for (_, _, other) in &group[index + 1..] {
                    let pair = in_order(*one, *other);
                    if pairs.len() < 4 * PAIRS_LIMIT || pairs.contains_key(&pair) {
                        *pairs.entry(pair).or_default() += alike.points();
                    }
                }
            }
        }
    }
    let mut pairs: Vec<(Id, Id, i64)> = pairs
        .into_iter()
        .filter(|(_, score)| *score >= PROBABLE)
        .map(|((one, other), score)| (one, other, score))
        .collect();
    pairs.sort_by_key(|(one, other, score)| (-score, *one, *other));
    pairs.truncate(PAIRS_LIMIT);
    Ok(pairs)
}

/// In place of those of the last time; what somebody has said no to stays so.
async fn keep(engine: &Engine, entity: &Arc<Entity>, pairs: Vec<(Id, Id, i64)>) -> Result<()> {
    let entity = entity.name.clone();
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let old = Sql::delete()
                    .from_table(name("duplicate"))
                    .and_where(Expr::col(name("entity")).eq(entity.as_str()))
                    .and_where(Expr::col(name("dismissed_at")).is_null())
                    .to_owned();
                tx.conn.execute(&old).await?;
                for pairs in pairs.chunks(500) {
                    let mut insert = Sql::insert();
                    insert
                        .into_table(name("duplicate"))
                        .columns(["one_id", "other_id", "entity", "score"].map(name));
                    for (one, other, score) in pairs {
                        insert.values_panic([
                            (*one).into(),
                            (*other).into(),
                            entity.as_str().into(),
                            (*score).into(),
                        ]);
                    }
                    insert.on_conflict(
                        sea_query::OnConflict::columns(["one_id", "other_id"].map(name))
                            .do_nothing()
                            .to_owned(),
                    );
                    tx.conn.execute(&insert).await?;
                }
                Ok(())
            })
        })
        .await
}
